"""Proof that a plan breaks no rule, written the slow obvious way; it shares nothing with what made the plan.

Longer than 400 lines because whatever it took from elsewhere it could not judge.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
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
_Line = tuple[tuple[float, float], ...]
_Dot = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Book:
    """The instance's rows by id."""

    drop_points: dict[str, _Row]
    entrances: dict[str, _Row]
    orders: dict[str, _Row]
    crews: dict[str, _Row]
    model: _Row
    ways: "_Network"
    closed_zones: frozenset[str]
    rules: _Row
    locked: dict[str, list[_Row]]


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
        ways=network_of(tuple(tuple((x, y) for x, y in line) for line in instance.get("ways", ()))),
        closed_zones=frozenset(instance.get("closed_zones", ())),
        rules=instance.get("rules") or {},
        locked={row["crew"]: row["rounds"] for row in instance.get("locked", ())},
    )
    errors = _wrong_names(book, plan)
    if plan["instance"] != instance["name"]:
        errors.append(f"the plan is for {plan['instance']}, not for {instance['name']}")
    if errors:
        return Score(tuple(errors), 0, 0, 0, 0, 0, 0)
    errors = _wrong_counts(book, plan, partial) + _moved_rounds(book, plan)
    crew_s = late_s = makespan_s = rounds = crews = 0
    for crew_plan in plan["crews"]:
        crew = book.crews[crew_plan["crew"]]
        errors += _broken_rules(book, crew, crew_plan["rounds"])
        end_s, crew_late_s, broken = _walk_through(book, crew, crew_plan["rounds"])
        errors += broken
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
    highest, entered = (1, {1}) if crew.get("was_sealed") else (0, set[int]())
    highest_named = "sealed ones earlier"
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
            handling = handling_of(entrance)
            if handling < highest:
                errors.append(f"{where}: enters {_called(entrance)} after {highest_named}")
            if handling >= max(1, highest):
                highest, highest_named = handling, _called(entrance)
            entered.add(handling)
            if crew.get("may_enter") is not None and handling > crew["may_enter"]:
                errors.append(f"{where}: may not enter {_called(entrance)}")
    if book.rules.get("own_crews") and 0 in entered and len(entered) > 1:
        errors.append(f"crew {crew['id']}: enters clean entrances and others, which have crews of their own")
    return errors


_CLASSES = {0: "clean", 1: "sealed"}


def handling_of(entrance: _Row) -> int:
    """Gives the class an entrance is handled by: the one written down, else 1 for sealed and 0 for clean."""
    handling = entrance.get("handling")
    return int(entrance["sealed"]) if handling is None else int(handling)


def _called(entrance: _Row) -> str:
    handling = handling_of(entrance)
    return f"{_CLASSES.get(handling, f'class {handling}')} {entrance['id']}"


def _moved_rounds(book: _Book, plan: _Row) -> list[str]:
    """Compares the beginnings of the crews' days with the rounds that stand."""
    days = {crew_plan["crew"]: crew_plan["rounds"] for crew_plan in plan["crews"]}
    errors = []
    for crew, locked in book.locked.items():
        day = days.get(crew, [])
        for number, each in enumerate(locked, start=1):
            there = day[number - 1]["visits"] if number <= len(day) else None
            if there is None or [_bare(visit) for visit in there] != [_bare(visit) for visit in each["visits"]]:
                errors.append(f"crew {crew}, round {number}: is locked and was changed")
    return errors


def _bare(visit: _Row) -> tuple[str, list[str]]:
    return visit["entrance"], list(visit["orders"])


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
        if order.get("crew") is not None and order["crew"] != crew["id"]:
            errors.append(f"{where}: order {name} is locked to crew {order['crew']}")
    return errors


