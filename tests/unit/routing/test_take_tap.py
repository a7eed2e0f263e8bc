"""What each tap does to a round, rule by rule."""

from datetime import timedelta

import pytest

from services.routing.domain.bag import BagPlace, BagsWereReturned, MissReason
from services.routing.domain.round import (
    CrewRound,
    OrderWasLoaded,
    OrderWentOut,
    RoundState,
    RoundWasClosed,
    RoundWasStarted,
)
from services.routing.domain.stop import StopState, StopWasMissed, StopWasReopened, StopWasServed, window_around
from services.routing.domain.take_tap import Taken, take
from services.routing.domain.tap import Tap, TaskKind, Verdict
from tests.unit.routing.rounds import (
    NINE,
    a_round,
    a_stop,
    closed,
    delivered,
    loaded,
    missed,
    returned,
    undo,
)

LATER = NINE + timedelta(minutes=20)


def after(crew_round: CrewRound, *taps: Tap) -> CrewRound:
    """The round after these taps, each of them accepted."""
    for tap in taps:
        taken = take(crew_round, tap, LATER)
        assert taken.outcome.verdict is Verdict.ACCEPTED, taken.outcome
        crew_round = taken.round
    return crew_round


def last(crew_round: CrewRound, *taps: Tap) -> Taken:
    return take(after(crew_round, *taps[:-1]), taps[-1], LATER)


def places(crew_round: CrewRound) -> list[BagPlace]:
    return [bag.place for stop in crew_round.stops for bag in stop.bags]


def test_a_loaded_round_starts_and_every_order_goes_out() -> None:
    taken = last(a_round(a_stop(1), a_stop(2)), loaded())
    assert taken.round.state is RoundState.STARTED
    assert [type(fact) for fact in taken.facts] == [
        RoundWasStarted,
        *[OrderWasLoaded, OrderWentOut] * 2,
    ]
    assert set(places(taken.round)) == {BagPlace.CART}


def test_a_round_that_leaves_late_shifts_what_residents_expect() -> None:
    taken = take(a_round(a_stop(1)), loaded(), NINE + timedelta(minutes=30))
    out = taken.facts[2]
    assert isinstance(out, OrderWentOut)
    assert (out.expected_from, out.expected_to) == window_around(NINE + timedelta(minutes=40))


def test_a_round_that_leaves_early_keeps_its_promise() -> None:
    taken = take(a_round(a_stop(1)), loaded(), NINE - timedelta(minutes=30))
    out = taken.facts[2]
    assert isinstance(out, OrderWentOut)
    assert (out.expected_from, out.expected_to) == window_around(NINE + timedelta(minutes=10))


def test_loading_twice_starts_once() -> None:
    taken = last(a_round(), loaded(), loaded())
    assert (taken.outcome.verdict, taken.outcome.code, taken.facts) == (Verdict.ACCEPTED, "already_started", ())


@pytest.mark.parametrize("tap", [delivered(), missed(), returned("bag-1-1"), closed(), undo("x", 1)])
def test_nothing_happens_at_a_door_before_loading(tap: Tap) -> None:
    taken = last(a_round(), tap)
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.REJECTED, "round_not_started")


def test_a_planned_round_cannot_be_loaded() -> None:
    taken = last(a_round(state=RoundState.PLANNED), loaded())
    assert taken.outcome.code == "round_not_released"


def test_delivered_moves_all_open_bags_to_the_door_and_closes_the_stop() -> None:
    taken = last(a_round(), loaded(), delivered())
    assert places(taken.round) == [BagPlace.DOOR] * 2
    assert taken.round.stops[0].state is StopState.CLOSED
    (fact,) = taken.facts
    assert isinstance(fact, StopWasServed)
    assert (fact.bag_ids, fact.order_complete) == (("bag-1-1", "bag-1-2"), True)


def test_bag_by_bag_the_stop_stays_open_till_the_last() -> None:
    first = last(a_round(), loaded(), delivered(1, "bag-1-1"))
    assert first.round.stops[0].state is StopState.OUT
    second = take(first.round, delivered(1, "bag-1-2"), LATER)
    assert second.round.stops[0].state is StopState.CLOSED
    complete = [fact.order_complete for fact in (*first.facts, *second.facts) if isinstance(fact, StopWasServed)]
    assert complete == [False, True]


def test_an_order_is_not_complete_while_bags_of_another_turn_are_missing() -> None:
    (fact,) = last(a_round(a_stop(rest_is_delivered=False)), loaded(), delivered()).facts
    assert isinstance(fact, StopWasServed)
    assert not fact.order_complete


def test_part_delivered_part_missed_is_told_bag_by_bag() -> None:
    taken = last(a_round(), loaded(), delivered(1, "bag-1-1"), missed(reason=MissReason.DAMAGED))
    (fact,) = taken.facts
    assert isinstance(fact, StopWasMissed)
    assert (fact.bag_ids, fact.reason) == (("bag-1-2",), MissReason.DAMAGED)
    assert taken.round.stops[0].state is StopState.CLOSED


