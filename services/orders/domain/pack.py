"""What a home gets: the standard pack by people and needs, extras with limits, all of it in bags."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.orders.domain.catalogue import ITEMS
from services.orders.domain.household import HouseholdFacts, Need
from shared.basics.errors import Refused

# A home whose people nobody counted gets what two need: too little is worse than a little too much.
ASSUMED_RESIDENTS: Final = 2
# A pack is made for at most so many people; a larger home asks for a second one.
PACK_RESIDENTS: Final = 6
MAX_PACKS: Final = 2
EXTRAS_LIMIT_G: Final = 30_000
# What a volunteer carries up the stairs in one hand without cutting fingers.
BAG_LIMIT_G: Final = 14_000


class PackRefused(Refused):
    """What was asked for cannot be packed; the code says why, the data how much would do."""


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one item."""

    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class BagPlan:
    """What goes into one bag, and why this bag exists (dry, cold, infant, pet, extra)."""

    label: str
    lines: tuple[Line, ...]

    @property
    def grams(self) -> int:
        """What the bag weighs."""
        return sum(ITEMS[line.code].grams * line.quantity for line in self.lines)

    @property
    def cold(self) -> bool:
        """Whether anything in it must stay cold."""
        return any(ITEMS[line.code].cold for line in self.lines)

    @property
    def crates(self) -> int:
        """Room on the trolley: a crate holds about seven kilograms of food."""
        return max(1, -(-self.grams // 7000))


def check_quantities(packs: int, has_pack: bool, extras: Mapping[str, int]) -> None:
    """Refuse what nobody can mean.

    Errors: PackRefused with "packs_out_of_range", "item_unknown", "quantity_not_positive", "item_over_limit",
            "extras_over_limit" or "order_empty", and the figures behind it.
    """
    if has_pack and not 1 <= packs <= MAX_PACKS:
        raise PackRefused("packs_out_of_range", packs=packs, min_packs=1, max_packs=MAX_PACKS)
    for code, quantity in extras.items():
        if code not in ITEMS:
            raise PackRefused("item_unknown", item=code)
        if quantity < 1:
            raise PackRefused("quantity_not_positive", item=code, quantity=quantity)
        if quantity > ITEMS[code].limit:
            raise PackRefused("item_over_limit", item=code, quantity=quantity, limit=ITEMS[code].limit)
    grams = sum(ITEMS[code].grams * quantity for code, quantity in extras.items())
    if grams > EXTRAS_LIMIT_G:
        raise PackRefused("extras_over_limit", grams=grams, limit_g=EXTRAS_LIMIT_G)
    if not has_pack and not extras:
        raise PackRefused("order_empty")


def plan_bags(facts: HouseholdFacts, packs: int, extras: Mapping[str, int]) -> tuple[BagPlan, ...]:
    """The bags of an order: of so many standard packs (0 for none) and the extras.

    Shape: one to three bags a pack; extras ride along in a bag of their kind while it stays light enough.
    """
    bags = [bag for _ in range(packs) for bag in standard_pack(facts)]
    for code, quantity in sorted(extras.items()):
        for _ in range(quantity):
            _put(bags, code)
    return tuple(bags)


def standard_pack(facts: HouseholdFacts) -> tuple[BagPlan, ...]:
    """What one home gets every two days, without asking."""
    residents = min(ASSUMED_RESIDENTS if facts.residents is None else facts.residents, PACK_RESIDENTS)
    is_vegetarian = Need.VEGETARIAN in facts.needs
    dry = [
        # Rice is for more than two days; a single person gets noodles instead.
        Line("RICE", 1) if residents > 2 else Line("NOODLES", 1),
        Line("VEGETABLES", 1 if residents < 4 else 2),
    ]
    if Need.DIABETIC_DIET not in facts.needs:
        dry.append(Line("FRUIT", 1))
    protein = "TOFU" if is_vegetarian else "CHICKEN" if Need.HALAL in facts.needs else "PORK"
    if residents <= 1:
        bags = [BagPlan("dry", (*dry, Line("EGGS" if not is_vegetarian else "OIL", 1)))]
    else:
        cold = (Line(protein, 1 if residents < 4 else 2), Line("MILK", 2 if residents < 4 else 3))
        bags = [BagPlan("dry", tuple(dry)), BagPlan("cold", cold)]
    special = _special_lines(facts)
    if special:
        label = "infant" if Need.INFANT in facts.needs else "pet"
        bags.append(BagPlan(label, special))
    return tuple(bags)


def _special_lines(facts: HouseholdFacts) -> tuple[Line, ...]:
    lines = []
    if Need.INFANT in facts.needs:
        lines += [Line("FORMULA", 1), Line("NAPPIES", 1)]
    if (facts.pets or 0) > 0 or facts.needs & {Need.PET_DOG, Need.PET_CAT}:
        lines.append(Line("PETFOOD", 1))
    return tuple(lines)


def _put(bags: list[BagPlan], code: str) -> None:
    """Put one piece into the first bag of its kind that stays light enough, or into a new one."""
    item = ITEMS[code]
    for place, bag in enumerate(bags):
        if bag.cold == item.cold and bag.grams + item.grams <= BAG_LIMIT_G:
            bags[place] = BagPlan(bag.label, _with_piece(bag.lines, code))
            return
    bags.append(BagPlan("extra", (Line(code, 1),)))


def _with_piece(lines: tuple[Line, ...], code: str) -> tuple[Line, ...]:
    counted = Counter({line.code: line.quantity for line in lines})
    counted[code] += 1
    return tuple(Line(known, quantity) for known, quantity in counted.items())
