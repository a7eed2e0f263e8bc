"""One data key for each subject (a household): made, wrapped, copied to readers, destroyed.

Destroying it is the removal: whatever was sealed under it, in tables, topics or backups, opens no more.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from shared.basics.errors import NotFound
from shared.database.session import Transaction
from shared.security.key_file import KEY_BYTES, ServiceKeys
from shared.security.sealing import SealBroken, open_bytes, seal_bytes
from shared.security.tables import data_keys

_PUBLIC_BYTES = 32


@dataclass(frozen=True, slots=True)
class DataKey:
    """A subject's key in the clear, and the same key wrapped for each of its readers."""

    subject: str
    key: bytes = field(repr=False)
    wrapped_for: dict[str, str] = field(repr=False)


def new_data_key(keys: ServiceKeys, subject: str, readers: Sequence[str]) -> DataKey:
    """Draw a key and wrap it for its readers, without storing it.

    Errors: KeyError for a reader whose public key this service does not know.
    """
    key = secrets.token_bytes(KEY_BYTES)
    return DataKey(subject, key, {r: wrap_for_reader(keys, key, r, subject) for r in readers})


async def make_data_key(tx: Transaction, keys: ServiceKeys, subject: str, readers: Sequence[str]) -> DataKey:
    """Draw a subject's key, wrap it for its readers once and for all, and store it.

    A subject that has a key already keeps it.

    Errors: NotFound("data_key_destroyed") when the subject was removed: it never gets another.
    """
    made = new_data_key(keys, subject, readers)
    await store_data_keys(tx, keys, [made])
    return await load_data_key(tx, keys, subject)


async def store_data_keys(tx: Transaction, keys: ServiceKeys, made: Sequence[DataKey]) -> None:
    """Store many keys at once (a register's import); subjects that have one already keep theirs."""
    rows = [
        {
            "subject": one.subject,
            "wrapped": seal_bytes(keys.column_key, one.key, _own_place(one.subject)),
            "wrapped_for": one.wrapped_for,
            "destroyed": False,
        }
        for one in made
    ]
    if rows:
        await tx.execute(insert(data_keys).on_conflict_do_nothing(), rows)


async def load_data_key(tx: Transaction, keys: ServiceKeys, subject: str) -> DataKey:
    """The stored key of a subject.

    Errors: NotFound("data_key_missing") or NotFound("data_key_destroyed").
    """
    return (await load_data_keys(tx, keys, [subject]))[subject]


async def load_data_keys(tx: Transaction, keys: ServiceKeys, subjects: Sequence[str]) -> dict[str, DataKey]:
    """The stored keys of many subjects, by subject.

    Errors: NotFound for the first that is missing or destroyed.
    """
    rows = await tx.all(select(data_keys).where(data_keys.c.subject.in_(subjects)))
    found = {row.subject: row for row in rows}
    for subject in subjects:
        if subject not in found:
            raise NotFound("data_key_missing", subject=subject)
        if found[subject].destroyed:
            raise NotFound("data_key_destroyed", subject=subject)
    return {
        subject: DataKey(
            subject,
            open_bytes(keys.column_key, row.wrapped, _own_place(subject)),
            dict(row.wrapped_for),
        )
        for subject, row in found.items()
    }


async def take_data_key(tx: Transaction, keys: ServiceKeys, subject: str, wrapped: str, reader: str) -> DataKey:
    """Unwrap a key that came with an event, and keep a copy wrapped by this service's own column key.

    Taking it again is harmless.

    Errors: SealBroken when it was not wrapped for this reader and subject;
            NotFound("data_key_destroyed") after the subject's removal.
    """
    key = unwrap_as_reader(keys, reader, subject, wrapped)
    await store_data_keys(tx, keys, [DataKey(subject, key, {})])
    return await load_data_key(tx, keys, subject)


async def destroy_data_key(tx: Transaction, subject: str) -> None:
    """Forget a subject's key for good; a later make or take is refused. Twice is harmless."""
    gone: dict[str, object] = {"wrapped": None, "wrapped_for": {}, "destroyed": True}
    done = await tx.execute(update(data_keys).where(data_keys.c.subject == subject).values(gone))
    if done.rowcount == 0:
        await tx.execute(insert(data_keys).values(subject=subject, **gone).on_conflict_do_nothing())


def wrap_for_reader(keys: ServiceKeys, key: bytes, reader: str, subject: str) -> str:
    """Wrap a data key so that only `reader` can unwrap it, and only for this subject.

    Source: RFC 9180's DHKEM idea with X25519 and HKDF-SHA-256, then AES-256-GCM.
    """
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    reader_public = keys.sealing_public[reader]
    wrapping_key = _agree(ephemeral, reader_public, public + reader_public.public_bytes_raw())
    sealed = seal_bytes(wrapping_key, key, _reader_place(reader, subject))
    return base64.urlsafe_b64encode(public + sealed).decode()


def unwrap_as_reader(keys: ServiceKeys, reader: str, subject: str, wrapped: str) -> bytes:
    """Unwrap a data key that was wrapped for this service.

    Errors: SealBroken.
    """
    try:
        raw = base64.urlsafe_b64decode(wrapped)
        public = X25519PublicKey.from_public_bytes(raw[:_PUBLIC_BYTES])
    except ValueError:
        message = "the wrapped key is no wrapped key"
        raise SealBroken(message) from None
    own_public = keys.sealing_private.public_key().public_bytes_raw()
    wrapping_key = _agree(keys.sealing_private, public, raw[:_PUBLIC_BYTES] + own_public)
    return open_bytes(wrapping_key, raw[_PUBLIC_BYTES:], _reader_place(reader, subject))


def _agree(private: X25519PrivateKey, public: X25519PublicKey, both_publics: bytes) -> bytes:
    try:
        shared = private.exchange(public)
    except ValueError:
        # A public point of small order: made on purpose, never by us.
        message = "the wrapped key's public point is unusable"
        raise SealBroken(message) from None
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"baimi data key|1|" + both_publics).derive(shared)


def _own_place(subject: str) -> str:
    return f"data_keys|wrapped|{subject}"


def _reader_place(reader: str, subject: str) -> str:
    return f"data key for {reader}|{subject}"
