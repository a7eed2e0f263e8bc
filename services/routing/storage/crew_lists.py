"""Reads what a crew sees of its round: doors in order, bags, windows; names opened for this answer only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from services.routing.domain.handling import is_positive
from services.routing.domain.stop import window_to_tell
from services.routing.storage import households
from services.routing.storage.households import FORGOTTEN, DoorText
from services.routing.storage.rounds import RoundRow
from shared.database.session import Transaction
from shared.security.key_file import ServiceKeys


@dataclass(frozen=True, slots=True)
class ListedBag:
    """A bag as the crew sees it. Units: grams."""

    bag_id: str
    label: str
    grams: int
    crates: int
    cold: bool
    items: Sequence[dict[str, Any]]
    place: str
    outcome: str | None
    reason: str | None
    tap_id: str | None


@dataclass(frozen=True, slots=True)
class ListedStop:
    """A door as the crew sees it."""

    stop_id: str
    order_id: str
    number: str
    position: int
    state: str
    is_cancelled: bool
    community: str
    compound: str
    building: str
    entrance: str | None
    floor: int | None
    has_lift: bool
    is_measured: bool
    is_positive: bool
    room: str
    masked_name: str
    door_note: str
    order_note: str
    planned_at: datetime
    window_from: datetime
    window_to: datetime
    bags: tuple[ListedBag, ...]

    @property
    def is_done(self) -> bool:
        """Whether the crew has nothing left to do here."""
        return self.state in {"closed", "cancelled"} or (self.is_cancelled and self.state == "released")

    @property
    def open_bags(self) -> tuple[ListedBag, ...]:
        """Bags nobody has said anything of yet."""
        return tuple(bag for bag in self.bags if bag.outcome is None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to mind at this door."""
        return tuple(note for note in (self.door_note, self.order_note) if note)


_STOPS = text("""
    SELECT stops.*, buildings.community, buildings.compound, buildings.building, buildings.handling,
           entrances.name AS entrance, estate_entrances.has_lift, entrances.feature_id
    FROM stops
    LEFT JOIN entrances ON entrances.entrance_id = stops.entrance_id
    LEFT JOIN buildings ON buildings.building_id = entrances.building_id
    LEFT JOIN estate_entrances ON estate_entrances.feature_id = entrances.feature_id
    WHERE stops.round_id = :round_id ORDER BY stops.position, stops.stop_id
""")
_BAGS = text("""
    SELECT stops.stop_id, bags.*, round_bags.outcome, round_bags.reason, round_bags.outcome_tap_id
    FROM stops
    CROSS JOIN LATERAL unnest(stops.bag_ids) WITH ORDINALITY AS held (bag_id, place_in_order)
    JOIN bags ON bags.bag_id = held.bag_id
    LEFT JOIN round_bags ON round_bags.round_id = stops.round_id AND round_bags.bag_id = bags.bag_id
    WHERE stops.round_id = :round_id ORDER BY stops.position, held.place_in_order
""")


async def list_stops(tx: Transaction, row: RoundRow, keys: ServiceKeys) -> list[ListedStop]:
    """A round's doors in the order they are visited."""
    stops = await tx.all(_STOPS, {"round_id": row.round_id})
    bags_of: dict[str, list[Row[Any]]] = {}
    for bag in await tx.all(_BAGS, {"round_id": row.round_id}):
        bags_of.setdefault(bag.stop_id, []).append(bag)
    opened = await households.open_keys(tx, keys, {stop.household_id for stop in stops})
    doors = await households.open_doors(tx, opened)
    return [
        _stop_from(
            stop,
            stop.planned_at or row.planned_start,
            doors.get(stop.household_id, FORGOTTEN),
            households.open_note(opened.get(stop.household_id), stop.stop_id, stop.note_sealed),
            bags_of.get(stop.stop_id, []),
        )
        for stop in stops
    ]


def _stop_from(
    row: Row[Any], planned_at: datetime, door: DoorText, order_note: str, bags: Sequence[Row[Any]]
) -> ListedStop:
    told = None if row.told_from is None else (row.told_from, row.told_until)
    window_from, window_to = window_to_tell(planned_at, told)
    return ListedStop(
        stop_id=row.stop_id,
        order_id=row.order_id,
        number=row.number,
        position=row.position or 0,
        state=row.state,
        is_cancelled=row.is_cancelled,
        community=row.community or "",
        compound=row.compound or "",
        building=row.building or "",
        entrance=row.entrance,
        floor=row.floor,
        has_lift=bool(row.has_lift),
        is_measured=row.feature_id is not None,
        is_positive=is_positive(row.handling or ""),
        room=door.room,
        masked_name=door.masked_name,
        door_note=door.crew_note,
        order_note=order_note,
        planned_at=planned_at,
        window_from=window_from,
        window_to=window_to,
        bags=tuple(_bag_from(bag, f"{row.number}/{place}") for place, bag in enumerate(bags, start=1)),
    )


def _bag_from(row: Row[Any], label: str) -> ListedBag:
    return ListedBag(
        bag_id=row.bag_id,
        label=label,
        grams=row.grams,
        crates=row.crates,
        cold=row.cold,
        items=row.items,
        place=row.place,
        outcome=row.outcome,
        reason=row.reason,
        tap_id=row.outcome_tap_id,
    )
