"""Seeded streets of the sizes planners are compared at, as the content of instance files."""

import math
import random
from dataclasses import dataclass
from typing import Any

MODEL = {
    "walk_mps": 1.1,
    "detour": 1.3,
    "load_s": 150,
    "load_s_per_package": 3,
    "door_s": 25,
    "lift": {"wait_s": 35, "s_per_floor": 3, "stop_s": 12, "walk_down_s": 9},
    "stairs": {"up_s": 13, "down_s": 8, "climb_s": 20, "carry_g": 22_000, "up_ms_per_floor_kg": 250},
}


@dataclass(frozen=True, slots=True)
class StreetSize:
    """How many drop points, entrances and orders, and how many entrances have a lift."""

    drops: int
    entrances: int
    orders: int
    lift_share: float
    most_floors: int
    crews: int


SIZES = {
    "tiny": StreetSize(drops=1, entrances=11, orders=80, lift_share=0.2, most_floors=9, crews=2),
    "futian": StreetSize(drops=10, entrances=209, orders=1_262, lift_share=0.6, most_floors=18, crews=27),
    "nankeng": StreetSize(drops=6, entrances=1_011, orders=8_986, lift_share=0.15, most_floors=9, crews=190),
    "langkou": StreetSize(drops=13, entrances=1_810, orders=12_000, lift_share=0.2, most_floors=9, crews=260),
    "tower": StreetSize(drops=2, entrances=12, orders=500, lift_share=1.0, most_floors=33, crews=12),
}


def street(size_name: str, seed: int) -> dict[str, Any]:
    """Draws a street of a named size; the same seed gives the same street."""
    size, dice = SIZES[size_name], random.Random(f"{size_name} {seed}")
    per_drop = math.ceil(size.entrances / size.drops)
    side = math.ceil(math.sqrt(per_drop))
    drops = [{"id": f"d{n}", "zone": f"z{n}", "x": 60.0 * side * n, "y": -15.0} for n in range(size.drops)]
    entrances = []
    for number in range(size.entrances):
        drop, place = number % size.drops, number // size.drops
        lift = dice.random() < size.lift_share
        entrances.append(
            {
                "id": f"e{number}",
                "building": f"b{number // 2}",
                "zone": f"z{drop}",
                "drop": f"d{drop}",
                "x": round(60.0 * side * drop + 45.0 * (place % side) + dice.uniform(-12, 12), 1),
                "y": round(40.0 * (place // side) + dice.uniform(-12, 12), 1),
                "floors": dice.randint(10, size.most_floors)
                if lift and size.most_floors > 10
                else dice.randint(5, 8),
                "lift": lift,
                "sealed": dice.random() < 0.1,
                "gate_s": dice.choice([30, 40, 60, 90]),
            }
        )
    orders = [_order(number, dice.choice(entrances), dice) for number in range(size.orders)]
    crews = [
        {
            "id": f"c{number}",
            "drop": f"d{number % size.drops}",
            "people": 2,
            "cap_g": 150_000,
            "cap_crates": 36,
            "start_s": 0,
            "end_s": 14_400,
        }
        for number in range(size.crews)
    ]
    return {
        "format": "l100m-instance/1",
        "name": f"{size_name}-{seed}",
        "seed": seed,
        "weights": {"crew_s": 1, "late_s": 1},
        "model": MODEL,
        "drop_points": drops,
        "entrances": entrances,
        "orders": orders,
        "crews": crews,
    }


def _order(number: int, entrance: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    packages_g = [min(14_000, round(dice.lognormvariate(8.35, 0.55))) for _ in range(dice.choice([1, 2, 2, 3, 4]))]
    promised = dice.random() < 0.08
    return {
        "id": f"o{number}",
        "entrance": entrance["id"],
        "floor": dice.randint(1, entrance["floors"]),
        "door": dice.randint(1, 4),
        "packages_g": packages_g,
        "crates": max(1, round(sum(packages_g) / 4_200)),
        "priority": int(promised),
        "due_s": dice.choice([3_600, 5_400, 7_200]) if promised else None,
        "cold": dice.random() < 0.2,
    }
