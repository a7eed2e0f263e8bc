"""Lets a crew's taps act on its round: what moves, what is told, what somebody has to look at."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.routing.domain.bag import (
    Bag,
    BagMove,
    BagOutcome,
    BagPlace,
    BagsWereReturned,
    MissReason,
    move_bag,
)
from services.routing.domain.round import (
    CrewRound,
    Fact,
    OrderWasLoaded,
    OrderWentOut,
    RoundState,
    RoundWasClosed,
    RoundWasStarted,
)
from services.routing.domain.stop import (
    Stop,
    StopState,
    StopWasMissed,
    StopWasReopened,
    StopWasServed,
    window_around,
)
from services.routing.domain.tap import ShortBag, Tap, TapOutcome, TapType, Task, TaskKind, Verdict


@dataclass(frozen=True, slots=True)
class Taken:
    """What a tap did: the round after it, the answer, what to tell, what moved, what somebody must look at."""

    round: CrewRound
    outcome: TapOutcome
    facts: tuple[Fact, ...] = ()
    moves: tuple[BagMove, ...] = ()
    tasks: tuple[Task, ...] = ()


def take(crew_round: CrewRound, tap: Tap, taken_at: datetime) -> Taken:
    """Lets a crew's tap act on its round.

    A tap that contradicts the plan is no error: its outcome says so. What cannot be true yet is rejected and
    changes nothing, so the phone keeps it and sends it again.
    """
    if tap.type is TapType.ROUND_LOADED:
        return _load(crew_round, tap, taken_at)
    if crew_round.state is RoundState.CLOSED:
        return _after_close(crew_round, tap)
    if crew_round.state is not RoundState.STARTED:
        return _rejected(crew_round, "round_not_started")
    if tap.type is TapType.RETURNED:
        return _return(crew_round, tap, taken_at)
    if tap.type is TapType.ROUND_CLOSED:
        return _close(crew_round, taken_at)
    stop = _stop_meant(crew_round, tap)
    if stop is None:
        return _rejected(crew_round, "stop_not_on_round")
    if tap.type is TapType.UNDO:
        return _undo(crew_round, stop, tap, taken_at)
    return _speak_of_door(crew_round, stop, tap, taken_at)


def _speak_of_door(crew_round: CrewRound, stop: Stop, tap: Tap, taken_at: datetime) -> Taken:
    known = {bag.bag_id for bag in stop.bags}
    if stop.is_cancelled and not known:
        # Its bags wait for another round: the order was changed after this crew had its list.
        return _conflict(crew_round, TaskKind.CHANGED_AFTER_LOADING, stop)
    if not known.issuperset(tap.bag_ids or ()):
        return _rejected(crew_round, "bag_not_at_stop")
    if tap.type is TapType.NOT_DELIVERED and tap.reason is None:
        return _rejected(crew_round, "reason_missing")
    there, moves = _found_on_cart(stop, tap)
    act = _deliver if tap.type is TapType.DELIVERED else _miss
    taken = act(_with_stop(crew_round, there), there, tap, taken_at)
    return replace(taken, moves=(*moves, *taken.moves))


def _found_on_cart(stop: Stop, tap: Tap) -> tuple[Stop, tuple[BagMove, ...]]:
    """A bag left out or short, of which the crew now speaks at the door, was on the trolley after all."""
    named = set(tap.bag_ids or ())
    moves: list[BagMove] = []
    bags: list[Bag] = []
    for bag in stop.bags:
        was_left = bag.outcome is BagOutcome.CANCELLED and (not named or bag.bag_id in named)
        was_short = bag.outcome is BagOutcome.SHORT and bag.bag_id in named
        if bag.place is BagPlace.DROP_POINT and (was_left or was_short):
            moved, move = move_bag(bag, BagPlace.CART)
            moves.append(move)
            bags.append(replace(moved, outcome=None, reason=None, outcome_tap_id=None, is_told=False))
        else:
            bags.append(bag)
    return replace(stop, bags=tuple(bags)), tuple(moves)


def _stop_meant(crew_round: CrewRound, tap: Tap) -> Stop | None:
    """The tap's stop; an undo may name only the tap it takes back."""
    for stop in crew_round.stops:
        is_target = tap.type is TapType.UNDO and any(b.outcome_tap_id == tap.target_tap_id for b in stop.bags)
        if stop.stop_id == tap.stop_id or (tap.stop_id is None and is_target):
            return stop
    return None


def _rejected(crew_round: CrewRound, code: str) -> Taken:
    return Taken(crew_round, TapOutcome(Verdict.REJECTED, code))


def _conflict(crew_round: CrewRound, code: TaskKind, stop: Stop) -> Taken:
    task = Task(code, stop.order_id, stop.stop_id)
    return Taken(crew_round, TapOutcome(Verdict.CONFLICT, code.value), tasks=(task,))


