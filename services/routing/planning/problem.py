"""What is to be planned and what a plan is: frozen words for people, and one drop point's share as integers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.routing.planning import walks
from services.routing.planning.standing import Standing
from services.routing.planning.time_model import TimeModel, visit_times


@dataclass(frozen=True, slots=True)
class Weights:
    """What a crew second and a second late cost."""

    crew_s: int = 1
    late_s: int = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan must keep beside carrying and time; each is off unless given.

    A crew disinfects for `disinfect_s` before it enters a higher handling class; with `own_crews` none enters both
    clean entrances and others. What is cold is at its door `cold_limit_s` after its round began. Nobody is visited
    between the seconds of a pair in `quiet`. After `rest_after_s` of work a crew rests `rest_s` before its next
    round, on its own time.
    """

    disinfect_s: int = 0
    own_crews: bool = False
    cold_limit_s: int | None = None
    quiet: tuple[tuple[int, int], ...] = ()
    rest_after_s: int | None = None
    rest_s: int = 0


@dataclass(frozen=True, slots=True)
class DropPoint:
    """Where the goods of some entrances lie and crews start; local metres."""

    id: str
    zone: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Entrance:
    """One stair entrance; `sealed` means that positive households live behind it."""

    id: str
    building: str
    zone: str
    drop: str | None
    x: float
    y: float
    floors: int
    lift: bool
    sealed: bool
    gate_s: int
    handling: int | None = None
    """Its class where there are more than clean (0) and sealed (1); crews only ever go to equal or higher ones."""
    hand_over_s: int | None = None
    """What handing all to the building head at its foot takes; then nobody goes to the doors."""

    @property
    def handling_class(self) -> int:
        """Is the class it is handled by."""
        return int(self.sealed) if self.handling is None else self.handling


@dataclass(frozen=True, slots=True)
class Order:
    """What one door gets; delivered whole, once; `due_s` counts from time 0."""

    id: str
    entrance: str
    floor: int
    door: int
    packages_g: tuple[int, ...]
    crates: int
    priority: int = 0
    due_s: int | None = None
    cold: bool = False
    not_before_s: int | None = None
    not_after_s: int | None = None
    """Its promised window: the visit begins no sooner and ends no later."""
    crew: str | None = None
    """The crew it is locked to."""


@dataclass(frozen=True, slots=True)
class Crew:
    """People with a trolley who start from one drop point and are back before their shift ends."""

    id: str
    drop: str
    people: int
    cap_g: int
    cap_crates: int
    start_s: int
    end_s: int
    was_sealed: bool = False
    """Has been behind a sealed entrance earlier this day: enters no clean one any more."""
    climbers: int | None = None
    """How many of its people carry, where the others guard the trolley."""
    may_enter: int | None = None
    """The highest handling class it may enter."""

    @property
    def carriers(self) -> int:
        """Is how many carry."""
        return self.people if self.climbers is None else self.climbers

    def may_take(self, order: Order, entrance: Entrance) -> bool:
        """Says whether it may enter an order's entrance, and whether the order is not another crew's."""
        handling = entrance.handling_class
        may_enter = self.may_enter is None or handling <= self.may_enter
        return may_enter and not (self.was_sealed and handling == 0) and order.crew in {None, self.id}


@dataclass(frozen=True, slots=True)
class Problem:
    """A wave to plan: one drop point or a whole street."""

    name: str
    seed: int
    weights: Weights
    model: TimeModel
    drop_points: tuple[DropPoint, ...]
    entrances: tuple[Entrance, ...]
    orders: tuple[Order, ...]
    crews: tuple[Crew, ...]
    closed_zones: tuple[str, ...] = ()
    """Zones nobody may enter now."""
    rules: Rules = Rules()
    locked: tuple["CrewPlan", ...] = ()
    """Rounds that stand: a crew's day begins with them as they are."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The doors a crew serves while it is in one entrance."""

    entrance: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One trolley load: from the drop point through its visits and back."""

    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class CrewPlan:
    """A crew's rounds in order, without idling."""

    crew: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who walks which rounds."""

    instance: str
    crews: tuple[CrewPlan, ...]


class Reason(StrEnum):
    """Why an order is in no round."""

    ENTRANCE_WITHOUT_DROP = "entrance_without_drop"
    ZONE_CLOSED = "zone_closed"
    NO_SUCH_FLOOR = "no_such_floor"
    NO_CREW = "no_crew"
    TOO_HEAVY = "too_heavy"
    TOO_MANY_CRATES = "too_many_crates"
    SHIFT_TOO_SHORT = "shift_too_short"
    SHIFTS_FULL = "shifts_full"
    RULES_KEEP_OUT = "rules_keep_out"


@dataclass(frozen=True, slots=True)
class Unassigned:
    """An order that stays behind, and the first rule that keeps it there."""

    order: str
    reason: Reason


VisitAt = tuple[int, tuple[int, ...]]
"""An entrance and its orders, by position in a `DropProblem`."""
RoundAt = tuple[VisitAt, ...]
DayAt = tuple[RoundAt, ...]
"""One crew's rounds in order."""


