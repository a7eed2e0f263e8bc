"""Reads and writes the files of formats/rounds; whatever is wrong in one is said by the name of its field."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.routing.planning.fields import Fields, MalformedFile, finite_number, whole_number
from services.routing.planning.problem import (
    Crew,
    CrewPlan,
    DropPoint,
    Entrance,
    Order,
    Plan,
    Problem,
    Round,
    Rules,
    Visit,
    Weights,
)
from services.routing.planning.time_model import LiftTimes, StairTimes, TimeModel
from services.routing.planning.walks import Line, Spot, Ways

INSTANCE_FORMAT = "l100m-instance/1"
PLAN_FORMAT = "l100m-plan/1"
# Wider than any city; what lies farther out is a slip, such as degrees times a million.
_MOST_METRES = 1_000_000


def read_json(path: Path) -> object:
    """Reads one JSON file. Errors: MalformedFile when it cannot be read or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise MalformedFile(f"{path.name}: cannot be read as JSON ({error})") from error


def problem_from(value: object) -> Problem:
    """Reads an instance. Errors: MalformedFile naming the field that is missing, wrong or points nowhere."""
    fields = Fields(value, "")
    if fields.get("format") != INSTANCE_FORMAT:
        raise MalformedFile(f"format: must be {INSTANCE_FORMAT}")
    weights = fields.inner("weights")
    problem = Problem(
        name=fields.text("name"),
        seed=fields.whole("seed"),
        weights=Weights(crew_s=weights.whole("crew_s"), late_s=weights.whole("late_s")),
        model=replace(_time_model(fields.inner("model")), ways=_ways(fields)),
        drop_points=fields.each("drop_points", _drop_point),
        entrances=fields.each("entrances", _entrance),
        orders=fields.each("orders", _order),
        crews=fields.each("crews", _crew),
        closed_zones=fields.texts("closed_zones"),
        rules=_rules(fields.inner("rules")) if fields.has("rules") else Rules(),
        locked=fields.each("locked", _crew_plan) if fields.has("locked") else (),
    )
    _refuse_doubles(problem)
    _refuse_loose_ends(problem)
    _refuse_far_places(problem)
    return problem


def _time_model(fields: Fields) -> TimeModel:
    lift, stairs = fields.inner("lift"), fields.inner("stairs")
    return TimeModel(
        walk_mps=fields.positive("walk_mps"),
        detour=fields.positive("detour"),
        load_s=fields.whole("load_s"),
        load_s_per_package=fields.whole("load_s_per_package"),
        door_s=fields.whole("door_s"),
        lift=LiftTimes(
            wait_s=lift.whole("wait_s"),
            s_per_floor=lift.whole("s_per_floor"),
            stop_s=lift.whole("stop_s"),
            walk_down_s=lift.whole("walk_down_s"),
        ),
        stairs=StairTimes(
            up_s=stairs.whole("up_s"),
            down_s=stairs.whole("down_s"),
            climb_s=stairs.whole("climb_s"),
            carry_g=stairs.whole("carry_g"),
            up_ms_per_floor_kg=stairs.whole("up_ms_per_floor_kg"),
        ),
    )


def _ways(fields: Fields) -> Ways | None:
    """Reads the drawn ways; no list or an empty one means that none is drawn."""
    if not fields.has("ways") or fields.get("ways") == []:
        return None
    return Ways(_line(item, where) for item, where in fields.items("ways"))


def _line(value: object, where: str) -> Line:
    if not isinstance(value, list) or len(value) < 2:
        raise MalformedFile(f"{where}: must be at least two points")
    return tuple(_corner(corner, f"{where}[{number}]") for number, corner in enumerate(value))


