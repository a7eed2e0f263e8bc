"""What a household is told, once each and in order: announce, follow_order, follow_delivery, on real tables."""

from datetime import timedelta

import pytest

from services.notify.domain.message import CallEnd
from shared.basics.errors import NotFound
from shared.contracts.routing_delivery import FailureReason
from tests.integration.notify.town import TODAY, Town, a_person


async def _send_all(town: Town) -> list[str]:
    """Send until nothing is left to send now; the texts of this round."""
    before = len(town.provider.taken)
    while await town.sender.turn() == 0:
        pass
    return [parcel.text for parcel in town.provider.taken[before:]]


async def _ordered(town: Town, household_id: str = "h-1", order_id: str = "o-0001") -> None:
    await town.hear(town.registered(household_id))
    await town.hear(town.placed(household_id, order_id))


async def test_an_order_is_followed_from_the_call_to_the_door(town: Town) -> None:
    await _ordered(town)
    [text] = await _send_all(town)
    assert text.startswith("【社区保供】订单A0001-7已收到")
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(town.out("h-1", "o-0001"))
    assert ["预计今天15:00-15:30" in each for each in await _send_all(town)] == [True, False]
    await town.hear(town.delivered("h-1", "o-0001"))
    assert await _send_all(town) == []
    town.clock.advance(60)
    [text] = await _send_all(town)
    assert text == "【社区保供】订单A0001-7已于09:00放在您门口。没收到或缺少物品请拨6200 1234"
    assert await town.fates_told() == [
        (news, "accepted", "") for news in ("received", "scheduled", "out", "delivered")
    ]
    assert {parcel.to for parcel in town.provider.taken} == {"13800000001"}


async def test_a_state_is_told_once_however_often_it_is_said(town: Town) -> None:
    await _ordered(town)
    for _ in range(2):
        await town.hear(town.placed("h-1", "o-0001"))
        await town.hear(town.scheduled("h-1", "o-0001"))
        await _send_all(town)
    assert await town.states() == [("received", "accepted"), ("scheduled", "accepted")]


async def test_the_first_person_who_wants_messages_and_has_a_phone_is_told(town: Town) -> None:
    people = (
        a_person("13800000001", wants=False),
        a_person(None),
        a_person("13800000003"),
        a_person("13800000004"),
    )
    await town.hear(town.registered("h-1", *people))
    await town.hear(town.placed("h-1", "o-0001"))
    await _send_all(town)
    assert [parcel.to for parcel in town.provider.taken] == ["13800000003"]


async def test_a_household_without_a_phone_is_told_of_to_the_desk(town: Town) -> None:
    await town.hear(town.registered("h-1", a_person(None)))
    await town.hear(town.placed("h-1", "o-0001"))
    assert await _send_all(town) == []
    assert await town.fates_told() == [("received", "undeliverable", "no_phone")]


async def test_an_order_brings_the_contact_of_a_household_never_heard_of(town: Town) -> None:
    await town.hear(town.placed("h-1", "o-0001"))
    assert len(await _send_all(town)) == 1


async def test_a_household_is_told_in_its_language(town: Town) -> None:
    await town.hear(town.registered("h-1", language="en"))
    await town.hear(town.placed("h-1", "o-0001"))
    [text] = await _send_all(town)
    assert text.startswith("Order A0001-7 received.")


async def test_a_plan_made_at_night_is_told_in_the_morning(town: Town) -> None:
    town.clock.advance(14 * 3600)  # 23:00
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001", hours=12))
    assert len(await _send_all(town)) == 1
    town.clock.advance(8 * 3600 - 1)
    assert await _send_all(town) == []
    town.clock.advance(1)
    assert len(await _send_all(town)) == 1


async def test_facts_at_the_door_are_told_at_night_and_pass_over_what_waits_for_the_morning(town: Town) -> None:
    town.clock.advance(14 * 3600)
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001", hours=1))
    await town.hear(town.out("h-1", "o-0001"))
    assert len(await _send_all(town)) == 2
    assert await town.states() == [("received", "accepted"), ("scheduled", "superseded"), ("out", "accepted")]
    [row] = await town.rows(
        "SELECT superseded_by, (SELECT message_id FROM messages WHERE news = 'out') AS newer"
        " FROM messages WHERE news = 'scheduled'"
    )
    assert row.superseded_by == row.newer
    assert ("scheduled", "superseded", "newer_news") in await town.fates_told()