def test_a_miss_needs_a_reason() -> None:
    taken = last(a_round(), loaded(), missed(reason=None))  # type: ignore[arg-type]
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.REJECTED, "reason_missing")


def test_a_bag_of_another_door_is_rejected() -> None:
    taken = last(a_round(a_stop(1), a_stop(2)), loaded(), delivered(1, "bag-2-1"))
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.REJECTED, "bag_not_at_stop")


def test_a_door_of_another_round_is_rejected() -> None:
    assert last(a_round(), loaded(), delivered(9)).outcome.code == "stop_not_on_round"


def test_delivered_again_by_another_tap_is_a_conflict_and_tells_nothing() -> None:
    taken = last(a_round(), loaded(), delivered(tap_id="t1"), delivered(tap_id="t2"))
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.CONFLICT, "already_delivered")
    assert taken.facts == ()
    assert [task.kind for task in taken.tasks] == [TaskKind.ALREADY_DELIVERED]


def test_missed_after_delivered_is_a_conflict() -> None:
    taken = last(a_round(), loaded(), delivered(), missed())
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.CONFLICT, "already_delivered")


def test_a_crew_that_goes_back_to_a_missed_door_delivers_after_all() -> None:
    taken = last(a_round(), loaded(), missed(), delivered())
    assert taken.outcome.verdict is Verdict.ACCEPTED
    assert places(taken.round) == [BagPlace.DOOR] * 2


def test_delivered_after_cancel_is_a_fact_plus_a_task() -> None:
    crew_round = after(a_round(), loaded())
    cancelled = CrewRound(
        **{
            **{name: getattr(crew_round, name) for name in CrewRound.__slots__},
            "stops": tuple(_cancel(stop) for stop in crew_round.stops),
        }
    )
    taken = take(cancelled, delivered(), LATER)
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.CONFLICT, "delivered_after_cancel")
    assert [type(fact) for fact in taken.facts] == [StopWasServed]
    assert [task.kind for task in taken.tasks] == [TaskKind.DELIVERED_AFTER_CANCEL]


def _cancel(stop: object) -> object:
    return type(stop)(**{**{n: getattr(stop, n) for n in type(stop).__slots__}, "is_cancelled": True})


def test_what_was_cancelled_before_loading_stays_where_it_lies() -> None:
    taken = last(a_round(a_stop(1, cancelled=True), a_stop(2)), loaded())
    assert places(taken.round) == [BagPlace.DROP_POINT] * 2 + [BagPlace.CART] * 2
    assert taken.round.stops[0].state is StopState.CANCELLED
    assert len([fact for fact in taken.facts if isinstance(fact, OrderWasLoaded)]) == 1


def test_bags_of_a_cancelled_stop_that_turn_up_at_the_door_went_by_the_trolley() -> None:
    taken = last(a_round(a_stop(1, cancelled=True)), loaded(), delivered())
    assert taken.outcome.code == "delivered_after_cancel"
    assert [(move.here, move.there) for move in taken.moves] == [(BagPlace.DROP_POINT, BagPlace.CART)] * 2 + [
        (BagPlace.CART, BagPlace.DOOR)
    ] * 2


def test_a_tap_for_a_stop_whose_bags_went_to_another_round_is_looked_at() -> None:
    taken = last(a_round(a_stop(1, bags=0, cancelled=True), a_stop(2)), loaded(), delivered())
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.CONFLICT, "changed_after_loading")


def test_a_short_bag_is_told_when_the_rest_is_settled() -> None:
    crew_round = after(a_round(), loaded("bag-1-1"))
    assert places(crew_round) == [BagPlace.DROP_POINT, BagPlace.CART]
    taken = take(crew_round, delivered(), LATER)
    assert [type(fact) for fact in taken.facts] == [StopWasServed, StopWasMissed, BagsWereReturned]
    served, short, _ = taken.facts
    assert isinstance(served, StopWasServed)
    assert not served.order_complete
    assert isinstance(short, StopWasMissed)
    assert (short.bag_ids, short.reason) == (("bag-1-1",), MissReason.SHORT)


def test_an_order_short_of_every_bag_is_told_at_loading_and_closed() -> None:
    taken = last(a_round(), loaded("bag-1-1", "bag-1-2"))
    assert [type(fact) for fact in taken.facts] == [
        RoundWasStarted,
        OrderWasLoaded,
        StopWasMissed,
        BagsWereReturned,
    ]
    assert taken.round.stops[0].state is StopState.CLOSED


def test_a_short_bag_is_told_anew_after_its_stop_was_reopened() -> None:
    taken = last(a_round(), loaded("bag-1-1"), delivered(tap_id="t1"), undo("t1"), delivered(tap_id="t2"))
    assert [type(fact) for fact in taken.facts] == [StopWasServed, StopWasMissed, BagsWereReturned]


