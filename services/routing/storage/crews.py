"""Reads and writes crews, their admission codes and their sessions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.crew import CODE_LIFE_S, SESSION_LIMIT_S, Crew
from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class CrewLine:
    """A crew with its drop point's names, as the pages show it."""

    crew: Crew
    drop_point: str
    community: str


@dataclass(frozen=True, slots=True)
class CrewSession:
    """A crew that was let in."""

    crew_id: str
    name: str
    community: str
    shift_ends_at: datetime
    has_open_round: bool


# Codes and sessions run by the database server's real clock: a fast street does not shut a crew out.
_ADD_CODE = text("""
    INSERT INTO crew_codes (code_hash, crew_id, shift_ends_at, expires_at)
    VALUES (:code_hash, :crew_id, :shift_ends_at, clock_timestamp() + make_interval(secs => :life_s))
""")
# One statement: of fifty phones that show the same code at once, one finds it unused.
_USE_CODE = text("""
    UPDATE crew_codes SET used_at = clock_timestamp()
    WHERE code_hash = :code_hash AND used_at IS NULL AND expires_at > clock_timestamp()
    RETURNING crew_id, shift_ends_at
""")
_FIND_SESSION_OF_CODE = text("""
    SELECT crew_sessions.crew_id FROM crew_sessions
    JOIN crew_codes ON crew_codes.crew_id = crew_sessions.crew_id
    WHERE crew_sessions.token_hash = :token_hash
      AND crew_codes.code_hash = :code_hash AND crew_codes.expires_at > clock_timestamp()
""")
_ADD_SESSION = text("""
    INSERT INTO crew_sessions (token_hash, crew_id, shift_ends_at, ends_at)
    VALUES (:token_hash, :crew_id, :shift_ends_at, clock_timestamp() + make_interval(secs => :limit_s))
""")
_CLEAR_OLD = (
    text("DELETE FROM crew_codes WHERE expires_at < clock_timestamp() - interval '1 day'"),
    text("DELETE FROM crew_sessions WHERE ends_at < clock_timestamp()"),
)
_FIND_SESSION = text("""
    SELECT crew_sessions.crew_id, crew_sessions.shift_ends_at, crews.name,
           coalesce(drop_points.community, '') AS community,
           EXISTS (SELECT 1 FROM rounds WHERE rounds.crew_id = crew_sessions.crew_id
                   AND rounds.state IN ('released', 'started')) AS has_open_round
    FROM crew_sessions
    JOIN crews ON crews.crew_id = crew_sessions.crew_id AND crews.is_current
    LEFT JOIN drop_points ON drop_points.drop_point_id = crews.drop_point_id
    WHERE crew_sessions.token_hash = :token_hash AND crew_sessions.ends_at > clock_timestamp()
""")


async def replace_crews(tx: Transaction, crews: Sequence[Crew]) -> None:
    """Put another roster in the place of the one in use; crews of old rounds stay, off duty."""
    await tx.execute(update(t.crews).values(is_current=False))
    rows = [
        {name: getattr(crew, name) for name in Crew.__slots__}
        | {"capabilities": list(crew.capabilities), "is_current": True}
        for crew in crews
    ]
    statement = insert(t.crews)
    changed = {name: statement.excluded[name] for name in rows[0] if name != "crew_id"}
    await tx.execute(statement.on_conflict_do_update(index_elements=["crew_id"], set_=changed), rows)


async def crews_at(tx: Transaction, drop_point_id: str) -> list[Crew]:
    """The crews on duty that start at a drop point."""
    rows = await tx.all(
        select(t.crews)
        .where(t.crews.c.drop_point_id == drop_point_id)
        .where(t.crews.c.is_current)
        .order_by(t.crews.c.crew_id)
    )
    return [_crew_from(row) for row in rows]


async def add_absence(tx: Transaction, crew_id: str, day: date) -> None:
    """Note that a crew is away for a day; said twice it is the same."""
    await tx.execute(insert(t.crew_absences).values(crew_id=crew_id, day=day).on_conflict_do_nothing())


