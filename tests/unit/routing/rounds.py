"""Builders of rounds for tests: only what matters is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.routing.domain.bag import Bag, BagPlace, MissReason
from services.routing.domain.round import CrewRound, RoundState
from services.routing.domain.stop import Stop, StopState
from services.routing.domain.tap import FormTap, Said, ShortBag, Tap, TapType

NINE = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)


def a_stop(n: int = 1, *, bags: int = 2, cancelled: bool = False, rest_is_delivered: bool = True) -> Stop:
    return Stop(
        stop_id=f"stop-{n}",
        order_id=f"order-{n}",
        household_id=f"household-{n}",
        position=n,
        state=StopState.RELEASED,
        is_cancelled=cancelled,
        planned_at=NINE + timedelta(minutes=10 * n),
        bags=tuple(Bag(f"bag-{n}-{b}", BagPlace.DROP_POINT) for b in range(1, bags + 1)),
        rest_is_delivered=rest_is_delivered,
    )


def a_round(*stops: Stop, state: RoundState = RoundState.RELEASED) -> CrewRound:
    return CrewRound("round-1", "crew-1", state, 1, NINE, None, stops or (a_stop(),))


def a_tap(type_: TapType, stop: int | None = None, **said: object) -> Tap:
    tap_id = str(said.pop("tap_id", f"tap-{type_.value}-{stop}"))
    form = FormTap(tap_id, "crew-1", "round-1", None if stop is None else f"stop-{stop}")
    at = said.pop("at", NINE)
    assert isinstance(at, datetime)
    return replace(form.tap(Said(type_), at), **said)  # type: ignore[arg-type]


def delivered(stop: int = 1, *bag_ids: str, tap_id: str = "") -> Tap:
    return a_tap(TapType.DELIVERED, stop, bag_ids=bag_ids or None, tap_id=tap_id or f"delivered-{stop}-{bag_ids}")


def missed(stop: int = 1, *bag_ids: str, reason: MissReason = MissReason.NO_ANSWER, tap_id: str = "") -> Tap:
    return a_tap(
        TapType.NOT_DELIVERED,
        stop,
        bag_ids=bag_ids or None,
        reason=reason,
        tap_id=tap_id or f"missed-{stop}-{bag_ids}",
    )


def loaded(*short: str) -> Tap:
    return a_tap(TapType.ROUND_LOADED, short=tuple(ShortBag(bag, MissReason.SHORT) for bag in short))


def undo(target: str, stop: int | None = None) -> Tap:
    return a_tap(TapType.UNDO, stop, target_tap_id=target, tap_id=f"undo-{target}")


def returned(*bag_ids: str) -> Tap:
    return a_tap(TapType.RETURNED, bag_ids=bag_ids, tap_id=f"returned-{bag_ids}")


def closed() -> Tap:
    return a_tap(TapType.ROUND_CLOSED)
