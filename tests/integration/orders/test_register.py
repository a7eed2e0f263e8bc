"""Registers brought in: good rows, bad rows, the same file again, one household at a time, and removal."""

import asyncio
from collections.abc import Sequence

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.orders.actions.ordering.place_order import Placing, place_order
from services.orders.actions.register.change_household import change_household
from services.orders.actions.register.find_households import Match, find_households
from services.orders.actions.register.import_register import resolve_register
from services.orders.actions.register.register_household import NewHousehold, register_household
from services.orders.actions.register.remove_household import remove_household
from services.orders.actions.register.write_households import PlacedRow, write_households
from services.orders.domain.door import Door
from services.orders.domain.household import HouseholdNotFound, HouseholdRefused, Need
from services.orders.intake.registers.reading import Contact, RegisterReading, RegisterRow
from services.orders.storage import households
from shared.basics.errors import NotFound
from shared.database.session import transaction
from shared.security.data_keys import load_data_key
from tests.integration.orders.desk import BANYAN_HOME, LOTUS_HOME, Desk, a_home, a_register
from tests.integration.orders.street import (
    BANYAN,
    LOTUS,
    Street,
    a_request,
    an_asker,
    declare,
    facts,
    settle,
)


async def events(street: Street, event_type: str) -> Sequence[dict[str, object]]:
    async with transaction(street.engine) as tx:
        rows = await tx.all(text("SELECT body FROM outbox WHERE event_type = :t ORDER BY id"), {"t": event_type})
    return [row.body for row in rows]


async def test_good_rows_come_in_and_bad_ones_are_named(desks: dict[str, Desk]) -> None:
    register = a_register(
        LOTUS_HOME,
        "梅香花园,5号楼,1单元,1803,三口,李敏,138,,,",
        "无名花园,5号楼,1单元,1804,1,,,,,",
        BANYAN_HOME,
    )
    report = (await desks["lotus"].bring_in(register)).json()
    assert (report["accepted"], report["registered"]) == (1, 1)
    assert [(row["row"], row["reason"]) for row in report["rejected"]] == [
        (3, "phone_invalid"),
        (4, "compound_unknown"),
        (5, "compound_unknown"),
    ]


async def test_the_same_register_again_changes_nothing_and_tells_nobody(
    app: FastAPI, desks: dict[str, Desk]
) -> None:
    register = a_register(
        LOTUS_HOME, "梅香花园,5号楼,1单元,1803,2,李敏,13800001803,,,", "梅香花园,6号楼,,101,1,,,,,"
    )
    first = (await desks["lotus"].bring_in(register)).json()
    before = await outbox_rows(app)
    again = (await desks["lotus"].bring_in(register)).json()
    assert (first["registered"], again["registered"], again["changed"], again["unchanged"]) == (3, 0, 0, 3)
    assert await outbox_rows(app) == before


async def test_a_changed_row_changes_its_household_alone(app: FastAPI, desks: dict[str, Desk]) -> None:
    other = "梅香花园,5号楼,1单元,1803,2,李敏,13800001803,,,"
    await desks["lotus"].bring_in(a_register(LOTUS_HOME, other))
    home = (await desks["lotus"].get("/api/v1/households?q=1802")).json()["households"][0]["household_id"]
    changed = LOTUS_HOME.replace("13800005621", "13800007777")
    report = (await desks["lotus"].bring_in(a_register(changed, other))).json()
    assert (report["registered"], report["changed"], report["unchanged"]) == (0, 1, 1)
    by_new = (await desks["lotus"].get("/api/v1/households?q=13800007777")).json()["households"]
    assert [row["household_id"] for row in by_new] == [home]
    assert (await desks["lotus"].get("/api/v1/households?q=13800005621")).json()["households"] == []
    async with transaction(app.state.parts.engine) as tx:
        told = await tx.all(text("SELECT key FROM outbox WHERE event_type = 'orders.household_changed'"))
    assert [row.key for row in told] == [home]


async def test_a_workbook_that_is_no_workbook_is_refused(desks: dict[str, Desk]) -> None:
    answer = await desks["lotus"].bring_in(b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "unsupported_type")
    page = await desks["lotus"].bring_in(b"\x89PNG\r\n\x1a\n" + bytes(200), page=True)
    assert (page.status_code, "error-summary" in page.text) == (409, True)


async def test_the_report_of_a_page_import_keeps_no_cell(app: FastAPI, desks: dict[str, Desk]) -> None:
    answer = await desks["lotus"].bring_in(a_register("梅香花园,5号楼,1单元,1803,2,李敏,13800x,,,"), page=True)
    assert answer.status_code == 303, answer.text
    page = await desks["lotus"].get(f"{answer.headers['location']}&lang=en", page=True)
    assert "the phone number is wrong" in page.text
    async with transaction(app.state.parts.engine) as tx:
        kept = await tx.scalar(text("SELECT rejected::text FROM register_imports"))
    assert "13800" not in str(kept)


