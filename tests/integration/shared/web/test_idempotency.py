"""A request that is repeated is answered, not done, again."""

import asyncio

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from shared.basics.errors import Refused, Unavailable
from shared.database.session import Transaction, transaction
from shared.security.audit_trail import AuditEntry, entries_about, write_audit
from shared.web.idempotency import (
    KEPT_FOR,
    Answer,
    Engine,
    RequestKey,
    answer_once,
    claim,
    forget_old_keys,
    idempotency_keys,
    keep,
)
from tests.integration.shared.web.small_service import SmallService, an_account, sign_in, works_done


@pytest.fixture
def key(service: SmallService, request: pytest.FixtureRequest) -> RequestKey:
    return RequestKey(f"key-of-{abs(hash(request.node.name)):020d}", "POST /x", b"body")


async def test_the_second_time_gets_the_first_answer(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "first-and-second", "accept": "application/json"}
    first = await client.post("/api/things", json={"thing": "rice"}, headers=headers)
    second = await client.post("/api/things", json={"thing": "rice"}, headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "x-answered-before" not in first.headers
    assert second.headers["x-answered-before"] == "true"
    assert works_done.count("first-and-second") == 1


async def test_the_same_key_with_another_body_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "one-key-two-bodies", "accept": "application/json"}
    await client.post("/api/things", json={"thing": "rice"}, headers=headers)
    answer = await client.post("/api/things", json={"thing": "milk"}, headers=headers)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("sent", "code"),
    [("", "missing"), ("short", "malformed"), ("x" * 129, "malformed"), ("a b c d e f", "malformed")],
)
async def test_a_request_needs_a_proper_key(client: httpx.AsyncClient, sent: str, code: str) -> None:
    headers = {"idempotency-key": sent, "accept": "application/json"}
    answer = await client.post("/api/things", json={}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == f"idempotency_key_{code}"


async def test_a_form_pressed_twice_leads_to_the_same_place(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    form = {"idempotency_key": "form-pressed-twice", "packs": "2"}
    answers = [await client.post("/forms", data=form) for _ in range(2)]
    assert {(a.status_code, a.headers["location"]) for a in answers} == {(303, "/done/2")}
    assert works_done.count("form-pressed-twice") == 1


async def test_another_person_cannot_read_an_answer_by_its_key(client: httpx.AsyncClient) -> None:
    form = {"idempotency_key": "a-key-that-was-seen", "packs": "2"}
    await sign_in(client, "operator")
    assert (await client.post("/forms", data=form)).status_code == 303
    answer = await client.post("/api/things", json={}, headers={"idempotency-key": "a-key-that-was-seen"})
    assert answer.status_code == 409


async def test_a_refused_request_keeps_nothing_and_may_be_put_right(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    key = "refused-then-put-right"
    refused = await client.post("/forms", data={"idempotency_key": key, "packs": "9"})
    assert refused.status_code == 409
    assert "At most 9000 g in one order." in refused.text
    assert (await client.post("/forms", data={"idempotency_key": key, "packs": "2"})).status_code == 303


async def test_of_many_at_once_exactly_one_does_the_work(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "many-at-once", "accept": "application/json"}
    sent = [client.post("/api/things", json={"thing": "eggs"}, headers=headers) for _ in range(20)]
    answers = await asyncio.gather(*sent)
    assert works_done.count("many-at-once") == 1
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.text for a in answers if a.status_code == 201}) == 1
    codes = {a.json()["error"]["code"] for a in answers if a.status_code == 409}
    assert codes <= {"request_still_running"}


async def test_while_the_first_is_running_the_second_is_told_so(engine: Engine, key: RequestKey) -> None:
    async with transaction(engine) as first:
        assert await claim(first, key) is None
        async with transaction(engine) as second:
            with pytest.raises(Refused, match="request_still_running"):
                await claim(second, key)


async def test_a_connection_lost_before_the_commit_is_told_as_try_again(
    engine: Engine, key: RequestKey, service: SmallService
) -> None:
    async def work(tx: Transaction) -> Answer:
        await _kill_own_connection(engine, tx)
        return Answer(201, {})

    with pytest.raises(Unavailable, match="try_again"):
        await answer_once(engine, key, service.clock.now(), work)


async def test_a_commit_whose_acknowledgement_was_lost_is_found_again(
    engine: Engine, key: RequestKey, service: SmallService
) -> None:
    async def work(tx: Transaction) -> Answer:
        # What the first try committed before its connection was cut.
        async with transaction(engine) as other:
            await keep(other, key, Answer(201, {"order": "made"}), service.clock.now())
        await _kill_own_connection(engine, tx)
        return Answer(201, {"order": "made"})

    answer = await answer_once(engine, key, service.clock.now(), work)
    assert answer == Answer(201, {"order": "made"}, replayed=True)


async def test_an_answer_kept_between_look_and_keep_is_given_and_the_work_undone(
    engine: Engine, key: RequestKey, service: SmallService
) -> None:
    trace = RequestKey("trace-of-the-second", "POST /trace", b"trace")

    async def work(tx: Transaction) -> Answer:
        await keep(tx, trace, Answer(201, {}), service.clock.now())
        async with transaction(engine) as other:
            await keep(other, key, Answer(201, {"order": "the first one's"}), service.clock.now())
        return Answer(201, {"order": "the second one's"})

    answer = await answer_once(engine, key, service.clock.now(), work)
    assert answer == Answer(201, {"order": "the first one's"}, replayed=True)
    async with transaction(engine) as tx:
        assert await claim(tx, trace) is None


async def test_keys_are_forgotten_after_thirty_days(
    engine: Engine, key: RequestKey, service: SmallService
) -> None:
    real_now = service.clock.now()
    async with transaction(engine) as tx:
        await keep(tx, key, Answer(201, {}), real_now)
        await forget_old_keys(tx, real_now + KEPT_FOR)
        still = select(func.count()).where(idempotency_keys.c.key == key.key)
        assert await tx.scalar(still) == 1
        assert await forget_old_keys(tx, real_now + KEPT_FOR * 2) >= 1
        assert await tx.scalar(still) == 0


async def test_the_audit_trail_only_grows(engine: Engine, service: SmallService) -> None:
    entry = AuditEntry("looked_at", "household", "h-1", "order")
    async with transaction(engine) as tx:
        await write_audit(tx, an_account("operator").actor(), entry, service.clock.now())
    for statement in (
        "UPDATE audit_entries SET purpose = 'other'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(DBAPIError, match=r"only ever added|permission denied"):
            async with transaction(engine) as tx:
                await tx.execute(text(statement))
    async with transaction(engine) as tx:
        [written] = await entries_about(tx, "household", "h-1")
    assert (written.entry, written.actor_id) == (entry, "account-operator")


async def _kill_own_connection(engine: Engine, tx: Transaction) -> None:
    backend = await tx.scalar(select(func.pg_backend_pid()))
    async with transaction(engine) as other:
        await other.scalar(select(func.pg_terminate_backend(backend, 5000)))
