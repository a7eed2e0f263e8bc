"""Owns what a street consists of, and draws a made-up one on a plane of local metres."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from deploy.rehearsal.scenario.dice import roll, share_out
from deploy.rehearsal.scenario.plans import HouseStyle, StreetPlan

NAME_BEGINNINGS = (
    "梅香", "莲塘", "榕树", "海棠", "翠竹", "桂花", "木棉", "听雨", "望江", "朝霞", "晚晴", "松涛",
    "云栖", "星河", "蓝田", "白鹭", "青禾", "紫薇", "银杏", "石榴", "杨梅", "茉莉", "芙蓉", "丹桂",
)  # fmt: skip
GRID_NUMBERS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the plane. Units: local metres."""

    left_m: float
    bottom_m: float
    right_m: float
    top_m: float


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the plane. Units: local metres."""

    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the street under one measure; in the rehearsal every zone is one grid."""

    id: str
    name: str
    community: str
    grid: str
    zone_class: str
    sealed_from: date
    compounds: tuple[str, ...]
    area: Box


@dataclass(frozen=True, slots=True)
class Compound:
    """A 小区: buildings under one name."""

    id: str
    name: str
    zone: str
    area: Box


@dataclass(frozen=True, slots=True)
class Building:
    """A building and whether people ill with the virus live in it."""

    id: str
    name: str
    compound: str
    handling: str
    area: Box


@dataclass(frozen=True, slots=True)
class Entrance:
    """A stair entrance (单元); `name` is None where a building has only one.

    Units: `gate_s` are the seconds to get in, `doors_per_floor` is None where nobody counted.
    """

    id: str
    building: str
    name: str | None
    place: Point
    floors: int
    lift: bool
    gate_s: int
    drop_point: str
    doors_per_floor: int | None


@dataclass(frozen=True, slots=True)
class DropPoint:
    """Where a zone's goods are unloaded (物资接收点)."""

    id: str
    name: str
    zone: str
    place: Point


