"""Owns who lives behind the doors of a made-up street. Every name and number is invented."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from deploy.rehearsal.scenario.dice import roll, share_out
from deploy.rehearsal.scenario.plans import ScenarioError, StreetPlan
from deploy.rehearsal.scenario.street import Entrance, Street

SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁任沈姚"
GIVEN_NAMES = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红琴梅云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉"
)
FOREIGN_NAMES = (
    "Anna",
    "Maria",
    "Peter",
    "Olga",
    "Ivan",
    "Kenji",
    "Yuki",
    "Sora",
    "Claire",
    "Louis",
    "Amina",
    "Omar",
)
FOREIGN_INITIALS = "ABCDEFGHKLMNPRSTW"

# Invented numbers: 138 0000 0000 and the next ones, one a person. Nobody is called.
FIRST_PHONE = 13_800_000_000

# Per cent of homes; the words are those a clerk would write. Shares are ours, meant to be plausible.
NEEDS: tuple[tuple[str, float], ...] = (
    ("婴幼儿", 3.0),
    ("孕妇", 1.2),
    ("行动不便", 2.0),
    ("听障", 1.0),
    ("视障", 0.5),
    ("慢性病", 6.0),
    ("血透", 0.3),
    ("糖尿病", 2.5),
    ("低盐", 1.0),
    ("清真", 0.8),
    ("素食", 1.0),
)
LIVING_ALONE = ("独居老人", 0.28)  # of the homes with one person
LANGUAGES: tuple[tuple[str, int], ...] = (
    ("", 560),
    ("普通话", 180),
    ("粤语", 130),
    ("客家话", 50),
    ("潮汕话", 50),
    ("英语", 18),
    ("韩语", 5),
    ("日语", 4),
    ("法语", 2),
    ("俄语", 1),
)
FOREIGN_LANGUAGES = {"英语", "韩语", "日语", "法语", "俄语"}
PETS: tuple[tuple[str, int], ...] = (
    ("", 700),
    ("无", 180),
    ("狗1", 40),
    ("一只狗", 10),
    ("猫1", 35),
    ("猫2", 20),
    ("狗1猫1", 10),
    ("有", 5),
)


@dataclass(frozen=True, slots=True)
class Home:
    """One row of the register as its clerk knew it: a door and who lives behind it.

    `residents` 0 is a flat that stands empty or a shop. Words are as written, not as codes.
    """

    zone: str
    entrance: str
    floor: int
    room: str
    residents: int
    name: str
    phones: tuple[str, ...]
    needs: tuple[str, ...] = ()
    language: str = ""
    pets: str = ""


def draw_homes(plan: StreetPlan, street: Street, seed: int) -> list[Home]:
    """Draw who lives where: exactly the plan's households and residents, then its empty flats and shops.

    Every entrance has at least one household, so that the register names every entrance of the estate.
    """
    chance = roll(seed, "people")
    doors = _draw_doors(plan, street, chance)
    occupied = [door for doors_of_zone, count in doors for door in doors_of_zone[:count]]
    empty = [door for doors_of_zone, count in doors for door in doors_of_zone[count:]]
    residents = _draw_residents(plan, chance)
    phones = _Phones(chance, plan.households * 2)
    homes = [_occupied_home(door, residents[i], phones, chance) for i, door in enumerate(occupied)]
    chance.shuffle(empty)
    homes += [Home(d.zone, d.entrance.id, d.floor, d.room, 0, "", ()) for d in empty[: plan.vacant]]
    return homes + _premises(plan, street, chance)


@dataclass(frozen=True, slots=True)
class _Door:
    zone: str
    entrance: Entrance
    floor: int
    room: str


class _Phones:
    """Invented numbers, each handed out once, in no visible order."""

    def __init__(self, chance: random.Random, count: int) -> None:
        self._numbers = list(range(FIRST_PHONE, FIRST_PHONE + count))
        chance.shuffle(self._numbers)

    def next(self) -> str:
        return str(self._numbers.pop())


def _draw_doors(plan: StreetPlan, street: Street, chance: random.Random) -> list[tuple[list[_Door], int]]:
    """For each zone: its doors in drawn order, and how many of the first ones are lived behind."""
    zone_of_compound = {compound.id: compound.zone for compound in street.compounds}
    zone_of_building = {b.id: zone_of_compound[b.compound] for b in street.buildings}
    doors_of_zone: dict[str, list[_Door]] = {zone.id: [] for zone in street.zones}
    first_of_zone: dict[str, list[_Door]] = {zone.id: [] for zone in street.zones}
    for entrance in street.entrances:
        zone = zone_of_building[entrance.building]
        doors = [
            _Door(zone, entrance, floor, f"{floor}{door:02d}")
            for floor in range(1, entrance.floors + 1)
            for door in range(1, (entrance.doors_per_floor or 1) + 1)
        ]
        first_of_zone[zone].append(doors.pop(chance.randrange(len(doors))))
        doors_of_zone[zone] += doors
    for doors in doors_of_zone.values():
        chance.shuffle(doors)
    in_order = [(first_of_zone[zone.id] + doors_of_zone[zone.id]) for zone in street.zones]
    counts = households_per_zone(plan, street, [len(doors) for doors in in_order], chance)
    for place, doors, count in zip(street.zones, in_order, counts, strict=True):
        if not len(first_of_zone[place.id]) <= count <= len(doors):
            raise ScenarioError(f"{place.id}: {count} households do not fit {len(doors)} doors")
    return list(zip(in_order, counts, strict=True))


def households_per_zone(
    plan: StreetPlan, street: Street, doors: Sequence[int], chance: random.Random
) -> list[int]:
    """Share the plan's households out over the zones, by doors.

    Where the plan fixes the number of packs, the zones of each sealing group get a fixed part together, so that
    the orders of all wave dates sum to a little more than the packs (the rest is not delivered).
    """
    if plan.packages is None:
        return share_out(plan.households, doors)
    counts = [0] * len(doors)
    for group, total in _group_totals(plan, plan.packages, chance).items():
        members = [i for i, zone in enumerate(street.zones) if dates_of_zone(plan, zone.sealed_from) == group]
        for i, part in zip(members, share_out(total, [doors[i] for i in members]), strict=True):
            counts[i] = part
    return counts


def dates_of_zone(plan: StreetPlan, sealed_from: date) -> int:
    """Count the wave dates on which a zone sealed on this day is served: those after it."""
    return sum(day > sealed_from for day in plan.wave_dates)


def _group_totals(plan: StreetPlan, packages: int, chance: random.Random) -> dict[int, int]:
    """Households of the zones with one, two and three wave dates, so that orders = packs + about 5 %."""
    orders = round(packages * chance.uniform(1.050, 1.056))
    once = chance.randint(round(plan.households * 0.11), round(plan.households * 0.12))
    thrice = once + orders - 2 * plan.households
    return {1: once, 2: plan.households - once - thrice, 3: thrice}


def _draw_residents(plan: StreetPlan, chance: random.Random) -> list[int]:
    """Sizes of households with the plan's shares whose sum is exactly the plan's residents."""
    sizes = range(1, len(plan.residents_share) + 1)
    residents = chance.choices(sizes, plan.residents_share, k=plan.households)
    while difference := plan.residents - sum(residents):
        step = 1 if difference > 0 else -1
        room_left = [i for i, size in enumerate(residents) if 1 <= size + step <= len(plan.residents_share)]
        for i in chance.sample(room_left, min(abs(difference), len(room_left))):
            residents[i] += step
    return residents


def _occupied_home(door: _Door, residents: int, phones: _Phones, chance: random.Random) -> Home:
    language = chance.choices([word for word, _ in LANGUAGES], [share for _, share in LANGUAGES])[0]
    needs = [word for word, per_cent in NEEDS if chance.random() * 100 < per_cent]
    if residents == 1 and chance.random() < LIVING_ALONE[1]:
        needs = [LIVING_ALONE[0], *(need for need in needs if need not in {"婴幼儿", "孕妇"})]
    elif residents == 1:
        needs = [need for need in needs if need != "婴幼儿"]
    return Home(
        zone=door.zone,
        entrance=door.entrance.id,
        floor=door.floor,
        room=door.room,
        residents=residents,
        name=_name(language in FOREIGN_LANGUAGES, chance),
        phones=tuple(phones.next() for _ in range(2 if chance.random() < 0.06 else 1)),
        needs=tuple(needs),
        language=language,
        pets=chance.choices([word for word, _ in PETS], [share for _, share in PETS])[0],
    )


def _name(foreign: bool, chance: random.Random) -> str:
    if foreign:
        return f"{chance.choice(FOREIGN_NAMES)} {chance.choice(FOREIGN_INITIALS)}"
    return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN_NAMES, k=chance.choice((1, 2, 2))))


def _premises(plan: StreetPlan, street: Street, chance: random.Random) -> list[Home]:
    """Small premises (三小场所) stand on the ground floor; in the rehearsal nobody sleeps in them."""
    zone_of_compound = {compound.id: compound.zone for compound in street.compounds}
    zone_of_building = {b.id: zone_of_compound[b.compound] for b in street.buildings}
    per_entrance = share_out(plan.premises, [chance.random() for _ in street.entrances]) if plan.premises else []
    homes = []
    for entrance, count in zip(street.entrances, per_entrance, strict=False):
        zone = zone_of_building[entrance.building]
        homes += [Home(zone, entrance.id, 1, f"商铺{i + 1}", 0, "", ()) for i in range(count)]
    return homes
