"""What routing does about other services' news, on real PostgreSQL: follow_estate, follow_household, follow_order,
follow_staff, and the files that load_estate_file, match_estate and load_roster bring in."""

import asyncio

import pytest
from sqlalchemy import text

from services.routing.actions.crews.admit_crew import admit_crew, offer_admission
from services.routing.actions.crews.load_roster import load_roster
from services.routing.actions.estate.load_estate_file import load_estate_file
from services.routing.actions.estate.match_estate import match_estate
from services.routing.actions.following.follow_household import forget_household
from services.routing.actions.following.follow_order import follow_cancel
from services.routing.actions.following.follow_staff import follow_revocation
from services.routing.actions.waves.request_plan import DropPointShare, request_plan
from services.routing.actions.waves.save_plan import give_up_plan
from services.routing.domain.estate_file import EstateFileRefused
from services.routing.domain.roster_file import RosterFileRefused
from services.routing.storage import crews, estate, plan_requests
from services.routing.storage.crews import crew_lines
from shared.basics.errors import NotAllowed, NotFound
from shared.basics.randomness import SystemRandomness
from shared.contracts.orders_estate import BuildingChanged, BuildingRegistered, EntranceName, Handling
from shared.contracts.orders_household import HouseholdChanged, HouseholdRemoved, OrderCancelled, OrderChanged
from shared.contracts.orders_staff import SessionsRevoked, StaffChanged
from shared.contracts.sealed_parts import HouseholdForRouting, Sealed, StaffSecrets
from shared.database.session import transaction
from shared.messaging.inbox import Received
from shared.security.accounts import find_account_by_login
from shared.security.data_keys import new_data_key
from shared.security.sealing import SealBroken, seal
from shared.security.sessions import begin_session, find_session
from shared.testing.eventually import eventually
from tests.integration.routing.district import (
    START,
    District,
    a_building,
    a_roster,
    a_wave,
    an_estate,
    an_order,
    load_files,
    names,
    open_district,
    settle,
)

NOT_OURS = Sealed(reader="notify", wrapped_key="-", sealed="-")


async def features(district: District) -> dict[str, str | None]:
    rows = await district.rows("SELECT entrance_id, feature_id FROM entrances")
    return {str(row["entrance_id"]): row["feature_id"] for row in rows}  # type: ignore[misc]


async def test_names_and_file_meet_in_any_order(district: District) -> None:
    await names(district, 1)
    assert await features(district) == {"entrance-1": None}
    async with transaction(district.engine) as tx:
        await load_estate_file(tx, an_estate(), "test", START)
    assert await features(district) == {"entrance-1": "b1e1"}
    await district.hear(a_building(2))
    assert await features(district) == {"entrance-1": "b1e1", "entrance-2": "b2e1"}


async def test_a_building_named_while_a_file_is_loaded_is_matched(district: District) -> None:
    async with transaction(district.engine) as tx:
        await load_estate_file(tx, an_estate(), "test", START)
        naming = asyncio.create_task(district.hear(a_building(1)))
        await done_or_waiting(district, naming)
    await naming
    assert await features(district) == {"entrance-1": "b1e1"}


async def test_a_file_loaded_while_a_building_is_named_is_matched(district: District) -> None:
    async def load() -> None:
        async with transaction(district.engine) as tx:
            await load_estate_file(tx, an_estate(), "test", START)

    async with transaction(district.engine) as tx:
        await district.inbox[BuildingRegistered](tx, a_building(1), received(district))
        loading = asyncio.create_task(load())
        await done_or_waiting(district, loading)
    await loading
    assert await features(district) == {"entrance-1": "b1e1"}


def received(district: District) -> Received:
    return Received("e", BuildingRegistered.TOPIC, "building-1", 1, district.clock.now(), "c")


async def done_or_waiting(district: District, task: asyncio.Task[None]) -> None:
    """Until the other transaction has ended or stands before a lock."""

    async def is_so() -> bool:
        waiting = await district.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return task.done() or bool(waiting)

    await eventually(is_so)


async def test_another_file_replaces_the_one_in_use_whole(district: District) -> None:
    await load_files(district)
    await names(district)
    async with transaction(district.engine) as tx:
        await load_estate_file(tx, an_estate(1), "test", START)
        await match_estate(tx, None)
    assert await features(district) == {"entrance-1": "b1e1", "entrance-2": None}