def _after_close(crew_round: CrewRound, tap: Tap) -> Taken:
    if tap.type is TapType.ROUND_CLOSED:
        return Taken(crew_round, TapOutcome(Verdict.ACCEPTED, "already_closed"))
    stop = _stop_meant(crew_round, tap)
    if stop is None:
        return _rejected(crew_round, "round_closed")
    return _conflict(crew_round, TaskKind.TAP_AFTER_CLOSE, stop)


def _load(crew_round: CrewRound, tap: Tap, taken_at: datetime) -> Taken:
    if crew_round.state in {RoundState.STARTED, RoundState.CLOSED}:
        return Taken(crew_round, TapOutcome(Verdict.ACCEPTED, "already_started"))
    if crew_round.state is not RoundState.RELEASED:
        return _rejected(crew_round, "round_not_released")
    short_of = {short.bag_id: short for short in tap.short}
    facts: list[Fact] = [RoundWasStarted(crew_round.round_id, taken_at)]
    moves: list[BagMove] = []
    stops: list[Stop] = []
    for stop in crew_round.stops:
        loaded, moved = _load_stop(stop, short_of, tap.tap_id)
        stops.append(loaded)
        moves += moved
        facts += _facts_of_loading(crew_round, loaded, taken_at)
    started = replace(
        crew_round,
        state=RoundState.STARTED,
        started_at=taken_at,
        stops=tuple(_tell_shortage(stop) if stop.state is StopState.CLOSED else stop for stop in stops),
    )
    return Taken(started, TapOutcome(Verdict.ACCEPTED), tuple(facts), tuple(moves))


def _load_stop(stop: Stop, short_of: dict[str, ShortBag], tap_id: str) -> tuple[Stop, list[BagMove]]:
    if stop.is_cancelled:
        # What was cancelled before loading stays where it lies.
        left = tuple(replace(bag, outcome=BagOutcome.CANCELLED, is_told=True) for bag in stop.bags)
        return replace(stop, state=StopState.CANCELLED, bags=left), []
    bags: list[Bag] = []
    moves: list[BagMove] = []
    for bag in stop.bags:
        short = short_of.get(bag.bag_id)
        if short is not None:
            bags.append(
                replace(bag, outcome=BagOutcome.SHORT, reason=short.reason, outcome_tap_id=tap_id, is_told=False)
            )
            continue
        on_cart, move = move_bag(bag, BagPlace.CART)
        bags.append(on_cart)
        moves.append(move)
    state = StopState.OUT if moves else StopState.CLOSED
    return replace(stop, state=state, bags=tuple(bags)), moves


def _facts_of_loading(crew_round: CrewRound, stop: Stop, taken_at: datetime) -> list[Fact]:
    if stop.state is StopState.CANCELLED:
        return []
    loaded = tuple(bag.bag_id for bag in stop.bags if bag.place is BagPlace.CART)
    short = tuple(
        ShortBag(bag.bag_id, bag.reason or MissReason.SHORT)
        for bag in stop.bags
        if bag.outcome is BagOutcome.SHORT
    )
    told: list[Fact] = [OrderWasLoaded(stop.household_id, stop.order_id, crew_round.round_id, loaded, short)]
    if not loaded:
        return told + _facts_of_shortage(crew_round, stop, taken_at)
    # Late or early, the promise moves with the crew: expected is the plan shifted by how late it left.
    delay = max(taken_at - crew_round.planned_start, timedelta(0))
    expected = window_around(stop.planned_at + delay)
    told.append(OrderWentOut(stop.household_id, stop.order_id, crew_round.round_id, *expected))
    return told


def _facts_of_shortage(crew_round: CrewRound, stop: Stop, taken_at: datetime) -> list[Fact]:
    """A short bag is told once nothing more of the order is on its way: till then the rest still comes."""
    short = [bag for bag in stop.bags if bag.outcome is BagOutcome.SHORT and not bag.is_told]
    if not short or stop.open_bags:
        return []
    bag_ids = tuple(bag.bag_id for bag in short)
    place = (stop.household_id, stop.order_id, crew_round.round_id)
    reason = short[0].reason or MissReason.SHORT
    return [
        StopWasMissed(*place, stop.stop_id, bag_ids, reason, taken_at, taken_at),
        # It never left the drop point, so it lies there already.
        BagsWereReturned(*place, bag_ids, taken_at),
    ]


def _tell_shortage(stop: Stop) -> Stop:
    if stop.open_bags:
        return stop
    return replace(stop, bags=tuple(replace(bag, is_told=True) for bag in stop.bags))