def _walk_through(book: _Book, crew: _Row, rounds: list[_Row]) -> tuple[int, int, list[str]]:
    """Follows a crew through its rounds; gives when it is back, how late its orders are, and the hours broken."""
    model = book.model
    drop = book.drop_points[crew["drop"]]
    now_s = rested_s = crew["start_s"]
    late_s = 0
    handling = 1 if crew.get("was_sealed") else None
    errors = []
    for number, each in enumerate(rounds, start=1):
        rest_after_s = book.rules.get("rest_after_s")
        if number > 1 and rest_after_s is not None and now_s - rested_s >= rest_after_s:
            now_s += book.rules.get("rest_s", 0)
            rested_s = now_s
        began_s = now_s
        orders = [book.orders[order] for visit in each["visits"] for order in visit["orders"]]
        now_s += model["load_s"] + model["load_s_per_package"] * sum(len(o["packages_g"]) for o in orders)
        place = drop
        for visit in each["visits"]:
            entrance = book.entrances[visit["entrance"]]
            served = [book.orders[order] for order in visit["orders"]]
            now_s += walk_s(model, place, entrance, book.ways)
            if handling is not None and handling_of(entrance) > handling:
                now_s += book.rules.get("disinfect_s", 0)
            handling = handling_of(entrance)
            arrived_s = now_s
            now_s += visit_s(model, entrance, served, crew.get("climbers") or crew["people"])
            late_s += sum(max(0, now_s - order["due_s"]) for order in served if order["due_s"] is not None)
            times = {"began_s": began_s, "arrived_s": arrived_s, "left_s": now_s}
            where = f"crew {crew['id']}, round {number}"
            errors += [f"{where}: {error}" for error in _broken_hours(book.rules, entrance, served, times)]
            place = entrance
        now_s += walk_s(model, place, drop, book.ways)
    return now_s, late_s, errors


def _broken_hours(rules: _Row, entrance: _Row, served: list[_Row], times: dict[str, int]) -> list[str]:
    """Holds one visit's hours against cold chain, promised windows and quiet hours."""
    errors = []
    limit_s = rules.get("cold_limit_s")
    for order in served:
        if order["cold"] and limit_s is not None and times["left_s"] - times["began_s"] > limit_s:
            errors.append(f"cold order {order['id']} is {times['left_s'] - times['began_s']} s on the way")
        if order.get("not_before_s") is not None and times["arrived_s"] < order["not_before_s"]:
            errors.append(f"order {order['id']} is served before {order['not_before_s']}")
        if order.get("not_after_s") is not None and times["left_s"] > order["not_after_s"]:
            errors.append(f"order {order['id']} is served after {order['not_after_s']}")
    for begins_s, ends_s in rules.get("quiet", ()):
        if times["arrived_s"] < ends_s and times["left_s"] > begins_s:
            errors.append(f"{entrance['id']} is visited between {begins_s} and {ends_s}, which are quiet")
    return errors


def walk_s(model: _Row, here: _Row, there: _Row, ways: "_Network") -> int:
    """Gives the seconds between two points: along the ways, or a straight line made longer by the detour."""
    straight_m = math.sqrt((here["x"] - there["x"]) ** 2 + (here["y"] - there["y"]) ** 2)
    along_mm = _along_ways_mm(model, here, there, ways) if ways.pieces else None
    walked_m = straight_m * model["detour"] if along_mm is None else along_mm / 1000
    seconds: int = round(walked_m / model["walk_mps"])
    return seconds


@dataclass(frozen=True, slots=True)
class _Network:
    """The drawn ways as straight pieces in whole millimetres, and what was already found out about places."""

    pieces: dict[tuple[_Dot, _Dot], int]
    by_left: list[tuple[_Dot, _Dot]]
    widest_mm: int
    beside: dict[_Dot, dict[_Dot, int]]
    meetings: dict[_Dot, tuple[int, dict[_Dot, int]]]
    walks: dict[tuple[_Dot, _Dot], int | float]


@lru_cache(maxsize=32)
def network_of(ways: tuple[_Line, ...]) -> _Network:
    """Lays drawn ways out as straight pieces; those asked for last are kept, for whoever checks day by day."""
    pieces: dict[tuple[_Dot, _Dot], int] = {}
    beside: dict[_Dot, dict[_Dot, int]] = {}
    for line in ways:
        dots = [(round(x * 1000), round(y * 1000)) for x, y in line]
        for number in range(1, len(dots)):
            one, other = sorted(dots[number - 1 : number + 1])
            if one != other:
                pieces[one, other] = _long_mm(one, other)
                beside.setdefault(one, {})[other] = beside.setdefault(other, {})[one] = pieces[one, other]
    widest_mm = max((other[0] - one[0] for one, other in pieces), default=0)
    return _Network(pieces, sorted(pieces), widest_mm, beside, {}, {})


