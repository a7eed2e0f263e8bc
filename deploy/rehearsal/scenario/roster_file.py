"""Owns the crew roster: who carries, how much, and when; written and read as CSV."""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from deploy.rehearsal.scenario.dice import roll
from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.street import DropPoint, Street

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
KINDS = ("配送公司", "社区工作者", "物业", "志愿者")
SHIFTS = ((time(9, 0), time(13, 0)), (time(14, 0), time(18, 0)))
# A crew of two with a trolley needs about 150 s a door all in; 40 doors are less than half of a four-hour shift.
DOORS_PER_CREW = 40
LEAST_CREWS = 4


@dataclass(frozen=True, slots=True)
class Crew:
    """Some people with a trolley who start at one drop point.

    Units: `cap_g` grams and `cap_crates` crates a round; shifts in local time, the same on every date.
    """

    id: str
    name: str
    kind: str
    people: int
    cap_g: int
    cap_crates: int
    shift_start: time
    shift_end: time
    drop_point: str
    capabilities: tuple[str, ...]


def draw_roster(street: Street, doors_of_drop_point: Mapping[str, int], seed: int) -> list[Crew]:
    """Draw crews enough for every drop point on its fullest date; two there may enter positive ones."""
    chance = roll(seed, "roster")
    crews: list[Crew] = []
    for drop_point in street.drop_points:
        doors = doors_of_drop_point.get(drop_point.id, 0)
        count = max(LEAST_CREWS, -(-doors // DOORS_PER_CREW))
        crews += [_crew(drop_point, i, chance) for i in range(count)]
    return crews


def write_roster(crews: Sequence[Crew], path: Path) -> None:
    """Write one line a crew, UTF-8 with a byte-order mark so that a spreadsheet shows the Chinese."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for crew in crews:
            writer.writerow(
                (
                    crew.id,
                    crew.name,
                    crew.kind,
                    crew.people,
                    crew.cap_g,
                    crew.cap_crates,
                    f"{crew.shift_start:%H:%M}",
                    f"{crew.shift_end:%H:%M}",
                    crew.drop_point,
                    ";".join(crew.capabilities),
                )
            )


def read_roster(path: Path) -> list[Crew]:
    """Read a roster of anybody's making.

    Errors: ScenarioError names the line that cannot be used.
    """
    crews = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, record in enumerate(csv.DictReader(file), start=2):
            try:
                crews.append(_read_crew(record))
            except (KeyError, ValueError, AttributeError) as error:
                raise ScenarioError(f"{path.name} line {line}: {type(error).__name__} {error}") from error
    return crews


def _crew(drop_point: DropPoint, index: int, chance: random.Random) -> Crew:
    kind = KINDS[index % len(KINDS)]
    shift_start, shift_end = SHIFTS[(index // 2) % 2]
    capabilities = [
        *(("positive",) if index % 4 in {0, 3} else ()),
        *(("cold",) if index % 2 == 0 else ()),
        *(("en",) if chance.random() < 0.1 else ()),
    ]
    return Crew(
        id=f"{drop_point.id}k{index + 1}",
        name=f"{drop_point.name.removesuffix('物资接收点')}{kind}{index + 1}组",
        kind=kind,
        people=2,
        cap_g=150_000,
        cap_crates=36,
        shift_start=shift_start,
        shift_end=shift_end,
        drop_point=drop_point.id,
        capabilities=tuple(capabilities),
    )


def _read_crew(record: dict[str, str]) -> Crew:
    words = record.get("capabilities") or ""
    return Crew(
        id=record["id"],
        name=record["name"],
        kind=record["kind"],
        people=int(record["people"]),
        cap_g=int(record["cap_g"]),
        cap_crates=int(record["cap_crates"]),
        shift_start=time.fromisoformat(record["shift_start"]),
        shift_end=time.fromisoformat(record["shift_end"]),
        drop_point=record["drop_point"],
        capabilities=tuple(word.strip() for word in words.split(";") if word.strip()),
    )
