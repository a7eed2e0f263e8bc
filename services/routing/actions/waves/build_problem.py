"""Turns a leased plan request into numbers for the planner, and remembers what the numbers mean."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.routing.domain.crew import Crew, Hours, shift_on, working_hours
from services.routing.domain.estate import PlannedEntrance
from services.routing.domain.planned_entrance import KnownEstate, plan_entrance
from services.routing.domain.quiet_hours import QuietHours, quiet_spans
from services.routing.domain.zone import day_ends, not_served
from services.routing.planning import problem as planning
from services.routing.planning.time_model import TimeModel
from services.routing.planning.walks import Spot, Ways, used_lines
from services.routing.storage import bags, crews, estate, rounds, running_plans, stops, waves
from services.routing.storage.bags import BagRow
from services.routing.storage.plan_requests import Lease
from services.routing.storage.stops import StopRow
from shared.basics.errors import NotFound
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class PlanningRules:
    """What every plan is made with: the seconds of work, the weights, the local zone, the product's rules.

    `product` says nothing of quiet hours: these are hours of the day, `quiet`, until a plan's time 0 is known.
    """

    model: TimeModel
    weights: planning.Weights
    zone: ZoneInfo
    product: planning.Rules = field(default_factory=planning.Rules)
    quiet: tuple[QuietHours, ...] = ()

    def between(self, time_zero: datetime, ends_at: datetime) -> planning.Rules:
        """The product's rules in seconds from a plan's time 0, quiet hours up to an end among them."""
        spans = quiet_spans(self.quiet, self.zone, time_zero, ends_at)
        return replace(
            self.product, quiet=tuple((_after_s(time_zero, a), _after_s(time_zero, b)) for a, b in spans)
        )


@dataclass(frozen=True, slots=True)
class PlanTask:
    """A problem and what its time 0 and its crews' hours mean. Orders of the problem bear the ids of stops."""

    lease: Lease
    problem: planning.Problem
    time_zero: datetime
    is_late: Mapping[str, bool]


async def build_problem(tx: Transaction, lease: Lease, rules: PlanningRules, now: datetime) -> PlanTask:
    """Read everything one drop point's plan needs; the transaction may end before anybody searches.

    Errors: NotFound("wave_unknown" | "drop_point_unknown") when the request's wave or drop point is gone.
    """
    wave = await waves.find_wave(tx, lease.wave_id)
    known = await estate.known_estate(tx)
    drop = known.drop_points.get(lease.drop_point_id)
    if wave is None:
        raise NotFound("wave_unknown")
    if drop is None:
        raise NotFound("drop_point_unknown")
    due = await stops.of_request(tx, lease.request_id)
    served = await _served(tx, due, known, lease.drop_point_id)
    duty = await _duty(tx, lease, (wave.wave_date, rules.zone), now)
    classes = await estate.classes_on(
        tx, {place.zone_id for place in served.values()}, day_ends(wave.wave_date, rules.zone)
    )
    time_zero = min((one.starts_at for one in duty.hours.values()), default=now)
    bags_of = await bags.of_orders(tx, {stop.order_id for stop in due})
    start = planning.DropPoint(drop.drop_point_id, drop.zone, drop.x_m, drop.y_m)
    entrances = tuple(entrance_of(place, due) for place in served.values())
    problem = planning.Problem(
        name=lease.request_id,
        seed=lease.seed,
        weights=rules.weights,
        model=replace(rules.model, ways=await _ways(tx, (start, *entrances))),
        drop_points=(start,),
        entrances=entrances,
        orders=tuple(
            order_of(stop, served[stop.entrance_id].floors, bags_of, time_zero)
            for stop in due
            if stop.entrance_id in served
        ),
        crews=tuple(_crew(crew, duty, time_zero) for crew in duty.with_time()),
        closed_zones=tuple(sorted(not_served(classes))),
        rules=rules.between(time_zero, max((one.ends_at for one in duty.hours.values()), default=now)),
    )
    return PlanTask(lease, problem, time_zero, {crew_id: one.is_late for crew_id, one in duty.hours.items()})