def test_undo_brings_bags_back_to_the_cart_and_reopens_the_door() -> None:
    taken = last(a_round(), loaded(), delivered(tap_id="t1"), undo("t1", 1))
    assert [type(fact) for fact in taken.facts] == [StopWasReopened]
    assert places(taken.round) == [BagPlace.CART] * 2
    assert taken.round.stops[0].state is StopState.OUT


def test_undo_of_one_of_two_taps_keeps_the_other() -> None:
    taken = last(a_round(), loaded(), delivered(1, "bag-1-1"), missed(tap_id="t2"), undo("t2"))
    assert places(taken.round) == [BagPlace.DOOR, BagPlace.CART]
    assert [bag.outcome is None for bag in taken.round.stops[0].bags] == [False, True]


def test_what_other_taps_said_of_a_reopened_stop_is_told_again() -> None:
    taken = last(
        a_round(a_stop(bags=3)),
        loaded(),
        delivered(1, "bag-1-1"),
        missed(1, "bag-1-2", reason=MissReason.DAMAGED),
        returned("bag-1-2"),
        delivered(1, "bag-1-3", tap_id="t4"),
        undo("t4"),
    )
    assert [(type(fact), fact.bag_ids) for fact in taken.facts[1:]] == [  # type: ignore[union-attr]
        (StopWasServed, ("bag-1-1",)),
        (StopWasMissed, ("bag-1-2",)),
        (BagsWereReturned, ("bag-1-2",)),
    ]


def test_undo_of_nothing_is_rejected() -> None:
    assert last(a_round(), loaded(), undo("never", 1)).outcome.code == "nothing_to_undo"


def test_bags_that_lie_at_the_drop_point_again_cannot_be_undone() -> None:
    taken = last(a_round(), loaded(), missed(tap_id="t1"), returned("bag-1-1", "bag-1-2"), undo("t1"))
    assert taken.outcome.code == "bags_have_left"


def test_returned_bags_are_told_order_by_order() -> None:
    taken = last(a_round(a_stop(1), a_stop(2)), loaded(), missed(1), missed(2), returned("bag-1-1", "bag-2-2"))
    assert [fact.bag_ids for fact in taken.facts if isinstance(fact, BagsWereReturned)] == [
        ("bag-1-1",),
        ("bag-2-2",),
    ]


def test_a_damaged_bag_is_written_off_when_it_comes_back() -> None:
    taken = last(a_round(), loaded(), missed(reason=MissReason.DAMAGED), returned("bag-1-1", "bag-1-2"))
    assert places(taken.round) == [BagPlace.WRITTEN_OFF] * 2


@pytest.mark.parametrize(
    ("taps", "code"),
    [
        ((loaded(), returned("bag-1-1")), "bag_without_outcome"),
        ((loaded(), delivered(), returned("bag-1-1")), "bag_is_at_door"),
        ((loaded(), returned("bag-9-9")), "bag_not_on_round"),
        ((loaded(), returned()), "bag_not_on_round"),
    ],
)
def test_only_missed_bags_of_this_round_come_back(taps: tuple[Tap, ...], code: str) -> None:
    taken = last(a_round(), *taps)
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.REJECTED, code)


@pytest.mark.parametrize(
    ("taps", "code"),
    [
        ((loaded(), closed()), "bags_without_outcome"),
        ((loaded(), delivered(1, "bag-1-1"), closed()), "bags_without_outcome"),
        ((loaded(), missed(), closed()), "bags_on_cart"),
    ],
)
def test_a_round_is_closed_only_when_each_bag_has_its_outcome(taps: tuple[Tap, ...], code: str) -> None:
    taken = last(a_round(), *taps)
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.REJECTED, code)


def test_a_closed_round_counts_what_stayed_and_what_came_back() -> None:
    taken = last(
        a_round(a_stop(1), a_stop(2)), loaded(), delivered(1), missed(2), returned("bag-2-1", "bag-2-2"), closed()
    )
    (fact,) = taken.facts
    assert isinstance(fact, RoundWasClosed)
    assert (fact.delivered_bags, fact.returned_bags) == (2, 2)


def test_a_tap_after_the_close_is_a_conflict_and_changes_nothing() -> None:
    taken = last(a_round(), loaded(), delivered(), closed(), missed())
    assert (taken.outcome.verdict, taken.outcome.code) == (Verdict.CONFLICT, "tap_after_close")
    assert taken.moves == ()


def test_closing_twice_is_harmless() -> None:
    taken = last(a_round(), loaded(), delivered(), closed(), closed())
    assert (taken.outcome.verdict, taken.facts) == (Verdict.ACCEPTED, ())


def test_the_phones_clock_is_believed_only_between_start_and_now() -> None:
    start, now = NINE, LATER
    tap = delivered()
    for said, expected in (
        (start + timedelta(minutes=5), start + timedelta(minutes=5)),
        (start - timedelta(seconds=1), now),
        (now + timedelta(seconds=1), now),
    ):
        moved = type(tap)(**{**{n: getattr(tap, n) for n in type(tap).__slots__}, "at": said})
        assert moved.happened_at(start, now) == expected