async def test_a_refused_file_leaves_the_one_in_use(district: District) -> None:
    await load_files(district)
    for body in (b"{}", an_estate(1).replace(b"40.0", b"NaN")):
        with pytest.raises(EstateFileRefused):
            async with transaction(district.engine) as tx:
                await load_estate_file(tx, body, "test", START)
    with pytest.raises(RosterFileRefused):
        async with transaction(district.engine) as tx:
            await load_roster(tx, a_roster("k1,x,y,2,150000,36,09:00,,z0d0,"))
    async with transaction(district.engine) as tx:
        assert len(await estate.entrance_facts(tx, None)) == 2
        assert len(await crew_lines(tx)) == 2


async def test_a_new_roster_takes_the_others_off_duty(district: District) -> None:
    await load_files(district)
    async with transaction(district.engine) as tx:
        await load_roster(tx, a_roster("k9,九组,物业,2,150000,36,09:00,13:00,z0d0,"))
        assert [line.crew.crew_id for line in await crew_lines(tx)] == ["k9"]
        assert [crew.crew_id for crew in await crews.crews_at(tx, "z0d0")] == ["k9"]


async def test_a_renamed_building_is_matched_anew(district: District) -> None:
    await load_files(district)
    await names(district)
    renamed = a_building(1).model_dump() | {
        "building": "3号楼",
        "handling": Handling.POSITIVE,
        "entrances": (EntranceName(entrance_id="entrance-1", name=None),),
    }
    await district.hear(BuildingChanged(**renamed))
    assert (await features(district))["entrance-1"] is None
    (building,) = await district.rows("SELECT building, handling FROM buildings WHERE building_id = 'building-1'")
    assert (building["building"], building["handling"]) == ("3号楼", "positive")


async def test_a_household_that_changed_is_read_anew(district: District) -> None:
    await names(district)
    household_id = await settle(district, 1)
    part = HouseholdForRouting(room="0302", masked_name="李*", crew_note="")
    await district.hear(
        HouseholdChanged(
            household_id=household_id,
            building_id="building-2",
            entrance_id="entrance-2",
            floor=3,
            language="en",
            for_routing=district.seal_for(household_id, part),
            for_notify=NOT_OURS,
        )
    )
    (row,) = await district.rows("SELECT entrance_id, floor FROM households")
    assert (row["entrance_id"], row["floor"]) == ("entrance-2", 3)


async def test_a_removed_household_can_never_be_read_again(district: District) -> None:
    await open_district(district, homes=1)
    await district.hear(HouseholdRemoved(household_id="household-0001"))
    (household,) = await district.rows("SELECT door_sealed FROM households")
    (stop,) = await district.rows("SELECT note_sealed, state FROM stops")
    (key,) = await district.rows("SELECT wrapped, destroyed FROM data_keys")
    assert (household["door_sealed"], stop["note_sealed"], key["wrapped"], key["destroyed"]) == (
        None,
        None,
        None,
        True,
    )
    assert stop["state"] == "cancelled"
    async with transaction(district.engine) as tx:
        await forget_household(tx, "household-0001")


async def test_what_is_told_late_of_a_removed_household_is_passed_over(district: District) -> None:
    await open_district(district, homes=1)
    blank = Sealed(reader="routing", wrapped_key="", sealed="")
    late = an_order(district, 2).model_copy(update={"for_routing": blank})
    await district.hear(late, OrderCancelled(household_id="household-0002", order_id="order-0002", reason="away"))
    assert len(await district.rows("SELECT 1 AS one FROM stops")) == 1


async def test_a_part_sealed_for_another_household_does_not_open(district: District) -> None:
    await names(district)
    await settle(district, 1)
    swapped = an_order(district, 2).model_copy(
        update={"for_routing": an_order(district, 1).for_routing, "household_id": "household-0002"}
    )
    with pytest.raises(SealBroken):
        await district.hear(swapped)
    assert await district.rows("SELECT 1 AS one FROM stops") == []


async def test_a_waiting_order_changes_in_place_of_itself(district: District) -> None:
    await open_district(district, homes=1)
    await district.hear(OrderChanged(**an_order(district, 1, building=2, bags=3).model_dump()))
    (stop,) = await district.rows("SELECT turn, bag_ids, state FROM stops")
    assert (stop["turn"], len(stop["bag_ids"]), stop["state"]) == (2, 3, "waiting")  # type: ignore[arg-type]
    assert len(await district.rows("SELECT 1 AS one FROM bags")) == 3


