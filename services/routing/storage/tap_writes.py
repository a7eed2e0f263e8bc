"""Writes what one tap at a door did, in one statement: the tap, the stop, its bags, their ledger.

Thousands of taps come within an hour, each in a transaction of its own: three statements fewer save a third of it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from services.routing.domain.bag import Bag, BagMove, BagPlace
from services.routing.domain.stop import Stop
from services.routing.domain.tap import Tap, TapOutcome
from shared.database.session import Transaction

_WRITE = text("""
    WITH said AS (
        INSERT INTO taps (tap_id, round_id, stop_id, crew_id, device_id, seq, type, body_hash, verdict, code,
                          said_at, taken_at)
        VALUES (:tap_id, :round_id, :stop_id, :crew_id, :device_id, :seq, :type, :body_hash, :verdict, :code,
                :said_at, :taken_at)
    ), stood AS (
        UPDATE stops SET state = :state WHERE stop_id = :stop_id
    ), held AS (
        UPDATE round_bags SET outcome = given.outcome, reason = given.reason, outcome_tap_id = given.tap_id,
                              is_told = given.is_told, is_active = given.is_active
        FROM unnest(CAST(:bag_ids AS text[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]),
                    CAST(:tap_ids AS text[]), CAST(:tolds AS boolean[]), CAST(:actives AS boolean[]))
            AS given (bag_id, outcome, reason, tap_id, is_told, is_active)
        WHERE round_bags.round_id = :round_id AND round_bags.bag_id = given.bag_id
    ), stepped AS (
        SELECT * FROM unnest(CAST(:moved_ids AS text[]), CAST(:heres AS text[]), CAST(:theres AS text[]))
            WITH ORDINALITY AS step (bag_id, here, there, place_in_order)
    ), placed AS (
        UPDATE bags SET place = last.there
        FROM (SELECT DISTINCT ON (bag_id) bag_id, there FROM stepped ORDER BY bag_id, place_in_order DESC) AS last
        WHERE bags.bag_id = last.bag_id
    )
    INSERT INTO bag_moves (bag_id, here, there, round_id, tap_id, moved_at)
    SELECT bag_id, here, there, :round_id, :tap_id, :taken_at FROM stepped ORDER BY place_in_order
""")


@dataclass(frozen=True, slots=True)
class TakenTap:
    """A tap at one door, who said it, when we took it, and what came of it."""

    tap: Tap
    crew_id: str
    outcome: TapOutcome
    taken_at: datetime
    stop: Stop
    moves: tuple[BagMove, ...]


async def write_door_tap(tx: Transaction, taken: TakenTap) -> None:
    """Write a tap at a door and all it changed; the round's row must be locked."""
    tap, bags, moves = taken.tap, taken.stop.bags, taken.moves
    await tx.execute(
        _WRITE,
        {
            "tap_id": tap.tap_id,
            "round_id": tap.round_id,
            "stop_id": taken.stop.stop_id,
            "crew_id": taken.crew_id,
            "device_id": tap.device_id,
            "seq": tap.seq,
            "type": tap.type.value,
            "body_hash": tap.body_hash,
            "verdict": taken.outcome.verdict.value,
            "code": taken.outcome.code,
            "said_at": tap.at,
            "taken_at": taken.taken_at,
            "state": taken.stop.state.value,
            "bag_ids": [bag.bag_id for bag in bags],
            "outcomes": [bag.outcome for bag in bags],
            "reasons": [bag.reason for bag in bags],
            "tap_ids": [bag.outcome_tap_id for bag in bags],
            "tolds": [bag.is_told for bag in bags],
            "actives": [is_active(bag) for bag in bags],
            "moved_ids": [move.bag_id for move in moves],
            "heres": [move.here.value for move in moves],
            "theres": [move.there.value for move in moves],
        },
    )


def is_active(bag: Bag) -> bool:
    """Whether no other round may have the bag. One at a door may still be taken back till its round is closed."""
    return not bag.is_settled or bag.place is BagPlace.DOOR
