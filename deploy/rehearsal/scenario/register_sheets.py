"""Owns what stands in the made-up register's sheets, with the blemishes a real one has, before it is a file."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from deploy.rehearsal.scenario.blemishes import BLEMISHES, Blemish
from deploy.rehearsal.scenario.dice import roll
from deploy.rehearsal.scenario.people import Home
from deploy.rehearsal.scenario.plans import StreetPlan
from deploy.rehearsal.scenario.street import Street

Cell = str | int | date | None

HEADINGS = ("小区", "楼栋", "单元", "楼层", "房号", "人口", "户主姓名", "联系电话", "特殊需求", "语言", "宠物")
WRITTEN_HEADINGS = (
    HEADINGS,
    (
        "小区名称",
        "栋号",
        "单元",
        "楼层",
        "房号*",
        "常住人数",
        "户主",
        "联系电话（手机）",
        "特殊情况",
        "语言",
        "宠物",
    ),
    ("小区", "楼栋号", "单元号", "层", "门牌号", "人数", "姓名", "手机号码", "备注", "方言", "宠物情况"),
)
COMPOUND, BUILDING, ENTRANCE, FLOOR, ROOM, RESIDENTS, NAME, PHONE, NEEDS, LANGUAGE, PETS = range(11)


@dataclass(frozen=True, slots=True)
class PlantedRow:
    """One finding the intake must report: a row that is no home, and why.

    Units: `row` as a spreadsheet program counts, from 1.
    """

    sheet: str
    row: int
    column: str
    reason: str


@dataclass(slots=True)
class Sheet:
    """One sheet as it is going to be written.

    Units: `merges` are (first row, last row, column), rows from 1, columns from 0.
    """

    name: str
    hidden: bool = False
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    merges: list[tuple[int, int, int]] = field(default_factory=list)
    wide_merges: list[tuple[int, int, int]] = field(default_factory=list)
    comments: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Register:
    """The whole workbook, and the bad rows planted in it."""

    sheets: tuple[Sheet, ...]
    planted: tuple[PlantedRow, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    home: Home
    cells: tuple[Cell, ...]
    blemish: Blemish | None = None


def compose_register(plan: StreetPlan, street: Street, homes: list[Home], seed: int) -> Register:
    """Lay the homes out as a clerk would: one sheet a community, plus notes and an old hidden sheet."""
    chance = roll(seed, "register")
    community_of_zone = {zone.id: zone.community for zone in street.zones}
    sheets: list[Sheet] = []
    planted: list[PlantedRow] = []
    for i, community in enumerate(plan.communities):
        own = [home for home in homes if community_of_zone[home.zone] == community]
        clerk = _Clerk(i, street, chance)
        rows = _with_bad_rows(clerk.rows(own), _blemishes_of_sheet(plan, i, clerk.merging), chance)
        sheet, found = _lay_out(f"{plan.title}{community}", community, clerk, rows)
        sheets.append(sheet)
        planted += found
    return Register((*sheets, _notes(), _old_sheet(sheets[0])), tuple(planted))


class _Clerk:
    """One community's way of writing: its headings, how it spells buildings, whether it merges cells."""

    def __init__(self, number: int, street: Street, chance: random.Random) -> None:
        self.headings = WRITTEN_HEADINGS[number % len(WRITTEN_HEADINGS)]
        self.merging = number % 4 == 2
        self.grouped_header = number % 4 == 3
        self.repeats_header = number % 2 == 1
        self._spelling = number % 3
        self._chance = chance
        self._entrances = {entrance.id: entrance for entrance in street.entrances}
        self._buildings = {building.id: building for building in street.buildings}
        self._compounds = {compound.id: compound for compound in street.compounds}
        self._order = {entrance.id: i for i, entrance in enumerate(street.entrances)}

    def rows(self, homes: list[Home]) -> list[_Row]:
        in_order = sorted(homes, key=lambda home: (self._order[home.entrance], home.floor, home.room))
        return [_Row(home, self._cells(home)) for home in in_order]

    def _cells(self, home: Home) -> tuple[Cell, ...]:
        entrance = self._entrances[home.entrance]
        building = self._buildings[entrance.building]
        return (
            self._compounds[building.compound].name,
            self._building(building.name),
            self._entrance(entrance.name),
            home.floor if self._chance.random() < 0.9 else None,
            int(home.room) if home.room.isdigit() and self._spelling == 1 else home.room,
            self._residents(home.residents),
            home.name or None,
            self._phone(home.phones),
            self._chance.choice(("、", " ", "；")).join(home.needs) or self._no_needs(),
            home.language or None,
            home.pets or None,
        )

    def _building(self, name: str) -> Cell:
        if not name.endswith("号楼"):
            return name
        number = name.removesuffix("号楼")
        return (name, int(number), f"{number}栋")[self._spelling]

    def _entrance(self, name: str | None) -> Cell:
        if name is None:
            return None
        number = name.removesuffix("单元")
        return (name, int(number), name)[self._spelling]

    def _residents(self, residents: int) -> Cell:
        if residents == 0:
            return self._chance.choice((0, "空置", "无人"))
        return f"{residents}人" if self._chance.random() < 0.1 else residents

    def _phone(self, phones: tuple[str, ...]) -> Cell:
        if len(phones) != 1:
            return self._chance.choice(("、", "/", " ")).join(phones) or None
        phone = phones[0]
        draw = self._chance.random()
        if draw < 0.5:
            return int(phone)
        return f"{phone[:3]} {phone[3:7]} {phone[7:]}" if draw < 0.6 else phone

    def _no_needs(self) -> Cell:
        draw = self._chance.random()
        return "无" if draw < 0.15 else ("请送到门口" if draw < 0.155 else None)


