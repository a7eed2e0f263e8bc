"""Owns the reading of a folder somebody gives as INPUT: estate, roster, and the script if there is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.rehearsal.scenario.days import Days, draw_days, rows_from_accepted
from deploy.rehearsal.scenario.days_file import Expected, expect, read_days
from deploy.rehearsal.scenario.estate_file import read_estate
from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.roster_file import Crew, read_roster
from deploy.rehearsal.scenario.street import Street


@dataclass(frozen=True, slots=True)
class Scene:
    """What the rehearsal's actors play."""

    register_path: Path
    estate_path: Path
    roster_path: Path
    street: Street
    crews: tuple[Crew, ...]
    days: Days
    expected: Expected


def read_scene(directory: Path, accepted: Iterable[Mapping[str, object]], seed: int) -> Scene:
    """Read the folder; without a `days.json` a script is drawn from the seed for the rows the intake accepted.

    Errors: ScenarioError names the file that is missing or cannot be used.
    """
    register_path = find_register(directory)
    estate_path = _must_exist(directory / "estate.geojson")
    roster_path = _must_exist(directory / "roster.csv")
    street = read_estate(estate_path)
    days_path = directory / "days.json"
    days = read_days(days_path) if days_path.exists() else draw_days(rows_from_accepted(accepted), street, seed)
    return Scene(
        register_path,
        estate_path,
        roster_path,
        street,
        tuple(read_roster(roster_path)),
        days,
        expect(days, street),
    )


def find_register(directory: Path) -> Path:
    """Find the register in a folder: `register.xlsx`, else `register.csv`."""
    for name in ("register.xlsx", "register.csv"):
        if (directory / name).exists():
            return directory / name
    raise ScenarioError(f"{directory} has neither register.xlsx nor register.csv")


def _must_exist(path: Path) -> Path:
    if not path.exists():
        raise ScenarioError(f"{path.parent} has no {path.name}")
    return path