def a_row(compound: str | None) -> RegisterRow:
    contact = (Contact("王建国", "13800001802"),)
    return RegisterRow(compound, "5号楼", "1单元", 18, "1802", 3, contact, (), None, None, "Sheet1", 2)


async def test_a_compound_of_two_communities_is_ambiguous_unless_one_is_out_of_sight(street: Street) -> None:
    await declare(street, LOTUS, "幸福花园")
    await declare(street, BANYAN, "幸福花园")
    reading = RegisterReading((a_row("幸福花园"),), (), (), ("Sheet1",))
    async with transaction(street.engine) as tx:
        both = await resolve_register(tx, an_asker(), reading)
        one = await resolve_register(tx, an_asker(BANYAN), reading)
    assert [trouble.reason for trouble in both.troubles] == ["compound_ambiguous"]
    assert [row.entrance.compound.zone.community for row in one.rows] == [BANYAN]


async def test_a_row_without_compound_is_taken_where_there_is_only_one(street: Street) -> None:
    await declare(street, LOTUS, "梅香花园")
    reading = RegisterReading((a_row(None),), (), (), ("Sheet1",))
    async with transaction(street.engine) as tx:
        assert len((await resolve_register(tx, an_asker(), reading)).rows) == 1
    await declare(street, BANYAN, "榕树新村")
    async with transaction(street.engine) as tx:
        resolution = await resolve_register(tx, an_asker(), reading)
    assert [trouble.reason for trouble in resolution.troubles] == ["compound_missing"]


async def test_a_new_household_names_its_building_and_entrance_once(street: Street) -> None:
    await declare(street)
    await settle(street, room="1802")
    await settle(street, room="1803")
    await settle(street, entrance="2单元", room="1802")
    (registered,) = await events(street, "orders.building_registered")
    (changed,) = await events(street, "orders.building_changed")
    assert len(registered["entrances"]) == 1  # type: ignore[arg-type]
    assert [entrance["name"] for entrance in changed["entrances"]] == ["1单元", "2单元"]  # type: ignore[attr-defined]
    assert len(await events(street, "orders.household_registered")) == 3


async def test_registering_a_known_door_again_is_the_same_household(street: Street) -> None:
    await declare(street)
    first = await settle(street)
    assert await settle(street, building="5栋", entrance="一单元", room="1802室") == first
    assert len(await events(street, "orders.household_registered")) == 1
    assert await events(street, "orders.household_changed") == []


async def test_a_household_nobody_can_place_is_refused(street: Street) -> None:
    await declare(street)
    with pytest.raises(HouseholdRefused, match="compound_unknown"):
        await settle(street, compound="无名花园")
    with pytest.raises(HouseholdRefused, match="door_missing"):
        await settle(street, room=" ")
    with pytest.raises(HouseholdRefused, match="phone_malformed"):
        await settle(street, known=facts(phone="1380000"))


async def test_new_facts_of_a_household_are_told_and_the_same_ones_not(street: Street) -> None:
    await declare(street)
    home = await settle(street)
    for _ in range(2):
        async with transaction(street.engine) as tx:
            known = facts(residents=5, needs=frozenset({Need.INFANT}), phone="13800009999")
            await change_household(tx, street.office, an_asker(), home, known)
    assert len(await events(street, "orders.household_changed")) == 1
    async with transaction(street.engine) as tx:
        (found,) = await find_households(tx, street.office, an_asker(), "9999")
        assert (found.household.facts.residents, found.match) == (5, Match.PHONE_TAIL)
        with pytest.raises(HouseholdNotFound):
            await change_household(tx, street.office, an_asker(BANYAN), home, facts())


async def test_every_household_shown_is_in_the_audit_trail(street: Street) -> None:
    await declare(street)
    home = await settle(street)
    async with transaction(street.engine) as tx:
        await find_households(tx, street.office, an_asker(), "1802")
    async with transaction(street.engine) as tx:
        rows = await tx.all(text("SELECT action, subject_id, actor_id FROM audit_entries"))
    # Room and phone tail both fit: one household, one line.
    assert [tuple(row) for row in rows] == [("search", home, "account-1")]


async def test_a_removed_household_leaves_nothing_that_opens(street: Street) -> None:
    await declare(street)
    home = await settle(street)
    async with transaction(street.engine) as tx:
        await place_order(tx, street.office, an_asker(), Placing(home, a_request(note="放门口")))
    async with transaction(street.engine) as tx:
        await remove_household(tx, street.office, an_asker(), home)
    async with transaction(street.engine) as tx:
        with pytest.raises(NotFound, match="data_key_destroyed"):
            await load_data_key(tx, street.office.keys, home)
        assert await find_households(tx, street.office, an_asker(), "1802") == []
        assert await tx.scalar(text("SELECT count(*) FROM household_phones")) == 0
        row = await tx.first(text("SELECT private, residents, language FROM households"))
        assert tuple(row or ()) == (None, None, "")
        assert await tx.scalar(text("SELECT note FROM orders")) is None
        assert await tx.scalar(text("SELECT state FROM orders")) == "cancelled"
        sealed = await tx.all(
            text("SELECT body -> 'for_notify' ->> 'sealed' AS s FROM outbox WHERE key = :k"), {"k": home}
        )
        assert {row.s for row in sealed} <= {"", None}
        with pytest.raises(HouseholdNotFound):
            await remove_household(tx, street.office, an_asker(), home)
    told = [await events(street, f"orders.{name}") for name in ("order_cancelled", "household_removed")]
    assert [len(events_of_kind) for events_of_kind in told] == [1, 1]


