"""A second look at every walked round, from routing's tables alone: its load, whom it met, when it ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from deploy.rehearsal.auditor.evidence import BagRow, CrewRow, Evidence, RoundRow, StopRow

# A round that was taken apart before its release carried nothing.
_NEVER_WALKED = frozenset({"dropped", "planned"})
# Planned times are whole seconds; a shift ends at a whole minute.
_ROUNDING = timedelta(seconds=1)


def plan_violations(evidence: Evidence, zone: ZoneInfo) -> list[str]:
    """Every rule a walked round broke: load, drop point, shift, overlap, infection order, one active round."""
    crews = {crew.crew_id: crew for crew in evidence.crews}
    bags = {bag.bag_id: bag for bag in evidence.bags}
    stops: dict[str, list[StopRow]] = defaultdict(list)
    for stop in evidence.stops:
        if stop.round_id is not None:
            stops[stop.round_id].append(stop)
    walked = [each for each in evidence.rounds if each.state not in _NEVER_WALKED]
    found = []
    for each in walked:
        crew = crews.get(each.crew_id)
        if crew is None:
            found.append(f"round {each.round_id}: no crew {each.crew_id}")
            continue
        found += _overloaded(each, crew, bags)
        if not each.is_late:
            found += _outside_shift(each, crew, zone)
        found += _from_elsewhere(each, crew, stops[each.round_id])
    found += _longer_than_shift([each for each in walked if each.is_late], crews)
    return found + _crossed(walked, stops) + _twice_on_the_way(evidence.stops)


def _overloaded(each: RoundRow, crew: CrewRow, bags: Mapping[str, BagRow]) -> list[str]:
    load = [bags[bag_id] for bag_id in each.bag_ids if bag_id in bags]
    grams, crates = sum(bag.grams for bag in load), sum(bag.crates for bag in load)
    found = []
    if grams > crew.cap_g:
        found.append(f"round {each.round_id}: {grams} g of {crew.cap_g} g")
    if crates > crew.cap_crates:
        found.append(f"round {each.round_id}: {crates} crates of {crew.cap_crates}")
    return found


def _outside_shift(each: RoundRow, crew: CrewRow, zone: ZoneInfo) -> list[str]:
    begins = datetime.combine(each.wave_date, crew.shift_start, zone)
    ends = datetime.combine(each.wave_date, crew.shift_end, zone)
    if each.planned_start < begins - _ROUNDING or each.planned_end > ends + _ROUNDING:
        return [f"round {each.round_id}: outside the shift of crew {crew.crew_id}"]
    return []


def _longer_than_shift(late: Sequence[RoundRow], crews: Mapping[str, CrewRow]) -> list[str]:
    """A wave made late starts late; what a crew walks in it must still fit into the length of its shift."""
    days: dict[tuple[str, str], list[RoundRow]] = defaultdict(list)
    for each in late:
        days[each.wave_id, each.crew_id].append(each)
    found = []
    for (_, crew_id), rounds in days.items():
        if crew_id not in crews:
            continue
        start, end = crews[crew_id].shift_start, crews[crew_id].shift_end
        length = timedelta(hours=end.hour - start.hour, minutes=end.minute - start.minute) % timedelta(days=1)
        walked = max(each.planned_end for each in rounds) - min(each.planned_start for each in rounds)
        if walked > length + _ROUNDING:
            found.append(f"crew {crew_id}: {walked} in a shift of {length}")
    return found


def _from_elsewhere(each: RoundRow, crew: CrewRow, stops: Iterable[StopRow]) -> list[str]:
    found = (
        [] if crew.drop_point_id == each.drop_point_id else [f"round {each.round_id}: crew of another drop point"]
    )
    return found + [
        f"round {each.round_id}: the goods of stop {stop.stop_id} lie elsewhere"
        for stop in stops
        if stop.drop_point_id is not None and stop.drop_point_id != each.drop_point_id
    ]


def _crossed(walked: Sequence[RoundRow], stops: Mapping[str, Sequence[StopRow]]) -> list[str]:
    """Rounds of one crew on one date that overlap, or enter a clean building after a positive one."""
    days: dict[tuple[str, object], list[RoundRow]] = defaultdict(list)
    for each in walked:
        days[each.crew_id, each.wave_date].append(each)
    found = []
    for rounds in days.values():
        last_end: datetime | None = None
        met_positive = False
        for each in sorted(rounds, key=lambda row: row.planned_start):
            if last_end is not None and each.planned_start < last_end - _ROUNDING:
                found.append(f"round {each.round_id}: begins before the crew is back")
            last_end = each.planned_end
            for stop in sorted(stops[each.round_id], key=lambda row: row.position):
                if met_positive and not stop.is_positive:
                    found.append(f"round {each.round_id}: clean stop {stop.stop_id} after a positive one")
                met_positive = met_positive or stop.is_positive
    return found


def _twice_on_the_way(stops: Iterable[StopRow]) -> list[str]:
    active: dict[str, int] = defaultdict(int)
    for stop in stops:
        if stop.state in {"planned", "released", "out"}:
            active[stop.order_id] += 1
    return [f"order {order_id}: on {count} rounds at once" for order_id, count in active.items() if count > 1]