def _corner(value: object, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise MalformedFile(f"{where}: must be two numbers")
    x, y = (
        _near(finite_number(metres, f"{where}[{axis}]"), f"{where}[{axis}]") for axis, metres in enumerate(value)
    )
    return x, y


def _near(metres: float, where: str) -> float:
    if abs(metres) > _MOST_METRES:
        raise MalformedFile(f"{where}: must be within {_MOST_METRES} metres")
    return metres


def _rules(fields: Fields) -> Rules:
    return Rules(
        disinfect_s=fields.maybe("disinfect_s") or 0,
        own_crews=fields.truth("own_crews") if fields.has("own_crews") else False,
        cold_limit_s=fields.maybe("cold_limit_s"),
        quiet=tuple(_hours(item, where) for item, where in fields.items("quiet")) if fields.has("quiet") else (),
        rest_after_s=fields.maybe("rest_after_s"),
        rest_s=fields.maybe("rest_s") or 0,
    )


def _hours(value: object, where: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise MalformedFile(f"{where}: must be two whole numbers")
    begins_s = whole_number(value[0], f"{where}[0]", 0)
    return begins_s, whole_number(value[1], f"{where}[1]", begins_s)


def _drop_point(fields: Fields) -> DropPoint:
    return DropPoint(id=fields.text("id"), zone=fields.text("zone"), x=fields.number("x"), y=fields.number("y"))


def _entrance(fields: Fields) -> Entrance:
    # A drop point that is null or not named at all is a fact about the estate, told order by order;
    # one that names nothing is a slip in the file.
    return Entrance(
        id=fields.text("id"),
        building=fields.text("building"),
        zone=fields.text("zone"),
        drop=None if fields.get("drop") is None else fields.text("drop"),
        x=fields.number("x"),
        y=fields.number("y"),
        floors=fields.whole("floors", at_least=1),
        lift=fields.truth("lift"),
        sealed=fields.truth("sealed"),
        gate_s=fields.whole("gate_s"),
        handling=fields.maybe("handling"),
        hand_over_s=fields.maybe("hand_over_s"),
    )


def _order(fields: Fields) -> Order:
    packages_g = tuple(whole_number(item, where, at_least=0) for item, where in fields.items("packages_g"))
    if not packages_g:
        raise MalformedFile(f"{fields.name('packages_g')}: must hold at least one package")
    return Order(
        id=fields.text("id"),
        entrance=fields.text("entrance"),
        floor=fields.whole("floor", at_least=1),
        door=fields.whole("door"),
        packages_g=packages_g,
        crates=fields.whole("crates"),
        priority=fields.whole("priority"),
        due_s=None if fields.get("due_s") is None else fields.whole("due_s"),
        cold=fields.truth("cold"),
        not_before_s=fields.maybe("not_before_s"),
        not_after_s=fields.maybe("not_after_s"),
        crew=fields.text("crew") if fields.has("crew") else None,
    )


def _crew(fields: Fields) -> Crew:
    start_s = fields.whole("start_s")
    return Crew(
        id=fields.text("id"),
        drop=fields.text("drop"),
        people=fields.whole("people", at_least=1),
        cap_g=fields.whole("cap_g"),
        cap_crates=fields.whole("cap_crates"),
        start_s=start_s,
        end_s=fields.whole("end_s", at_least=start_s),
        was_sealed=fields.truth("was_sealed") if fields.has("was_sealed") else False,
        climbers=fields.maybe("climbers", at_least=1),
        may_enter=fields.maybe("may_enter"),
    )


def _refuse_doubles(problem: Problem) -> None:
    for name, ids in (
        ("drop_points", [drop.id for drop in problem.drop_points]),
        ("entrances", [entrance.id for entrance in problem.entrances]),
        ("orders", [order.id for order in problem.orders]),
        ("crews", [crew.id for crew in problem.crews]),
    ):
        seen: set[str] = set()
        for position, identity in enumerate(ids):
            if identity in seen:
                raise MalformedFile(f"{name}[{position}].id: {identity} is there twice")
            seen.add(identity)


def _refuse_loose_ends(problem: Problem) -> None:
    drops = {drop.id for drop in problem.drop_points}
    entrances = {entrance.id for entrance in problem.entrances}
    for position, entrance in enumerate(problem.entrances):
        if entrance.drop is not None and entrance.drop not in drops:
            raise MalformedFile(f"entrances[{position}].drop: there is no drop point {entrance.drop}")
    for position, order in enumerate(problem.orders):
        if order.entrance not in entrances:
            raise MalformedFile(f"orders[{position}].entrance: there is no entrance {order.entrance}")
    for position, crew in enumerate(problem.crews):
        if crew.drop not in drops:
            raise MalformedFile(f"crews[{position}].drop: there is no drop point {crew.drop}")
    _refuse_loose_places(problem)
    _refuse_loose_crews(problem)


def _refuse_far_places(problem: Problem) -> None:
    """Where ways are drawn, holds all places to the same plane; without any, all is as it always was."""
    if problem.model.ways is None:
        return
    _refuse_far("drop_points", problem.drop_points)
    _refuse_far("entrances", problem.entrances)


def _refuse_far(name: str, places: Sequence[Spot]) -> None:
    for position, place in enumerate(places):
        _near(place.x, f"{name}[{position}].x")
        _near(place.y, f"{name}[{position}].y")


def _refuse_loose_places(problem: Problem) -> None:
    zones = {place.zone for place in problem.entrances} | {drop.zone for drop in problem.drop_points}
    for position, entrance in enumerate(problem.entrances):
        if (entrance.handling_class > 0) is not entrance.sealed:
            raise MalformedFile(f"entrances[{position}].handling: must be above 0 where sealed, and only there")
    for position, zone in enumerate(problem.closed_zones):
        if zone not in zones:
            raise MalformedFile(f"closed_zones[{position}]: there is no zone {zone}")


def _refuse_loose_crews(problem: Problem) -> None:
    crews = {crew.id for crew in problem.crews}
    for position, crew in enumerate(problem.crews):
        if crew.carriers > crew.people:
            raise MalformedFile(f"crews[{position}].climbers: must be at most {crew.people}")
    for position, order in enumerate(problem.orders):
        if order.crew is not None and order.crew not in crews:
            raise MalformedFile(f"orders[{position}].crew: there is no crew {order.crew}")
    for position, crew_plan in enumerate(problem.locked):
        if crew_plan.crew not in crews:
            raise MalformedFile(f"locked[{position}].crew: there is no crew {crew_plan.crew}")


def plan_from(value: object) -> Plan:
    """Reads a plan's shape; whether it obeys the rules is for `check`. Errors: MalformedFile naming the field."""
    fields = Fields(value, "")
    if fields.get("format") != PLAN_FORMAT:
        raise MalformedFile(f"format: must be {PLAN_FORMAT}")
    return Plan(fields.text("instance"), fields.each("crews", _crew_plan))


def _crew_plan(fields: Fields) -> CrewPlan:
    return CrewPlan(fields.text("crew"), fields.each("rounds", lambda each: Round(each.each("visits", _visit))))


def _visit(fields: Fields) -> Visit:
    orders = []
    for item, where in fields.items("orders"):
        if not isinstance(item, str):
            raise MalformedFile(f"{where}: must be a text")
        orders.append(item)
    return Visit(fields.text("entrance"), tuple(orders))


def instance_dict(problem: Problem) -> dict[str, object]:
    """Writes a problem as an instance, ready for JSON; what is optional and not used is left out."""
    more: dict[str, object] = {"closed_zones": list(problem.closed_zones)} if problem.closed_zones else {}
    if problem.rules != Rules():
        more["rules"] = {**_row(problem.rules), "quiet": [list(hours) for hours in problem.rules.quiet]}
    if problem.model.ways is not None:
        more["ways"] = [[list(corner) for corner in line] for line in problem.model.ways.lines]
    if problem.locked:
        more["locked"] = [_crew_plan_dict(crew_plan) for crew_plan in problem.locked]
    return {
        "format": INSTANCE_FORMAT,
        "name": problem.name,
        "seed": problem.seed,
        "weights": {"crew_s": problem.weights.crew_s, "late_s": problem.weights.late_s},
        "model": _model_dict(problem.model),
        "drop_points": [_row(drop) for drop in problem.drop_points],
        "entrances": [_row(entrance) for entrance in problem.entrances],
        "orders": [_row(order) for order in problem.orders],
        "crews": [_row(crew) for crew in problem.crews],
        **more,
    }


def _model_dict(model: TimeModel) -> dict[str, object]:
    return {**_row(replace(model, ways=None)), "lift": _row(model.lift), "stairs": _row(model.stairs)}


_OPTIONAL = {
    *("was_sealed", "climbers", "may_enter", "handling", "hand_over_s", "not_before_s", "not_after_s", "crew"),
    "ways",
    *Rules.__dataclass_fields__,
}


def _row(
    record: DropPoint | Entrance | Order | Crew | Rules | TimeModel | LiftTimes | StairTimes,
) -> dict[str, object]:
    """Lays a record out field by field: its fields bear the file's names."""
    fields = type(record).__dataclass_fields__
    # What is optional and as it usually is stays out of the file.
    row = {
        name: getattr(record, name)
        for name in fields
        if name not in _OPTIONAL or getattr(record, name) != fields[name].default
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def plan_dict(plan: Plan) -> dict[str, object]:
    """Writes a plan, ready for JSON."""
    return {
        "format": PLAN_FORMAT,
        "instance": plan.instance,
        "crews": [_crew_plan_dict(crew_plan) for crew_plan in plan.crews],
    }


def _crew_plan_dict(crew_plan: CrewPlan) -> dict[str, object]:
    return {
        "crew": crew_plan.crew,
        "rounds": [
            {"visits": [{"entrance": v.entrance, "orders": list(v.orders)} for v in each.visits]}
            for each in crew_plan.rounds
        ],
    }
