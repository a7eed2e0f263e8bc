"""Small random streets for the planner's properties, as the plain content of instance files."""

from typing import Any

from hypothesis import strategies as st

MODEL = {
    "walk_mps": 1.1,
    "detour": 1.3,
    "load_s": 150,
    "load_s_per_package": 3,
    "door_s": 25,
    "lift": {"wait_s": 35, "s_per_floor": 3, "stop_s": 12, "walk_down_s": 9},
    "stairs": {"up_s": 13, "down_s": 8, "climb_s": 20, "carry_g": 22_000, "up_ms_per_floor_kg": 250},
}
_METRES = st.integers(0, 3_000).map(lambda tenths: tenths / 10)


@st.composite
def streets(draw: st.DrawFn, most_orders: int = 12) -> dict[str, Any]:
    """Draws a drop point or two with a few entrances, orders and crews; not all can always be served."""
    drops = [
        {"id": f"d{n}", "zone": f"z{n}", "x": draw(_METRES), "y": draw(_METRES)}
        for n in range(draw(st.integers(1, 2)))
    ]
    entrances = [
        {
            "id": f"e{n}",
            "building": f"b{n}",
            "zone": "z0",
            "drop": draw(st.sampled_from(drops))["id"],
            "x": draw(_METRES),
            "y": draw(_METRES),
            "floors": 9,
            "lift": draw(st.booleans()),
            "sealed": draw(st.booleans()),
            "gate_s": draw(st.sampled_from([0, 1, 30, 60])),
        }
        for n in range(draw(st.integers(1, 4)))
    ]
    orders = [draw(_orders(n, entrances)) for n in range(draw(st.integers(1, most_orders)))]
    crews = [draw(_crews(n, drops)) for n in range(draw(st.integers(1, 4)))]
    return {
        "format": "l100m-instance/1",
        "name": "small street",
        "seed": 1,
        "weights": {"crew_s": 1, "late_s": draw(st.integers(0, 2))},
        "model": {**MODEL, "load_s": draw(st.sampled_from([0, 1, 150]))},
        "drop_points": drops,
        "entrances": entrances,
        "orders": orders,
        "crews": crews,
    }


def _orders(number: int, entrances: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "id": st.just(f"o{number}"),
            "entrance": st.sampled_from([entrance["id"] for entrance in entrances]),
            "floor": st.integers(1, 9),
            "door": st.integers(1, 4),
            "packages_g": st.lists(st.integers(0, 30_000), min_size=1, max_size=4),
            "crates": st.integers(0, 6),
            "priority": st.integers(0, 1),
            "due_s": st.one_of(st.none(), st.integers(0, 5_000)),
            "cold": st.booleans(),
        }
    )


def _crews(number: int, drops: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "id": st.just(f"c{number}"),
            "drop": st.sampled_from([drop["id"] for drop in drops]),
            "people": st.integers(1, 3),
            "cap_g": st.sampled_from([20_000, 60_000, 150_000]),
            "cap_crates": st.sampled_from([4, 12, 36]),
            "start_s": st.sampled_from([0, 600]),
            "end_s": st.sampled_from([900, 3_000, 14_400]),
        }
    )


def a_street(**changes: Any) -> dict[str, Any]:
    """Is one clean and one sealed entrance, three orders and one crew; tests change what matters to them."""
    return {
        "format": "l100m-instance/1",
        "name": "a street",
        "seed": 1,
        "weights": {"crew_s": 1, "late_s": 1},
        "model": MODEL,
        "drop_points": [{"id": "d0", "zone": "z0", "x": 0.0, "y": 0.0}],
        "entrances": [an_entrance("clean", x=50.0), an_entrance("sealed", x=90.0, sealed=True)],
        "orders": [an_order("o0", "clean"), an_order("o1", "clean", floor=4), an_order("o2", "sealed")],
        "crews": [a_crew("c0")],
        **changes,
    }


def an_entrance(identity: str, **changes: Any) -> dict[str, Any]:
    """Is a seven-storey stairwell at drop point d0."""
    row = {"id": identity, "building": "b0", "zone": "z0", "drop": "d0", "x": 10.0, "y": 0.0}
    return {**row, "floors": 7, "lift": False, "sealed": False, "gate_s": 30, **changes}


def an_order(identity: str, entrance: str, **changes: Any) -> dict[str, Any]:
    """Is one package of five kilograms in one crate on the second floor."""
    row = {"id": identity, "entrance": entrance, "floor": 2, "door": 1, "packages_g": [5_000]}
    return {**row, "crates": 1, "priority": 0, "due_s": None, "cold": False, **changes}


def a_crew(identity: str, **changes: Any) -> dict[str, Any]:
    """Is two people with a usual trolley for four hours."""
    row = {"id": identity, "drop": "d0", "people": 2, "cap_g": 150_000, "cap_crates": 36}
    return {**row, "start_s": 0, "end_s": 14_400, **changes}


def a_plan(*days: list[list[tuple[str, list[str]]]]) -> dict[str, Any]:
    """Is a plan of `a_street`: for each crew its rounds of (entrance, orders)."""
    return {
        "format": "l100m-plan/1",
        "instance": "a street",
        "crews": [
            {
                "crew": f"c{number}",
                "rounds": [
                    {"visits": [{"entrance": entrance, "orders": orders} for entrance, orders in each]}
                    for each in day
                ],
            }
            for number, day in enumerate(days)
        ],
    }
