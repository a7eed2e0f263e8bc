"""Owns the making of a whole scenario: four files in one folder, all drawn from one seed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.rehearsal.scenario.days import Days, DoorRow, Wishes, draw_days
from deploy.rehearsal.scenario.days_file import Expected, ExpectedRegister, expect, write_days
from deploy.rehearsal.scenario.estate_file import write_estate
from deploy.rehearsal.scenario.people import Home, draw_homes
from deploy.rehearsal.scenario.plans import PLANS, ScenarioError, StreetPlan
from deploy.rehearsal.scenario.register_file import write_register
from deploy.rehearsal.scenario.register_sheets import PlantedRow, compose_register
from deploy.rehearsal.scenario.roster_file import Crew, draw_roster, write_roster
from deploy.rehearsal.scenario.street import Street, draw_street

REGISTER_FILE = "register.xlsx"
ESTATE_FILE = "estate.geojson"
ROSTER_FILE = "roster.csv"
DAYS_FILE = "days.json"

CODES = {
    "独居老人": "elderly_alone",
    "婴幼儿": "infant",
    "孕妇": "pregnant",
    "行动不便": "disabled",
    "听障": "hearing",
    "视障": "vision",
    "慢性病": "chronic_medication",
    "血透": "dialysis",
    "糖尿病": "diabetic_diet",
    "低盐": "low_salt",
    "清真": "halal",
    "素食": "vegetarian",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as it was written: where it lies, what is in it, what it must add up to."""

    name: str
    seed: int
    directory: Path
    street: Street
    homes: tuple[Home, ...]
    planted: tuple[PlantedRow, ...]
    crews: tuple[Crew, ...]
    days: Days
    expected: Expected


def write_scenario(name: str, seed: int, directory: Path) -> Scenario:
    """Draw the named scenario and write register, estate, roster and script into the folder.

    Errors: ScenarioError for a name that is not known. Written again with the same seed: the same content.
    """
    plan = PLANS.get(name)
    if plan is None:
        raise ScenarioError(f"no scenario is called {name!r}; there are {', '.join(sorted(PLANS))}")
    street = draw_street(plan, seed)
    homes = draw_homes(plan, street, seed)
    register = compose_register(plan, street, homes, seed)
    days = draw_days(_door_rows(street, homes), street, seed, _wishes(plan))
    crews = draw_roster(street, _fullest_day(street, days), seed)
    directory.mkdir(parents=True, exist_ok=True)
    write_register(register, directory / REGISTER_FILE)
    write_estate(street, directory / ESTATE_FILE)
    write_roster(crews, directory / ROSTER_FILE)
    expected_register = ExpectedRegister(len(homes), sum(home.residents == 0 for home in homes), register.planted)
    write_days(days, street, name, expected_register, directory / DAYS_FILE)
    return Scenario(
        name, seed, directory, street, tuple(homes), register.planted, tuple(crews), days, expect(days, street)
    )


def _wishes(plan: StreetPlan) -> Wishes:
    return Wishes(plan.wave_dates, plan.packages, plan.order_share)


def _door_rows(street: Street, homes: Sequence[Home]) -> list[DoorRow]:
    entrances = {entrance.id: entrance for entrance in street.entrances}
    buildings = {building.id: building for building in street.buildings}
    compounds = {compound.id: compound for compound in street.compounds}
    rows = []
    for home in homes:
        entrance = entrances[home.entrance]
        building = buildings[entrance.building]
        rows.append(
            DoorRow(
                compounds[building.compound].name,
                building.name,
                entrance.name,
                home.room,
                home.residents,
                _need_codes(home),
                sum(int(c) if c.isdigit() else c == "一" for c in home.pets),
            )
        )
    return rows


def _need_codes(home: Home) -> tuple[str, ...]:
    animals = {"狗": "pet_dog", "猫": "pet_cat"}
    found = {CODES[word] for word in home.needs} | {code for sign, code in animals.items() if sign in home.pets}
    return tuple(sorted(found))


def _fullest_day(street: Street, days: Days) -> Mapping[str, int]:
    """For each drop point: how many doors it serves on its fullest date, retries included."""
    compounds = {compound.id: compound.name for compound in street.compounds}
    buildings = {building.id: (compounds[building.compound], building.name) for building in street.buildings}
    drop_of_entrance = {
        (*buildings[entrance.building], entrance.name): entrance.drop_point for entrance in street.entrances
    }
    drop_of_household = {
        h.id: drop_of_entrance[h.door.compound or "", h.door.building, h.door.entrance] for h in days.households
    }
    doors: Counter[tuple[str, object]] = Counter()
    for order in days.orders:
        drop_point = drop_of_household[order.household]
        doors[drop_point, order.wave_date] += 1
        if order.retry_date is not None:
            doors[drop_point, order.retry_date] += 1
    fullest: dict[str, int] = {}
    for (drop_point, _), count in doors.items():
        fullest[drop_point] = max(count, fullest.get(drop_point, 0))
    return fullest
