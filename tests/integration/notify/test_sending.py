"""Leases, calls and their ends on a real database: lease_due, send_due, resolve_unknown, sending."""

import asyncio

from services.notify.actions.messages.lease_due import lease_due
from services.notify.actions.messages.send_due import record_outcomes, send_due
from services.notify.actions.messages.sending import SendingRules
from services.notify.domain.message import CallEnd, Capability, MessageState, Outcome, QueryEnd, after_call
from services.notify.storage import messages
from shared.database.session import transaction
from tests.integration.notify.town import Town, a_person, make_town


async def _order(town: Town, *numbers: int) -> None:
    for number in numbers:
        await town.hear(town.placed(f"h-{number}", f"o-{number:04}"))


async def test_a_lease_is_committed_before_the_provider_is_called(town: Town) -> None:
    await _order(town, 1)
    seen: list[asyncio.Task[list[object]]] = []
    town.provider.on_call = lambda _: seen.append(
        asyncio.get_running_loop().create_task(town.rows("SELECT state, fence FROM messages"))
    )
    await town.sender.turn()
    # Read by another connection; the outcome may have been written meanwhile, the fence says that the lease was.
    [[row]] = [await task for task in seen]
    assert row.fence == 1


async def test_a_message_of_a_household_waits_while_an_earlier_one_is_in_somebodys_hands(town: Town) -> None:
    await _order(town, 1)
    await town.hear(town.scheduled("h-1", "o-0001"))
    async with transaction(town.engine) as tx:
        assert len((await lease_due(tx, town.desk)).to_send) == 1
    async with transaction(town.engine) as tx:
        assert (await lease_due(tx, town.desk)).to_send == []


async def test_a_message_of_a_household_waits_while_an_earlier_one_is_unknown(town: Town) -> None:
    town.provider.calls = [CallEnd.UNSURE]
    await _order(town, 1)
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.sender.turn()
    await town.sender.turn()
    assert await town.states() == [("received", "unknown"), ("scheduled", "due")]


async def test_parallel_senders_lease_no_message_twice(town: Town) -> None:
    await _order(town, *range(1, 61))
    rules = SendingRules(batch=10, at_once=4)
    others = [make_town(town.engine, rules=rules) for _ in range(4)]

    async def lease_all(other: Town) -> list[str]:
        leased: list[str] = []
        while True:
            async with transaction(town.engine) as tx:
                batch = await messages.lease(tx, town.clock.now(), 10, 12.0)
            if not batch:
                return leased
            leased += [lease.message_id for lease in batch]

    leased = [one for batch in await asyncio.gather(*(lease_all(other) for other in others)) for one in batch]
    assert len(leased) == 60
    assert len(set(leased)) == 60


async def test_the_heads_of_many_households_go_in_one_batch_in_order(town: Town) -> None:
    for number in range(1, 11):
        await _order(town, number)
        await town.hear(town.scheduled(f"h-{number}", f"o-{number:04}"))
    while await town.sender.turn() == 0:
        pass
    told: dict[str, list[str]] = {}
    by_id = {r.message_id: r for r in await town.rows("SELECT message_id, household_id, news FROM messages")}
    for parcel in town.provider.taken:
        row = by_id[parcel.reference]
        told.setdefault(row.household_id, []).append(row.news)
    assert len(told) == 10
    assert set(map(tuple, told.values())) == {("received", "scheduled")}


async def test_each_fate_bears_the_id_of_the_click_that_began_its_order(town: Town) -> None:
    for n in (1, 2):
        await town.hear(town.registered(f"h-{n}"))
        await town.hear(town.placed(f"h-{n}", f"o-{n:04}"), f"operators-click-{n}")
    await town.sender.turn()
    fates = await town.rows("SELECT key, correlation_id FROM outbox ORDER BY key")
    assert [(row.key, row.correlation_id) for row in fates] == [
        ("h-1", "operators-click-1"),
        ("h-2", "operators-click-2"),
    ]


async def test_a_call_without_a_clear_answer_is_asked_about_only_once_its_lease_is_over(town: Town) -> None:
    town.provider.calls = [CallEnd.UNSURE]
    town.provider.queries = [QueryEnd.HAS_IT]
    await _order(town, 1)
    await town.sender.turn()
    assert await town.fates.turn() == 0
    await town.real_time_passes(13)
    assert await town.fates.turn() == 1
    assert await town.states() == [("received", "accepted")]
    [row] = await town.rows("SELECT provider_id FROM messages")
    assert row.provider_id == "p-found"
    assert town.provider.taken == []
    assert await town.fates_told() == [("received", "accepted", "")]


async def test_a_message_the_provider_has_not_is_sent_again_under_the_same_reference(town: Town) -> None:
    town.provider.calls = [CallEnd.UNSURE]
    await _order(town, 1)
    await town.sender.turn()
    await town.real_time_passes(13)
    await town.fates.turn()
    await town.sender.turn()
    assert [parcel.reference for parcel in town.provider.taken] == town.provider.asked


