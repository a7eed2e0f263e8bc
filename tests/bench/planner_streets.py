"""Seeded streets of the five classes planners are compared on, as the content of instance files.

Drawn after `formats/rounds/futian-9001.json` and reference/planning.md 3: its package weights (lognormal), crates,
gates, floors, promises, spacing of buildings and spare crews. The same class and seed give the same street.
"""

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TUNING_SEEDS = range(1, 11)
"""Anybody may look at these while making the search better."""
JUDGING_SEEDS = range(9101, 9111)
"""Nobody tunes on these: the figures that are quoted come from them alone."""

MODEL = {
    "walk_mps": 1.1,
    "detour": 1.3,
    "load_s": 150,
    "load_s_per_package": 3,
    "door_s": 25,
    "lift": {"wait_s": 35, "s_per_floor": 3, "stop_s": 12, "walk_down_s": 9},
    "stairs": {"up_s": 13, "down_s": 8, "climb_s": 20, "carry_g": 22_000, "up_ms_per_floor_kg": 250},
}
_PACKAGES = ((1, 304), (2, 485), (3, 312), (4, 161))
_CRATE_G = 7_000
"""A package above this fills two crates, as in futian-9001."""
_ENTRANCE_APART_M = 14.0
_PROMISED, _COLD, _SEALED = 0.08, 0.15, 0.10
_SHIFT_S = 14_400

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StreetSize:
    """What a class of streets has in all, and what its buildings are like.

    Shape: floors are (floors, weight) for buildings with a lift and for those without.
    """

    drops: int
    buildings: int
    entrances: int
    orders: int
    lift_share: float
    lift_floors: tuple[tuple[int, int], ...]
    stair_floors: tuple[tuple[int, int], ...]
    doors_a_floor: int
    apart_m: tuple[float, float]


_CITY_LIFTS = tuple(zip(range(6, 19), (1, 3, 1, 3, 7, 9, 14, 7, 7, 7, 10, 7, 3), strict=True))
_CITY_STAIRS = ((6, 7), (7, 1), (8, 3), (9, 2))
_VILLAGE_STAIRS = ((5, 3), (6, 6), (7, 4), (8, 2))
_VILLAGE_LIFTS = ((7, 2), (8, 3), (9, 2))

SIZES = {
    "tiny": StreetSize(1, 8, 12, 82, 0.12, ((5, 1), (7, 1)), _VILLAGE_STAIRS, 2, (46.0, 40.0)),
    "futian": StreetSize(10, 140, 209, 1_262, 0.81, _CITY_LIFTS, _CITY_STAIRS, 2, (66.0, 64.0)),
    "nankeng": StreetSize(6, 704, 1_011, 9_000, 0.08, _VILLAGE_LIFTS, _VILLAGE_STAIRS, 3, (60.0, 54.0)),
    "langkou": StreetSize(13, 1_810, 2_150, 12_000, 0.04, _VILLAGE_LIFTS, _VILLAGE_STAIRS, 2, (34.0, 30.0)),
    "tower": StreetSize(2, 12, 16, 460, 1.0, tuple((n, 1) for n in range(18, 34)), ((6, 1),), 4, (66.0, 64.0)),
}


def street(size_name: str, seed: int) -> _Row:
    """Draws a street of a named class."""
    return street_of_size(SIZES[size_name], size_name, seed)


def street_of_size(size: StreetSize, size_name: str, seed: int) -> _Row:
    """Draws a street of a size."""
    dice = random.Random(f"{size_name} {seed}")
    drops, entrances = _places(size, dice)
    orders = _orders(size, entrances, dice)
    return {
        "format": "l100m-instance/1",
        "name": f"{size_name}-{seed}",
        "seed": seed,
        "weights": {"crew_s": 1, "late_s": 1},
        "model": MODEL,
        "drop_points": drops,
        "entrances": entrances,
        "orders": orders,
        "crews": [crew for drop in drops for crew in _crews(drop, entrances, orders)],
    }


