"""The life of one message: due -> leased -> accepted | rejected | unknown; or superseded, or undeliverable.

Only what a provider has surely not taken may be handed over again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.notify.domain.news import News


class MessageState(StrEnum):
    """Where a message is in its life."""

    DUE = "due"
    LEASED = "leased"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDELIVERABLE = "undeliverable"
    SUPERSEDED = "superseded"


OPEN: Final = frozenset({MessageState.DUE, MessageState.LEASED, MessageState.UNKNOWN})

ALLOWED: Final[Mapping[MessageState, frozenset[MessageState]]] = {
    MessageState.DUE: frozenset({MessageState.LEASED, MessageState.SUPERSEDED}),
    MessageState.LEASED: frozenset(
        {
            MessageState.ACCEPTED,
            MessageState.REJECTED,
            MessageState.UNKNOWN,
            MessageState.DUE,
            MessageState.UNDELIVERABLE,
        }
    ),
    MessageState.UNKNOWN: frozenset(
        {MessageState.ACCEPTED, MessageState.DUE, MessageState.UNKNOWN, MessageState.UNDELIVERABLE}
    ),
    MessageState.ACCEPTED: frozenset(),
    MessageState.REJECTED: frozenset(),
    MessageState.UNDELIVERABLE: frozenset(),
    MessageState.SUPERSEDED: frozenset(),
}


class Capability(StrEnum):
    """What a provider does for a sender who is not sure."""

    DEDUPES = "dedupes"  # the same reference twice is one message
    QUERYABLE = "queryable"  # it says what it has under a reference
    NEITHER = "neither"


class CallEnd(StrEnum):
    """How one call to a provider ended."""

    TAKEN = "taken"
    REFUSED = "refused"  # it will never take this one
    NOT_TAKEN = "not_taken"  # surely not taken, may be tried again
    UNSURE = "unsure"  # no answer, or one that says nothing


class QueryEnd(StrEnum):
    """What a provider says about a reference."""

    HAS_IT = "has_it"
    HAS_NOT = "has_not"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state a message goes to, whether a pause comes first, and the reason if it ends badly."""

    state: MessageState
    pauses: bool = False
    reason: str = ""


NO_PHONE: Final = Verdict(MessageState.UNDELIVERABLE, reason="no_phone")
UNREADABLE: Final = Verdict(MessageState.UNDELIVERABLE, reason="contact_unreadable")

_AFTER_CALL: Final[Mapping[CallEnd, Verdict]] = {
    CallEnd.TAKEN: Verdict(MessageState.ACCEPTED),
    CallEnd.REFUSED: Verdict(MessageState.REJECTED, reason="refused_by_provider"),
    CallEnd.NOT_TAKEN: Verdict(MessageState.DUE, pauses=True),
    CallEnd.UNSURE: Verdict(MessageState.UNKNOWN),
}
_AFTER_QUERY: Final[Mapping[QueryEnd, Verdict]] = {
    QueryEnd.HAS_IT: Verdict(MessageState.ACCEPTED),
    QueryEnd.HAS_NOT: Verdict(MessageState.DUE),
    QueryEnd.NO_ANSWER: Verdict(MessageState.UNKNOWN, pauses=True),
}


def after_call(end: CallEnd) -> Verdict:
    """What a message becomes after a call to the provider."""
    return _AFTER_CALL[end]


def after_query(end: QueryEnd) -> Verdict:
    """What a message of unknown fate becomes after the provider was asked about it."""
    return _AFTER_QUERY[end]


def without_query(capability: Capability) -> Verdict | None:
    """What becomes of an unknown message where asking is of no use; None: ask.

    A provider that dedupes may be told again. One that does neither is told at most once: a resident called
    twice by mistake trusts the third message less, and the desk sees whom to ring (reliability 4.4).
    """
    if capability is Capability.DEDUPES:
        return Verdict(MessageState.DUE)
    if capability is Capability.NEITHER:
        return Verdict(MessageState.UNDELIVERABLE, reason="provider_unsure")
    return None


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """A message came to its end; others want to know."""

    message_id: str
    household_id: str
    order_id: str
    news: News
    state: MessageState
    reason: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one lease of a message, or of one question about it; the fence says which."""

    message_id: str
    fence: int
    calls: int
    verdict: Verdict
    provider_id: str = ""