def _deliver(crew_round: CrewRound, stop: Stop, tap: Tap, taken_at: datetime) -> Taken:
    wanted = set(tap.bag_ids or _bags_meant(stop))
    chosen = [bag for bag in stop.bags if bag.bag_id in wanted]
    fresh = [bag for bag in chosen if bag.place is BagPlace.CART]
    if not fresh:
        is_there = bool(stop.bags) and all(bag.place is BagPlace.DOOR for bag in chosen or stop.bags)
        kind = TaskKind.ALREADY_DELIVERED if is_there else TaskKind.BAG_NOT_ON_CART
        return _conflict(crew_round, kind, stop)
    served, moves = _settle(stop, fresh, tap)
    bag_ids = tuple(bag.bag_id for bag in fresh)
    happened_at = tap.happened_at(crew_round.started_at or taken_at, taken_at)
    facts: list[Fact] = [
        StopWasServed(
            stop.household_id,
            stop.order_id,
            crew_round.round_id,
            stop.stop_id,
            bag_ids,
            served.is_order_complete,
            happened_at,
            taken_at,
        ),
        *_facts_of_shortage(crew_round, served, taken_at),
    ]
    after = _with_stop(crew_round, _tell_shortage(served))
    if not stop.is_cancelled:
        return Taken(after, TapOutcome(Verdict.ACCEPTED), tuple(facts), moves)
    task = Task(TaskKind.DELIVERED_AFTER_CANCEL, stop.order_id, stop.stop_id)
    return Taken(after, TapOutcome(Verdict.CONFLICT, task.kind.value), tuple(facts), moves, (task,))


def _bags_meant(stop: Stop) -> list[str]:
    """A tap without bags means all open ones; with none open, those that were missed and are on the cart."""
    return [bag.bag_id for bag in stop.open_bags or stop.bags if bag.place is BagPlace.CART]


def _settle(stop: Stop, fresh: Iterable[Bag], tap: Tap) -> tuple[Stop, tuple[BagMove, ...]]:
    """Gives these bags on the cart the tap's outcome; delivered ones move to the door."""
    moves: list[BagMove] = []
    settled: dict[str, Bag] = {}
    for bag in fresh:
        if tap.type is TapType.DELIVERED:
            moved, move = move_bag(bag, BagPlace.DOOR)
            moves.append(move)
            settled[bag.bag_id] = replace(moved, outcome=BagOutcome.DELIVERED, reason=None)
        else:
            settled[bag.bag_id] = replace(bag, outcome=BagOutcome.FAILED, reason=tap.reason)
    bags = tuple(
        replace(settled[bag.bag_id], outcome_tap_id=tap.tap_id, is_told=True) if bag.bag_id in settled else bag
        for bag in stop.bags
    )
    is_open = any(bag.outcome is None for bag in bags)
    return replace(stop, bags=bags, state=StopState.OUT if is_open else StopState.CLOSED), tuple(moves)


def _miss(crew_round: CrewRound, stop: Stop, tap: Tap, taken_at: datetime) -> Taken:
    wanted = set(tap.bag_ids) if tap.bag_ids is not None else {bag.bag_id for bag in stop.open_bags}
    fresh = [bag for bag in stop.open_bags if bag.bag_id in wanted]
    if not fresh:
        chosen = [bag for bag in stop.bags if bag.bag_id in wanted] or list(stop.bags)
        is_there = any(bag.place is BagPlace.DOOR for bag in chosen)
        kind = TaskKind.ALREADY_DELIVERED if is_there else TaskKind.BAG_NOT_ON_CART
        return _conflict(crew_round, kind, stop)
    missed, moves = _settle(stop, fresh, tap)
    fact = StopWasMissed(
        stop.household_id,
        stop.order_id,
        crew_round.round_id,
        stop.stop_id,
        tuple(bag.bag_id for bag in fresh),
        tap.reason or MissReason.NO_ANSWER,
        tap.happened_at(crew_round.started_at or taken_at, taken_at),
        taken_at,
    )
    facts = (fact, *_facts_of_shortage(crew_round, missed, taken_at))
    return Taken(_with_stop(crew_round, _tell_shortage(missed)), TapOutcome(Verdict.ACCEPTED), facts, moves)


def _undo(crew_round: CrewRound, stop: Stop, tap: Tap, taken_at: datetime) -> Taken:
    said = [bag for bag in stop.bags if bag.outcome_tap_id == tap.target_tap_id]
    if not said or any(bag.outcome is BagOutcome.SHORT for bag in said):
        return _rejected(crew_round, "nothing_to_undo")
    if any(bag.place not in {BagPlace.CART, BagPlace.DOOR} for bag in said):
        return _rejected(crew_round, "bags_have_left")
    moves: list[BagMove] = []
    reopened: dict[str, Bag] = {}
    for bag in said:
        back = bag
        if bag.place is BagPlace.DOOR:
            back, move = move_bag(bag, BagPlace.CART)
            moves.append(move)
        reopened[bag.bag_id] = Bag(back.bag_id, back.place)
    bags = tuple(reopened.get(bag.bag_id, _untold_if_short(bag)) for bag in stop.bags)
    open_again = replace(stop, bags=bags, state=StopState.OUT)
    facts: list[Fact] = [
        StopWasReopened(stop.household_id, stop.order_id, crew_round.round_id, stop.stop_id, taken_at),
        *_facts_still_true(crew_round, open_again, taken_at),
    ]
    after = _with_stop(crew_round, open_again)
    return Taken(after, TapOutcome(Verdict.ACCEPTED), tuple(facts), tuple(moves))


