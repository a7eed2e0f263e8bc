"""A small district to test on: events as orders would send them, an estate file, a roster, and routing's hands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import text

from services.routing.actions.crews.load_roster import load_roster
from services.routing.actions.estate.load_estate_file import load_estate_file
from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.actions.waves.build_problem import PlanningRules
from services.routing.actions.waves.make_wave import WaveOrder, make_wave
from services.routing.actions.waves.release_rounds import finish_release, release_round, rounds_to_release
from services.routing.actions.waves.run_plan_request import PlanEnd, PlannerParts, run_plan_request
from services.routing.domain.tap import FormTap, Tap
from services.routing.domain.wave import Reach
from services.routing.events_in import handlers
from services.routing.planning.child import SolverProcess
from services.routing.planning.problem import Weights
from services.routing.planning.time_model import LiftTimes, StairTimes, TimeModel
from services.routing.storage.crew_lists import ListedStop, list_stops
from services.routing.storage.rounds import RoundRow, find_round
from shared.basics.randomness import SystemRandomness
from shared.contracts.envelope import Contract
from shared.contracts.orders_estate import BuildingRegistered, EntranceName, Handling, ZoneChanged, ZoneClass
from shared.contracts.orders_household import (
    BagContent,
    HouseholdRegistered,
    ItemLine,
    ItemName,
    OrderPlaced,
)
from shared.contracts.sealed_parts import HouseholdForRouting, OrderForRouting, Sealed
from shared.contracts.topics import SERVICES
from shared.database.session import transaction
from shared.messaging.inbox import Handler, Received
from shared.security.data_keys import DataKey, new_data_key
from shared.security.key_file import ServiceKeys, keys_from_json
from shared.security.new_keys import make_key_files
from shared.security.sealing import seal
from shared.testing.clocks import FakeClock
from shared.web.idempotency import Engine

# 08:00 on 4 March in the street: an hour before the first shift.
START = datetime(2022, 3, 4, 0, 0, tzinfo=UTC)
TODAY = date(2022, 3, 4)
ZONE = ZoneInfo("Asia/Shanghai")
LOTUS = "莲香社区"
GRID = "莲香社区第一网格"
ITEM = ItemLine(
    code="PACK",
    quantity=1,
    names=(ItemName(language="zh", text="标准包"), ItemName(language="en", text="standard pack")),
)
MODEL = TimeModel(
    walk_mps=1.1,
    detour=1.3,
    load_s=150,
    load_s_per_package=3,
    door_s=25,
    lift=LiftTimes(35, 3, 12, 9),
    stairs=StairTimes(13, 8, 20, 22_000, 250),
)


@dataclass
class District:
    """What a test works with."""

    engine: Engine
    keys: dict[str, ServiceKeys]
    clock: FakeClock
    inbox: Mapping[type[Contract], Handler]
    data_keys: dict[str, DataKey] = field(default_factory=dict)
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)

    async def hear(self, *told: Contract) -> None:
        """Let routing hear events, each in a transaction of its own."""
        for event in told:
            stream = (event.TOPIC, event.stream_key)
            self.sequences[stream] = self.sequences.get(stream, 0) + 1
            received = Received("e", *stream, self.sequences[stream], self.clock.now(), "c")
            async with transaction(self.engine) as tx:
                await self.inbox[type(event)](tx, event, received)

    def seal_for(self, subject: str, part: HouseholdForRouting | OrderForRouting) -> Sealed:
        """A part only routing can open, under the subject's one key."""
        key = self.data_keys.get(subject)
        if key is None:
            key = self.data_keys[subject] = new_data_key(self.keys["orders"], subject, ["routing", "notify"])
        return Sealed(
            reader="routing",
            wrapped_key=key.wrapped_for["routing"],
            sealed=seal(key.key, part.model_dump(mode="json"), f"for_routing|{subject}"),
        )

    async def rows(self, sql: str, **values: object) -> list[dict[str, object]]:
        """What stands in the database."""
        async with transaction(self.engine) as tx:
            return [dict(row._mapping) for row in await tx.all(text(sql), values)]

    async def outbox(self, event_type: str = "") -> list[dict[str, object]]:
        """What routing has told, in order; bodies of one type when asked."""
        rows = await self.rows("SELECT event_type, body FROM outbox ORDER BY id")
        return [dict(row["body"]) for row in rows if not event_type or row["event_type"] == event_type]  # type: ignore[call-overload]

    async def told(self) -> list[str]:
        """The types of the events routing has told, in order."""
        rows = await self.rows("SELECT event_type FROM outbox ORDER BY id")
        return [str(row["event_type"]).removeprefix("routing.") for row in rows]