async def test_what_one_order_waits_for_holds_back_no_other_order(town: Town) -> None:
    town.clock.advance(14 * 3600)
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001", hours=12))
    await town.hear(town.placed("h-1", "o-0002"))
    assert len(await _send_all(town)) == 2


async def test_news_staler_than_what_is_known_is_never_told(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.out("h-1", "o-0001"))
    await town.hear(town.scheduled("h-1", "o-0001"))
    assert len(await _send_all(town)) == 2
    assert await town.states() == [("received", "accepted"), ("out", "accepted"), ("scheduled", "superseded")]
    assert ("scheduled", "superseded", "stale_news") in await town.fates_told()


async def test_a_window_that_moves_is_told_anew_and_the_same_one_is_not(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await _send_all(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    assert await _send_all(town) == []
    await town.hear(town.scheduled("h-1", "o-0001", hours=7))
    [text] = await _send_all(town)
    assert "16:00-16:30" in text
    await town.hear(town.scheduled("h-1", "o-0001", hours=6))
    [text] = await _send_all(town)
    assert "15:00-15:30" in text


async def test_a_window_that_moves_before_it_was_sent_is_told_once(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(town.scheduled("h-1", "o-0001", hours=7))
    assert ["16:00-16:30" in text for text in await _send_all(town)] == [False, True]
    assert ("scheduled", "superseded", "newer_news") in await town.fates_told()


async def test_who_was_told_a_time_is_told_that_it_does_not_hold_and_then_the_new_one(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await _send_all(town)
    for _ in range(2):
        await town.hear(town.unplanned("h-1", "o-0001"))
    assert await _send_all(town) == [
        "【社区保供】更正：订单A0001-7不能按原定时间送达，新时间定后再通知。急需请拨6200 1234"
    ]
    [row] = await town.rows("SELECT scheduled_at, window_from FROM orders")
    assert (row.scheduled_at, row.window_from) == (None, None)
    await town.hear(town.scheduled("h-1", "o-0001"))
    assert len(await _send_all(town)) == 1


async def test_who_was_told_no_time_yet_hears_of_none(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.unplanned("h-1", "o-0001"))
    town.clock.advance(14 * 3600)
    await town.hear(town.scheduled("h-1", "o-0001", hours=12))
    await town.hear(town.unplanned("h-1", "o-0001"))
    town.clock.advance(9 * 3600)
    assert len(await _send_all(town)) == 1
    assert ("scheduled", "superseded", "taken_back") in await town.fates_told()


async def test_what_is_on_its_way_is_put_off_by_nobody(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(town.out("h-1", "o-0001"))
    await town.hear(town.unplanned("h-1", "o-0001"))
    assert len(await _send_all(town)) == 3
    [row] = await town.rows("SELECT out_at FROM orders")
    assert row.out_at is not None


async def test_a_tap_taken_back_within_a_minute_is_never_heard_of(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.delivered("h-1", "o-0001"))
    town.clock.advance(59)
    await town.hear(town.corrected("h-1", "o-0001"))
    town.clock.advance(3600)
    assert len(await _send_all(town)) == 1
    assert ("delivered", "superseded", "taken_back") in await town.fates_told()


async def test_the_door_is_told_anew_after_a_tap_was_taken_back(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.delivered("h-1", "o-0001"))
    await town.hear(town.corrected("h-1", "o-0001"))
    await town.hear(town.delivered("h-1", "o-0001"))
    town.clock.advance(60)
    assert len(await _send_all(town)) == 2
    rows = await town.rows(
        "SELECT message_id, state, superseded_by FROM messages WHERE news = 'delivered' ORDER BY position"
    )
    assert [row.state for row in rows] == ["superseded", "accepted"]
    assert rows[0].superseded_by == rows[1].message_id


async def test_a_tap_taken_back_later_is_corrected_once(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.delivered("h-1", "o-0001"))
    town.clock.advance(60)
    await _send_all(town)
    await town.hear(town.corrected("h-1", "o-0001"))
    await town.hear(town.corrected("h-1", "o-0001"))
    [text] = await _send_all(town)
    assert "更正" in text
    await town.hear(town.delivered("h-1", "o-0001"))
    town.clock.advance(60)
    assert len(await _send_all(town)) == 1


async def test_part_of_an_order_at_the_door_is_not_told(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.delivered("h-1", "o-0001", complete=False))
    town.clock.advance(3600)
    assert len(await _send_all(town)) == 1


async def test_a_failure_names_its_reason_and_what_happens_next_at_once(town: Town) -> None:
    await _ordered(town)
    await _send_all(town)
    await town.hear(town.failed("h-1", "o-0001", FailureReason.NO_ANSWER))
    [text] = await _send_all(town)
    assert "敲门无人应答" in text
    assert "6200 1234" in text


async def test_bags_that_fail_one_by_one_are_told_once(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.failed("h-1", "o-0001"))
    await town.hear(town.failed("h-1", "o-0001", FailureReason.SHORT))
    assert len(await _send_all(town)) == 2


async def test_a_crew_that_finds_an_order_cancelled_tells_nobody_again(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.cancelled("h-1", "o-0001"))
    await town.hear(town.failed("h-1", "o-0001", FailureReason.CANCELLED))
    await _send_all(town)
    assert await town.states() == [("received", "accepted"), ("cancelled", "accepted")]


async def test_what_lies_at_the_door_is_told_even_after_a_cancellation(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.cancelled("h-1", "o-0001"))
    await town.hear(town.delivered("h-1", "o-0001"))
    town.clock.advance(60)
    await _send_all(town)
    assert await town.states() == [("received", "accepted"), ("cancelled", "accepted"), ("delivered", "accepted")]


async def test_a_retried_order_is_told_anew(town: Town) -> None:
    await _ordered(town)
    for event in (town.scheduled, town.out, town.failed):
        await town.hear(event("h-1", "o-0001"))
    await _send_all(town)
    await town.hear(town.retried("h-1", "o-0001"))
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(town.out("h-1", "o-0001"))
    await town.hear(town.delivered("h-1", "o-0001"))
    town.clock.advance(60)
    texts = await _send_all(town)
    assert len(texts) == 4
    assert "将再次配送" in texts[0]
    attempts = await town.rows("SELECT attempt, count(*) AS told FROM messages GROUP BY attempt ORDER BY attempt")
    assert [(row.attempt, row.told) for row in attempts] == [(1, 4), (2, 4)]


async def test_another_date_than_the_one_told_is_told(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await _send_all(town)
    await town.hear(town.changed("h-1", "o-0001", wave_date=TODAY + timedelta(days=1)))
    await town.hear(town.scheduled("h-1", "o-0001", hours=30))
    [text] = await _send_all(town)
    assert "3月5日" in text


async def test_other_items_on_the_same_date_are_not_told_again(town: Town) -> None:
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(town.changed("h-1", "o-0001"))
    await town.hear(town.scheduled("h-1", "o-0001"))
    assert len(await _send_all(town)) == 2


async def test_after_an_outage_only_the_newest_news_of_an_order_is_sent(town: Town) -> None:
    town.provider.calls = [CallEnd.NOT_TAKEN]
    await _ordered(town)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(town.out("h-1", "o-0001"))
    await town.hear(town.placed("h-1", "o-0002"))
    await town.sender.turn()
    await town.real_time_passes(31 * 60)
    town.clock.advance(31 * 60)
    texts = await _send_all(town)
    assert len(texts) == 2
    assert "配送中" in texts[0]
    assert await town.states() == [
        ("received", "superseded"),
        ("scheduled", "superseded"),
        ("out", "accepted"),
        ("received", "accepted"),
    ]


async def test_a_delivery_of_an_order_never_placed_is_an_error(town: Town) -> None:
    await town.hear(town.registered("h-1"))
    with pytest.raises(NotFound, match="order_unknown"):
        await town.hear(town.out("h-1", "o-9999"))
