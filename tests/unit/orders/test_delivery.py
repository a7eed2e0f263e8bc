"""Routing's facts copied, in whatever state and order they meet."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.orders.domain.delivery import (
    Completed,
    Corrected,
    DeliveryFact,
    Failed,
    Loaded,
    Out,
    Returned,
    Scheduled,
    Unplanned,
    follow,
    is_delivered_after_cancel,
)
from services.orders.domain.order import BagState, CancelReason, Order, OrderRefused, OrderState
from tests.unit.orders.homes import NOW, TODAY, an_order, around

ALL = ("bag-1", "bag-2")
WINDOW = (NOW, NOW)
SCHEDULED = Scheduled("o", "round-1", WINDOW)
LOADED = Loaded("o", "round-1", ALL, ())
OUT = Out("o", "round-1")
COMPLETED = Completed("o", "stop-1", ALL)
FAILED = Failed("o", "round-1", "stop-1", ALL, "no_answer")
RETURNED = Returned("o", ALL)


def followed(order: Order, *facts: DeliveryFact) -> Order:
    for fact in facts:
        order = follow(order, fact)
    return order


def test_the_plain_way_to_the_door() -> None:
    states = []
    order = an_order()
    for fact in (SCHEDULED, LOADED, OUT, COMPLETED):
        order = follow(order, fact)
        states.append(order.state.value)
    assert states == ["scheduled", "loaded", "out", "delivered"]


def test_an_order_is_delivered_only_with_its_last_bag() -> None:
    half = followed(an_order(), SCHEDULED, LOADED, OUT, Completed("o", "stop-1", ("bag-1",)))
    assert half.state is OrderState.OUT
    assert follow(half, Completed("o", "stop-1", ("bag-2",))).state is OrderState.DELIVERED


def test_a_bag_that_did_not_stay_makes_the_order_failed_with_its_reason() -> None:
    order = followed(
        an_order(),
        SCHEDULED,
        LOADED,
        OUT,
        Completed("o", "stop-1", ("bag-1",)),
        Failed("o", "round-1", "stop-1", ("bag-2",), "damaged"),
    )
    assert (order.state, order.reason) == (OrderState.FAILED, "damaged")


def test_a_failed_order_is_over_when_its_bags_are_back() -> None:
    order = followed(an_order(), SCHEDULED, LOADED, OUT, FAILED, Returned("o", ("bag-1",)))
    assert order.state is OrderState.FAILED
    order = follow(order, Returned("o", ("bag-2",)))
    assert (order.state, order.reason) == (OrderState.RETURNED, "no_answer")


def test_facts_that_skip_ahead_still_end_at_the_door() -> None:
    assert followed(an_order(), COMPLETED).state is OrderState.DELIVERED
    assert followed(an_order(), OUT, COMPLETED, LOADED, SCHEDULED).state is OrderState.DELIVERED


def test_an_unplanned_order_waits_for_the_next_wave_with_the_reason() -> None:
    order = followed(an_order(), SCHEDULED, Unplanned("o", "capacity"))
    assert (order.state, order.reason, order.window) == (OrderState.ACCEPTED, "capacity", None)
    assert follow(order, SCHEDULED).reason == ""
    assert follow(an_order(OrderState.OUT), Unplanned("o", "capacity")).state is OrderState.OUT


def test_a_bag_left_behind_is_back_already() -> None:
    order = followed(an_order(), SCHEDULED, Loaded("o", "round-1", ("bag-1",), (("bag-2", "short"),)))
    assert [bag.state for bag in order.bags] == [BagState.LOADED, BagState.RETURNED]
    order = followed(order, OUT, Completed("o", "stop-1", ("bag-1",)))
    assert (order.state, order.reason) == (OrderState.RETURNED, "short")


def test_an_order_of_which_nothing_was_loaded_is_back() -> None:
    nothing = Loaded("o", "round-1", (), (("bag-1", "short"), ("bag-2", "short")))
    assert followed(an_order(), SCHEDULED, nothing).state is OrderState.RETURNED


def test_an_undo_opens_the_stop_again() -> None:
    order = followed(an_order(), SCHEDULED, LOADED, OUT, COMPLETED, Corrected("o", "stop-1"))
    assert order.state is OrderState.OUT
    assert {bag.state for bag in order.bags} == {BagState.LOADED}
    assert follow(order, FAILED).state is OrderState.FAILED


def test_an_undo_of_another_stop_changes_nothing() -> None:
    order = followed(an_order(), SCHEDULED, LOADED, OUT, COMPLETED)
    assert follow(order, Corrected("o", "stop-9")) == order


def test_a_cancelled_order_stays_cancelled_and_a_delivery_is_noticed() -> None:
    cancelled = followed(an_order(), SCHEDULED).cancel(CancelReason.AWAY).order
    loaded = follow(cancelled, LOADED)
    after = follow(loaded, Completed("o", "stop-1", ("bag-1",)))
    assert after.state is OrderState.CANCELLED
    assert is_delivered_after_cancel(loaded, after)
    assert not is_delivered_after_cancel(cancelled, loaded)
    assert not is_delivered_after_cancel(after, follow(after, RETURNED))


def test_a_delivery_in_time_is_nothing_to_look_at() -> None:
    before = followed(an_order(), SCHEDULED, LOADED, OUT)
    assert not is_delivered_after_cancel(before, follow(before, COMPLETED))


def test_late_words_about_an_earlier_attempt_do_not_fail_the_new_one() -> None:
    again = followed(an_order(), SCHEDULED, LOADED, OUT, FAILED).retry(TODAY, around()).order
    assert follow(again, RETURNED).state is OrderState.ACCEPTED
    assert follow(again, FAILED).state is OrderState.ACCEPTED
    second = followed(
        again, Scheduled("o", "round-2", WINDOW), Loaded("o", "round-2", ALL, ()), Out("o", "round-2")
    )
    assert follow(second, FAILED).state is OrderState.OUT
    assert follow(second, Failed("o", "round-2", "stop-2", ALL, "refused")).state is OrderState.FAILED


def test_a_delivered_bag_is_never_taken_back_by_a_return() -> None:
    order = followed(an_order(), SCHEDULED, LOADED, OUT, COMPLETED, RETURNED)
    assert order.state is OrderState.DELIVERED


@pytest.mark.parametrize("state", [OrderState.OUT, OrderState.DELIVERED, OrderState.FAILED, OrderState.CANCELLED])
def test_a_late_schedule_does_not_call_an_order_back(state: OrderState) -> None:
    assert follow(an_order(state), SCHEDULED).state is state


class OrderLife(RuleBasedStateMachine):
    """Any facts in any order, with the desk cancelling and retrying in between."""

    def __init__(self) -> None:
        super().__init__()
        self.order = an_order()
        self.delivered_since_correction: set[str] = set()

    bags = st.sets(st.sampled_from(ALL), min_size=1).map(tuple)

    @rule()
    def schedule(self) -> None:
        self.tell(Scheduled("o", f"round-{self.order.attempt}", WINDOW))

    @rule()
    def leave_unplanned(self) -> None:
        self.tell(Unplanned("o", "capacity"))

    @rule(bag_ids=bags)
    def load(self, bag_ids: tuple[str, ...]) -> None:
        short = tuple((bag_id, "short") for bag_id in ALL if bag_id not in bag_ids)
        self.tell(Loaded("o", f"round-{self.order.attempt}", bag_ids, short))

    @rule()
    def leave(self) -> None:
        self.tell(Out("o", f"round-{self.order.attempt}"))

    @rule(bag_ids=bags)
    def deliver(self, bag_ids: tuple[str, ...]) -> None:
        self.tell(Completed("o", f"stop-{self.order.attempt}", bag_ids))
        self.delivered_since_correction |= set(bag_ids)

    @rule(bag_ids=bags)
    def fail(self, bag_ids: tuple[str, ...]) -> None:
        left = tuple(bag_id for bag_id in bag_ids if bag_id not in self.delivered_since_correction)
        if left:
            self.tell(Failed("o", f"round-{self.order.attempt}", f"stop-{self.order.attempt}", left, "no_answer"))

    @rule()
    def correct(self) -> None:
        stop_id = f"stop-{self.order.attempt}"
        self.delivered_since_correction -= {bag.bag_id for bag in self.order.bags if bag.stop_id == stop_id}
        self.tell(Corrected("o", stop_id))

    @rule(bag_ids=bags)
    def take_back(self, bag_ids: tuple[str, ...]) -> None:
        self.tell(Returned("o", bag_ids))

    @precondition(lambda self: self.order.may_cancel)
    @rule()
    def cancel(self) -> None:
        self.order = self.order.cancel(CancelReason.AWAY).order

    @precondition(lambda self: self.order.may_retry and self.order.attempt < 4)
    @rule()
    def retry(self) -> None:
        self.order = self.order.retry(TODAY, around()).order

    def tell(self, fact: DeliveryFact) -> None:
        before = self.order
        self.order = follow(before, fact)
        if before.state is OrderState.CANCELLED:
            assert self.order.state is OrderState.CANCELLED
        assert follow(self.order, fact).state is self.order.state, "a fact told twice changes nothing more"

    @invariant()
    def no_bag_is_lost(self) -> None:
        assert tuple(bag.bag_id for bag in self.order.bags) == ALL

    @invariant()
    def a_delivered_bag_stays_delivered(self) -> None:
        delivered = {bag.bag_id for bag in self.order.bags if bag.state is BagState.DELIVERED}
        assert self.delivered_since_correction <= delivered

    @invariant()
    def delivered_means_every_bag(self) -> None:
        all_there = all(bag.state is BagState.DELIVERED for bag in self.order.bags)
        assert (self.order.state is OrderState.DELIVERED) <= all_there
        if all_there and self.order.state is not OrderState.CANCELLED:
            assert self.order.state is OrderState.DELIVERED

    @invariant()
    def what_failed_or_came_back_has_a_reason_to_be_there(self) -> None:
        states = {bag.state for bag in self.order.bags}
        if self.order.state is OrderState.FAILED:
            assert BagState.FAILED in states
        if self.order.state is OrderState.RETURNED:
            assert BagState.RETURNED in states
            assert BagState.FAILED not in states

    @invariant()
    def guards_and_refusals_agree(self) -> None:
        for is_allowed, act in (
            (self.order.may_cancel, lambda: self.order.cancel(CancelReason.AWAY)),
            (self.order.may_retry, lambda: self.order.retry(TODAY, around())),
        ):
            try:
                act()
            except OrderRefused:
                assert not is_allowed
            else:
                assert is_allowed


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=60, stateful_step_count=25)


def test_the_window_is_kept_for_the_desk() -> None:
    assert followed(an_order(), SCHEDULED).window == WINDOW
    assert replace(an_order(), window=None).window is None