def _places(size: StreetSize, dice: random.Random) -> tuple[list[_Row], list[_Row]]:
    drops: list[_Row] = []
    entrances: list[_Row] = []
    double = set(dice.sample(range(size.buildings), size.entrances - size.buildings))
    left_m, building = 0.0, 0
    for zone, count in enumerate(_shares(size.buildings, size.drops, dice)):
        columns = max(1, round(math.sqrt(count)))
        wide_m = columns * size.apart_m[0]
        drops.append(
            {"id": f"d{zone}", "zone": f"z{zone}", "x": round(left_m + dice.uniform(0, wide_m), 1), "y": -15.0}
        )
        for place in range(count):
            x = left_m + (place % columns) * size.apart_m[0] + dice.uniform(8, 0.6 * size.apart_m[0])
            y = 34 + (place // columns) * size.apart_m[1] + dice.uniform(-14, 14)
            stairs = 1 + (building in double)
            entrances += _building(size, f"z{zone}b{place}", (x, y), stairs, dice)
            building += 1
        left_m += wide_m + dice.uniform(100, 250)
    for number, entrance in enumerate(entrances):
        entrance["id"] = f"e{number}"
    return drops, entrances


def _shares(whole: int, parts: int, dice: random.Random) -> list[int]:
    """Shares something out in uneven parts that differ by at most a factor of about two."""
    weights = [dice.uniform(0.7, 1.3) for _ in range(parts)]
    marks = [0, *(round(whole * sum(weights[: n + 1]) / sum(weights)) for n in range(parts))]
    return [after - before for before, after in itertools.pairwise(marks)]


def _building(
    size: StreetSize, name: str, place: tuple[float, float], stairs: int, dice: random.Random
) -> list[_Row]:
    lift = dice.random() < size.lift_share
    floors = _drawn(size.lift_floors if lift else size.stair_floors, dice)
    sealed = dice.random() < _SEALED
    return [
        {
            "id": "",
            "building": name,
            "zone": name.partition("b")[0],
            "drop": name.partition("b")[0].replace("z", "d"),
            "x": round(place[0] + _ENTRANCE_APART_M * number, 1),
            "y": round(place[1], 1),
            "floors": floors,
            "lift": lift,
            "sealed": sealed,
            "gate_s": dice.choice((120, 130, 150) if sealed else (30, 40, 60)),
        }
        for number in range(stairs)
    ]


def _orders(size: StreetSize, entrances: Sequence[_Row], dice: random.Random) -> list[_Row]:
    """Lets an even share of each entrance's homes order, to the class's exact number."""
    homes = [entrance["floors"] * size.doors_a_floor for entrance in entrances]
    share = size.orders / sum(homes)
    counts = [min(most, int(most * share + dice.random())) for most in homes]
    while sum(counts) != size.orders:
        step = 1 if sum(counts) < size.orders else -1
        number = dice.randrange(len(counts))
        if 1 <= counts[number] + step <= homes[number]:
            counts[number] += step
    orders: list[_Row] = []
    for entrance, most, count in zip(entrances, homes, counts, strict=True):
        for home in sorted(dice.sample(range(most), count)):
            floor, door = divmod(home, size.doors_a_floor)
            orders.append(_order(len(orders), (entrance["id"], floor + 1, door + 1), dice))
    return orders


def _order(number: int, home: tuple[str, int, int], dice: random.Random) -> _Row:
    count = _drawn(_PACKAGES, dice)
    packages_g = [max(800, min(14_000, round(dice.lognormvariate(8.336, 0.488)))) for _ in range(count)]
    promised = dice.random() < _PROMISED
    return {
        "id": f"o{number}",
        "entrance": home[0],
        "floor": home[1],
        "door": home[2],
        "packages_g": packages_g,
        "crates": sum(1 + (grams > _CRATE_G) for grams in packages_g),
        "priority": int(promised),
        "due_s": dice.choice((3_600, 5_400, 7_200)) if promised else None,
        "cold": dice.random() < _COLD,
    }


def _drawn(values: Sequence[tuple[int, int]], dice: random.Random) -> int:
    return dice.choices([value for value, _ in values], [weight for _, weight in values])[0]


def _crews(drop: _Row, entrances: Sequence[_Row], orders: Sequence[_Row]) -> list[_Row]:
    """Gives a drop point one crew more than a fifth above its rough amount of work, as futian-9001 has."""
    here = {entrance["id"]: entrance for entrance in entrances if entrance["drop"] == drop["id"]}
    work_s = sum(1.3 * entrance["gate_s"] for entrance in here.values())
    work_s += sum(_work_s(order, here[order["entrance"]], drop) for order in orders if order["entrance"] in here)
    return [
        {
            "id": f"{drop['id']}c{number}",
            "drop": drop["id"],
            "people": 2,
            "cap_g": 150_000,
            "cap_crates": 36,
            "start_s": 0,
            "end_s": _SHIFT_S,
        }
        for number in range(1 + math.ceil(1.2 * work_s / _SHIFT_S))
    ]


def _work_s(order: _Row, entrance: _Row, drop: _Row) -> float:
    """Guesses an order's seconds, its round and its climbs shared out by weight."""
    grams, storeys = sum(order["packages_g"]), order["floor"] - 1
    away_m = math.hypot(entrance["x"] - drop["x"], entrance["y"] - drop["y"])
    inside_s = 32.0
    if not entrance["lift"]:
        inside_s = grams / 44_000 * 1.2 * (20 + 21 * storeys) + storeys * grams * 250 / 1e6
    return inside_s + 25 + 3 * len(order["packages_g"]) + grams / 150_000 * 1.1 * (150 + 2.6 / 1.1 * away_m)
