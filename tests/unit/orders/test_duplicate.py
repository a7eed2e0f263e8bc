"""Two orders for one date: which question is asked, and what adding means."""

from dataclasses import replace
from datetime import timedelta

from services.orders.domain import duplicate
from services.orders.domain.order import OrderState, Priority
from tests.unit.orders.homes import NOW, TODAY, a_request, an_order


def test_only_the_same_date_counts() -> None:
    order = an_order()
    assert duplicate.same_date([order], TODAY) == order
    assert duplicate.same_date([order], TODAY + timedelta(days=1)) is None


def test_a_cancelled_order_does_not_count_but_a_delivered_one_does() -> None:
    assert duplicate.same_date([an_order(OrderState.CANCELLED)], TODAY) is None
    assert duplicate.same_date([an_order(OrderState.DELIVERED)], TODAY) is not None


def test_the_newest_is_asked_about() -> None:
    older, newer = an_order(), replace(an_order(), number="A0002-X", placed_at=NOW + timedelta(hours=1))
    found = duplicate.same_date([newer, older], TODAY)
    assert found is not None
    assert found.number == "A0002-X"


def test_answers_are_those_that_can_be_done() -> None:
    assert duplicate.ask(an_order()).data["answers"] == ["add", "replace", "keep_both"]
    assert duplicate.ask(an_order(OrderState.SCHEDULED)).data["answers"] == ["replace", "keep_both"]
    assert duplicate.ask(an_order(OrderState.OUT)).data["answers"] == ["keep_both"]


def test_adding_sums_extras_and_keeps_one_pack_and_the_higher_urgency() -> None:
    other = replace(an_order(), request=a_request(extras={"MILK": 1}, note="放门口"))
    both = duplicate.added(
        other, a_request(extras={"MILK": 2, "EGGS": 1}, priority=Priority.URGENT, note="敲三下")
    )
    assert dict(both.extras) == {"MILK": 3, "EGGS": 1}
    assert (both.has_pack, both.packs, both.priority) == (True, 1, Priority.URGENT)
    assert both.note == "放门口; 敲三下"


def test_adding_a_pack_to_extras_gives_a_pack() -> None:
    other = replace(an_order(), request=a_request(has_pack=False, packs=1, extras={"MILK": 1}))
    assert duplicate.added(other, a_request()).has_pack
