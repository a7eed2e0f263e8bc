"""Somebody on the phone asks for something."""

from dataclasses import dataclass

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain import duplicate
from services.orders.domain.duplicate import Answer
from services.orders.domain.household import Household, HouseholdNotFound
from services.orders.domain.order import CancelReason, Order, OrderRefused, OrderRequest, Surroundings, place
from services.orders.domain.zone import class_on, is_seen
from services.orders.storage import households, orders
from services.orders.storage.household_keys import open_keys
from services.orders.storage.households import ForOrdering
from shared.basics.ids import check_letter
from shared.database.session import Transaction
from shared.security.data_keys import DataKey


@dataclass(frozen=True, slots=True)
class Placing:
    """Who is to get what, and what to do if there is an order for that date already."""

    household_id: str
    request: OrderRequest
    answer: Answer = Answer.ASK


async def place_order(tx: Transaction, office: Office, asker: Asker, placing: Placing) -> Order:
    """Write a new order down, or add to the one of the same date, and tell the others.

    A second time is a second order; the door claims the request's key first, so that a double click is one.

    Errors: HouseholdNotFound, also outside the asker's sight; OrderRefused and PackRefused with what would do;
            OrderRefused("order_same_date", answers=…) when the caller must be asked.
    """
    found = await households.find_for_ordering(tx, placing.household_id)
    if found is None or not is_seen(asker.sight, found.household.place.community, found.household.place.grid):
        raise HouseholdNotFound("household_unknown")
    key = (await open_keys(tx, office.keys, [placing.household_id]))[placing.household_id]
    household = households.open_household(found.household, key)
    around = surroundings(office, found, placing.request)
    same = await orders.on_date(tx, placing.household_id, placing.request.wave_date, key)
    other = duplicate.same_date(same, placing.request.wave_date)
    # Nonsense is refused before anybody is asked what to do about a duplicate.
    fact = place(placing.request, household, _number(found.next_number), around)
    if other is not None and placing.answer is Answer.ASK:
        raise duplicate.ask(other)
    if other is not None and placing.answer is Answer.ADD:
        return await _add(tx, _Adding(other, household, around, key), placing.request)
    if other is not None and placing.answer is Answer.REPLACE:
        cancelled = other.cancel(CancelReason.REPLACED)
        await orders.save_progress(tx, cancelled.order, around.at)
        await events_out.publish(tx, cancelled, events_out.NO_KEYS, around.at)
    await orders.insert_order(tx, fact.order, key, asker.account_id)
    await events_out.publish(tx, fact, {key.subject: key}, around.at)
    return fact.order


def surroundings(office: Office, found: ForOrdering, request: OrderRequest) -> Surroundings:
    """What the rules ask for: time, and the class of the household's zone on the wanted date."""
    return Surroundings(
        at=office.clock.now(),
        local_zone=office.local_zone,
        zone_class=class_on(request.wave_date, found.classes, office.local_zone),
        new_id=office.new_id,
    )


@dataclass(frozen=True, slots=True)
class _Adding:
    other: Order
    household: Household
    around: Surroundings
    key: DataKey


async def _add(tx: Transaction, adding: _Adding, request: OrderRequest) -> Order:
    if not adding.other.may_change:
        raise OrderRefused("order_not_changeable", number=adding.other.number, state=adding.other.state.value)
    both = duplicate.added(adding.other, request)
    changed = adding.other.change(both, adding.household, adding.around)
    await orders.save_contents(tx, changed.order, adding.key, adding.around.at)
    await events_out.publish(tx, changed, {adding.key.subject: adding.key}, adding.around.at)
    return changed.order


def _number(drawn: int) -> str:
    """A number short enough to say on the phone: a letter, four digits, and a check letter."""
    block, place_in_block = divmod(drawn, 10_000)
    text = ""
    while True:
        block, letter = divmod(block, 26)
        text = chr(ord("A") + letter) + text
        if block == 0:
            break
        block -= 1
    bare = f"{text}{place_in_block:04d}"
    return f"{bare}-{check_letter(bare)}"