@dataclass(frozen=True, slots=True)
class DropProblem:
    """One drop point's share of a problem, everything an integer at a position.

    Shape: `walk_s` is square with the drop point at 0 and entrance i at i + 1; `packages` holds an order's
    (floor, grams); `due_s` is -1 where nothing was promised. Crews are as many people as carry.
    """

    drop: str
    entrance_ids: tuple[str, ...]
    order_ids: tuple[str, ...]
    crews: tuple[Crew, ...]
    weights: Weights
    times: tuple[int, ...]
    load_s: int
    load_s_per_package: int
    walk_s: tuple[tuple[int, ...], ...]
    has_lift: tuple[int, ...]
    gate_s: tuple[int, ...]
    sealed: tuple[bool, ...]
    entrance_of: tuple[int, ...]
    packages: tuple[tuple[tuple[int, int], ...], ...]
    grams: tuple[int, ...]
    crates: tuple[int, ...]
    due_s: tuple[int, ...]
    entrances: tuple[Entrance, ...]
    orders: tuple[Order, ...]
    rules: Rules
    standing: tuple[Standing, ...]

    def visit_arguments(
        self, visit: VisitAt, people: int
    ) -> tuple[tuple[int, ...], tuple[int, int, int, int], list[int], list[int]]:
        """Lays out one visit as `visit_cost.visit_s` wants it."""
        entrance, orders = visit
        if self.entrances[entrance].hand_over_s is not None:  # all of it is in `gate_s`: nobody goes up
            return self.times, (0, self.gate_s[entrance], 0, people), [], []
        packages = sorted((package for order in orders for package in self.packages[order]), reverse=True)
        stop = (self.has_lift[entrance], self.gate_s[entrance], len(orders), people)
        return self.times, stop, [floor for floor, _ in packages], [grams for _, grams in packages]

    def load_of(self, orders: Iterable[int]) -> tuple[int, int]:
        """Sums what some orders weigh and how many crates they fill."""
        chosen = tuple(orders)
        return sum(self.grams[order] for order in chosen), sum(self.crates[order] for order in chosen)


def screen(problem: Problem) -> tuple[Problem, tuple[Unassigned, ...]]:
    """Parts the orders that no crew could ever take from those worth planning, with the rule that says so."""
    entrances = {entrance.id: entrance for entrance in problem.entrances}
    locked = {order for one in problem.locked for each in one.rounds for v in each.visits for order in v.orders}
    crews_of = {drop.id: [crew for crew in problem.crews if crew.drop == drop.id] for drop in problem.drop_points}
    kept, refused = [], []
    for order in problem.orders:
        entrance = entrances.get(order.entrance)
        if entrance is None or entrance.drop is None:
            reason: Reason | None = Reason.ENTRANCE_WITHOUT_DROP
        elif order.id in locked:  # it is in a round already
            reason = None
        elif entrance.zone in problem.closed_zones:
            reason = Reason.ZONE_CLOSED
        else:
            reason = _reason_to_refuse(order, entrance, crews_of.get(entrance.drop))
        if reason is None:
            kept.append(order)
        else:
            refused.append(Unassigned(order.id, reason))
    return replace(problem, orders=tuple(kept)), tuple(refused)


