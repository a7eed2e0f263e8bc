"""What sending needs: the channel, the clock, the words, and how much at once."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from services.notify.channels.channel import Channel
from services.notify.storage.contacts import OpenedKeys
from shared.basics.clock import Clock


@dataclass(frozen=True, slots=True)
class SendingRules:
    """How many messages a turn, how many calls at once, how long a lease holds in real seconds."""

    batch: int = 96
    at_once: int = 16
    lease_s: float = 12.0


@dataclass(frozen=True, slots=True)
class SendingDesk:
    """Everything around a message that is sent."""

    channel: Channel
    clock: Clock
    zone: ZoneInfo
    hotline: str
    link_base: str
    link_key: bytes = field(repr=False)
    opened_keys: OpenedKeys = field(repr=False)
    rules: SendingRules = SendingRules()