def _untold_if_short(bag: Bag) -> Bag:
    return replace(bag, is_told=False) if bag.outcome is BagOutcome.SHORT else bag


def _facts_still_true(crew_round: CrewRound, stop: Stop, taken_at: datetime) -> list[Fact]:
    """What other taps said of the stop: those who hear that it is open again take all of it for open."""
    place = (stop.household_id, stop.order_id, crew_round.round_id)
    at_door = tuple(bag.bag_id for bag in stop.bags if bag.outcome is BagOutcome.DELIVERED)
    facts: list[Fact] = []
    if at_door:
        facts.append(StopWasServed(*place, stop.stop_id, at_door, False, taken_at, taken_at))
    failed = [bag for bag in stop.bags if bag.outcome is BagOutcome.FAILED]
    for reason in sorted({bag.reason for bag in failed if bag.reason is not None}):
        bag_ids = tuple(bag.bag_id for bag in failed if bag.reason is reason)
        facts.append(StopWasMissed(*place, stop.stop_id, bag_ids, reason, taken_at, taken_at))
    back = tuple(bag.bag_id for bag in failed if bag.place is not BagPlace.CART)
    if back:
        facts.append(BagsWereReturned(*place, back, taken_at))
    return facts


def _return(crew_round: CrewRound, tap: Tap, taken_at: datetime) -> Taken:
    wanted = set(tap.bag_ids or ())
    known = {bag.bag_id: bag for stop in crew_round.stops for bag in stop.bags}
    if not wanted or not wanted.issubset(known):
        return _rejected(crew_round, "bag_not_on_round")
    if any(known[bag_id].outcome is None for bag_id in wanted):
        return _rejected(crew_round, "bag_without_outcome")
    if any(known[bag_id].outcome is BagOutcome.DELIVERED for bag_id in wanted):
        return _rejected(crew_round, "bag_is_at_door")
    facts: list[Fact] = []
    moves: list[BagMove] = []
    stops: list[Stop] = []
    for stop in crew_round.stops:
        back, moved = _bring_back(stop, wanted)
        stops.append(back)
        moves += moved
        if moved:
            bag_ids = tuple(move.bag_id for move in moved)
            facts.append(
                BagsWereReturned(stop.household_id, stop.order_id, crew_round.round_id, bag_ids, taken_at)
            )
    after = replace(crew_round, stops=tuple(stops))
    return Taken(after, TapOutcome(Verdict.ACCEPTED), tuple(facts), tuple(moves))


def _bring_back(stop: Stop, wanted: set[str]) -> tuple[Stop, list[BagMove]]:
    bags: list[Bag] = []
    moves: list[BagMove] = []
    for bag in stop.bags:
        if bag.bag_id not in wanted or bag.place is not BagPlace.CART:
            bags.append(bag)
            continue
        there = BagPlace.WRITTEN_OFF if bag.reason is MissReason.DAMAGED else BagPlace.RETURNED
        moved, move = move_bag(bag, there)
        bags.append(moved)
        moves.append(move)
    return replace(stop, bags=tuple(bags)), moves


def _close(crew_round: CrewRound, taken_at: datetime) -> Taken:
    bags = [bag for stop in crew_round.stops for bag in stop.bags]
    if any(bag.outcome is None for bag in bags):
        return _rejected(crew_round, "bags_without_outcome")
    if any(bag.place is BagPlace.CART for bag in bags):
        return _rejected(crew_round, "bags_on_cart")
    delivered = sum(bag.outcome is BagOutcome.DELIVERED for bag in bags)
    returned = sum(bag.place in {BagPlace.RETURNED, BagPlace.WRITTEN_OFF} for bag in bags)
    fact = RoundWasClosed(crew_round.round_id, taken_at, delivered, returned)
    return Taken(replace(crew_round, state=RoundState.CLOSED), TapOutcome(Verdict.ACCEPTED), (fact,))


def _with_stop(crew_round: CrewRound, changed: Stop) -> CrewRound:
    return replace(
        crew_round, stops=tuple(changed if stop.stop_id == changed.stop_id else stop for stop in crew_round.stops)
    )
