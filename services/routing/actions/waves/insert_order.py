"""Puts an urgent order into a plan that is being carried out, without moving what is fixed or told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.actions.waves.build_problem import entrance_of, order_of
from services.routing.actions.waves.make_wave import are_back, unload_returned
from services.routing.actions.waves.price_place import day_with, judged, price_place
from services.routing.actions.waves.read_running_plan import (
    RunningPlans,
    RunningRounds,
    RunningState,
    read_running_plan,
)
from services.routing.actions.waves.release_rounds import release_round, tell_windows
from services.routing.actions.waves.save_plan import dated_doors
from services.routing.domain.planned_entrance import plan_entrance
from services.routing.domain.round import RoundState
from services.routing.domain.stop import StopState
from services.routing.domain.wave import BAGS_NOT_BACK, NO_DROP_POINT, WaveRefused, WaveState
from services.routing.planning.instance_files import instance_dict
from services.routing.planning.problem import Entrance, Order
from services.routing.planning.running_plan import Joining, RunningPlace, has_hours
from services.routing.planning.timetable import RoundTimes, timetable
from services.routing.storage import bags, estate, plan_requests, rounds, running_plans, stops, waves
from services.routing.storage.bags import BagRow
from services.routing.storage.rounds import RoundRow
from services.routing.storage.running_plans import RoundDates
from services.routing.storage.stops import PlacedStop, StopRow
from services.routing.storage.waves import Wave
from shared.basics.clock import Clock
from shared.basics.errors import NotFound
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.database.session import Transaction

_ALL_PLACES = 100_000
_PLACES_PROVEN = 60
"""So many of the cheapest are tried where there are hours to keep: each takes the check some milliseconds."""


class PlanBreaksRule(Exception):
    """The independent check found a broken rule in a place that was offered: a bug, never an event."""


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """A waiting order that seeks a place, and the plan it may come into as it stands.

    `new_entrance` is its entrance where the plan was made without it.
    """

    wave: Wave
    stop: StopRow
    bags_of: Mapping[str, BagRow]
    new_entrance: Entrance | None
    plan: RunningState | RunningRounds


@dataclass(frozen=True, slots=True)
class Offer:
    """The places for one waiting order in the plan as it stands, cheapest first."""

    wave: Wave
    stop: StopRow
    state: RunningState
    order: Order
    entrance: Entrance
    places: tuple[RunningPlace, ...]

    def round_at(self, place: RunningPlace) -> RoundRow | None:
        """The round a place is in, or before which it makes a new one; None at the end of a crew's day."""
        own = self.state.rounds_of.get(place.crew, ())
        return own[place.round] if place.round < len(own) else None


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """A place somebody took from an offer, and the mark of the plan it was offered for."""

    mark: str
    crew_id: str
    joining: str
    round_id: str
    visit: int


async def ask_place(tx: Transaction, plans: RunningPlans, names: tuple[str, str], now: datetime) -> AskedPlace:
    """Read what finding a place for a waiting stop takes; `names` are the wave's and the stop's ids.

    The transaction may end before anybody looks for it.

    Errors: NotFound("wave_unknown" | "stop_unknown"); WaveRefused("stop_not_waiting" | "bags_not_back" |
            "no_drop_point" | "no_running_plan").
    """
    seeker = await running_plans.find_seeker(tx, *names)
    wave, stop = _require_waiting(seeker.wave, seeker.stop)
    request_id = seeker.request_id or await _request_of(tx, wave, await _drop_point_of(tx, stop))
    plan = await plans.find(tx, request_id, now, seeker.sign)
    return await _asked(tx, (wave, stop), seeker.bags_of, plan)


def offer_places(asked: AskedPlace, state: RunningState, limit: int = 3) -> Offer:
    """Find the cheapest places for an order in the plan it asked about, laid out; every rule kept in each.

    Where rules set hours or take seconds, the likeliest are priced one by one, by the rules.
    """
    offer = _all_places(asked, state, limit)
    if has_hours(state.running.problem, offer.order):
        offer = replace(offer, places=_exact_places(_all_places(asked, state, _PLACES_PROVEN), limit))
    return offer


def _exact_places(likely: Offer, limit: int) -> tuple[RunningPlace, ...]:
    best: list[RunningPlace] = []
    for guess in likely.places:
        # A guess leaves seconds out: once it is dearer than the last place kept, nothing better is to come.
        if len(best) == limit and guess.more_cost >= best[-1].more_cost:
            break
        if (place := _exact(likely, guess)) is not None:
            best = sorted([*best, place], key=lambda one: one.more_cost)[:limit]
    return tuple(best)


