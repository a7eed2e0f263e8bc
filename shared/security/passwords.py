"""Staff passwords: Argon2id verifiers and the few rules that help."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.basics.errors import Refused

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 256

# Source: OWASP ASVS 5.0 11.4.2 and the password storage cheat sheet: 19 MiB, 2 passes, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What an unknown login is checked against, so that it costs the same work as a known one.
_NOBODY: Final = _hasher.hash("nobody has this password")
# Each check takes 19 MiB and a core; more at once would starve the requests of people already in.
_checkers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")

# The most used passwords that pass the length rule, and this product's own words.
_COMMON: Final = frozenset(
    {
        "123456789012",
        "1234567890123",
        "123123123123",
        "111111111111",
        "000000000000",
        "password1234",
        "passwordpassword",
        "qwertyuiop123",
        "qwertyuiop[]",
        "administrator",
        "administrator1",
        "adminadminadmin",
        "letmeinletmein",
        "iloveyou1234",
        "woaini1314520",
        "woaini123456",
        "a12345678901",
        "baimibaimibaimi",
        "hotlinehotline",
        "changemechangeme",
    }
)


def make_verifier(password: str) -> str:
    """Hash a password for storage; about 25 ms and 19 MiB."""
    return _hasher.hash(_plain(password))


def check_new_password(password: str, login: str) -> None:
    """Refuse what an attacker would try first; there are no composition rules.

    Errors: Refused("password_too_short" | "password_too_long" | "password_too_common").
    Source: OWASP ASVS 5.0 6.2.
    """
    plain = _plain(password)
    if len(plain) < MIN_LENGTH:
        raise Refused("password_too_short", min_length=MIN_LENGTH)
    if len(plain) > MAX_LENGTH:
        raise Refused("password_too_long", max_length=MAX_LENGTH)
    folded = plain.casefold()
    if folded in _COMMON or len(set(folded)) < 4 or (len(login) > 3 and login.casefold() in folded):
        raise Refused("password_too_common")


async def is_password(verifier: str | None, password: str) -> bool:
    """Check a password off the event loop; without a verifier the same work is done and the answer is no."""
    running = asyncio.get_running_loop()
    matches = await running.run_in_executor(_checkers, _verify, verifier or _NOBODY, password)
    return matches and verifier is not None


def needs_rehash(verifier: str) -> bool:
    """Whether a verifier was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(verifier)


def _verify(verifier: str, password: str) -> bool:
    try:
        return _hasher.verify(verifier, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> str:
    # The same password typed on two keyboards may arrive composed or not.
    return unicodedata.normalize("NFC", password)[: MAX_LENGTH + 1]
