"""Owns `days.json`: the script written down with what it must add up to, and read back."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from deploy.rehearsal.scenario.days import Days, DoorRow, Outcome, ScriptedHousehold, ScriptedOrder
from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.register_sheets import PlantedRow
from deploy.rehearsal.scenario.street import Street

FORMAT = "baimi-days/1"
LABEL = (
    "The rehearsal's own script, drawn from the seed. It is made up, used by the rehearsal's actors alone, and no "
    "service reads it. The number of wave dates and all shares are assumptions."
)


@dataclass(frozen=True, slots=True)
class ExpectedRegister:
    """What the intake must make of the register.

    Units: `vacant` are accepted rows with nobody living there; `rejected` has one entry a finding.
    """

    accepted: int
    vacant: int
    rejected: tuple[PlantedRow, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the script adds up to when everything is done.

    Units: `packages` are orders whose every bag stayed at the door; `no_answers` counts first attempts.
    """

    communities: int
    zones: int
    packages: int
    households: int
    residents: int
    accepted: int
    delivered: int
    failed: int
    cancelled: int
    no_answers: int
    retried: int
    partial: int


def expect(days: Days, street: Street) -> Expected:
    """Add the script up: the figures of the bulletin and of the balance of orders."""
    count = Counter(order.outcome for order in days.orders)
    delivered = count[Outcome.DELIVERED] + count[Outcome.RETRIED]
    whole = {o.household for o in days.orders if o.outcome in {Outcome.DELIVERED, Outcome.RETRIED}}
    served = [household for household in days.households if household.id in whole]
    zones = {household.zone for household in served}
    return Expected(
        communities=len({zone.community for zone in street.zones if zone.id in zones}),
        zones=len(zones),
        packages=delivered,
        households=len(served),
        residents=sum(household.door.residents for household in served),
        accepted=len(days.orders),
        delivered=delivered,
        failed=count[Outcome.NO_ANSWER] + count[Outcome.PARTIAL],
        cancelled=count[Outcome.CANCELLED],
        no_answers=count[Outcome.NO_ANSWER] + count[Outcome.RETRIED],
        retried=count[Outcome.RETRIED],
        partial=count[Outcome.PARTIAL],
    )


def write_days(days: Days, street: Street, scenario: str, register: ExpectedRegister | None, path: Path) -> None:
    """Write the script; `docs/formats/days.md` describes it."""
    head: dict[str, object] = {
        "format": FORMAT,
        "label": LABEL,
        "scenario": scenario,
        "seed": days.seed,
        "wave_dates": [day.isoformat() for day in days.wave_dates],
        "expected": asdict(expect(days, street)),
        "register": None if register is None else asdict(register),
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    lines.append(_list("households", [_household(household) for household in days.households]))
    lines.append(_list("orders", [_order(order) for order in days.orders]))
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def read_days(path: Path) -> Days:
    """Read a script back.

    Errors: ScenarioError when it is not one of ours.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ScenarioError(f"{path.name} is of format {document['format']}, not {FORMAT}")
        return Days(
            document["seed"],
            tuple(date.fromisoformat(day) for day in document["wave_dates"]),
            tuple(_read_household(entry) for entry in document["households"]),
            tuple(_read_order(entry) for entry in document["orders"]),
            (),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScenarioError(f"{path.name} is no script: {type(error).__name__} {error}") from error


def _list(key: str, entries: list[object]) -> str:
    return f'"{key}": [\n' + ",\n".join(json.dumps(e, ensure_ascii=False) for e in entries) + "]"


def _household(household: ScriptedHousehold) -> object:
    door = household.door
    return {
        "id": household.id,
        "zone": household.zone,
        "compound": door.compound,
        "building": door.building,
        "entrance": door.entrance,
        "room": door.room,
        "residents": door.residents,
        "needs": list(door.needs),
        "pets": door.pets,
    }


def _order(order: ScriptedOrder) -> object:
    entry: dict[str, object] = {
        "id": order.id,
        "household": order.household,
        "wave_date": order.wave_date.isoformat(),
        "outcome": order.outcome.value,
    }
    if order.extras:
        entry["extras"] = [{"item": item, "quantity": quantity} for item, quantity in order.extras]
    if order.amended is not None:
        entry["amended"] = [{"item": item, "quantity": quantity} for item, quantity in order.amended]
    if order.retry_date is not None:
        entry["retry_date"] = order.retry_date.isoformat()
    if order.missing_bag is not None:
        entry["missing_bag"] = order.missing_bag
    return entry


def _read_household(entry: dict[str, Any]) -> ScriptedHousehold:
    door = DoorRow(
        entry["compound"],
        entry["building"],
        entry["entrance"],
        entry["room"],
        entry["residents"],
        tuple(entry.get("needs", ())),
        entry.get("pets", 0),
    )
    return ScriptedHousehold(entry["id"], door, entry["zone"])


def _read_order(entry: dict[str, Any]) -> ScriptedOrder:
    retry_date = entry.get("retry_date")
    return ScriptedOrder(
        entry["id"],
        entry["household"],
        date.fromisoformat(entry["wave_date"]),
        _read_items(entry.get("extras", [])),
        None if entry.get("amended") is None else _read_items(entry["amended"]),
        Outcome(entry["outcome"]),
        None if retry_date is None else date.fromisoformat(retry_date),
        entry.get("missing_bag"),
    )


def _read_items(entries: list[dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((entry["item"], entry["quantity"]) for entry in entries)
