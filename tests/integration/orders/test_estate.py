"""Zones declared and changed, buildings handled, each told once, none outside one's sight."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from services.orders.actions.estate.change_handling import HandlingChange, change_handling
from services.orders.actions.estate.change_zone import change_zone
from services.orders.actions.estate.declare_zone import Declaration, declare_zone
from services.orders.actions.estate.register_buildings import NamedEntrance, register_buildings
from services.orders.domain.zone import (
    ClassChange,
    Handling,
    ZoneClass,
    ZoneNotFound,
    ZoneRefused,
)
from services.orders.storage import estate
from shared.database.session import transaction
from tests.integration.orders.desk import Desk
from tests.integration.orders.street import BANYAN, LOTUS, Street, an_asker, declare, settle

LATER = ClassChange(ZoneClass.LIFTED, datetime(2022, 3, 10, tzinfo=UTC))


async def told(street: Street, event_type: str) -> list[dict[str, object]]:
    async with transaction(street.engine) as tx:
        rows = await tx.all(text("SELECT body FROM outbox WHERE event_type = :t ORDER BY id"), {"t": event_type})
    return [row.body for row in rows]


async def test_a_declared_zone_is_told_and_keeps_its_history(street: Street) -> None:
    zone_id = await declare(street)
    async with transaction(street.engine) as tx:
        await change_zone(tx, street.office, an_asker(), zone_id, LATER)
    async with transaction(street.engine) as tx:
        (overview,) = await estate.list_zones(tx, an_asker(LOTUS).sight)
    assert [change.zone_class for change in overview.changes] == [ZoneClass.SEALED, ZoneClass.LIFTED]
    assert [body["zone_class"] for body in await told(street, "orders.zone_changed")] == ["sealed", "lifted"]


async def test_declaring_a_known_zone_adds_what_it_lacked(street: Street) -> None:
    first = await declare(street, compound="梅香花园")
    assert await declare(street, compound="莲塘花园") == first
    async with transaction(street.engine) as tx:
        (overview,) = await estate.list_zones(tx, an_asker().sight)
    assert set(overview.compounds) == {"梅香花园", "莲塘花园"}


async def test_one_compound_lies_in_one_zone_of_its_community(street: Street) -> None:
    await declare(street)
    with pytest.raises(ZoneRefused, match="compound_in_other_zone"):
        await declare(street, name="二号封控区")
    await declare(street, BANYAN)


async def test_a_zone_stays_in_its_grid(street: Street) -> None:
    await declare(street)
    with pytest.raises(ZoneRefused, match="zone_in_other_grid"):
        await declare(street, grid="第九网格")


async def test_a_zone_out_of_sight_cannot_be_changed(street: Street) -> None:
    zone_id = await declare(street)
    async with transaction(street.engine) as tx:
        with pytest.raises(ZoneNotFound):
            await change_zone(tx, street.office, an_asker(BANYAN), zone_id, LATER)
        with pytest.raises(ZoneNotFound):
            await change_zone(tx, street.office, an_asker(), "no zone", LATER)


async def test_handling_is_told_once(street: Street) -> None:
    await declare(street)
    await settle(street)
    change = HandlingChange("梅香花园", "5栋", Handling.POSITIVE)
    for _ in range(2):
        async with transaction(street.engine) as tx:
            await change_handling(tx, street.office, an_asker(), change)
    (body,) = await told(street, "orders.building_changed")
    assert (body["handling"], body["building"]) == ("positive", "5号楼")


async def test_an_unknown_building_or_one_out_of_sight_is_named(street: Street) -> None:
    await declare(street)
    await settle(street)
    async with transaction(street.engine) as tx:
        with pytest.raises(ZoneNotFound) as refusal:
            await change_handling(
                tx, street.office, an_asker(), HandlingChange("梅香花园", "9号楼", Handling.POSITIVE)
            )
        assert refusal.value.code == "building_unknown"
        with pytest.raises(ZoneNotFound):
            await change_handling(
                tx, street.office, an_asker(BANYAN), HandlingChange("梅香花园", "5号楼", Handling.POSITIVE)
            )


async def test_an_officer_changes_a_class_over_http(desks: dict[str, Desk]) -> None:
    zone = (await desks["officer"].get("/zones")).json()["zones"][0]
    path = f"/zones/{zone['zone_id']}/class"
    done = await desks["officer"].post(path, zone_class="lifted", valid_from="2022-03-09T08:00")
    assert done.status_code == 303
    after = (await desks["officer"].get("/zones")).json()["zones"][0]
    assert after["classes"][-1] == {"zone_class": "lifted", "valid_from": "2022-03-09T00:00:00+00:00"}
    assert (await desks["lotus"].post(path, zone_class="lifted")).status_code == 403
    wrong = await desks["officer"].post(path, zone_class="melted")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "choice_unknown")
    page = await desks["officer"].post("/zones", page=True, community="", grid="g", name="n", zone_class="sealed")
    assert page.status_code == 409
    handled = await desks["officer"].post("/buildings/handling", compound="x", building="1", handling="positive")
    assert handled.json()["error"]["code"] == "building_unknown"


async def test_nobody_declares_a_zone_out_of_sight(street: Street) -> None:
    declaration = Declaration(LOTUS, "第一网格", "一号封控区", ("梅香花园",), LATER)
    async with transaction(street.engine) as tx:
        with pytest.raises(ZoneNotFound):
            await declare_zone(tx, street.office, an_asker(BANYAN), declaration)


async def test_two_imports_at_once_name_each_building_once(street: Street) -> None:
    await declare(street)
    async with transaction(street.engine) as tx:
        (compound,) = await estate.list_compounds(tx, an_asker().sight)
    named = [NamedEntrance(compound, f"{n}号楼", entrance) for n in range(5) for entrance in ("1单元", "2单元")]

    async def register() -> dict[tuple[str, str, str], object]:
        async with transaction(street.engine) as tx:
            return dict(await register_buildings(tx, street.office, named))

    first, second = await asyncio.gather(register(), register())
    assert first == second
    assert len(first) == 10
    assert len(await told(street, "orders.building_registered")) == 5
    assert await told(street, "orders.building_changed") == []