def _along_ways_mm(model: _Row, here: _Row, there: _Row, network: _Network) -> int | None:
    """Gives the shortest way over the drawn ways; None where the two are walked straight."""
    begins, ends = ((round(place["x"] * 1000), round(place["y"] * 1000)) for place in (here, there))
    (off_mm, from_begin), (back_mm, to_end) = _meeting(network, begins), _meeting(network, ends)
    if _long_mm(begins, ends) <= off_mm + back_mm:
        return None
    if (begins, ends) not in network.walks:
        network.walks[begins, ends] = _shortest_mm(network, from_begin, to_end)
    if network.walks[begins, ends] == math.inf:
        return None
    return int(round(off_mm * model["detour"]) + network.walks[begins, ends] + round(back_mm * model["detour"]))


def _meeting(network: _Network, place: _Dot) -> tuple[int, dict[_Dot, int]]:
    """Gives how far a place is from its nearest piece, and from there to both ends of that."""
    if place not in network.meetings:
        found: list[tuple[int, tuple[_Dot, _Dot]]] = []
        reach_mm = 30_000
        # No piece beyond reach is nearer than one within it.
        while not found or min(found)[0] > reach_mm:
            reach_mm *= 2
            first = bisect_left(
                network.by_left, place[0] - reach_mm - network.widest_mm, key=lambda one: one[0][0]
            )
            last = bisect_right(network.by_left, place[0] + reach_mm, key=lambda one: one[0][0])
            near = (piece for piece in network.by_left[first:last] if _gap_mm(place, piece) <= reach_mm)
            found = [(_nearest_mm(place, *piece)[0], piece) for piece in near]
        off_mm, piece = min(found)
        along_mm = _nearest_mm(place, *piece)[1]
        network.meetings[place] = off_mm, {piece[0]: along_mm, piece[1]: network.pieces[piece] - along_mm}
    return network.meetings[place]


def _gap_mm(place: _Dot, piece: tuple[_Dot, _Dot]) -> int:
    (left, one), (right, other) = piece
    return max(left - place[0], place[0] - right, min(one, other) - place[1], place[1] - max(one, other))


def _shortest_mm(network: _Network, from_begin: dict[_Dot, int], to_end: dict[_Dot, int]) -> int | float:
    """Gives the way between two pieces' points, by shortening from point to point until nothing gets shorter."""
    best_mm = math.inf
    if from_begin.keys() == to_end.keys():
        best_mm = abs(from_begin[min(from_begin)] - to_end[min(to_end)])
    found, changed = dict(from_begin), list(from_begin)
    while changed:
        dot = changed.pop(0)
        best_mm = min(best_mm, found[dot] + to_end.get(dot, math.inf))
        for other, long_mm in network.beside[dot].items():
            # What is longer already than a whole way found need not be followed.
            if found[dot] + long_mm < min(best_mm, found.get(other, math.inf)):
                found[other] = found[dot] + long_mm
                changed.append(other)
    return best_mm


def _long_mm(here: _Dot, there: _Dot) -> int:
    return _root_mm((here[0] - there[0]) ** 2 + (here[1] - there[1]) ** 2, 1)


def _nearest_mm(place: _Dot, one: _Dot, other: _Dot) -> tuple[int, int]:
    """Gives how far a place is from a straight piece, and how far from the piece's first end it is nearest."""
    run = other[0] - one[0], other[1] - one[1]
    gone = place[0] - one[0], place[1] - one[1]
    square, ahead = run[0] ** 2 + run[1] ** 2, run[0] * gone[0] + run[1] * gone[1]
    if ahead <= 0:
        return _long_mm(place, one), 0
    if ahead >= square:
        return _long_mm(place, other), _long_mm(one, other)
    return _root_mm((run[0] * gone[1] - run[1] * gone[0]) ** 2, square), _root_mm(ahead**2, square)


def _root_mm(above: int, below: int) -> int:
    """Gives the root of a fraction to the nearest whole number, halves up."""
    with localcontext(prec=80):
        return int((Decimal(above) / Decimal(below)).sqrt().quantize(Decimal(1), rounding=ROUND_HALF_UP))


def visit_s(model: _Row, entrance: _Row, orders: list[_Row], people: int) -> int:
    """Gives the seconds of one visit of one entrance with a set of its orders."""
    if entrance.get("hand_over_s") is not None:
        return int(entrance["gate_s"] + entrance["hand_over_s"])
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
