"""Turns names and facts into entrances a plan can use; what nobody measured gets the visible defaults."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.routing.domain.estate import (
    DEFAULT_FLOORS,
    DEFAULT_GATE_S,
    DEFAULT_HAS_LIFT,
    DropPoint,
    EntranceFacts,
    PlannedEntrance,
    fold_name,
    most_used_drop_point,
    nearest_known,
)
from services.routing.domain.handling import is_positive


@dataclass(frozen=True, slots=True)
class NamedEntrance:
    """An entrance as orders calls it, where it belongs, and the feature that describes it, if any does."""

    entrance_id: str
    name: str | None
    building_id: str
    building_key: str
    building: str
    compound: str
    community: str
    grid: str
    zone_id: str
    handling: str
    feature_id: str | None
    lift_is_out: bool = False


@dataclass(frozen=True, slots=True)
class KnownEstate:
    """The estate file's facts, arranged for looking up what lies near."""

    by_feature: Mapping[str, EntranceFacts]
    by_building: Mapping[str, Sequence[EntranceFacts]]
    by_compound: Mapping[tuple[str, str], Sequence[EntranceFacts]]
    by_community: Mapping[str, Sequence[EntranceFacts]]
    drop_points: Mapping[str, DropPoint] = field(default_factory=dict)


def arrange(facts: Iterable[EntranceFacts], drop_points: Iterable[DropPoint]) -> KnownEstate:
    """Arranges an estate's facts by feature, building, compound and community."""
    by_building: dict[str, list[EntranceFacts]] = defaultdict(list)
    by_compound: dict[tuple[str, str], list[EntranceFacts]] = defaultdict(list)
    by_community: dict[str, list[EntranceFacts]] = defaultdict(list)
    by_feature = {}
    for fact in facts:
        by_feature[fact.feature_id] = fact
        by_building[fact.building_key].append(fact)
        by_compound[fold_name(fact.community), fold_name(fact.compound)].append(fact)
        by_community[fold_name(fact.community)].append(fact)
    return KnownEstate(
        by_feature, by_building, by_compound, by_community, {drop.drop_point_id: drop for drop in drop_points}
    )


def plan_entrance(named: NamedEntrance, estate: KnownEstate) -> PlannedEntrance | None:
    """An entrance as a plan takes it; None when no drop point is near enough to serve it.

    What nobody measured stands in the middle of its building, compound or community, is served from the drop
    point most used there, and has the default floors, gate and no lift.
    """
    fact = estate.by_feature.get(named.feature_id or "")
    if fact is not None and fact.drop_point_id in estate.drop_points:
        return _measured(named, fact)
    community = fold_name(named.community)
    for nearby in (
        estate.by_building.get(named.building_key, ()),
        estate.by_compound.get((community, fold_name(named.compound)), ()),
        estate.by_community.get(community, ()),
    ):
        drop_point_id = most_used_drop_point(fact for fact in nearby if fact.drop_point_id in estate.drop_points)
        middle = nearest_known(nearby)
        if drop_point_id is not None and middle is not None:
            return _assumed(named, drop_point_id, middle)
    return None


def _measured(named: NamedEntrance, fact: EntranceFacts) -> PlannedEntrance:
    return PlannedEntrance(
        entrance_id=named.entrance_id,
        building_id=named.building_id,
        zone_id=named.zone_id,
        drop_point_id=fact.drop_point_id,
        x_m=fact.x_m,
        y_m=fact.y_m,
        floors=fact.floors,
        has_lift=fact.has_lift and not named.lift_is_out,
        gate_s=fact.gate_s,
        is_positive=is_positive(named.handling),
        is_measured=True,
        hand_over_s=fact.hand_over_s,
    )


def _assumed(named: NamedEntrance, drop_point_id: str, middle: tuple[float, float]) -> PlannedEntrance:
    return PlannedEntrance(
        entrance_id=named.entrance_id,
        building_id=named.building_id,
        zone_id=named.zone_id,
        drop_point_id=drop_point_id,
        x_m=middle[0],
        y_m=middle[1],
        floors=DEFAULT_FLOORS,
        has_lift=DEFAULT_HAS_LIFT,
        gate_s=DEFAULT_GATE_S,
        is_positive=is_positive(named.handling),
        is_measured=False,
    )