def make_district(engine: Engine, folder: Path) -> District:
    """Fresh keys, routing's also in a file, and a clock that stands still."""
    files = make_key_files(SERVICES)
    key_file = folder / "routing-keys.json"
    key_file.write_text(json.dumps(files["routing"]))
    key_file.chmod(0o600)
    keys = {name: keys_from_json(json.dumps(content)) for name, content in files.items()}
    clock = FakeClock(START)
    return District(engine, keys, clock, handlers(keys["routing"], clock, SystemRandomness()))


def an_estate(buildings: int = 2, *, compound: str = "梅香花园", has_lift: bool = True) -> bytes:
    """An estate file: one zone, one compound, one drop point, buildings of one entrance each."""
    features: list[dict[str, object]] = [
        _feature("z0", "zone", None, name="莲香一号封控区", community=LOTUS, grid=GRID),
        _feature("z0c0", "compound", None, name=compound, zone="z0"),
        _feature("z0d0", "drop_point", (0.0, -15.0), name="莲香一号物资接收点", zone="z0"),
    ]
    for n in range(1, buildings + 1):
        features.append(_feature(f"b{n}", "building", None, name=f"{n}号楼", compound="z0c0"))
        features.append(
            _feature(
                f"b{n}e1",
                "entrance",
                (40.0 * n, 10.0),
                building=f"b{n}",
                name=None,
                floors=12,
                lift=has_lift,
                gate_s=30,
                drop="z0d0",
            )
        )
    document = {"type": "FeatureCollection", "format": "baimi-estate/1", "name": "莲香", "features": features}
    return json.dumps(document, ensure_ascii=False).encode()


def _feature(feature_id: str, kind: str, spot: tuple[float, float] | None, **facts: object) -> dict[str, object]:
    geometry = {"type": "Point", "coordinates": list(spot or (0.0, 0.0))}
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": {"kind": kind, **facts}}


ROSTER_HEAD = "id,name,kind,people,cap_g,cap_crates,shift_start,shift_end,drop_point,capabilities"


def a_roster(*lines: str) -> bytes:
    """A roster; two crews at the one drop point unless given."""
    crews = lines or (
        "k1,一组,志愿者,2,150000,36,09:00,13:00,z0d0,positive;cold",
        "k2,二组,物业,2,150000,36,09:00,13:00,z0d0,",
    )
    return "\n".join([ROSTER_HEAD, *crews]).encode()


async def names(district: District, buildings: int = 2, community: str = LOTUS, grid: str = GRID) -> None:
    """Tell routing the zone and its buildings, as orders calls them."""
    await district.hear(
        ZoneChanged(
            zone_id="zone-1",
            name="莲香一号封控区",
            community=community,
            grid=grid,
            zone_class=ZoneClass.SEALED,
            valid_from=START,
        )
    )
    for n in range(1, buildings + 1):
        await district.hear(a_building(n, community=community, grid=grid))


def a_building(
    n: int, *, community: str = LOTUS, grid: str = GRID, compound: str = "梅香花园"
) -> BuildingRegistered:
    return BuildingRegistered(
        building_id=f"building-{n}",
        compound_id="compound-1",
        compound=compound,
        building=f"{n}号楼",
        community=community,
        grid=grid,
        zone_id="zone-1",
        handling=Handling.CLEAN,
        entrances=(EntranceName(entrance_id=f"entrance-{n}", name=None),),
    )


async def settle(district: District, n: int, *, building: int = 1, floor: int | None = 5) -> str:
    """Tell routing of a household; answers its id."""
    household_id = f"household-{n:04}"
    part = HouseholdForRouting(room=f"{floor or 0}0{n}", masked_name="王*", crew_note="听障,敲门后等待")
    await district.hear(
        HouseholdRegistered(
            household_id=household_id,
            building_id=f"building-{building}",
            entrance_id=f"entrance-{building}",
            floor=floor,
            language="zh",
            for_routing=district.seal_for(household_id, part),
            for_notify=Sealed(reader="notify", wrapped_key="-", sealed="-"),
        )
    )
    return household_id