def _blemishes_of_sheet(plan: StreetPlan, number: int, merging: bool) -> list[Blemish]:
    """Take the kinds of bad rows in turn, sheet after sheet, so that every street has every kind."""
    count = plan.bad_rows // len(plan.communities)
    kinds = [blemish for blemish in BLEMISHES if blemish.fits_merged or not merging]
    return [kinds[(number * count + i) % len(kinds)] for i in range(count)]


def _with_bad_rows(rows: list[_Row], blemishes: list[Blemish], chance: random.Random) -> list[_Row]:
    """Put bad rows between the good ones, each behind the row it is made from, so that its door is known."""
    places = sorted(chance.sample(range(len(rows)), len(blemishes)), reverse=True)
    result = list(rows)
    for i, (place, blemish) in enumerate(zip(places, blemishes, strict=True)):
        model = result[place]
        room = model.home.room if blemish.keeps_door else f"{model.home.floor}{91 + i % 9}"
        home = replace(model.home, room=room)
        cells = blemish.spoil(_replaced(model.cells, ROOM, model.cells[ROOM] if blemish.keeps_door else room))
        result.insert(place + 1, _Row(home, cells, blemish))
    return result


def _replaced(cells: tuple[Cell, ...], column: int, value: Cell) -> tuple[Cell, ...]:
    return (*cells[:column], value, *cells[column + 1 :])


def _lay_out(title: str, community: str, clerk: _Clerk, rows: list[_Row]) -> tuple[Sheet, list[PlantedRow]]:
    sheet = Sheet(community)
    sheet.rows.append((f"{title}封控住户台账",))
    sheet.rows.append(("填表：社区工作站（演练数据，人物与电话均为虚构）", None, None, None, None, "2022年3月1日"))
    sheet.wide_merges.append((1, 0, 10))
    if clerk.grouped_header:
        sheet.rows.append(("住址", None, None, None, None, "住户", None, None, "情况", None, None))
        sheet.wide_merges += [(3, 0, 4), (3, 5, 7), (3, 8, 10)]
    sheet.rows.append(clerk.headings)
    planted: list[PlantedRow] = []
    numbered: list[tuple[int, _Row]] = []
    for i, row in enumerate(rows):
        if clerk.repeats_header and i == len(rows) // 2:
            sheet.rows += [(), clerk.headings]
        sheet.rows.append(row.cells)
        numbered.append((len(sheet.rows), row))
        if row.blemish is not None:
            planted += [
                PlantedRow(community, len(sheet.rows), clerk.headings[column], reason)
                for column, reason in row.blemish.findings
            ]
    if clerk.merging:
        sheet.merges += [*_runs(numbered, (COMPOUND,)), *_runs(numbered, (COMPOUND, BUILDING))]
    sheet.comments.append((numbered[0][0], PHONE, "已电话核实"))
    total = sum(row.home.residents for row in rows if row.blemish is None)
    sheet.rows.append(("合计", f"{len(rows)}户", None, None, None, total))
    return sheet, planted


def _runs(numbered: list[tuple[int, _Row]], columns: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Neighbouring rows that say the same in these columns become one merged cell in the last of them."""
    for _, group in groupby(numbered, key=lambda entry: [entry[1].cells[column] for column in columns]):
        members = [row for row, _ in group]
        if len(members) > 1 and members[-1] - members[0] == len(members) - 1:
            yield members[0], members[-1], columns[-1]


def _notes() -> Sheet:
    lines = (
        "填表说明",
        "1. 一户一行，空置房填 0。",
        "2. 电话填手机号，多个号码用顿号隔开。",
        "本工作簿为演练数据。",
    )
    return Sheet("说明", rows=[(line,) for line in lines])


def _old_sheet(first: Sheet) -> Sheet:
    return Sheet("旧表（勿用）", hidden=True, rows=first.rows[:12])
