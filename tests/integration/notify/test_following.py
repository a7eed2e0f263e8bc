"""Households, buildings and staff kept in step: follow_household, follow_building, follow_staff, story."""

from datetime import UTC, datetime

import pytest

from services.notify.storage import message_list
from services.notify.storage.message_list import Wanted
from shared.basics.errors import NotFound
from shared.contracts.orders_household import HouseholdRemoved
from shared.contracts.orders_staff import SessionsRevoked, StaffChanged
from shared.contracts.sealed_parts import Sealed, StaffSecrets
from shared.contracts.topics import NOTIFY, ROUTING
from shared.database.session import transaction
from shared.security.accounts import find_account_by_login
from shared.security.data_keys import load_data_key, new_data_key
from shared.security.sealing import SealBroken, seal
from shared.security.sessions import begin_session, find_session
from tests.integration.notify.town import NOT_OURS, Town, a_building

NOW = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)


def _staff(town: Town, *, active: bool = True) -> StaffChanged:
    key = new_data_key(town.keys["orders"], "account-1", (ROUTING, NOTIFY))
    secrets = StaffSecrets(login="Wang", display_name="王敏", verifier="$argon2id$test")
    sealed = seal(key.key, secrets.model_dump(mode="json"), "for_notify|account-1")
    return StaffChanged(
        account_id="account-1",
        roles=("operator",),
        communities=("莲香社区",),
        grids=(),
        active=active,
        for_routing=NOT_OURS,
        for_notify=Sealed(reader=NOTIFY, wrapped_key=key.wrapped_for[NOTIFY], sealed=sealed),
    )


async def test_a_contact_is_sealed_at_rest(town: Town) -> None:
    await town.hear(town.registered("h-1"))
    [row] = await town.rows("SELECT * FROM contacts")
    stored = repr(tuple(row)) + bytes(row.sealed).decode("latin-1")
    assert "13800000001" not in stored
    assert "陈秀兰" not in stored
    assert "1802" not in stored


async def test_a_removed_household_leaves_nothing_that_could_be_told_or_opened(town: Town) -> None:
    await town.hear(town.registered("h-1"))
    await town.hear(town.placed("h-1", "o-0001"))
    await town.sender.turn()
    await town.hear(town.scheduled("h-1", "o-0001"))
    await town.hear(HouseholdRemoved(household_id="h-1"))
    await town.sender.turn()
    assert len(town.provider.taken) == 1
    for table in ("contacts", "links", "orders"):
        assert await town.rows(f"SELECT 1 FROM {table}") == []
    assert await town.states() == [("received", "accepted")]
    async with transaction(town.engine) as tx:
        with pytest.raises(NotFound, match="data_key_destroyed"):
            await load_data_key(tx, town.keys[NOTIFY], "h-1")


async def test_what_is_said_of_a_removed_household_is_passed_over(town: Town) -> None:
    await town.hear(town.placed("h-1", "o-0001"))
    await town.hear(HouseholdRemoved(household_id="h-1"))
    await town.hear(HouseholdRemoved(household_id="h-1"))
    await town.hear(town.out("h-1", "o-0001"))
    await town.hear(town.corrected("h-1", "o-0001"))
    assert await town.states() == []


async def test_a_part_sealed_for_another_household_does_not_open(town: Town) -> None:
    event = town.registered("h-1")
    other = town.registered("h-2")
    with pytest.raises(SealBroken):
        await town.hear(event.model_copy(update={"for_notify": other.for_notify}))


async def test_staff_can_be_let_in_and_put_out(town: Town) -> None:
    await town.hear(_staff(town))
    async with transaction(town.engine) as tx:
        account = await find_account_by_login(tx, "wang")
        assert account is not None
        token = await begin_session(tx, "account-1", NOW)
    assert account.communities == {"莲香社区"}
    await town.hear(SessionsRevoked(account_id="account-1", before=NOW))
    async with transaction(town.engine) as tx:
        assert await find_session(tx, token, NOW) is None
        token = await begin_session(tx, "account-1", NOW)
    await town.hear(_staff(town, active=False))
    async with transaction(town.engine) as tx:
        assert await find_session(tx, token, NOW) is None


async def test_messages_are_listed_by_community_and_grid(town: Town) -> None:
    await town.hear(a_building("building-1", "莲香社区", "第一网格"))
    await town.hear(a_building("building-2", "榕荫社区", "第二网格"))
    await town.hear(town.placed("h-1", "o-0001"))
    await town.hear(town.placed("h-2", "o-0002", building_id="building-2"))
    await town.hear(town.placed("h-3", "o-0003", building_id="building-unknown"))

    async def numbers(wanted: Wanted) -> list[str]:
        async with transaction(town.engine) as tx:
            return [message.number for message in await message_list.list_messages(tx, wanted)]

    assert await numbers(Wanted(None, None)) == ["A0003-7", "A0002-7", "A0001-7"]
    assert await numbers(Wanted({"莲香社区"}, None)) == ["A0001-7"]
    assert await numbers(Wanted({"莲香社区"}, {"第一网格"})) == ["A0001-7"]
    assert await numbers(Wanted({"莲香社区"}, {"第二网格"})) == []
    assert await numbers(Wanted(None, None, number="A0002-7")) == ["A0002-7"]
