"""What may happen to an order when, and the facts it leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from services.orders.domain.household import Household
from services.orders.domain.order import (
    ENDED,
    MAX_DAYS_AHEAD,
    MAX_NOTE,
    BagState,
    CancelReason,
    Order,
    OrderRefused,
    OrderRequest,
    OrderState,
    Priority,
    place,
)
from services.orders.domain.zone import ZoneClass
from tests.unit.orders.homes import TODAY, a_home, a_request, an_order, around, some_facts

DAY = timedelta(days=1)


def placed(request: OrderRequest, home: Household | None = None) -> Order:
    return place(request, home or a_home(), "A0001-X", around()).order


def test_a_placed_order_is_accepted_and_its_bags_wait() -> None:
    order = placed(a_request())
    assert (order.state, order.attempt) == (OrderState.ACCEPTED, 1)
    assert {bag.state for bag in order.bags} == {BagState.WAITING}
    assert len({bag.bag_id for bag in order.bags}) == len(order.bags)


def test_yesterday_is_refused_and_today_is_not() -> None:
    placed(a_request(wave_date=TODAY))
    with pytest.raises(OrderRefused) as refusal:
        placed(a_request(wave_date=TODAY - DAY))
    assert (refusal.value.code, refusal.value.data["today"]) == ("wave_date_past", "2022-03-04")


def test_today_is_the_streets_day_not_greenwichs() -> None:
    late = around(at=datetime(2022, 3, 4, 16, 30, tzinfo=UTC))  # half past midnight of 5 March
    with pytest.raises(OrderRefused, match="wave_date_past"):
        place(a_request(wave_date=TODAY), a_home(), "A0001-X", late)


def test_two_weeks_ahead_is_the_last_date() -> None:
    placed(a_request(wave_date=TODAY + MAX_DAYS_AHEAD * DAY))
    with pytest.raises(OrderRefused, match="wave_date_too_far"):
        placed(a_request(wave_date=TODAY + (MAX_DAYS_AHEAD + 1) * DAY))


@pytest.mark.parametrize("zone_class", [None, ZoneClass.CONTROLLED, ZoneClass.PRECAUTION, ZoneClass.LIFTED])
def test_only_sealed_zones_are_served_at_the_door(zone_class: ZoneClass | None) -> None:
    with pytest.raises(OrderRefused, match="zone_not_sealed"):
        place(a_request(), a_home(), "A0001-X", around(zone_class))


def test_an_empty_home_gets_nothing() -> None:
    with pytest.raises(OrderRefused, match="household_empty"):
        placed(a_request(), a_home(some_facts(residents=0)))
    placed(a_request(), a_home(some_facts(residents=1)))
    placed(a_request(), a_home(some_facts(residents=None)))


def test_a_note_has_its_length() -> None:
    placed(a_request(note="x" * MAX_NOTE))
    with pytest.raises(OrderRefused, match="note_too_long"):
        placed(a_request(note="x" * (MAX_NOTE + 1)))


def test_urgent_is_due_two_hours_after_the_call_or_after_the_morning() -> None:
    order = placed(a_request(priority=Priority.URGENT))
    assert order.due_at == datetime(2022, 3, 4, 3, 0, tzinfo=UTC)
    tomorrow = placed(a_request(priority=Priority.URGENT, wave_date=TODAY + DAY))
    assert tomorrow.due_at == datetime(2022, 3, 5, 2, 0, tzinfo=UTC)


def test_today_means_by_six_in_the_evening_and_normal_has_no_time() -> None:
    assert placed(a_request(priority=Priority.TODAY)).due_at == datetime(2022, 3, 4, 10, 0, tzinfo=UTC)
    assert placed(a_request()).due_at is None


def test_more_urgent_ranks_higher() -> None:
    assert Priority.URGENT.rank > Priority.TODAY.rank > Priority.NORMAL.rank


def test_a_change_keeps_number_and_bag_ids() -> None:
    before = placed(a_request(packs=2))
    after = before.change(a_request(packs=1), a_home(), around()).order
    assert after.number == before.number
    assert [bag.bag_id for bag in after.bags] == [bag.bag_id for bag in before.bags][: len(after.bags)]


def test_a_change_draws_new_ids_for_new_bags_only() -> None:
    before = placed(a_request(packs=1))
    after = before.change(a_request(packs=2), a_home(), around()).order
    ids = [bag.bag_id for bag in after.bags]
    assert ids[: len(before.bags)] == [bag.bag_id for bag in before.bags]


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.ACCEPTED])
def test_only_an_accepted_order_can_be_changed(state: OrderState) -> None:
    with pytest.raises(OrderRefused, match="order_not_changeable"):
        an_order(state).change(a_request(), a_home(), around())


def test_an_order_brought_again_cannot_be_changed() -> None:
    with pytest.raises(OrderRefused, match="order_not_changeable"):
        an_order(OrderState.ACCEPTED, attempt=2).change(a_request(), a_home(), around())


@pytest.mark.parametrize("state", [OrderState.ACCEPTED, OrderState.SCHEDULED, OrderState.FAILED])
def test_an_order_is_cancelled_before_it_leaves_or_after_it_failed(state: OrderState) -> None:
    order = an_order(state).cancel(CancelReason.AWAY).order
    assert (order.state, order.reason) == (OrderState.CANCELLED, "away")


@pytest.mark.parametrize("state", [OrderState.LOADED, OrderState.OUT])
def test_an_order_on_its_way_is_not_cancelled(state: OrderState) -> None:
    with pytest.raises(OrderRefused, match="order_on_its_way"):
        an_order(state).cancel(CancelReason.AWAY)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_is_over_is_not_cancelled(state: OrderState) -> None:
    with pytest.raises(OrderRefused, match="order_has_ended"):
        an_order(state).cancel(CancelReason.AWAY)


@pytest.mark.parametrize("state", [OrderState.FAILED, OrderState.RETURNED])
def test_a_retry_brings_only_what_did_not_stay(state: OrderState) -> None:
    order = an_order(state, BagState.DELIVERED, BagState.RETURNED, BagState.FAILED)
    fact = order.retry(TODAY + DAY, around())
    assert fact.bag_ids == ("bag-2", "bag-3")
    again = fact.order
    assert (again.state, again.attempt, again.reason, again.round_id) == (OrderState.ACCEPTED, 2, "", "")
    assert again.request.wave_date == TODAY + DAY
    assert again.bags[0].state is BagState.DELIVERED


@pytest.mark.parametrize(
    "state", [state for state in OrderState if state not in {OrderState.FAILED, OrderState.RETURNED}]
)
def test_only_what_failed_is_brought_again(state: OrderState) -> None:
    with pytest.raises(OrderRefused, match="order_not_failed"):
        an_order(state).retry(TODAY, around())


def test_a_retry_obeys_dates_and_zones() -> None:
    with pytest.raises(OrderRefused, match="wave_date_past"):
        an_order(OrderState.FAILED, BagState.FAILED).retry(TODAY - DAY, around())
    with pytest.raises(OrderRefused, match="zone_not_sealed"):
        an_order(OrderState.FAILED, BagState.FAILED).retry(TODAY, around(ZoneClass.LIFTED))


def test_an_order_is_open_until_nobody_need_do_anything() -> None:
    assert [state for state in OrderState if not an_order(state).is_open] == [
        OrderState.DELIVERED,
        OrderState.RETURNED,
        OrderState.CANCELLED,
    ]
