"""Proof that a plan breaks no rule, written the slow obvious way; it shares nothing with what made the plan."""

import math
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """What a plan costs, or every rule it breaks; the figures mean nothing while there are errors."""

    errors: tuple[str, ...]
    cost: int
    crew_s: int
    late_s: int
    makespan_s: int
    rounds: int
    crews: int


_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Book:
    """The instance's rows by id."""

    drop_points: dict[str, _Row]
    entrances: dict[str, _Row]
    orders: dict[str, _Row]
    crews: dict[str, _Row]
    model: _Row
    closed_zones: frozenset[str]


def check_plan(instance: _Row, plan: _Row, *, partial: bool = False) -> Score:
    """Judges a plan file's content against an instance file's content, both as read from JSON.

    A partial plan may leave orders out; every other rule holds for it too. A plan that brings its own figures
    (`score`) is refused when they are not the true ones: whoever priced it works with another model.
    Errors: KeyError and the like on content that has not the formats' shape; read it first.
    Source: formats/rounds/README.md.
    """
    book = _Book(
        drop_points={row["id"]: row for row in instance["drop_points"]},
        entrances={row["id"]: row for row in instance["entrances"]},
        orders={row["id"]: row for row in instance["orders"]},
        crews={row["id"]: row for row in instance["crews"]},
        model=instance["model"],
        closed_zones=frozenset(instance.get("closed_zones", ())),
    )
    errors = _wrong_names(book, plan)
    if plan["instance"] != instance["name"]:
        errors.append(f"the plan is for {plan['instance']}, not for {instance['name']}")
    if errors:
        return Score(tuple(errors), 0, 0, 0, 0, 0, 0)
    errors = _wrong_counts(book, plan, partial)
    crew_s = late_s = makespan_s = rounds = crews = 0
    for crew_plan in plan["crews"]:
        crew = book.crews[crew_plan["crew"]]
        errors += _broken_rules(book, crew, crew_plan["rounds"])
        end_s, crew_late_s = _walk_through(book, crew, crew_plan["rounds"])
        if end_s > crew["end_s"]:
            errors.append(f"crew {crew['id']} is back at {end_s}, after its shift's end at {crew['end_s']}")
        if crew_plan["rounds"]:
            crews += 1
            makespan_s = max(makespan_s, end_s)
        crew_s += end_s - crew["start_s"]
        late_s += crew_late_s
        rounds += len(crew_plan["rounds"])
    cost = instance["weights"]["crew_s"] * crew_s + instance["weights"]["late_s"] * late_s
    score = Score((), cost, crew_s, late_s, makespan_s, rounds, crews)
    return replace(score, errors=(*errors, *_wrong_claims(plan, score)))


def _wrong_names(book: _Book, plan: _Row) -> list[str]:
    crews = [crew_plan["crew"] for crew_plan in plan["crews"]]
    errors = [f"there is no crew {crew}" for crew in crews if crew not in book.crews]
    for visit in _all_visits(plan):
        if visit["entrance"] not in book.entrances:
            errors.append(f"there is no entrance {visit['entrance']}")
        errors += [f"there is no order {order}" for order in visit["orders"] if order not in book.orders]
    return errors


def _wrong_claims(plan: _Row, score: Score) -> list[str]:
    claims = plan.get("score") or {}
    true = {name: getattr(score, name) for name in ("cost", "crew_s", "late_s", "makespan_s", "rounds", "crews")}
    return [
        f"says {name} is {claims[name]}, it is {value}"
        for name, value in true.items()
        if name in claims and claims[name] != value
    ]


def _wrong_counts(book: _Book, plan: _Row, partial: bool) -> list[str]:
    errors = []
    names = [crew_plan["crew"] for crew_plan in plan["crews"]]
    errors += [f"crew {name} is there more than once" for name in sorted(set(names)) if names.count(name) > 1]
    delivered = [order for visit in _all_visits(plan) for order in visit["orders"]]
    times: dict[str, int] = {}
    for order in delivered:
        times[order] = times.get(order, 0) + 1
    for order in book.orders.values():
        count = times.get(order["id"], 0)
        if count > 1:
            errors.append(f"order {order['id']} is delivered {count} times")
        if count == 0 and not partial:
            errors.append(f"order {order['id']} is not delivered")
    return errors