def an_order(
    district: District, n: int, *, building: int = 1, bags: int = 2, wave_date: date = TODAY
) -> OrderPlaced:
    household_id = f"household-{n:04}"
    return OrderPlaced(
        household_id=household_id,
        order_id=f"order-{n:04}",
        number=f"A{n:04}-7",
        building_id=f"building-{building}",
        entrance_id=f"entrance-{building}",
        floor=5,
        language="zh",
        priority=0,
        wave_date=wave_date,
        due_at=None,
        bags=tuple(
            BagContent(bag_id=f"bag-{n:04}-{b}", grams=4000, crates=1, cold=False, items=(ITEM,))
            for b in range(1, bags + 1)
        ),
        for_routing=district.seal_for(household_id, OrderForRouting(crew_note="轻放")),
        for_notify=Sealed(reader="notify", wrapped_key="-", sealed="-"),
    )


async def open_district(district: District, homes: int = 4, *, bags: int = 2) -> None:
    """Estate, roster, names and an order of each home: ready for a wave."""
    await load_files(district)
    await names(district)
    for n in range(1, homes + 1):
        await settle(district, n, building=1 + n % 2)
        await district.hear(an_order(district, n, building=1 + n % 2, bags=bags))


async def load_files(district: District) -> None:
    async with transaction(district.engine) as tx:
        await load_estate_file(tx, an_estate(), "test", district.clock.now())
        await load_roster(tx, a_roster())


def a_wave_order(
    *, wave_date: date = TODAY, reach: Reach | None = None, zones: frozenset[str] = frozenset()
) -> WaveOrder:
    return WaveOrder(wave_date, zones, 0.5, 1, reach or Reach(), "test")


async def a_wave(district: District, order: WaveOrder | None = None) -> str:
    async with transaction(district.engine) as tx:
        return await make_wave(tx, order or a_wave_order(), district.clock, SystemRandomness())


def a_planner(district: District, solver: SolverProcess) -> PlannerParts:
    rules = PlanningRules(MODEL, Weights(), ZONE)
    return PlannerParts(district.engine, solver, rules, district.clock, SystemRandomness())


async def plan_all(district: District, solver: SolverProcess) -> list[PlanEnd]:
    """Work off every plan request there is."""
    ends = []
    while (end := await run_plan_request(a_planner(district, solver))) is not PlanEnd.NOTHING_TO_DO:
        ends.append(end)
    return ends


async def release(district: District, wave_id: str) -> None:
    async with transaction(district.engine) as tx:
        round_ids = await rounds_to_release(tx, wave_id)
    for round_id in round_ids:
        async with transaction(district.engine) as tx:
            await release_round(tx, round_id, district.clock.now())
    async with transaction(district.engine) as tx:
        await finish_release(tx, wave_id, district.clock.now())


async def released_round(district: District, solver: SolverProcess, homes: int = 4, *, bags: int = 2) -> RoundRow:
    """A district with one released round that holds every home."""
    await open_district(district, homes, bags=bags)
    await release(district, await _planned(district, solver))
    (row,) = await district.rows("SELECT round_id FROM rounds WHERE state = 'released'")
    async with transaction(district.engine) as tx:
        found = await find_round(tx, str(row["round_id"]))
    assert found is not None
    return found


async def _planned(district: District, solver: SolverProcess) -> str:
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    return wave_id


async def stops_of(district: District, row: RoundRow) -> Sequence[ListedStop]:
    async with transaction(district.engine) as tx:
        return await list_stops(tx, row, district.keys["routing"])


async def say(district: District, row: RoundRow, tap: Tap, crew_id: str = "") -> TapResult:
    """Let the round's crew say something; a minute passes."""
    district.clock.advance(60)
    async with transaction(district.engine) as tx:
        return await record_tap(tx, tap, crew_id or row.crew_id, district.clock.now())


def a_form(row: RoundRow, tap_id: str, stop_id: str | None = None) -> FormTap:
    return FormTap(tap_id, row.crew_id, row.round_id, stop_id)


AN_HOUR = timedelta(hours=1)