async def test_a_changed_order_nobody_placed_cannot_be_applied(district: District) -> None:
    await names(district)
    await settle(district, 1)
    with pytest.raises(NotFound, match="order_unknown"):
        await district.hear(OrderChanged(**an_order(district, 1).model_dump()))


async def test_cancelling_twice_is_harmless(district: District) -> None:
    await open_district(district, homes=1)
    for _ in range(2):
        async with transaction(district.engine) as tx:
            await follow_cancel(tx, "order-0001")
    (stop,) = await district.rows("SELECT state, is_cancelled FROM stops")
    assert (stop["state"], stop["is_cancelled"]) == ("cancelled", True)


def a_colleague(
    district: District, *, active: bool = True, roles: tuple[str, ...] = ("dispatcher",)
) -> StaffChanged:
    key = district.data_keys.setdefault(
        "account-1", new_data_key(district.keys["orders"], "account-1", ["routing", "notify"])
    )
    secrets = StaffSecrets(login="Zhao", display_name="赵磊", verifier="$argon2id$x")
    return StaffChanged(
        account_id="account-1",
        roles=roles,
        communities=("*",),
        grids=(),
        active=active,
        for_routing=Sealed(
            reader="routing",
            wrapped_key=key.wrapped_for["routing"],
            sealed=seal(key.key, secrets.model_dump(mode="json"), "for_routing|account-1"),
        ),
        for_notify=NOT_OURS,
    )


async def test_staff_get_in_and_out_by_events(district: District) -> None:
    await district.hear(a_colleague(district, roles=("dispatcher", "a_role_of_tomorrow")))
    async with transaction(district.engine) as tx:
        account = await find_account_by_login(tx, "zhao")
        assert account is not None
        assert {role.value for role in account.roles} == {"dispatcher"}
        token = await begin_session(tx, "account-1", START)
        assert await find_session(tx, token, START) is not None
    await district.hear(SessionsRevoked(account_id="account-1", before=START))
    async with transaction(district.engine) as tx:
        assert await find_session(tx, token, START) is None
        token = await begin_session(tx, "account-1", START)
    await district.hear(a_colleague(district, active=False))
    async with transaction(district.engine) as tx:
        assert await find_session(tx, token, START) is None
        await follow_revocation(tx, "account-1")


async def test_a_code_lets_in_once(district: District) -> None:
    await load_files(district)
    async with transaction(district.engine) as tx:
        line = await crews.find_crew_line(tx, "k1")
        assert line is not None
        code = await offer_admission(tx, line.crew, district.keys["routing"], SystemRandomness(), START)
    async with transaction(district.engine) as tx:
        admitted = await admit_crew(tx, f" {code.lower()} ", "form-of-phone-1", district.keys["routing"])
        assert admitted.crew_id == "k1"
    async with transaction(district.engine) as tx:
        with pytest.raises(NotAllowed, match="admission_code_invalid"):
            await admit_crew(tx, code, "form-of-phone-2", district.keys["routing"])
    assert code not in str(await district.rows("SELECT * FROM crew_codes"))


async def test_the_database_refuses_two_live_plans_of_one_drop_point(district: District) -> None:
    await open_district(district, homes=1)
    wave_id = await a_wave(district)
    share = DropPointShare(wave_id, "z0d0", "莲香社区", None, 0.5, 1)
    with pytest.raises(Exception, match="one_live_plan_a_drop_point"):
        async with transaction(district.engine) as tx:
            await request_plan(tx, share, "request-2")


async def test_a_request_given_up_by_a_slow_holder_stays_with_the_new_one(district: District) -> None:
    await open_district(district, homes=1)
    await a_wave(district)
    async with transaction(district.engine) as tx:
        slow = await plan_requests.take_request(tx, 8.0)
        assert slow is not None
        await tx.execute(text("UPDATE plan_requests SET leased_until = clock_timestamp() - interval '1 s'"))
        assert await plan_requests.take_request(tx, 8.0) is not None
        await give_up_plan(tx, slow, "plan_failed")
    (request,) = await district.rows("SELECT state, fence FROM plan_requests")
    assert (request["state"], request["fence"]) == ("leased", 2)
