"""Data keys and tickets in the database: kept once, used once, destroyed for good."""

import asyncio

import pytest

from shared.basics.errors import NotAllowed, NotFound
from shared.database.session import transaction
from shared.security.data_keys import (
    destroy_data_key,
    load_data_key,
    load_data_keys,
    make_data_key,
    take_data_key,
    wrap_for_reader,
)
from shared.security.key_file import ServiceKeys
from shared.security.tickets import Ticket, make_ticket, use_ticket
from shared.testing.clocks import FakeClock
from shared.web.idempotency import Engine

TICKET = Ticket("notify", "orders", "order-for-neighbour", "household-1", {"entrance": "e-1"})
WANTED = ("orders", "order-for-neighbour")


async def test_a_subject_keeps_its_first_key(engine: Engine, keys: ServiceKeys) -> None:
    async with transaction(engine) as tx:
        first = await make_data_key(tx, keys, "key-twice", ["routing"])
        second = await make_data_key(tx, keys, "key-twice", ["routing"])
    assert first == second
    assert set(first.wrapped_for) == {"routing"}


async def test_a_reader_keeps_its_copy(engine: Engine, keys: ServiceKeys) -> None:
    wrapped = wrap_for_reader(keys, b"k" * 32, "notify", "key-taken")
    async with transaction(engine) as tx:
        await take_data_key(tx, keys, "key-taken", wrapped, "notify")
        await take_data_key(tx, keys, "key-taken", wrapped, "notify")
        assert (await load_data_key(tx, keys, "key-taken")).key == b"k" * 32


async def test_a_destroyed_key_never_comes_back(engine: Engine, keys: ServiceKeys) -> None:
    wrapped = wrap_for_reader(keys, b"k" * 32, "notify", "key-gone")
    async with transaction(engine) as tx:
        await take_data_key(tx, keys, "key-gone", wrapped, "notify")
        await destroy_data_key(tx, "key-gone")
        await destroy_data_key(tx, "key-gone")
        await destroy_data_key(tx, "key-never-was")
        for subject in ("key-gone", "key-never-was"):
            with pytest.raises(NotFound, match="data_key_destroyed"):
                await load_data_key(tx, keys, subject)
        with pytest.raises(NotFound, match="data_key_destroyed"):
            await take_data_key(tx, keys, "key-gone", wrapped, "notify")
        with pytest.raises(NotFound, match="data_key_destroyed"):
            await make_data_key(tx, keys, "key-gone", ["routing"])
        with pytest.raises(NotFound, match="data_key_missing"):
            await load_data_keys(tx, keys, ["key-unknown"])


async def test_a_ticket_opens_once(engine: Engine, keys: ServiceKeys) -> None:
    now = FakeClock().now()
    text = make_ticket(keys, TICKET, now)
    async with transaction(engine) as tx:
        assert await use_ticket(tx, keys, text, WANTED, now) == TICKET
    with pytest.raises(NotAllowed, match="ticket_invalid"):
        async with transaction(engine) as tx:
            await use_ticket(tx, keys, text, WANTED, now)


async def test_of_many_at_once_one_gets_in(engine: Engine, keys: ServiceKeys) -> None:
    now = FakeClock().now()
    text = make_ticket(keys, TICKET, now)

    async def use() -> bool:
        try:
            async with transaction(engine) as tx:
                await use_ticket(tx, keys, text, WANTED, now)
        except NotAllowed:
            return False
        return True

    assert sum(await asyncio.gather(*(use() for _ in range(12)))) == 1


@pytest.mark.parametrize(("later_s", "passes"), [(0, True), (299, True), (331, False), (-20, True), (-40, False)])
async def test_a_ticket_lives_five_minutes(
    engine: Engine, keys: ServiceKeys, later_s: float, passes: bool
) -> None:
    clock = FakeClock()
    text = make_ticket(keys, TICKET, clock.now())
    clock.advance(later_s)
    async with transaction(engine) as tx:
        if passes:
            await use_ticket(tx, keys, text, WANTED, clock.now())
            return
        with pytest.raises(NotAllowed, match="ticket_invalid"):
            await use_ticket(tx, keys, text, WANTED, clock.now())


async def test_a_forged_foreign_or_bent_ticket_is_refused(engine: Engine, keys: ServiceKeys) -> None:
    now = FakeClock().now()
    text = make_ticket(keys, TICKET, now)
    body, _, signature = text.partition(".")
    other = make_ticket(keys, Ticket("notify", "orders", "order-for-neighbour", "household-2"), now)
    pretended = make_ticket(keys, Ticket("routing", "orders", "order-for-neighbour", "household-1"), now)
    bad = [
        "",
        ".",
        "a.b.c",
        body,
        f"{body}.",
        f"{other.partition('.')[0]}.{signature}",
        pretended,
        "新.新",
        text[:-4],
    ]
    async with transaction(engine) as tx:
        for forged in bad:
            with pytest.raises(NotAllowed, match="ticket_invalid"):
                await use_ticket(tx, keys, forged, WANTED, now)
        for wanted in [("routing", WANTED[1]), (WANTED[0], "sign-in")]:
            with pytest.raises(NotAllowed, match="ticket_invalid"):
                await use_ticket(tx, keys, text, wanted, now)