async def remove_absence(tx: Transaction, crew_id: str, day: date) -> bool:
    """Note that a crew that was away for a day is back; answers whether it was away."""
    gone = await tx.first(
        delete(t.crew_absences)
        .where(t.crew_absences.c.crew_id == crew_id)
        .where(t.crew_absences.c.day == day)
        .returning(t.crew_absences.c.crew_id)
    )
    return gone is not None


async def absent_on(tx: Transaction, day: date) -> set[str]:
    """The crews that are away on a day."""
    rows = await tx.all(select(t.crew_absences.c.crew_id).where(t.crew_absences.c.day == day))
    return {row.crew_id for row in rows}


async def crews_named(tx: Transaction, crew_ids: Collection[str]) -> dict[str, Crew]:
    """These crews, by id."""
    rows = await tx.all(select(t.crews).where(one_of(t.crews.c.crew_id, crew_ids)))
    return {row.crew_id: _crew_from(row) for row in rows}


async def crew_lines(tx: Transaction) -> list[CrewLine]:
    """All crews on duty with where they start, by community and name."""
    rows = await tx.all(
        select(t.crews, t.drop_points.c.name.label("drop_point"), t.drop_points.c.community)
        .outerjoin(t.drop_points, t.drop_points.c.drop_point_id == t.crews.c.drop_point_id)
        .where(t.crews.c.is_current)
        .order_by(t.drop_points.c.community, t.crews.c.drop_point_id, t.crews.c.crew_id)
    )
    return [CrewLine(_crew_from(row), row.drop_point or "", row.community or "") for row in rows]


async def find_crew_line(tx: Transaction, crew_id: str) -> CrewLine | None:
    """One crew on duty with where it starts."""
    row = await tx.first(
        select(t.crews, t.drop_points.c.name.label("drop_point"), t.drop_points.c.community)
        .outerjoin(t.drop_points, t.drop_points.c.drop_point_id == t.crews.c.drop_point_id)
        .where(t.crews.c.is_current)
        .where(t.crews.c.crew_id == crew_id)
    )
    return None if row is None else CrewLine(_crew_from(row), row.drop_point or "", row.community or "")


async def add_code(tx: Transaction, code_hash: bytes, crew_id: str, shift_ends_at: datetime) -> None:
    """Keep a fresh admission code for two minutes; only its hash is kept."""
    await tx.execute(
        _ADD_CODE,
        {"code_hash": code_hash, "crew_id": crew_id, "shift_ends_at": shift_ends_at, "life_s": CODE_LIFE_S},
    )


async def use_code(tx: Transaction, code_hash: bytes) -> tuple[str, datetime] | None:
    """Use a code up: the crew and its shift's end; None when it is unknown, used or too old."""
    row = await tx.first(_USE_CODE, {"code_hash": code_hash})
    return None if row is None else (row.crew_id, row.shift_ends_at)


async def find_session_of_code(tx: Transaction, code_hash: bytes, token_hash: bytes) -> str | None:
    """The crew whose session this is, as long as the code it began with is younger than two minutes."""
    row = await tx.first(_FIND_SESSION_OF_CODE, {"code_hash": code_hash, "token_hash": token_hash})
    return None if row is None else str(row.crew_id)


async def add_session(tx: Transaction, token_hash: bytes, crew_id: str, shift_ends_at: datetime) -> None:
    """Begin a crew's session; those that ended by themselves are cleared on the way."""
    for statement in _CLEAR_OLD:
        await tx.execute(statement)
    await tx.execute(
        _ADD_SESSION,
        {
            "token_hash": token_hash,
            "crew_id": crew_id,
            "shift_ends_at": shift_ends_at,
            "limit_s": SESSION_LIMIT_S,
        },
    )


async def find_session(tx: Transaction, token_hash: bytes) -> CrewSession | None:
    """Whose session this is, if it is not older than its limit."""
    row = await tx.first(_FIND_SESSION, {"token_hash": token_hash})
    if row is None:
        return None
    return CrewSession(row.crew_id, row.name, row.community, row.shift_ends_at, row.has_open_round)


def _crew_from(row: Row[Any]) -> Crew:
    values = {name: getattr(row, name) for name in Crew.__slots__}
    return Crew(**{**values, "capabilities": tuple(row.capabilities)})
