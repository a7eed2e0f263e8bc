"""How fast an urgent order finds its three best places in a running plan of 20,000 orders.

Run by `python -m tests.bench.live_insert`; raw samples go to `$BENCH_OUT/live_insert.json`. Fails when the plan
alone, the service's functions with their database, or its door over TCP are too slow.
"""

import json
import math
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from services.routing.planning.instance_files import problem_from
from services.routing.planning.parts import share_of
from services.routing.planning.problem import Crew, CrewPlan, Entrance, Order, Plan, Problem, Round, Visit
from services.routing.planning.running_plan import RunningPlan
from shared.basics.clock import SystemClock
from tests.bench.live_insert_service import measure_service
from tests.bench.planner_streets import street

ORDERS: Final = 20_000
ASKED: Final = 2_000
# The target is the plan's and the service's own; the door adds HTTP, the session and the page's scope to it.
LIMITS_MS: Final = {"plan": 5.0, "functions": 5.0, "door": 20.0}
CLOCK = SystemClock()


def main() -> None:
    """Measures, prints, writes the samples down."""
    dice = Random(20_000)
    whole = crowded(problem_from(street("nankeng", 1)))
    plans, laid_out_s = [], []
    for drop in whole.drop_points:
        part = share_of(whole, drop.id)
        plan = filled_trolleys(part)
        began_s = CLOCK.monotonic()
        # A quarter of an hour's slack is what a household has been told on the average.
        plans.append(RunningPlan(part, plan, {order.id: 900 for order in part.orders}))
        laid_out_s.append(CLOCK.monotonic() - began_s)
    of_plan_s = [asked(dice, plans) for _ in range(ASKED)]
    service = measure_service(plans)
    samples_s = {"plan": of_plan_s, "functions": service.functions_s, "door": service.door_s}
    rounds = sum(len(crew.rounds) for plan in plans for crew in plan.plan.crews)
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "orders": len(whole.orders),
        "drop_points": len(plans),
        "rounds": rounds,
        "laid_out_ms": round(1_000 * max(laid_out_s), 1),
        "first_look_ms": round(1_000 * max(service.first_s), 1),
        "next_minute_ms": figures(service.next_minute_s),
        "ms": {name: figures(values) for name, values in samples_s.items()},
        "p95_limit_ms": LIMITS_MS,
    }
    print(json.dumps(report, indent=1))
    if folder := os.environ.get("BENCH_OUT"):
        Path(folder, "live_insert.json").write_text(
            json.dumps({**report, "samples_s": samples_s}), encoding="utf-8"
        )
    if slow := [name for name, limit in LIMITS_MS.items() if 1_000 * at(samples_s[name], 0.95) > limit]:
        sys.exit(f"p95 is above its limit: {', '.join(slow)}")


def figures(samples_s: list[float]) -> dict[str, float]:
    """Median, p95 and worst in milliseconds."""
    return {
        name: round(1_000 * at(samples_s, share), 3) for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1))
    }


def at(samples_s: list[float], share: float) -> float:
    """The sample below which this share lies."""
    return sorted(samples_s)[math.ceil(share * len(samples_s)) - 1]


def asked(dice: Random, plans: list[RunningPlan]) -> float:
    """One urgent order at a random entrance; the seconds its places took."""
    running = dice.choices(plans, [len(plan.problem.orders) for plan in plans])[0]
    entrance = dice.choice(running.problem.entrances)
    order = Order(
        id="urgent",
        entrance=entrance.id,
        floor=dice.randint(1, entrance.floors),
        door=0,
        packages_g=tuple(dice.randint(500, 9_000) for _ in range(dice.randint(1, 4))),
        crates=dice.randint(1, 4),
        due_s=dice.choice([None, 3_600]),
    )
    began_s = CLOCK.monotonic()
    places = running.best_places(order, entrance)
    took_s = CLOCK.monotonic() - began_s
    if len(places) != 3:
        sys.exit(f"only {len(places)} places in a plan with room for more")
    return took_s


def crowded(problem: Problem) -> Problem:
    """The same street with more doors ordering, and crews enough for them."""
    times = math.ceil(ORDERS / len(problem.orders))
    orders = [replace(one, id=f"{one.id}-{n}") for n in range(times) for one in problem.orders]
    crews = [
        replace(one, id=f"{one.id}-{n}", start_s=0, end_s=10 * 3_600)
        for n in range(times)
        for one in problem.crews
    ]
    return replace(problem, orders=tuple(orders[:ORDERS]), crews=tuple(crews))


def filled_trolleys(problem: Problem) -> Plan:
    """A plain plan: trolleys filled entrance by entrance around the drop point, dealt out in turn, clean first."""
    (drop,) = problem.drop_points
    crew = problem.crews[0]
    orders_of: dict[str, list[Order]] = {}
    for order in problem.orders:
        orders_of.setdefault(order.entrance, []).append(order)

    def around(place: Entrance) -> tuple[bool, float]:
        return place.sealed, math.atan2(place.y - drop.y, place.x - drop.x)

    rounds: list[list[Visit]] = [[]]
    grams = crates = 0
    for place in sorted(problem.entrances, key=around):
        for order in orders_of.get(place.id, ()):
            heavier, fuller = grams + sum(order.packages_g), crates + order.crates
            if rounds[-1] and (heavier > crew.cap_g - 8_000 or fuller > crew.cap_crates - 2):
                rounds.append([])
                heavier, fuller = sum(order.packages_g), order.crates
            grams, crates = heavier, fuller
            visits = rounds[-1]
            if visits and visits[-1].entrance == place.id:
                visits[-1] = Visit(place.id, (*visits[-1].orders, order.id))
            else:
                visits.append(Visit(place.id, (order.id,)))
    return Plan(problem.name, tuple(dealt(problem.crews, [Round(tuple(visits)) for visits in rounds])))


def dealt(crews: tuple[Crew, ...], rounds: list[Round]) -> list[CrewPlan]:
    """Each crew its rounds, in turn."""
    days = {crew.id: tuple(rounds[number :: len(crews)]) for number, crew in enumerate(crews)}
    return [CrewPlan(crew, day) for crew, day in days.items() if day]


if __name__ == "__main__":
    main()
