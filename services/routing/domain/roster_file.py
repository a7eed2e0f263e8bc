"""Reads a crew roster (CSV, `docs/formats/roster.md`) whole or not at all."""

import csv
import io
from collections.abc import Collection, Mapping
from datetime import time

from services.routing.domain.crew import Crew
from services.routing.domain.handling import Handling
from shared.basics.errors import Refused

COLUMNS = (
    "id",
    "name",
    "kind",
    "people",
    "cap_g",
    "cap_crates",
    "shift_start",
    "shift_end",
    "drop_point",
    "capabilities",
)
MAX_PROBLEMS_SHOWN = 50
MAX_CREWS = 5_000
MAX_NAME_LENGTH = 80
MAX_PEOPLE = 20
# The classes planning knows: who may enter positive buildings may enter all.
_CLASSES = {Handling.CLEAN.value: 0, Handling.POSITIVE.value: 1}


# `feature` (the line), `field` and `wrong` (a code the page has words for), and the figures those words need.
Problem = dict[str, str | int]


class RosterFileRefused(Refused):
    """The roster cannot be used; `problems` names each line, its column and a code for what is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("roster_file_refused", problems=problems[:MAX_PROBLEMS_SHOWN], count=len(problems))


class _Wrong(Exception):
    def __init__(self, column: str, wrong: str, **figures: str | int) -> None:
        super().__init__(column, wrong)
        self.column = column
        self.wrong = wrong
        self.figures = figures


def read_roster_file(body: bytes, drop_points: Collection[str]) -> tuple[Crew, ...]:
    """Reads a roster. With no drop points known yet, any name of one is taken.

    Units: grams, crates, local times.
    Errors: RosterFileRefused with every problem found; nothing is half read.
    """
    problems: list[Problem] = []
    crews: dict[str, Crew] = {}
    for line, record in _records(body):
        try:
            crew = _crew(record)
            _require_place(crew, crews, drop_points)
            crews[crew.crew_id] = crew
        except _Wrong as problem:
            crew_id = (record.get("id") or "")[:MAX_NAME_LENGTH]
            problems.append(
                {
                    "feature": f"line {line} {crew_id}".strip(),
                    "field": problem.column,
                    "wrong": problem.wrong,
                    **problem.figures,
                }
            )
    if not crews and not problems:
        problems.append({"feature": "file", "field": "", "wrong": "no_crew_in_file"})
    if problems:
        raise RosterFileRefused(problems)
    return tuple(crews.values())


def _require_place(crew: Crew, crews: Collection[str], drop_points: Collection[str]) -> None:
    if crew.crew_id in crews:
        raise _Wrong("id", "given_twice")
    if drop_points and crew.drop_point_id not in drop_points:
        raise _Wrong("drop_point", "not_in_estate")


def _records(body: bytes) -> list[tuple[int, Mapping[str, str | None]]]:
    try:
        text = body.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise _refused("", "not_csv") from None
    if not rows:
        raise _refused("", "empty")
    missing = [column for column in COLUMNS[:-1] if column not in rows[0]]
    if missing:
        raise _refused(", ".join(missing), "column_missing")
    if len(rows) > MAX_CREWS + 1:
        raise _refused("", "too_many", limit=MAX_CREWS)
    return [
        (line, dict(zip(rows[0], row, strict=False))) for line, row in enumerate(rows[1:], start=2) if any(row)
    ]


def _refused(column: str, wrong: str, **figures: str | int) -> RosterFileRefused:
    return RosterFileRefused([{"feature": "file", "field": column, "wrong": wrong, **figures}])


def _crew(record: Mapping[str, str | None]) -> Crew:
    shift_start, shift_end = _time(record, "shift_start"), _time(record, "shift_end")
    if shift_start == shift_end:
        raise _Wrong("shift_end", "no_length")
    return Crew(
        crew_id=_text(record, "id"),
        name=_text(record, "name"),
        kind=(record.get("kind") or "").strip()[:MAX_NAME_LENGTH],
        people=_whole(record, "people", 1, MAX_PEOPLE),
        cap_g=_whole(record, "cap_g", 1_000, 5_000_000),
        cap_crates=_whole(record, "cap_crates", 1, 1_000),
        shift_start=shift_start,
        shift_end=shift_end,
        drop_point_id=_text(record, "drop_point"),
        capabilities=tuple(w.strip() for w in (record.get("capabilities") or "").split(";") if w.strip()),
        climbers=_climbers(record),
        may_enter=_may_enter(record),
    )


def _climbers(record: Mapping[str, str | None]) -> int | None:
    if not (record.get("climbers") or "").strip():
        return None
    return _whole(record, "climbers", 1, _whole(record, "people", 1, MAX_PEOPLE))


def _may_enter(record: Mapping[str, str | None]) -> int | None:
    word = (record.get("may_enter") or "").strip()
    if word and word not in _CLASSES:
        raise _Wrong("may_enter", "no_handling", words=", ".join(_CLASSES))
    return _CLASSES.get(word)


def _text(record: Mapping[str, str | None], column: str) -> str:
    value = (record.get(column) or "").strip()
    if not value:
        raise _Wrong(column, "missing")
    if len(value) > MAX_NAME_LENGTH:
        raise _Wrong(column, "too_long", limit=MAX_NAME_LENGTH)
    return value


def _whole(record: Mapping[str, str | None], column: str, low: int, high: int) -> int:
    text = _text(record, column)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _Wrong(column, "no_whole_number")
    if not low <= int(text) <= high:
        raise _Wrong(column, "out_of_range", low=low, high=high)
    return int(text)


def _time(record: Mapping[str, str | None], column: str) -> time:
    text = _text(record, column)
    try:
        moment = time.fromisoformat(text)
    except ValueError:
        raise _Wrong(column, "no_time") from None
    if moment.tzinfo is not None or len(text) > 8:
        raise _Wrong(column, "no_time")
    return moment
