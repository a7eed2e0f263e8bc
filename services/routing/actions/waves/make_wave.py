"""Gathers the due doors of a date into a wave and asks for a plan for each drop point."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.actions.waves.request_plan import DropPointShare, request_plan
from services.routing.domain.bag import BagMove, BagPlace
from services.routing.domain.estate import DropPoint, grid_of_drop_point
from services.routing.domain.planned_entrance import plan_entrance
from services.routing.domain.wave import BAGS_NOT_BACK, NO_DROP_POINT, Reach, WaveRefused, WaveState
from services.routing.storage import bags, estate, plan_requests, stops, waves
from services.routing.storage.bags import BagRow, Because
from services.routing.storage.stops import StopRow
from services.routing.storage.waves import Wave
from shared.basics.clock import Clock
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class WaveOrder:
    """A wave somebody wants: no `zone_ids` means all zones within reach. Units: search seconds a drop point."""

    wave_date: dt.date
    zone_ids: frozenset[str]
    seconds: float
    seed: int
    reach: Reach
    made_by: str


async def make_wave(tx: Transaction, order: WaveOrder, clock: Clock, randomness: Randomness) -> str:
    """Take all waiting stops of these zones up to the date into a new wave; answers its id.

    Errors: WaveRefused("no_waiting_orders") when nothing is due there;
            WaveRefused("drop_point_being_planned") when a drop point of it is in another wave's hands.
    """
    due = await _due_stops(tx, order)
    if not due:
        raise WaveRefused("no_waiting_orders")
    wave_id, now = new_id(clock, randomness), clock.now()
    named = await estate.named_entrances(tx, {stop.entrance_id for stop in due})
    known = await estate.known_estate(tx)
    bags_of = await bags.of_orders(tx, {stop.order_id for stop in due})
    shares: dict[str, list[StopRow]] = defaultdict(list)
    reasons: dict[str, str] = {}
    for stop in due:
        place = plan_entrance(named[stop.entrance_id], known)
        if place is None:
            reasons[stop.stop_id] = NO_DROP_POINT
        elif not are_back(stop, bags_of):
            reasons[stop.stop_id] = BAGS_NOT_BACK
        else:
            shares[place.drop_point_id].append(stop)
    await _require_free(tx, shares)
    state = WaveState.PLANNING if shares else WaveState.PLANNED
    communities = tuple(sorted({named[stop.entrance_id].community for stop in due}))
    zone_ids = tuple(sorted(order.zone_ids))
    await waves.insert_wave(tx, Wave(wave_id, order.wave_date, zone_ids, communities, state, order.made_by, now))
    request_of: dict[str, str | None] = dict.fromkeys(reasons)
    for drop_point_id, share in sorted(shares.items()):
        grids = Counter(named[stop.entrance_id].grid for stop in share)
        request_id = new_id(clock, randomness)
        await request_plan(tx, _share(order, wave_id, known.drop_points[drop_point_id], grids), request_id)
        request_of |= dict.fromkeys((stop.stop_id for stop in share), request_id)
    await stops.assign_to_wave(tx, wave_id, request_of)
    await stops.add_unplanned(tx, wave_id, None, reasons)
    await unload_returned(tx, [stop for share in shares.values() for stop in share], bags_of, now)
    return wave_id


async def _due_stops(tx: Transaction, order: WaveOrder) -> list[StopRow]:
    waiting = await stops.lock_waiting(tx, order.wave_date)
    named = await estate.named_entrances(tx, {stop.entrance_id for stop in waiting})
    return [
        stop
        for stop in waiting
        if stop.entrance_id in named
        and order.reach.holds(named[stop.entrance_id].community, named[stop.entrance_id].grid)
        and (not order.zone_ids or named[stop.entrance_id].zone_id in order.zone_ids)
    ]


def _share(order: WaveOrder, wave_id: str, drop: DropPoint, grids: Mapping[str, int]) -> DropPointShare:
    grid = grid_of_drop_point(grids)
    return DropPointShare(wave_id, drop.drop_point_id, drop.community, grid, order.seconds, order.seed)


def are_back(stop: StopRow, bags_of: Mapping[str, BagRow]) -> bool:
    """Whether a stop's bags are not out with a crew or at a door."""
    on_their_way = {BagPlace.CART, BagPlace.DOOR}
    return all(bag_id in bags_of and bags_of[bag_id].place not in on_their_way for bag_id in stop.bag_ids)


async def _require_free(tx: Transaction, shares: Mapping[str, Sequence[StopRow]]) -> None:
    busy = sorted(set(shares) & await plan_requests.live_drop_points(tx))
    if busy:
        raise WaveRefused("drop_point_being_planned", drop_points=", ".join(busy))


async def unload_returned(
    tx: Transaction, taken: Sequence[StopRow], bags_of: Mapping[str, BagRow], at: datetime
) -> None:
    """Bags that came back from a failed door lie at the drop point for their next turn."""
    moves = [
        BagMove(bag_id, bags_of[bag_id].place, BagPlace.DROP_POINT)
        for stop in taken
        for bag_id in stop.bag_ids
        if bags_of[bag_id].place is not BagPlace.DROP_POINT
    ]
    await bags.move_bags(tx, moves, Because(at))
