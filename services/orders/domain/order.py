"""One order from asking to the last bag at the door: what may happen when, and the facts it leaves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from services.orders.domain.household import Household
from services.orders.domain.pack import BagPlan, Line, check_quantities, plan_bags
from services.orders.domain.zone import ZoneClass
from shared.basics.errors import NotFound, Refused

MAX_DAYS_AHEAD: Final = 14
MAX_NOTE: Final = 200
_URGENT_AFTER: Final = timedelta(hours=2)


class OrderRefused(Refused):
    """A rule said no to an order; the code names the rule, the data what would do."""


class OrderNotFound(NotFound):
    """No such order, or none that this person may see."""


class OrderState(StrEnum):
    """Where an order stands; what lies between accepted and the end copies routing's facts."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    LOADED = "loaded"
    OUT = "out"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


# An order in one of these needs nobody's hand any more; a returned one may still be brought again.
ENDED: Final = frozenset({OrderState.DELIVERED, OrderState.RETURNED, OrderState.CANCELLED})


class BagState(StrEnum):
    """Where a bag is, as far as routing told."""

    WAITING = "waiting"
    LOADED = "loaded"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"


class Priority(StrEnum):
    """How soon it must be there."""

    NORMAL = "normal"
    TODAY = "today"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """The number routing plans with: higher goes first."""
        return {"normal": 0, "today": 1, "urgent": 2}[self.value]


class CancelReason(StrEnum):
    """Why nobody need bring it: fixed words, for free text would leave with the event in clear."""

    NOT_NEEDED = "not_needed"
    AWAY = "away"
    WRONG_ENTRY = "wrong_entry"
    REPLACED = "replaced"
    HOUSEHOLD_REMOVED = "household_removed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bag:
    """One bag of an order and what became of it; `stop_id` is the visit that said so last."""

    bag_id: str
    label: str
    grams: int
    crates: int
    cold: bool
    lines: tuple[Line, ...]
    state: BagState = BagState.WAITING
    stop_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What somebody on the phone asks for. `packs` 0 means extras alone."""

    wave_date: date
    has_pack: bool
    packs: int
    extras: Mapping[str, int]
    priority: Priority = Priority.NORMAL
    note: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule needs to know besides the order itself."""

    at: datetime
    local_zone: ZoneInfo
    zone_class: ZoneClass | None
    new_id: Callable[[], str]

    @property
    def today(self) -> date:
        """The local day."""
        return self.at.astimezone(self.local_zone).date()


@dataclass(frozen=True, slots=True)
class Order:
    """What one household is to get on one date."""

    order_id: str
    number: str
    household_id: str
    request: OrderRequest
    bags: tuple[Bag, ...]
    due_at: datetime | None
    placed_at: datetime
    state: OrderState = OrderState.ACCEPTED
    reason: str = ""
    attempt: int = 1
    round_id: str = ""
    window: tuple[datetime, datetime] | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something for it."""
        return self.state not in ENDED

    @property
    def may_change(self) -> bool:
        """Whether its bags are not planned yet."""
        return self.state is OrderState.ACCEPTED and self.attempt == 1

    @property
    def may_cancel(self) -> bool:
        """Whether its bags have not left, or are coming back."""
        return self.state in {OrderState.ACCEPTED, OrderState.SCHEDULED, OrderState.FAILED}

    @property
    def may_retry(self) -> bool:
        """Whether some of its bags did not stay at the door."""
        return self.state in {OrderState.FAILED, OrderState.RETURNED}

    def change(self, request: OrderRequest, household: Household, around: Surroundings) -> "OrderWasChanged":
        """The same order with other contents or another date; bags keep their ids as far as there are bags.

        Errors: OrderRefused("order_not_changeable", state=…) once it is scheduled, and all that `place` refuses.
        """
        if not self.may_change:
            raise OrderRefused("order_not_changeable", number=self.number, state=self.state.value)
        _check_request(request, household, around)
        ids = iter([bag.bag_id for bag in self.bags])
        bags = _bags(request, household, lambda: next(ids, "") or around.new_id())
        due_at = _due_at(request, around)
        return OrderWasChanged(replace(self, request=request, bags=bags, due_at=due_at), household)

    def cancel(self, reason: CancelReason) -> "OrderWasCancelled":
        """Nobody need bring it any more.

        Errors: OrderRefused("order_on_its_way" | "order_has_ended").
        """
        if self.state in {OrderState.LOADED, OrderState.OUT}:
            raise OrderRefused("order_on_its_way", number=self.number, state=self.state.value)
        if not self.may_cancel:
            raise OrderRefused("order_has_ended", number=self.number, state=self.state.value)
        return OrderWasCancelled(replace(self, state=OrderState.CANCELLED, reason=reason.value))

    def retry(self, wave_date: date, around: Surroundings) -> "OrderWasRetried":
        """What did not stay at the door is brought again on another date.

        Errors: OrderRefused("order_not_failed", state=…) and what `place` says of dates and zones.
        """
        if not self.may_retry:
            raise OrderRefused("order_not_failed", number=self.number, state=self.state.value)
        _check_date(wave_date, around)
        request = replace(self.request, wave_date=wave_date)
        bags = tuple(
            bag if bag.state is BagState.DELIVERED else replace(bag, state=BagState.WAITING, stop_id="", reason="")
            for bag in self.bags
        )
        again = replace(
            self,
            request=request,
            bags=bags,
            due_at=_due_at(request, around),
            state=OrderState.ACCEPTED,
            reason="",
            attempt=self.attempt + 1,
            round_id="",
            window=None,
        )
        return OrderWasRetried(again)


@dataclass(frozen=True, slots=True)
class OrderWasPlaced:
    """A household is to get these bags."""

    order: Order
    household: Household


@dataclass(frozen=True, slots=True)
class OrderWasChanged:
    """An order's bags or date are other than before."""

    order: Order
    household: Household


