"""Times, ages and amounts as people read them: 24 hours, one local zone, always with the unit."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.web.languages import Catalogue

_NARROW_BLANK = "\u202f"


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """`14:32`."""
    return at.astimezone(zone).strftime("%H:%M")


def local_day(at: datetime, zone: ZoneInfo, language: str) -> str:
    """`3月6日` or `6 March`: no leading zeros, no year, for a street thinks in days."""
    return local_date(at.astimezone(zone).date(), language)


def local_date(day: date, language: str) -> str:
    """A calendar day that is one everywhere: `3月6日` or `6 March`."""
    if language == "zh-Hans":
        return f"{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]}"


def local_moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Day and time together."""
    return f"{local_day(at, zone, language)} {local_time(at, zone)}"


def age_text(catalogue: Catalogue, age_s: float) -> str:
    """How old data is: `just now`, `40 s ago`, `2 min ago`, `3 h ago`, `4 days ago`."""
    whole_s = max(0, int(age_s))
    if whole_s < 5:
        return catalogue.gettext("just now")
    if whole_s < 60:
        return catalogue.gettext("%(n)s s ago") % {"n": whole_s}
    if whole_s < 3600:
        return catalogue.gettext("%(n)s min ago") % {"n": whole_s // 60}
    if whole_s < 48 * 3600:
        return catalogue.gettext("%(n)s h ago") % {"n": whole_s // 3600}
    return catalogue.gettext("%(n)s days ago") % {"n": whole_s // 86400}


def amount_text(number: float, unit: str) -> str:
    """A number with grouped thousands, and its unit after a narrow blank; grams from 1000 on are kilograms."""
    if unit == "g" and number >= 1000:
        number, unit = number / 1000, "kg"
    text = f"{number:,.1f}".removesuffix(".0") if isinstance(number, float) else f"{number:,}"
    return f"{text}{_NARROW_BLANK}{unit}" if unit else text


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
