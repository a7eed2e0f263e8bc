"""Hours a wave may use, windows residents are told, reach, and the words of facts and events."""

from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing import events_out
from services.routing.domain.bag import Bag, BagMove, BagMoveRefused, BagPlace, balance, move_bag
from services.routing.domain.crew import LEAD, Crew, may_still_report, shift_on, working_hours
from services.routing.domain.stop import window_around
from services.routing.domain.wave import Reach, RequestState, WaveState, wave_state

ZONE = ZoneInfo("Asia/Shanghai")
CREW = Crew("k1", "一组", "志愿者", 2, 150_000, 36, time(9), time(13), "d1", ())
SHIFT = shift_on(CREW, date(2022, 3, 4), ZONE)
NINE = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)


def test_a_shift_is_local_time() -> None:
    starts_at, ends_at = SHIFT
    assert (starts_at, ends_at) == (NINE, NINE + timedelta(hours=4))


def test_a_shift_past_midnight_ends_the_next_day() -> None:
    night = Crew(**{**{f.name: getattr(CREW, f.name) for f in fields(CREW)}, "shift_end": time(1)})
    starts_at, ends_at = shift_on(night, date(2022, 3, 4), ZONE)
    assert ends_at - starts_at == timedelta(hours=16)


def test_a_wave_made_in_time_uses_the_shift() -> None:
    hours = working_hours(SHIFT, NINE - LEAD, None)
    assert (hours.starts_at, hours.ends_at, hours.is_late) == (*SHIFT, False)


def test_a_wave_made_late_starts_late_and_keeps_the_length_of_the_shift() -> None:
    hours = working_hours(SHIFT, NINE + timedelta(hours=2, seconds=1), None)
    assert hours.starts_at == NINE + timedelta(hours=2, minutes=11)
    assert (hours.ends_at - hours.starts_at, hours.is_late) == (timedelta(hours=4), True)


def test_rounds_already_given_out_come_first() -> None:
    busy = NINE + timedelta(hours=1)
    assert working_hours(SHIFT, NINE - LEAD, busy).starts_at == busy
    assert working_hours(SHIFT, NINE - LEAD, NINE - LEAD).starts_at == NINE
    full = working_hours(SHIFT, NINE - LEAD, NINE + timedelta(hours=9))
    assert full.starts_at == full.ends_at


@pytest.mark.parametrize(
    ("after", "has_open_round", "holds"),
    [(-1, False, True), (0, False, False), (0, True, True), (3600, False, False)],
)
def test_an_admission_holds_till_the_shift_or_the_round_ends(
    after: int, has_open_round: bool, holds: bool
) -> None:
    now = SHIFT[1] + timedelta(seconds=after)
    assert may_still_report(now, SHIFT[1], has_open_round=has_open_round) is holds


@pytest.mark.parametrize(
    ("planned", "begins", "ends"),
    [
        ((9, 30, 0), (9, 15), (10, 0)),
        ((9, 31, 0), (9, 15), (10, 5)),
        ((9, 34, 59), (9, 15), (10, 5)),
        ((9, 35, 0), (9, 20), (10, 5)),
        ((9, 35, 1), (9, 20), (10, 10)),
    ],
)
def test_a_window_opens_on_the_five_minutes_before_and_closes_on_those_after(
    planned: tuple[int, int, int], begins: tuple[int, int], ends: tuple[int, int]
) -> None:
    window = window_around(datetime(2022, 3, 4, *planned, tzinfo=UTC))
    assert window == (
        datetime(2022, 3, 4, *begins, tzinfo=UTC),
        datetime(2022, 3, 4, *ends, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([RequestState.PLANNED, RequestState.WAITING], WaveState.PLANNING),
        ([RequestState.LEASED], WaveState.PLANNING),
        ([RequestState.PLANNED, RequestState.FAILED], WaveState.PLANNED),
        ([], WaveState.PLANNED),
    ],
)
def test_a_wave_is_planned_when_nobody_plans_any_more(states: list[RequestState], state: WaveState) -> None:
    assert wave_state(states) is state


def test_reach_is_by_community_and_grid() -> None:
    assert Reach().holds("莲香社区", "g1")
    lotus = Reach(frozenset({"莲香社区"}), frozenset({"g1"}))
    assert lotus.holds("莲香社区", "g1")
    assert lotus.holds("莲香社区", None)
    assert not lotus.holds("莲香社区", "g2")
    assert not lotus.holds("榕荫社区", "g1")


@pytest.mark.parametrize("there", [BagPlace.DOOR, BagPlace.RETURNED, BagPlace.SUPPLIER])
def test_a_bag_at_the_drop_point_goes_to_no_door_by_itself(there: BagPlace) -> None:
    with pytest.raises(BagMoveRefused):
        move_bag(Bag("b1", BagPlace.DROP_POINT), there)


def test_the_ledger_sums_to_zero() -> None:
    moves = [
        BagMove("b1", BagPlace.SUPPLIER, BagPlace.DROP_POINT),
        BagMove("b1", BagPlace.DROP_POINT, BagPlace.CART),
    ]
    assert balance(moves) == {BagPlace.SUPPLIER: -1, BagPlace.DROP_POINT: 0, BagPlace.CART: 1}


@pytest.mark.parametrize("fact", sorted(events_out.EVENTS, key=lambda fact: fact.__name__))
def test_every_fact_fills_every_field_of_its_event(fact: type) -> None:
    event = events_out.EVENTS[fact]
    assert {field.name for field in fields(fact)} == set(event.model_fields)
