"""What routing tells of an order: each fact copied, in whatever state the order is.

Facts of one household come in the order routing wrote them, but orders decides cancelling and retrying on its
own, so any fact may meet a state it does not expect; none of them is an error.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from services.orders.domain.order import Bag, BagState, Order, OrderState

_BEFORE_LEAVING = frozenset({OrderState.ACCEPTED, OrderState.SCHEDULED, OrderState.LOADED})


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A released round takes the order in this window."""

    order_id: str
    round_id: str
    window: tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Unplanned:
    """No round of the wave takes it."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """These bags are on the trolley; `short` ones stayed behind, each for its reason."""

    order_id: str
    round_id: str
    bag_ids: tuple[str, ...]
    short: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Out:
    """The round has left."""

    order_id: str
    round_id: str


@dataclass(frozen=True, slots=True)
class Completed:
    """These bags are at the door."""

    order_id: str
    stop_id: str
    bag_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """These bags did not stay at the door."""

    order_id: str
    round_id: str
    stop_id: str
    bag_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """The crew took back what it said about this stop."""

    order_id: str
    stop_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """These bags are back at the drop point."""

    order_id: str
    bag_ids: tuple[str, ...]


DeliveryFact = Scheduled | Unplanned | Loaded | Out | Completed | Failed | Corrected | Returned


def follow(order: Order, fact: DeliveryFact) -> Order:
    """The order as it stands after this fact; unchanged where the fact speaks of a life already over."""
    match fact:
        case Scheduled():
            return _scheduled(order, fact)
        case Unplanned():
            return _unplanned(order, fact)
        case Loaded():
            return _loaded(order, fact)
        case Out():
            return _out(order, fact)
        case Completed():
            delivered = _told(fact.bag_ids, BagState.DELIVERED, fact.stop_id)
            return _settled(_with_bags(order, delivered))
        case Failed():
            return _failed(order, fact)
        case Corrected():
            return _corrected(order, fact)
        case Returned():
            return _returned(order, fact)


def is_delivered_after_cancel(before: Order, after: Order) -> bool:
    """Whether this fact left a bag of a cancelled order at the door: a person must look at it."""
    if after.state is not OrderState.CANCELLED:
        return False
    return _count(after, BagState.DELIVERED) > _count(before, BagState.DELIVERED)


def _scheduled(order: Order, fact: Scheduled) -> Order:
    if order.state not in {OrderState.ACCEPTED, OrderState.SCHEDULED}:
        return order
    return replace(order, state=OrderState.SCHEDULED, reason="", round_id=fact.round_id, window=fact.window)


def _unplanned(order: Order, fact: Unplanned) -> Order:
    # Planned nowhere: back among those that wait for the next wave, with the reason shown.
    if order.state not in {OrderState.ACCEPTED, OrderState.SCHEDULED}:
        return order
    return replace(order, state=OrderState.ACCEPTED, reason=fact.reason, round_id="", window=None)


def _out(order: Order, fact: Out) -> Order:
    if order.state not in _BEFORE_LEAVING:
        return order
    return replace(order, state=OrderState.OUT, reason="", round_id=fact.round_id)


def _loaded(order: Order, fact: Loaded) -> Order:
    short = dict(fact.short)

    def load(bag: Bag) -> Bag:
        if bag.state is not BagState.WAITING:
            return bag
        if bag.bag_id in short:
            # It never left the drop point, so it is back already.
            return replace(bag, state=BagState.RETURNED, reason=short[bag.bag_id])
        return replace(bag, state=BagState.LOADED) if bag.bag_id in fact.bag_ids else bag

    loaded = _with_bags(order, load)
    if order.state in {OrderState.ACCEPTED, OrderState.SCHEDULED}:
        loaded = replace(loaded, state=OrderState.LOADED, reason="", round_id=fact.round_id)
    return _settled(loaded)


def _failed(order: Order, fact: Failed) -> Order:
    # A visit of an earlier attempt speaks late: the bags are on their way again, or were.
    if order.attempt > 1 and order.round_id != fact.round_id:
        return order
    return _settled(_with_bags(order, _told(fact.bag_ids, BagState.FAILED, fact.stop_id, fact.reason)))


def _corrected(order: Order, fact: Corrected) -> Order:
    if all(bag.stop_id != fact.stop_id for bag in order.bags):
        return order
    reopened = _with_bags(
        order,
        lambda bag: (
            replace(bag, state=BagState.LOADED, stop_id="", reason="") if bag.stop_id == fact.stop_id else bag
        ),
    )
    # Bags that wait belong to a later attempt already; the order stays with that one.
    if order.state is OrderState.CANCELLED or any(bag.state is BagState.WAITING for bag in order.bags):
        return reopened
    return replace(reopened, state=OrderState.OUT, reason="")


def _returned(order: Order, fact: Returned) -> Order:
    def take_back(bag: Bag) -> Bag:
        # A waiting bag lies at the drop point in any case; a delivered one is somebody's supper.
        if bag.bag_id in fact.bag_ids and bag.state in {BagState.FAILED, BagState.LOADED}:
            return replace(bag, state=BagState.RETURNED)
        return bag

    return _settled(_with_bags(order, take_back))


def _told(bag_ids: Collection[str], state: BagState, stop_id: str, reason: str = "") -> Callable[[Bag], Bag]:
    def tell(bag: Bag) -> Bag:
        if bag.bag_id not in bag_ids:
            return bag
        return replace(bag, state=state, stop_id=stop_id, reason=reason)

    return tell


def _with_bags(order: Order, change: Callable[[Bag], Bag]) -> Order:
    return replace(order, bags=tuple(change(bag) for bag in order.bags))


def _settled(order: Order) -> Order:
    """Where the order stands by its bags: over only when the last one is."""
    states = {bag.state for bag in order.bags}
    if order.state is OrderState.CANCELLED or states & {BagState.WAITING, BagState.LOADED}:
        return order
    reason = next((bag.reason for bag in order.bags if bag.state is not BagState.DELIVERED), "")
    if BagState.FAILED in states:
        return replace(order, state=OrderState.FAILED, reason=reason)
    if BagState.RETURNED in states:
        return replace(order, state=OrderState.RETURNED, reason=reason)
    return replace(order, state=OrderState.DELIVERED, reason="")


def _count(order: Order, state: BagState) -> int:
    return sum(bag.state is state for bag in order.bags)
