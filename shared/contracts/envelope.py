"""What travels around every event: CloudEvents attributes as headers, sequence, and what the writer had seen.

Source: CloudEvents 1.0 and its Kafka protocol binding, binary content mode.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

CONTENT_TYPE = "application/json"


class Contract(BaseModel):
    """An event as it stands on the wire; readers ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    EVENT_TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    TOPIC: ClassVar[str]
    KEY_FIELD: ClassVar[str]

    @property
    def stream_key(self) -> str:
        """What its topic is keyed by: events of one key stay in order."""
        return str(getattr(self, self.KEY_FIELD))


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes beside an event's body."""

    event_id: str
    source: str
    event_type: str
    version: int
    sequence: int
    occurred_at: datetime
    saw: Mapping[str, int] = field(default_factory=dict)
    correlation_id: str = ""
    traceparent: str = ""

    def to_headers(self) -> list[tuple[str, bytes]]:
        """Write the attributes as Kafka headers."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": self.event_id,
            "ce_source": f"/baimi/{self.source}",
            "ce_type": self.event_type,
            "ce_time": self.occurred_at.isoformat(),
            "ce_dataversion": str(self.version),
            "ce_sequence": str(self.sequence),
            "ce_saw": json.dumps(dict(self.saw), sort_keys=True, separators=(",", ":")),
            "ce_correlationid": self.correlation_id,
            "traceparent": self.traceparent,
            "content-type": CONTENT_TYPE,
        }
        return [(name, value.encode()) for name, value in attributes.items() if value]


class Unreadable(ValueError):
    """A record that is no event of ours: the message says what is wrong with it."""


def read_headers(headers: Sequence[tuple[str, bytes]]) -> Envelope:
    """Read the attributes back.

    Errors: Unreadable naming the header that is missing or malformed.
    """
    texts: dict[str, str] = {}
    for name, value in headers:
        try:
            texts[name] = value.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"header {name} is not UTF-8") from error
    missing = [
        name
        for name in ("ce_id", "ce_source", "ce_type", "ce_time", "ce_dataversion", "ce_sequence")
        if name not in texts
    ]
    if missing:
        raise Unreadable(f"headers missing: {', '.join(missing)}")
    return Envelope(
        event_id=texts["ce_id"],
        source=texts["ce_source"].rpartition("/")[2],
        event_type=texts["ce_type"],
        version=_whole(texts, "ce_dataversion"),
        sequence=_whole(texts, "ce_sequence"),
        occurred_at=_instant(texts["ce_time"]),
        saw=_saw(texts.get("ce_saw", "{}")),
        correlation_id=texts.get("ce_correlationid", ""),
        traceparent=texts.get("traceparent", ""),
    )


def _whole(texts: Mapping[str, str], name: str) -> int:
    if not texts[name].isascii() or not texts[name].isdigit() or len(texts[name]) > 18:
        raise Unreadable(f"header {name} is no whole number")
    return int(texts[name])


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("header ce_time is no time") from error
    if instant.tzinfo is None:
        raise Unreadable("header ce_time has no zone")
    return instant


def _saw(text: str) -> dict[str, int]:
    try:
        saw = json.loads(text)
    except ValueError as error:
        raise Unreadable("header ce_saw is no JSON") from error
    if not isinstance(saw, dict) or not all(type(n) is int and n >= 0 for n in saw.values()):
        raise Unreadable("header ce_saw is no map of topic to sequence")
    return saw