def _reason_to_refuse(order: Order, entrance: Entrance, crews: Sequence[Crew] | None) -> Reason | None:
    if crews is None:
        return Reason.ENTRANCE_WITHOUT_DROP
    if order.floor > entrance.floors:
        return Reason.NO_SUCH_FLOOR
    if not crews:
        return Reason.NO_CREW
    grams = sum(order.packages_g)
    strong = [crew for crew in crews if grams <= crew.cap_g and order.crates <= crew.cap_crates]
    if strong:
        return None if any(crew.may_take(order, entrance) for crew in strong) else Reason.RULES_KEEP_OUT
    return Reason.TOO_MANY_CRATES if any(grams <= crew.cap_g for crew in crews) else Reason.TOO_HEAVY


def drop_problems(problem: Problem) -> tuple[DropProblem, ...]:
    """Splits a screened problem at the drop points that have orders; exact: goods never change drop point."""
    ordered = {order.entrance for order in problem.orders}
    busy = {entrance.drop for entrance in problem.entrances if entrance.id in ordered}
    return tuple(_drop_problem(problem, drop) for drop in problem.drop_points if drop.id in busy)


def _drop_problem(problem: Problem, drop: DropPoint) -> DropProblem:
    ordered = {order.entrance for order in problem.orders}
    entrances = [place for place in problem.entrances if place.drop == drop.id and place.id in ordered]
    position = {entrance.id: number for number, entrance in enumerate(entrances)}
    orders = [order for order in problem.orders if order.entrance in position]
    crews = [crew for crew in problem.crews if crew.drop == drop.id]
    places: list[DropPoint | Entrance] = [drop, *entrances]
    return DropProblem(
        drop=drop.id,
        entrance_ids=tuple(entrance.id for entrance in entrances),
        order_ids=tuple(order.id for order in orders),
        crews=tuple(replace(crew, people=crew.carriers, climbers=None) for crew in crews),
        weights=problem.weights,
        times=visit_times(problem.model),
        load_s=problem.model.load_s,
        load_s_per_package=problem.model.load_s_per_package,
        walk_s=walks.walks_s(problem.model, places),
        has_lift=tuple(int(entrance.lift) for entrance in entrances),
        gate_s=tuple(entrance.gate_s + (entrance.hand_over_s or 0) for entrance in entrances),
        sealed=tuple(entrance.sealed for entrance in entrances),
        entrance_of=tuple(position[order.entrance] for order in orders),
        packages=tuple(tuple((order.floor, grams) for grams in order.packages_g) for order in orders),
        grams=tuple(sum(order.packages_g) for order in orders),
        crates=tuple(order.crates for order in orders),
        due_s=tuple(-1 if order.due_s is None else order.due_s for order in orders),
        entrances=tuple(entrances),
        orders=tuple(orders),
        rules=problem.rules,
        standing=tuple(Standing(crew.start_s, crew.start_s, 1 if crew.was_sealed else -1) for crew in crews),
    )


def walk_s(model: TimeModel, here: DropPoint | Entrance, there: DropPoint | Entrance) -> int:
    """Gives the whole seconds between two places. Source: formats/rounds, "Walk"."""
    return walks.walk_s(model, here, there)


def plan_of(name: str, parts: Iterable[tuple[DropProblem, Sequence[DayAt]]]) -> Plan:
    """Turns crews' days by position back into a plan by id; crews without a round are left out."""
    return Plan(
        instance=name,
        crews=tuple(
            CrewPlan(crew.id, tuple(_round_of(drop_problem, round_at) for round_at in day))
            for drop_problem, days in parts
            for crew, day in zip(drop_problem.crews, days, strict=True)
            if day
        ),
    )


def _round_of(problem: DropProblem, round_at: RoundAt) -> Round:
    return Round(
        tuple(
            Visit(problem.entrance_ids[entrance], tuple(problem.order_ids[order] for order in orders))
            for entrance, orders in round_at
        )
    )


def days_of(problem: DropProblem, plan: Plan) -> list[DayAt]:
    """Reads a plan by id as crews' days by position; what belongs to other drop points is left out."""
    entrance_at = {entrance: position for position, entrance in enumerate(problem.entrance_ids)}
    order_at = {order: position for position, order in enumerate(problem.order_ids)}
    rounds_of = {crew_plan.crew: crew_plan.rounds for crew_plan in plan.crews}
    return [
        tuple(
            tuple((entrance_at[v.entrance], tuple(order_at[order] for order in v.orders)) for v in each.visits)
            for each in rounds_of.get(crew.id, ())
        )
        for crew in problem.crews
    ]
