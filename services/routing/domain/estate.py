"""Owns the estate's physical facts, the defaults for what nobody measured, and how names find them."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.routing.domain.way import Way

# What a door is planned with while the estate file does not know its entrance. Shown on /estate: a walk-up of six
# storeys is the usual house of the estates we looked at, and a minute at the gate is on the slow side on purpose.
DEFAULT_FLOORS = 6
DEFAULT_GATE_S = 60
DEFAULT_HAS_LIFT = False


@dataclass(frozen=True, slots=True)
class DropPoint:
    """Where goods are unloaded and crews start (物资接收点). Units: local metres."""

    drop_point_id: str
    name: str
    community: str
    zone: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class EntranceFacts:
    """A stair entrance as the estate file describes it. Units: local metres, seconds."""

    feature_id: str
    community: str
    compound: str
    building: str
    entrance: str | None
    x_m: float
    y_m: float
    floors: int
    has_lift: bool
    gate_s: int
    drop_point_id: str
    hand_over_s: int | None = None
    """What handing all to the building head at its foot takes; then nobody goes to the doors."""

    @property
    def building_key(self) -> str:
        """What its building is matched by."""
        return building_key(self.community, self.compound, self.building)


@dataclass(frozen=True, slots=True)
class Estate:
    """One estate file, read and proven whole."""

    name: str
    drop_points: tuple[DropPoint, ...]
    entrances: tuple[EntranceFacts, ...]
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class EntranceName:
    """An entrance as orders calls it."""

    entrance_id: str
    building_key: str
    name: str | None


@dataclass(frozen=True, slots=True)
class PlannedEntrance:
    """An entrance as a plan takes it: measured, or with the defaults. Units: local metres, seconds."""

    entrance_id: str
    building_id: str
    zone_id: str
    drop_point_id: str
    x_m: float
    y_m: float
    floors: int
    has_lift: bool
    gate_s: int
    is_positive: bool
    is_measured: bool
    hand_over_s: int | None = None


def building_key(community: str, compound: str, building: str) -> str:
    """What finds a building by its names, however they were spelt."""
    return "|".join((fold_name(community), fold_name(compound), _without(fold_name(building), _BUILDING_WORDS)))


def fold_name(name: str | None) -> str:
    """A name without the differences that mean nothing: width, case, blanks, leading noughts."""
    folded = unicodedata.normalize("NFKC", name or "").casefold()
    return _LEADING_NOUGHTS.sub("", "".join(folded.split()))


def match_entrances(names: Iterable[EntranceName], facts: Iterable[EntranceFacts]) -> dict[str, str]:
    """Finds for each entrance the feature of the estate file that describes it.

    Shape: entrance id to feature id; an entrance nobody describes is left out.
    A building with one entrance on both sides matches whatever the entrance is called.
    """
    names_of: dict[str, list[EntranceName]] = defaultdict(list)
    for name in names:
        names_of[name.building_key].append(name)
    facts_of: dict[str, list[EntranceFacts]] = defaultdict(list)
    for fact in facts:
        facts_of[fact.building_key].append(fact)
    matched: dict[str, str] = {}
    for key, named in names_of.items():
        described = facts_of.get(key, [])
        if len(named) == 1 and len(described) == 1:
            matched[named[0].entrance_id] = described[0].feature_id
            continue
        by_name = {entrance_key(fact.entrance): fact.feature_id for fact in described}
        for name in named:
            feature_id = by_name.get(entrance_key(name.name))
            if feature_id is not None:
                matched[name.entrance_id] = feature_id
    return matched


def entrance_key(name: str | None) -> str:
    """What finds an entrance within its building."""
    return _without(fold_name(name), _ENTRANCE_WORDS)


def nearest_known(facts: Sequence[EntranceFacts]) -> tuple[float, float] | None:
    """The middle of the entrances we know nearby: where an unmeasured one is assumed to stand.

    Units: local metres; None when nothing nearby is known.
    """
    if not facts:
        return None
    return (
        round(sum(fact.x_m for fact in facts) / len(facts), 1),
        round(sum(fact.y_m for fact in facts) / len(facts), 1),
    )


def most_used_drop_point(facts: Iterable[EntranceFacts]) -> str | None:
    """The drop point that most of these entrances are served from; the first by name among equals."""
    uses: dict[str, int] = defaultdict(int)
    for fact in facts:
        uses[fact.drop_point_id] += 1
    return min(uses, key=lambda drop: (-uses[drop], drop)) if uses else None


def grid_of_drop_point(grids: Mapping[str, int]) -> str | None:
    """The grid a drop point belongs to: the only one it serves, else none."""
    return next(iter(grids)) if len(grids) == 1 else None


def _without(name: str, words: Sequence[str]) -> str:
    for word in words:
        if name.endswith(word) and len(name) > len(word):
            return name[: -len(word)]
    return name


_BUILDING_WORDS = ("号楼", "栋", "幢", "座", "楼", "号")
_ENTRANCE_WORDS = ("单元", "门", "梯")
_LEADING_NOUGHTS = re.compile(r"(?<!\d)0+(?=\d)")