def _all_places(asked: AskedPlace, state: RunningState, limit: int) -> Offer:
    stop = asked.stop
    entrance = asked.new_entrance or state.entrances[stop.entrance_id]
    entrance = replace(entrance, floors=max(entrance.floors, stop.floor or 1))
    order = order_of(stop, entrance.floors, asked.bags_of, state.time_zero)
    places = tuple(state.running.best_places(order, entrance, limit))
    return Offer(asked.wave, stop, state, order, entrance, places)


async def insert_order(
    tx: Transaction, names: tuple[str, str], chosen: ChosenPlace, clock: Clock, randomness: Randomness
) -> str:
    """Put a waiting stop where somebody chose, if the plan is still the one it was offered for; answers its round.

    Only the chosen crew's later rounds move, none of them beyond what its households were told. A released round
    takes the stop at once: its household is told its window, the crew's phone gets another version.
    Errors: as `ask_place`; WaveRefused("plan_has_changed") when mark or place hold no more,
            "drop_point_being_planned" while another wave is being planned there.
    """
    wave, stop = await _locked(tx, names)
    drop_point_id = await _drop_point_of(tx, stop)
    request_id = await _request_of(tx, wave, drop_point_id)
    await running_plans.lock_drop_point(tx, drop_point_id)
    if drop_point_id in await plan_requests.live_drop_points(tx):
        raise WaveRefused("drop_point_being_planned", drop_points=drop_point_id)
    state = await read_running_plan(tx, request_id, clock.now(), lock=True)
    bags_of = await bags.of_orders(tx, [stop.order_id])
    offer = _all_places(await _asked(tx, (wave, stop), bags_of, state), state, _ALL_PLACES)
    place = _found(offer, chosen)
    place = _exact(offer, place) if place is not None else None
    if state.mark != chosen.mark or place is None:
        raise WaveRefused("plan_has_changed")
    times = _proven(offer, place)
    await unload_returned(tx, [stop], await bags.of_orders(tx, [stop.order_id]), clock.now())
    row = await _round_for(tx, offer, place, times, (new_id(clock, randomness), clock.now()))
    await _write(tx, offer, place, (row, times))
    if row.state is RoundState.RELEASED:
        await _tell(tx, offer, row, clock.now())
    elif place.joining is Joining.NEW_ROUND and wave.state is WaveState.RELEASED:
        await release_round(tx, row.round_id, clock.now())
    return row.round_id


async def _locked(tx: Transaction, names: tuple[str, str]) -> tuple[Wave, StopRow]:
    wave = await waves.find_wave(tx, names[0], lock=True)
    return _require_waiting(wave, await stops.find_stop(tx, names[1], lock=True))


def _require_waiting(wave: Wave | None, stop: StopRow | None) -> tuple[Wave, StopRow]:
    if wave is None:
        raise NotFound("wave_unknown")
    if wave.state not in {WaveState.PLANNED, WaveState.RELEASED}:
        raise WaveRefused("no_running_plan")
    if stop is None:
        raise NotFound("stop_unknown")
    if stop.state is not StopState.WAITING or stop.is_cancelled or stop.wave_id not in {None, wave.wave_id}:
        raise WaveRefused("stop_not_waiting")
    return wave, stop


async def _drop_point_of(tx: Transaction, stop: StopRow) -> str:
    """Finds where a stop's goods lie: by its own entry in the estate file, else by what lies near."""
    known = await running_plans.drop_point_serving(tx, stop.entrance_id)
    if known is not None:
        return known
    named = await estate.named_entrances(tx, [stop.entrance_id])
    place = None
    if stop.entrance_id in named:
        place = plan_entrance(named[stop.entrance_id], await estate.known_estate(tx))
    if place is None:
        raise WaveRefused(NO_DROP_POINT)
    return place.drop_point_id


async def _request_of(tx: Transaction, wave: Wave, drop_point_id: str) -> str:
    request_id = await running_plans.request_at(tx, wave.wave_id, drop_point_id)
    if request_id is None:
        raise WaveRefused("no_running_plan")
    return request_id


async def _asked(
    tx: Transaction,
    who: tuple[Wave, StopRow],
    bags_of: Mapping[str, BagRow],
    plan: RunningState | RunningRounds,
) -> AskedPlace:
    wave, stop = who
    if not are_back(stop, bags_of):
        raise WaveRefused(BAGS_NOT_BACK)
    new_entrance = None if plan.knows(stop.entrance_id) else await _new_entrance(tx, stop)
    return AskedPlace(wave, stop, bags_of, new_entrance, plan)


async def _new_entrance(tx: Transaction, stop: StopRow) -> Entrance:
    named = await estate.named_entrances(tx, [stop.entrance_id])
    place = plan_entrance(named[stop.entrance_id], await estate.known_estate(tx))
    if place is None:
        raise WaveRefused(NO_DROP_POINT)
    return entrance_of(place, [stop])


def _found(offer: Offer, chosen: ChosenPlace) -> RunningPlace | None:
    for place in offer.places:
        row = offer.round_at(place)
        what = (place.crew, place.joining.value, row.round_id if row else "", place.visit)
        if what == (chosen.crew_id, chosen.joining, chosen.round_id, chosen.visit):
            return place
    return None


