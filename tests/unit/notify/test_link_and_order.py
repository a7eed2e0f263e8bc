"""What a link shows, how far an order is, and how a token is made."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.notify.domain.contact import Language
from services.notify.domain.link import visible_orders
from services.notify.domain.order import FollowedOrder, Item, Step
from services.notify.pages.status import show_order
from services.notify.storage.links import hash_of, token_of

NOW = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)


def an_order(**changes: object) -> FollowedOrder:
    fields: dict[str, object] = {
        "order_id": "o-1",
        "household_id": "h-1",
        "number": "A0042-7",
        "attempt": 1,
        "telling": 1,
        "known_rank": 0,
        "wave_date": date(2022, 3, 4),
        "window": None,
        "items": (),
        "placed_at": NOW,
        "scheduled_at": None,
        "out_at": None,
        "delivered_at": None,
        "failed_at": None,
        "failed_reason": "",
        "cancelled_at": None,
        "changed_at": NOW,
    }
    return FollowedOrder(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "step"),
    [
        ((), Step.RECEIVED),
        (("scheduled_at",), Step.SCHEDULED),
        (("scheduled_at", "out_at"), Step.OUT),
        (("out_at", "failed_at"), Step.NOT_DELIVERED),
        (("failed_at", "cancelled_at"), Step.CANCELLED),
        (("failed_at", "delivered_at"), Step.DELIVERED),
        (("cancelled_at", "delivered_at"), Step.DELIVERED),
    ],
)
def test_an_order_is_as_far_as_its_furthest_fact(known: tuple[str, ...], step: Step) -> None:
    assert an_order(**dict.fromkeys(known, NOW)).step() is step


@pytest.mark.parametrize(
    ("attempt", "known", "headline"),
    [
        (1, (), "We have your order"),
        (2, (), "We will bring your order again"),
        (2, ("scheduled_at",), "Your delivery is planned"),
    ],
)
def test_an_order_that_came_back_is_told_as_one_to_be_brought_again(
    attempt: int, known: tuple[str, ...], headline: str
) -> None:
    order = an_order(attempt=attempt, **dict.fromkeys(known, NOW))
    assert show_order(order, Language.ENGLISH, "6200 1234").headline == headline


@pytest.mark.parametrize(
    ("after", "is_shown"),
    [(timedelta(hours=72), True), (timedelta(hours=72, seconds=1), False)],
)
def test_a_delivered_order_is_shown_for_three_days(after: timedelta, is_shown: bool) -> None:
    assert bool(visible_orders([an_order(delivered_at=NOW)], NOW + after)) is is_shown


@pytest.mark.parametrize(
    ("after", "is_shown"), [(timedelta(days=14), True), (timedelta(days=14, seconds=1), False)]
)
def test_an_open_order_is_shown_for_two_weeks(after: timedelta, is_shown: bool) -> None:
    assert bool(visible_orders([an_order()], NOW + after)) is is_shown


def test_the_newest_order_comes_first() -> None:
    older, newer = an_order(order_id="o-1"), an_order(order_id="o-2", placed_at=NOW + timedelta(hours=1))
    assert visible_orders([older, newer], NOW + timedelta(hours=2)) == [newer, older]


def test_an_item_is_named_in_the_language_of_the_page_or_in_any() -> None:
    both = Item(1, {"zh": "大米", "en": "Rice"})
    assert [both.name_in(language) for language in Language] == ["大米", "Rice"]
    assert Item(1, {"zh": "大米"}).name_in(Language.ENGLISH) == "大米"


def test_a_token_is_22_signs_and_differs_by_key_household_and_generation() -> None:
    tokens = {
        token_of(key, household, generation)
        for key in (b"k" * 32, b"l" * 32)
        for household in ("h-1", "h-2")
        for generation in (1, 2)
    }
    assert len(tokens) == 8
    assert {len(token) for token in tokens} == {22}
    assert token_of(b"k" * 32, "h-1", 1) == token_of(b"k" * 32, "h-1", 1)
    assert token_of(b"k" * 32, "h-1", 1).encode() not in hash_of(b"k" * 32, "h-1", 1)
