"""A record whose envelope could be read: what the inbox gates, keeps waiting, parks and replays."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.envelope import Envelope, Unreadable, read_headers
from shared.messaging.broker import IncomingRecord

_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came; its body has not been read yet."""

    topic: str
    key: str
    envelope: Envelope
    headers: Sequence[tuple[str, bytes]]
    body: bytes

    @property
    def stream(self) -> tuple[str, str]:
        """Topic and key."""
        return (self.topic, self.key)


def read_arrival(record: IncomingRecord) -> Arrival:
    """Read what stands around an event.

    Errors: Unreadable saying what is wrong; nothing of the record is trusted before this.
    """
    if record.body is None or record.key is None:
        raise Unreadable("record without key or body")
    try:
        key = record.key.decode()
    except UnicodeDecodeError:
        raise Unreadable("key is not UTF-8") from None
    if "\x00" in key or not 0 < len(key) <= _LONGEST_KEY:
        raise Unreadable("key is no key of ours")
    envelope = read_headers(record.headers)
    try:
        uuid.UUID(envelope.event_id)
    except ValueError:
        raise Unreadable("header ce_id is no UUID") from None
    return Arrival(record.place.topic, key, envelope, record.headers, record.body)


def headers_to_json(headers: Sequence[tuple[str, bytes]]) -> str:
    """Write headers so that a table can keep them: bytes as Latin-1, and no NUL, which PostgreSQL refuses."""
    return json.dumps(
        [[name.replace("\x00", "�"), value.decode("latin-1").replace("\x00", "�")] for name, value in headers]
    )


def arrival_from_row(row: Any) -> Arrival:
    """Read an event back from a row of `waiting` or `parked`."""
    headers = [(name, value.encode("latin-1")) for name, value in row.headers]
    return Arrival(row.topic, row.key, read_headers(headers), headers, bytes(row.body))
