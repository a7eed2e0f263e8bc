"""Lets a crew in: a supervisor shows a code that works once, the crew's phone shows it back."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.routing.domain.crew import Crew, may_still_report, shift_on
from services.routing.storage import crews, rounds
from services.routing.storage.crews import CrewSession
from shared.basics.errors import NotAllowed
from shared.basics.randomness import Randomness
from shared.database.session import Transaction
from shared.security.blind_index import link_hash
from shared.security.key_file import ServiceKeys

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: keyed by hand with gloves on. 8 signs of 24 are 36 bits, for two minutes.
CODE_SIGNS = "ACDEFGHJKMNPQRTUVWXY3479"
CODE_LENGTH = 8
# A shift that is over still lets its crew finish what it was given.
OVERTIME = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A crew that was let in, and the token its phone keeps."""

    crew_id: str
    token: str


async def offer_admission(
    tx: Transaction, crew: Crew, keys: ServiceKeys, randomness: Randomness, shift_ends_at: datetime
) -> str:
    """Make a code that lets one phone of this crew in once, for two minutes. Each call makes another."""
    code = "".join(CODE_SIGNS[randomness.randint(0, len(CODE_SIGNS) - 1)] for _ in range(CODE_LENGTH))
    await crews.add_code(tx, _code_hash(keys, code), crew.crew_id, shift_ends_at)
    return code


async def shift_end_for(tx: Transaction, crew: Crew, now: datetime, zone: ZoneInfo) -> datetime:
    """Until when an admission made now holds: the shift's end, or two hours more than the rounds still to do."""
    _, shift_ends_at = shift_on(crew, now.astimezone(zone).date(), zone)
    ends_at = (await rounds.unfinished_of_crews(tx, [crew.crew_id])).get(crew.crew_id)
    return max(shift_ends_at, max(now, ends_at) + OVERTIME) if ends_at is not None else shift_ends_at


async def admit_crew(tx: Transaction, code: str, form_key: str, keys: ServiceKeys) -> Admitted:
    """Use a code up and begin the crew's session. Of many phones with the same code one is let in.

    `form_key` is the form's own key: the phone whose answer was lost sends the same form again within the two
    minutes and is given the same token, because token and session follow from code and key.

    Errors: NotAllowed("admission_code_invalid") for a code that is unknown, used by another form or older than two
    minutes.
    """
    plain = code.strip().upper().replace("-", "")
    code_hash = _code_hash(keys, plain)
    token = _token(keys, plain, form_key)
    used = await crews.use_code(tx, code_hash)
    if used is not None:
        crew_id, shift_ends_at = used
        await crews.add_session(tx, _token_hash(token), crew_id, shift_ends_at)
        return Admitted(crew_id, token)
    let_in_before = await crews.find_session_of_code(tx, code_hash, _token_hash(token))
    if let_in_before is None:
        raise NotAllowed("admission_code_invalid")
    return Admitted(let_in_before, token)


async def find_admitted(tx: Transaction, token: str, now: datetime) -> CrewSession | None:
    """The crew whose session this is, if it still holds."""
    session = await crews.find_session(tx, _token_hash(token))
    if session is None:
        return None
    holds = may_still_report(now, session.shift_ends_at, has_open_round=session.has_open_round)
    return session if holds else None


def _code_hash(keys: ServiceKeys, code: str) -> bytes:
    return link_hash(keys.link_key, f"crew|{code}")


def _token(keys: ServiceKeys, code: str, form_key: str) -> str:
    """256 bits that only who holds the service's key can make; the database holds neither code nor form key."""
    return urlsafe_b64encode(link_hash(keys.link_key, f"crew session|{code}|{form_key}")).decode().rstrip("=")


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