async def test_a_household_with_bags_on_the_way_is_not_removed(street: Street) -> None:
    await declare(street)
    home = await settle(street)
    async with transaction(street.engine) as tx:
        order = await place_order(tx, street.office, an_asker(), Placing(home, a_request()))
        await tx.execute(text("UPDATE orders SET state = 'out'"))
    async with transaction(street.engine) as tx:
        with pytest.raises(HouseholdRefused) as refusal:
            await remove_household(tx, street.office, an_asker(), home)
    assert refusal.value.data == {"number": order.number}


async def test_a_door_can_be_settled_anew_after_a_removal(street: Street) -> None:
    await declare(street)
    first = await settle(street)
    async with transaction(street.engine) as tx:
        await remove_household(tx, street.office, an_asker(), first)
    assert await settle(street) != first


async def test_an_administrator_removes_a_household_over_http(desks: dict[str, Desk]) -> None:
    home = await a_home(desks["lotus"])
    assert (await desks["lotus"].post(f"/households/{home}/remove")).status_code == 403
    assert (await desks["admin"].post(f"/households/{home}/remove")).status_code == 303
    assert (await desks["admin"].post(f"/households/{home}/remove")).status_code == 404
    assert (await desks["admin"].post("/removals", household_id=home)).status_code == 404
    page = await desks["admin"].get("/removals?lang=en", page=True)
    assert home in page.text
    assert "from 7 March" in page.text


async def test_a_household_is_registered_and_corrected_by_form(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    fields = {
        "residents": "2",
        "language": "yue",
        "name_1": "李敏",
        "phone_1": "138 0000 1803",
        "need_infant": "yes",
    }
    door = {"compound": "梅香花园", "building": "5", "entrance": "1", "room": "1803"}
    made = await lotus.post("/households", **door, **fields)
    assert made.status_code == 303, made.text
    home = made.headers["location"].rpartition("/")[2]
    corrected = await lotus.post(f"/households/{home}/change", **{**fields, "residents": "3"})
    assert corrected.status_code == 303
    wrong = await lotus.post(f"/households/{home}/change", page=True, **{**fields, "phone_1": "138"})
    assert wrong.status_code == 409
    assert 'href="#phone_1"' in wrong.text


async def outbox_rows(app: FastAPI) -> int:
    async with transaction(app.state.parts.engine) as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM outbox")))


async def test_nobody_registers_a_household_out_of_sight(street: Street) -> None:
    await declare(street)
    new = NewHousehold(Door("梅香花园", "5号楼", "1单元", "1802"), facts())
    async with transaction(street.engine) as tx:
        with pytest.raises(HouseholdRefused, match="compound_unknown"):
            await register_household(tx, street.office, an_asker(BANYAN), new)


async def test_facts_that_cannot_be_keep_a_whole_run_out(street: Street) -> None:
    await declare(street)
    home = await settle(street)
    async with transaction(street.engine) as tx:
        known = await households.find(tx, home)
    assert known is not None
    rows = [PlacedRow(known.place, known.door, facts(residents=n)) for n in (4, -1)]
    async with transaction(street.engine) as tx:
        with pytest.raises(HouseholdRefused):
            await write_households(tx, street.office, rows)
    assert await events(street, "orders.household_changed") == []


async def test_the_same_new_door_from_two_desks_is_one_household(street: Street) -> None:
    await declare(street)
    first, second = await asyncio.gather(settle(street), settle(street))
    assert first == second
    assert len(await events(street, "orders.household_registered")) == 1


async def test_the_same_upload_twice_is_one_import(app: FastAPI, desks: dict[str, Desk]) -> None:
    send = {"data": {"idempotency_key": "one-upload-only"}, "files": {"file": ("r.csv", a_register(LOTUS_HOME))}}
    first = await desks["lotus"].client.post("/register/import", **send)
    again = await desks["lotus"].client.post("/register/import", **send)
    assert first.json()["import_id"] == again.json()["import_id"]
    assert again.headers["x-answered-before"] == "true"
    async with transaction(app.state.parts.engine) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM register_imports")) == 1


async def test_two_uploads_at_once_make_each_household_once(desks: dict[str, Desk]) -> None:
    rows = [f"梅香花园,{n}号楼,1单元,{n}01,2,,,,," for n in range(1, 30)]
    reports = await asyncio.gather(*(desks["lotus"].bring_in(a_register(*rows)) for _ in range(3)))
    assert [report.status_code for report in reports] == [200, 200, 200]
    assert sum(report.json()["registered"] for report in reports) == 29
    assert sum(report.json()["unchanged"] for report in reports) == 58
