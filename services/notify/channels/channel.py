"""What every way to a resident offers, and what its provider can do for a sender who is not sure."""

from dataclasses import dataclass, field
from typing import Protocol

from services.notify.domain.message import CallEnd, Capability, QueryEnd


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as a provider gets it. The reference is ours, and the same at every try."""

    reference: str
    to: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """How a call ended, and the provider's own name for the message if it gave one."""

    end: CallEnd
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """What the provider says about a reference."""

    end: QueryEnd
    provider_id: str = ""


class Channel(Protocol):
    """Hands messages to one provider. No call takes longer than its limit, whatever the provider does."""

    name: str
    capability: Capability
    call_limit_s: float

    async def send(self, parcel: Parcel) -> CallAnswer:
        """Hand one message over. Every way a call can end is an answer; nothing is raised."""

    async def find(self, reference: str) -> QueryAnswer:
        """Ask what the provider has under a reference of ours."""

    async def close(self) -> None:
        """Let go of connections."""