@dataclass(frozen=True, slots=True)
class OrderWasCancelled:
    """Nobody need bring this order any more."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderWasRetried:
    """An order that failed at the door is to be brought again."""

    order: Order

    @property
    def bag_ids(self) -> tuple[str, ...]:
        """The bags that go out again."""
        return tuple(bag.bag_id for bag in self.order.bags if bag.state is BagState.WAITING)


def place(request: OrderRequest, household: Household, number: str, around: Surroundings) -> OrderWasPlaced:
    """A new, accepted order.

    Errors: PackRefused for what cannot be packed; OrderRefused("wave_date_past" | "wave_date_too_far" |
            "zone_not_sealed" | "household_empty" | "note_too_long") with the figures behind it.
    """
    _check_request(request, household, around)
    order = Order(
        order_id=around.new_id(),
        number=number,
        household_id=household.household_id,
        request=request,
        bags=_bags(request, household, around.new_id),
        due_at=_due_at(request, around),
        placed_at=around.at,
    )
    return OrderWasPlaced(order, household)


def _check_request(request: OrderRequest, household: Household, around: Surroundings) -> None:
    check_quantities(request.packs, request.has_pack, request.extras)
    _check_date(request.wave_date, around)
    if household.facts.residents == 0:
        raise OrderRefused("household_empty")
    if len(request.note) > MAX_NOTE:
        raise OrderRefused("note_too_long", length=len(request.note), max_length=MAX_NOTE)


def _check_date(wave_date: date, around: Surroundings) -> None:
    if wave_date < around.today:
        raise OrderRefused("wave_date_past", wave_date=wave_date.isoformat(), today=around.today.isoformat())
    if wave_date > around.today + timedelta(days=MAX_DAYS_AHEAD):
        raise OrderRefused("wave_date_too_far", wave_date=wave_date.isoformat(), max_days=MAX_DAYS_AHEAD)
    if around.zone_class is not ZoneClass.SEALED:
        raise OrderRefused(
            "zone_not_sealed",
            zone_class=around.zone_class.value if around.zone_class else "none",
            wave_date=wave_date.isoformat(),
        )


def _bags(request: OrderRequest, household: Household, new_id: Callable[[], str]) -> tuple[Bag, ...]:
    plans: Sequence[BagPlan] = plan_bags(household.facts, request.packs if request.has_pack else 0, request.extras)
    return tuple(Bag(new_id(), plan.label, plan.grams, plan.crates, plan.cold, plan.lines) for plan in plans)


def _due_at(request: OrderRequest, around: Surroundings) -> datetime | None:
    if request.priority is Priority.NORMAL:
        return None
    if request.priority is Priority.URGENT:
        morning = datetime.combine(request.wave_date, time(8), around.local_zone)
        return max(around.at, morning.astimezone(around.at.tzinfo)) + _URGENT_AFTER
    return datetime.combine(request.wave_date, time(18), around.local_zone).astimezone(around.at.tzinfo)
