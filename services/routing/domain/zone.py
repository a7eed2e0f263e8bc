"""Owns how closed zones are, as far as it decides whether anything is brought to their doors."""

import datetime as dt
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class ZoneClass(StrEnum):
    """How closed a zone is: 封控区, 管控区, 防范区, or open again."""

    SEALED = "sealed"
    CONTROLLED = "controlled"
    PRECAUTION = "precaution"
    LIFTED = "lifted"


def not_served(classes: Mapping[str, str]) -> frozenset[str]:
    """The zones to whose doors nothing is brought: where people may leave their homes they fetch it themselves.

    A zone whose class nobody has told yet is served.
    Source: orders takes no order for a door there either (`zone_not_sealed`).
    """
    return frozenset(zone_id for zone_id, zone_class in classes.items() if zone_class != ZoneClass.SEALED)


def day_ends(day: dt.date, zone: ZoneInfo) -> datetime:
    """The instant a local day is over; the class a zone has by then is its class on that day."""
    return datetime.combine(day + timedelta(days=1), time.min, zone)