def _exact(offer: Offer, place: RunningPlace) -> RunningPlace | None:
    """Gives a place with what it costs; None where it would break hours to keep."""
    running = offer.state.running
    if not has_hours(running.problem, offer.order):
        return place
    return price_place(running, (offer.order, offer.entrance), place)


def _proven(offer: Offer, place: RunningPlace) -> Sequence[RoundTimes]:
    """Has the independent check judge the chosen crew's day with the order in it, and dates it.

    Errors: PlanBreaksRule.
    """
    day = day_with(offer.state.running, (offer.order, offer.entrance), place)
    score = judged(*day)
    if score.errors:
        raise PlanBreaksRule(score.errors[0])
    return timetable(*day)


async def _round_for(
    tx: Transaction,
    offer: Offer,
    place: RunningPlace,
    times: Sequence[RoundTimes],
    new: tuple[str, datetime],
) -> RoundRow:
    """Gives the round the stop comes into, made if it is a new one."""
    known = offer.round_at(place)
    if place.joining is not Joining.NEW_ROUND and known is not None:
        return known
    (number,) = await rounds.next_numbers(tx, 1)
    named = (await estate.named_entrances(tx, [offer.stop.entrance_id]))[offer.stop.entrance_id]
    of = times[place.round]
    row = RoundRow(
        round_id=new[0],
        number=number,
        wave_id=offer.wave.wave_id,
        wave_date=offer.wave.wave_date,
        request_id=offer.state.request_id,
        drop_point_id=offer.state.drop_point_id,
        community=named.community,
        grid=named.grid,
        crew_id=place.crew,
        planned_start=offer.state.moment(of.starts_s),
        planned_end=offer.state.moment(of.ends_s),
        is_late=place.crew in offer.state.late_crews,
    )
    await rounds.insert_rounds(tx, [row])
    return row


async def _write(
    tx: Transaction, offer: Offer, place: RunningPlace, result: tuple[RoundRow, Sequence[RoundTimes]]
) -> None:
    """Writes the stop into its round, and the crew's other stops to their new times."""
    row, times = result
    state, stop = offer.state, offer.stop
    await stops.change_stop(
        tx,
        stop.stop_id,
        {
            "state": (StopState.RELEASED if row.state is RoundState.RELEASED else StopState.PLANNED).value,
            "wave_id": offer.wave.wave_id,
            "request_id": state.request_id,
        },
    )
    await stops.drop_unplanned(tx, stop.stop_id)
    own = list(state.rounds_of.get(place.crew, ()))
    if place.joining is Joining.NEW_ROUND:
        own.insert(place.round, row)
    held = {order for each in times for visit in each.visits for order in visit.orders}
    known = await stops.by_ids(tx, held)
    await running_plans.redate(
        tx,
        [_dates(state, one, each) for one, each in zip(own, times, strict=True)],
        [placed for one, each in zip(own, times, strict=True) for placed in _placed(state, one, each, known)],
    )
    is_new = offer.entrance not in state.running.problem.entrances
    rows = instance_dict(replace(state.running.problem, orders=(offer.order,), entrances=(offer.entrance,)))
    await running_plans.add_to_input(tx, state.request_id, rows, with_entrance=is_new)
    more = {"cost": place.more_cost, "crew_s": place.more_crew_s, "late_s": place.more_late_s}
    await running_plans.add_to_figures(tx, state.request_id, more)
    await running_plans.move_version(tx, state.drop_point_id)


def _dates(state: RunningState, row: RoundRow, times: RoundTimes) -> RoundDates:
    # Never earlier than it was: households and crew count on the time they know.
    return RoundDates(
        row.round_id,
        max(row.planned_start, state.moment(times.starts_s)),
        max(row.planned_end, state.moment(times.ends_s)),
    )


def _placed(state: RunningState, row: RoundRow, times: RoundTimes, known: dict[str, StopRow]) -> list[PlacedStop]:
    placed = []
    for position, (stop_id, at_s) in enumerate(dated_doors(times, known), start=1):
        before, at = known[stop_id].planned_at, state.moment(at_s)
        placed.append(PlacedStop(stop_id, row.round_id, position, at if before is None else max(before, at)))
    return placed


async def _tell(tx: Transaction, offer: Offer, row: RoundRow, at: datetime) -> None:
    """Puts the bags on a round that is released already, and tells the household its window."""
    stop = (await stops.by_ids(tx, [offer.stop.stop_id]))[offer.stop.stop_id]
    await rounds.put_bags_on_round(tx, row.round_id, dict.fromkeys(stop.bag_ids, stop.stop_id))
    await rounds.bump_version(tx, row.round_id)
    await tell_windows(tx, row, [stop], at)