@dataclass(frozen=True, slots=True)
class Street:
    """All that does not move."""

    name: str
    zones: tuple[Zone, ...]
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    entrances: tuple[Entrance, ...]
    drop_points: tuple[DropPoint, ...]


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a zone lies and how many buildings stand on it."""

    left_m: float
    bottom_m: float
    columns: int
    buildings: int
    cell_m: float

    def area(self) -> Box:
        rows = math.ceil(self.buildings / self.columns)
        right_m = self.left_m + self.columns * self.cell_m
        return Box(self.left_m, self.bottom_m, right_m, self.bottom_m + rows * self.cell_m)

    def cell(self, index: int) -> Point:
        row, column = divmod(index, self.columns)
        return Point(self.left_m + column * self.cell_m, self.bottom_m + row * self.cell_m)


def draw_street(plan: StreetPlan, seed: int) -> Street:
    """Draw a street with the plan's communities, zones and buildings; the same for the same seed."""
    chance = roll(seed, "street")
    plots = _plots(plan, chance)
    compound_names = _compound_names(plan, chance)
    sealed_days = [day for group in plan.sealed_days for day in group]
    chance.shuffle(sealed_days)
    street = Street(plan.title, (), (), (), (), ())
    for i, plot in enumerate(plots):
        community = plan.communities[i * len(plan.communities) // plan.zones]
        street = _with_zone(
            street, _ZoneDraft(plan, f"z{i}", community, sealed_days[i], plot), compound_names, chance
        )
    return _with_positive_buildings(street, chance)


@dataclass(frozen=True, slots=True)
class _ZoneDraft:
    plan: StreetPlan
    id: str
    community: str
    sealed_from: date
    plot: _Plot


def _plots(plan: StreetPlan, chance: random.Random) -> list[_Plot]:
    counts = share_out(plan.buildings, [chance.uniform(0.75, 1.25) for _ in range(plan.zones)])
    plots: list[_Plot] = []
    left_m, bottom_m, row_height_m = 0.0, 0.0, 0.0
    for i, count in enumerate(counts):
        if i and i % 4 == 0:
            left_m, bottom_m, row_height_m = 0.0, bottom_m + row_height_m + 90.0, 0.0
        plot = _Plot(left_m, bottom_m, math.ceil(math.sqrt(count * 1.3)), count, plan.cell_m)
        plots.append(plot)
        left_m = plot.area().right_m + 60.0
        row_height_m = max(row_height_m, plot.area().top_m - bottom_m)
    return plots


def _compound_names(plan: StreetPlan, chance: random.Random) -> list[tuple[str, HouseStyle]]:
    """Two compounds a zone (four in a large one), each name given once in the street."""
    beginnings = list(NAME_BEGINNINGS)
    chance.shuffle(beginnings)
    styles = [style for style, _ in plan.styles]
    weights = [weight for _, weight in plan.styles]
    drawn = chance.choices(styles, weights, k=len(beginnings))
    return [(beginning + style.word, style) for beginning, style in zip(beginnings, drawn, strict=True)]


def _with_zone(
    street: Street, draft: _ZoneDraft, names: list[tuple[str, HouseStyle]], chance: random.Random
) -> Street:
    number = sum(zone.community == draft.community for zone in street.zones) + 1
    area = draft.plot.area()
    drops = _drop_points(draft, number, chance)
    compounds: list[Compound] = []
    buildings: list[Building] = []
    entrances: list[Entrance] = []
    first_cell = 0
    how_many = 2 if draft.plot.buildings < 40 else 4
    for count in share_out(draft.plot.buildings, [chance.uniform(0.8, 1.2) for _ in range(how_many)]):
        compound_name, style = names.pop()
        compound = Compound(f"{draft.id}c{len(compounds)}", compound_name, draft.id, area)
        compounds.append(compound)
        for index in range(count):
            footprint = _footprint(draft.plot.cell(first_cell + index), draft.plot.cell_m, chance)
            name = _building_name(style, index)
            building = Building(f"{compound.id}b{index + 1}", name, compound.id, "clean", footprint)
            buildings.append(building)
            entrances += _entrances(building, style, drops, chance)
        first_cell += count
    zone = Zone(
        draft.id,
        f"{draft.community}{GRID_NUMBERS[number - 1]}号{draft.plan.zone_word}",
        draft.community,
        f"{draft.community}第{GRID_NUMBERS[number - 1]}网格",
        "sealed",
        draft.sealed_from,
        tuple(compound.id for compound in compounds),
        area,
    )
    return Street(
        street.name,
        (*street.zones, zone),
        (*street.compounds, *compounds),
        (*street.buildings, *buildings),
        (*street.entrances, *entrances),
        (*street.drop_points, *drops),
    )


def _drop_points(draft: _ZoneDraft, number: int, chance: random.Random) -> list[DropPoint]:
    area = draft.plot.area()
    count = draft.plan.drop_points_per_zone
    drops = []
    for i in range(count):
        along = (i + 0.5) / count + chance.uniform(-0.15, 0.15)
        x_m = round(area.left_m + along * (area.right_m - area.left_m), 1)
        which = "" if count == 1 else f"{GRID_NUMBERS[i]}号"
        name = f"{draft.community}{GRID_NUMBERS[number - 1]}号{draft.plan.zone_word}{which}物资接收点"
        drops.append(DropPoint(f"{draft.id}d{i}", name, draft.id, Point(x_m, round(area.bottom_m - 15.0, 1))))
    return drops


def _building_name(style: HouseStyle, index: int) -> str:
    if style.naming == "letter" and index < 26:
        return f"{chr(ord('A') + index)}座"
    if style.naming == "lane":
        return f"{index // 6 + 1}巷{index % 6 + 1}号"
    return f"{index + 1}号楼"


def _footprint(corner: Point, cell_m: float, chance: random.Random) -> Box:
    left_m = round(corner.x_m + chance.uniform(0.05, 0.2) * cell_m, 1)
    bottom_m = round(corner.y_m + chance.uniform(0.2, 0.4) * cell_m, 1)
    return Box(left_m, bottom_m, round(left_m + 0.5 * cell_m, 1), round(bottom_m + 0.2 * cell_m, 1))


def _entrances(
    building: Building, style: HouseStyle, drops: Sequence[DropPoint], chance: random.Random
) -> list[Entrance]:
    floors = chance.randint(*style.floors)
    doors = chance.randint(*style.doors)
    count = chance.randint(*style.entrances)
    entrances = []
    for i in range(count):
        x_m = building.area.left_m + (i + 0.5) / count * (building.area.right_m - building.area.left_m)
        place = Point(round(x_m, 1), building.area.bottom_m)
        drop = min(drops, key=lambda drop: math.dist(_pair(drop.place), _pair(place)))
        entrances.append(
            Entrance(
                id=f"{building.id}e{i + 1}",
                building=building.id,
                name=f"{i + 1}单元" if count > 1 else None,
                place=place,
                floors=floors,
                lift=style.lift,
                gate_s=chance.choice((30, 40, 60)),
                drop_point=drop.id,
                doors_per_floor=doors,
            )
        )
    return entrances


def _pair(point: Point) -> tuple[float, float]:
    return (point.x_m, point.y_m)


def _with_positive_buildings(street: Street, chance: random.Random) -> Street:
    """One building in ten is positive, and getting into it takes 90 s longer (clothing, disinfection)."""
    chosen = set(chance.sample([b.id for b in street.buildings], round(len(street.buildings) * 0.1)))
    buildings = tuple(replace(b, handling="positive") if b.id in chosen else b for b in street.buildings)
    entrances = tuple(replace(e, gate_s=e.gate_s + 90) if e.building in chosen else e for e in street.entrances)
    return replace(street, buildings=buildings, entrances=entrances)