@dataclass(frozen=True, slots=True)
class _Duty:
    """The crews at a drop point that day, when each can work, and which were behind sealed doors earlier."""

    crews: Sequence[Crew]
    hours: Mapping[str, Hours]
    sealed: set[str]

    def with_time(self) -> list[Crew]:
        """Those that have any time left."""
        return [c for c in self.crews if self.hours[c.crew_id].starts_at < self.hours[c.crew_id].ends_at]


async def _duty(tx: Transaction, lease: Lease, day: tuple[date, ZoneInfo], now: datetime) -> _Duty:
    absent = await crews.absent_on(tx, day[0])
    on_duty = [crew for crew in await crews.crews_at(tx, lease.drop_point_id) if crew.crew_id not in absent]
    busy_until = await rounds.unfinished_of_crews(tx, [crew.crew_id for crew in on_duty])
    hours = {
        crew.crew_id: working_hours(shift_on(crew, *day), now, busy_until.get(crew.crew_id)) for crew in on_duty
    }
    return _Duty(on_duty, hours, await running_plans.behind_sealed_doors(tx, list(hours), day[0], ()))


async def _ways(tx: Transaction, places: Sequence[Spot]) -> Ways | None:
    """The drawn ways that matter to walks between these places; None where there are none."""
    lines = await estate.walkable_lines(tx)
    if not lines:
        return None
    # A whole street's ways are some tenths of a second of work.
    used = await asyncio.to_thread(used_lines, lines, places)
    return Ways(used) if used else None


async def _served(
    tx: Transaction, due: Sequence[StopRow], known: KnownEstate, drop_point_id: str
) -> dict[str, PlannedEntrance]:
    """The entrances of these stops that this drop point serves, by id."""
    named = await estate.named_entrances(tx, {stop.entrance_id for stop in due})
    places = {entrance_id: plan_entrance(one, known) for entrance_id, one in named.items()}
    return {
        entrance_id: place
        for entrance_id, place in places.items()
        if place is not None and place.drop_point_id == drop_point_id
    }


def entrance_of(place: PlannedEntrance, due: Sequence[StopRow]) -> planning.Entrance:
    """Gives an entrance as planning sees it, high enough for all who live there."""
    # Somebody lives up there, whatever the file or the default says: a home is fed before a figure is put right.
    highest = max((stop.floor or 1 for stop in due if stop.entrance_id == place.entrance_id), default=1)
    return planning.Entrance(
        id=place.entrance_id,
        building=place.building_id,
        zone=place.zone_id,
        drop=place.drop_point_id,
        x=place.x_m,
        y=place.y_m,
        floors=max(place.floors, highest),
        lift=place.has_lift,
        sealed=place.is_positive,
        gate_s=place.gate_s,
        hand_over_s=place.hand_over_s,
    )


def order_of(stop: StopRow, floors: int, bags_of: Mapping[str, BagRow], time_zero: datetime) -> planning.Order:
    """Gives a stop as planning sees it, in a house of so many floors."""
    carried = [bags_of[bag_id] for bag_id in stop.bag_ids if bag_id in bags_of]
    # A door whose storey nobody wrote down is taken to lie half way up.
    floor = stop.floor if stop.floor is not None else (floors + 1) // 2
    due_s = None if stop.due_at is None else max(0, round((stop.due_at - time_zero).total_seconds()))
    return planning.Order(
        id=stop.stop_id,
        entrance=stop.entrance_id,
        floor=max(1, floor),
        door=0,
        packages_g=tuple(bag.grams for bag in carried),
        crates=sum(bag.crates for bag in carried),
        priority=stop.priority,
        due_s=due_s,
        cold=any(bag.cold for bag in carried),
    )


def _crew(crew: Crew, duty: _Duty, time_zero: datetime) -> planning.Crew:
    hours = duty.hours[crew.crew_id]
    return planning.Crew(
        id=crew.crew_id,
        drop=crew.drop_point_id,
        people=crew.people,
        cap_g=crew.cap_g,
        cap_crates=crew.cap_crates,
        start_s=_after_s(time_zero, hours.starts_at),
        end_s=_after_s(time_zero, hours.ends_at),
        was_sealed=crew.crew_id in duty.sealed,
        climbers=crew.climbers,
        may_enter=crew.may_enter,
    )


def _after_s(time_zero: datetime, moment: datetime) -> int:
    return round((moment - time_zero).total_seconds())