def _broken_rules(book: _Book, crew: _Row, rounds: list[_Row]) -> list[str]:
    errors = []
    last_sealed = "what it came from" if crew.get("was_sealed") else None
    for number, each in enumerate(rounds, start=1):
        where = f"crew {crew['id']}, round {number}"
        orders = [book.orders[order] for visit in each["visits"] for order in visit["orders"]]
        if not each["visits"]:
            errors.append(f"{where}: visits nothing")
        grams = sum(sum(order["packages_g"]) for order in orders)
        if grams > crew["cap_g"]:
            errors.append(f"{where}: carries {grams} g of at most {crew['cap_g']} g")
        crates = sum(order["crates"] for order in orders)
        if crates > crew["cap_crates"]:
            errors.append(f"{where}: carries {crates} crates of at most {crew['cap_crates']}")
        for visit in each["visits"]:
            entrance = book.entrances[visit["entrance"]]
            errors += _broken_visit(book, crew, entrance, visit, where)
            if last_sealed is not None and not entrance["sealed"]:
                errors.append(f"{where}: enters clean {entrance['id']} after sealed {last_sealed}")
            if entrance["sealed"]:
                last_sealed = entrance["id"]
    return errors


def _broken_visit(book: _Book, crew: _Row, entrance: _Row, visit: _Row, where: str) -> list[str]:
    errors = []
    if not visit["orders"]:
        errors.append(f"{where}: serves nobody in {entrance['id']}")
    if entrance["drop"] != crew["drop"]:
        errors.append(f"{where}: the goods of {entrance['id']} do not lie at {crew['drop']}")
    if entrance["zone"] in book.closed_zones:
        errors.append(f"{where}: enters {entrance['id']} in closed zone {entrance['zone']}")
    for name in visit["orders"]:
        order = book.orders[name]
        if order["entrance"] != entrance["id"]:
            errors.append(f"{where}: order {name} does not live in {entrance['id']}")
    return errors


def _walk_through(book: _Book, crew: _Row, rounds: list[_Row]) -> tuple[int, int]:
    """Follows a crew through its rounds; gives when it is back and how late its orders are in all."""
    model = book.model
    drop = book.drop_points[crew["drop"]]
    now_s = crew["start_s"]
    late_s = 0
    for each in rounds:
        orders = [book.orders[order] for visit in each["visits"] for order in visit["orders"]]
        now_s += model["load_s"] + model["load_s_per_package"] * sum(len(o["packages_g"]) for o in orders)
        place = drop
        for visit in each["visits"]:
            entrance = book.entrances[visit["entrance"]]
            served = [book.orders[order] for order in visit["orders"]]
            now_s += walk_s(model, place, entrance)
            now_s += visit_s(model, entrance, served, crew["people"])
            late_s += sum(max(0, now_s - order["due_s"]) for order in served if order["due_s"] is not None)
            place = entrance
        now_s += walk_s(model, place, drop)
    return now_s, late_s


def walk_s(model: _Row, here: _Row, there: _Row) -> int:
    """Gives the seconds between two points, along a straight line made longer by the detour."""
    distance_m = math.sqrt((here["x"] - there["x"]) ** 2 + (here["y"] - there["y"]) ** 2)
    seconds: int = round(distance_m * model["detour"] / model["walk_mps"])
    return seconds


def visit_s(model: _Row, entrance: _Row, orders: list[_Row], people: int) -> int:
    """Gives the seconds of one visit of one entrance with a set of its orders."""
    seconds = int(entrance["gate_s"] + model["door_s"] * len(orders))
    if not orders:
        return seconds
    if entrance["lift"]:
        return seconds + _lift_s(model["lift"], sorted({order["floor"] for order in orders}))
    return seconds + _stairs_s(model["stairs"], orders, people)


def _lift_s(lift: _Row, floors: list[int]) -> int:
    seconds = int(lift["wait_s"] + (floors[-1] - 1) * lift["s_per_floor"] + lift["stop_s"] * len(floors))
    for upper, lower in zip(reversed(floors), reversed([1, *floors[:-1]]), strict=True):
        if upper > lower:
            by_lift_s = lift["wait_s"] + (upper - lower) * lift["s_per_floor"]
            on_foot_s = (upper - lower) * lift["walk_down_s"]
            seconds += min(by_lift_s, on_foot_s)
    return seconds


def _stairs_s(stairs: _Row, orders: list[_Row], people: int) -> int:
    packages = [(order["floor"], grams) for order in orders for grams in order["packages_g"]]
    packages.sort(reverse=True)
    # cheapest[n]: the first n packages, over every last climb that could end there.
    cheapest = [0]
    for end in range(1, len(packages) + 1):
        ways_s = []
        for start in reversed(range(end)):
            climb = packages[start:end]
            if len(climb) > 1 and sum(grams for _, grams in climb) > people * stairs["carry_g"]:
                break
            up_and_down_s = (climb[0][0] - 1) * (stairs["up_s"] + stairs["down_s"])
            ways_s.append(cheapest[start] + stairs["climb_s"] + up_and_down_s)
        cheapest.append(min(ways_s))
    lifting = sum((o["floor"] - 1) * sum(o["packages_g"]) * stairs["up_ms_per_floor_kg"] for o in orders)
    return int(cheapest[-1] + lifting // 1_000_000)


def _all_visits(plan: _Row) -> list[_Row]:
    return [visit for crew in plan["crews"] for each in crew["rounds"] for visit in each["visits"]]