async def test_a_provider_that_does_not_say_is_asked_again_after_a_pause(town: Town) -> None:
    town.provider.calls = [CallEnd.UNSURE]
    town.provider.queries = [QueryEnd.NO_ANSWER, QueryEnd.HAS_IT]
    await _order(town, 1)
    await town.sender.turn()
    await town.real_time_passes(13)
    assert await town.fates.turn() == 1
    assert await town.fates.turn() == 0
    await town.real_time_passes(13)
    assert await town.fates.turn() == 1
    assert await town.states() == [("received", "accepted")]


async def test_a_lease_whose_holder_died_is_asked_about_not_sent(town: Town) -> None:
    await _order(town, 1)
    async with transaction(town.engine) as tx:
        await lease_due(tx, town.desk)
    assert await town.fates.turn() == 0
    town.provider.queries = [QueryEnd.HAS_IT]
    await town.real_time_passes(13)
    await town.fates.turn()
    assert await town.states() == [("received", "accepted")]
    assert town.provider.taken == []


async def test_a_provider_that_dedupes_is_told_again_without_asking(town: Town) -> None:
    town.provider.capability = Capability.DEDUPES
    town.provider.calls = [CallEnd.UNSURE]
    await _order(town, 1)
    await town.sender.turn()
    await town.real_time_passes(13)
    await town.fates.turn()
    await town.sender.turn()
    assert (len(town.provider.taken), town.provider.asked) == (1, [])


async def test_a_provider_that_does_neither_is_told_at_most_once_and_the_desk_hears_of_it(town: Town) -> None:
    town.provider.capability = Capability.NEITHER
    town.provider.calls = [CallEnd.UNSURE]
    await _order(town, 1)
    await town.sender.turn()
    await town.real_time_passes(13)
    await town.fates.turn()
    await town.sender.turn()
    assert (town.provider.taken, town.provider.asked) == ([], [])
    assert await town.fates_told() == [("received", "undeliverable", "provider_unsure")]


async def test_a_refused_message_is_not_tried_again_and_the_next_one_goes(town: Town) -> None:
    town.provider.calls = [CallEnd.REFUSED]
    await _order(town, 1)
    await town.hear(town.scheduled("h-1", "o-0001"))
    while await town.sender.turn() == 0:
        pass
    assert await town.states() == [("received", "rejected"), ("scheduled", "accepted")]
    assert await town.fates_told() == [
        ("received", "undeliverable", "refused_by_provider"),
        ("scheduled", "accepted", ""),
    ]


async def test_a_busy_provider_is_tried_again_after_a_pause_and_nothing_overtakes(town: Town) -> None:
    town.provider.calls = [CallEnd.NOT_TAKEN]
    await _order(town, 1)
    await town.hear(town.scheduled("h-1", "o-0001"))
    assert await town.sender.turn() > 0
    await town.sender.turn()
    assert await town.states() == [("received", "due"), ("scheduled", "due")]
    await town.real_time_passes(5)
    while await town.sender.turn() == 0:
        pass
    assert await town.states() == [("received", "accepted"), ("scheduled", "accepted")]


async def test_an_outcome_whose_lease_was_lost_changes_nothing(town: Town) -> None:
    await _order(town, 1)
    async with transaction(town.engine) as tx:
        [late] = (await lease_due(tx, town.desk)).to_send
    await town.real_time_passes(13)
    town.provider.queries = [QueryEnd.HAS_NOT]
    await town.fates.turn()
    outcome = Outcome(late.lease.message_id, late.lease.fence, 1, after_call(CallEnd.TAKEN), "p-late")
    async with transaction(town.engine) as tx:
        assert await record_outcomes(tx, town.desk, [outcome]) == 0
    assert await town.states() == [("received", MessageState.DUE)]


async def test_a_sender_that_slept_through_its_lease_calls_nobody(town: Town) -> None:
    await _order(town, 1)
    async with transaction(town.engine) as tx:
        leased = await lease_due(tx, town.desk)
    town.clock.advance(town.desk.rules.lease_s)
    [outcome] = await send_due(town.desk, leased.to_send)
    assert outcome.verdict.state is MessageState.DUE
    assert town.provider.taken == []


async def test_one_contact_that_does_not_open_keeps_nobody_else_from_being_told(town: Town) -> None:
    await _order(town, 1, 2)
    await town.rows("UPDATE contacts SET sealed = 'damaged' WHERE household_id = 'h-1' RETURNING 1")
    await town.sender.turn()
    assert len(town.provider.taken) == 1
    assert ("received", "undeliverable", "contact_unreadable") in await town.fates_told()


async def test_one_key_that_is_gone_keeps_nobody_else_from_being_told(town: Town) -> None:
    await _order(town, 1, 2, 3)
    await town.rows("DELETE FROM data_keys WHERE subject = 'h-2' RETURNING 1")
    await town.sender.turn()
    assert len(town.provider.taken) == 2
    assert await town.states() == [("received", state) for state in ("accepted", "undeliverable", "accepted")]


async def test_a_contact_changed_before_sending_is_the_one_that_is_used(town: Town) -> None:
    await _order(town, 1)
    await town.hear(town.registered("h-1", a_person("13800000009")))
    await town.sender.turn()
    assert [parcel.to for parcel in town.provider.taken] == ["13800000009"]
