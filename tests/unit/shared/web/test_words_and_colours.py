"""Texts are complete in both languages, times and amounts read well, and colours can be told apart."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import shared.web
from shared.web.assets import SHARED_STATIC, STYLE_PARTS
from shared.web.catalogues import check_catalogues, said_texts
from shared.web.languages import SHARED_LOCALE, read_catalogues
from shared.web.wording import age_text, amount_text, local_day, local_moment, local_time

FOLDER = Path(shared.web.__path__[0])
ZONE = ZoneInfo("Asia/Shanghai")
CATALOGUES = read_catalogues([SHARED_LOCALE])
LATE = datetime(2022, 3, 5, 23, 7, tzinfo=UTC)


def test_every_shared_text_is_there_in_both_languages() -> None:
    assert check_catalogues(FOLDER) == []


def test_texts_are_found_in_pages_and_in_code() -> None:
    files = {text.file.rpartition(".")[2] for text in said_texts(FOLDER)}
    assert files == {"py", "html"}


@pytest.mark.parametrize(
    ("chinese", "complaint"),
    [
        ('msgid "Door %(n)s"\nmsgstr ""', "is empty"),
        ('msgid "Door %(n)s"\nmsgstr "门"', "other placeholders"),
        ('msgid "Gate"\nmsgstr "大门"', "nobody says 'Gate'"),
    ],
)
def test_a_hole_in_a_catalogue_is_found(tmp_path: Path, chinese: str, complaint: str) -> None:
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    for name, body in {"en": 'msgid "Door %(n)s"\nmsgstr "Door %(n)s"', "zh_Hans": chinese}.items():
        path = tmp_path / "locale" / name / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_text(header + body + "\n", encoding="utf-8")
    (tmp_path / "page.html").write_text('{{ _("Door %(n)s", n=1) }}', encoding="utf-8")
    assert any(complaint in problem for problem in check_catalogues(tmp_path))


def test_times_are_local_and_without_leading_zeros_in_days() -> None:
    assert local_time(LATE, ZONE) == "07:07"
    assert local_day(LATE, ZONE, "zh-Hans") == "3月6日"
    assert local_moment(LATE, ZONE, "en") == "6 March 07:07"


@pytest.mark.parametrize(
    ("age_s", "en", "zh"),
    [
        (-3, "just now", "刚刚"),
        (4.9, "just now", "刚刚"),
        (5, "5 s ago", "5 秒前"),
        (59.9, "59 s ago", "59 秒前"),
        (60, "1 min ago", "1 分钟前"),
        (3600, "1 h ago", "1 小时前"),
        (48 * 3600, "2 days ago", "2 天前"),
    ],
)
def test_an_age_is_said_in_the_largest_unit_that_is_still_useful(age_s: float, en: str, zh: str) -> None:
    assert age_text(CATALOGUES["en"], age_s) == en
    assert age_text(CATALOGUES["zh-Hans"], age_s) == zh


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (1262, "", "1,262"),
        (950, "g", "950\u202fg"),
        (6200, "g", "6.2\u202fkg"),
        (6000, "g", "6\u202fkg"),
        (82, "%", "82\u202f%"),
    ],
)
def test_amounts_carry_their_unit(number: int, unit: str, text: str) -> None:
    assert amount_text(number, unit) == text


def test_text_is_readable_in_light_and_dark() -> None:
    light, dark = _themes()
    for tokens in (light, dark):
        assert _contrast(tokens["ink"], tokens["paper"]) >= 15
        assert _contrast(tokens["ink"], tokens["surface"]) >= 13
        for ground in ("paper", "surface"):
            assert _contrast(tokens["ink-2"], tokens[ground]) >= 7
            assert _contrast(tokens["line-strong"], tokens[ground]) >= 3
            assert _contrast(tokens["link"], tokens[ground]) >= 7
        assert _contrast(tokens["brand"], tokens["on-brand"]) >= 7
        assert _contrast(tokens["btn-ok"], tokens["on-btn"]) >= 7
        assert _contrast(tokens["btn-bad"], tokens["on-btn"]) >= 7
        assert _contrast(tokens["focus"], tokens["focus-ink"]) >= 12
        chips = {name[3:-3] for name in tokens if name.startswith("st-")}
        assert len(chips) == 10
        for chip in chips:
            assert _contrast(tokens[f"st-{chip}-fg"], tokens[f"st-{chip}-bg"]) >= 6.5, chip


def test_every_icon_a_macro_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="([\w-]+)"', (SHARED_STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = set()
    for page in (FOLDER / "templates").rglob("*.html"):
        named |= set(re.findall(r'icon\("([\w-]+)"\)', page.read_text(encoding="utf-8")))
    assert named <= sprite


def test_every_style_file_is_in_the_sheet_and_none_is_missing() -> None:
    assert {path.stem for path in (SHARED_STATIC / "css").glob("*.css")} == set(STYLE_PARTS)


def _themes() -> tuple[dict[str, str], dict[str, str]]:
    text = (SHARED_STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    light_text, _, dark_text = text.partition("prefers-color-scheme: dark")
    light = dict(re.findall(r"--([\w-]+): (#[0-9A-Fa-f]{6});", light_text))
    return light, {**light, **dict(re.findall(r"--([\w-]+): (#[0-9A-Fa-f]{6});", dark_text))}


def _contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
