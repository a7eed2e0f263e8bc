"""What the provider took: duplicates, disorder and gaps, judged by its log and not by what notify believes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploy.rehearsal.auditor.evidence import MessageRow, ProviderLine
from deploy.rehearsal.auditor.expected import RANK, Telling

NOBODY_TO_TELL = "no_phone"


@dataclass(frozen=True, slots=True)
class MessageFindings:
    """What is wrong with the messages, each with the references or states concerned.

    `unreachable` are states of households that gave no phone: nobody can be told, the desk sees them.
    """

    sent: int
    duplicates: tuple[str, ...]
    out_of_order: tuple[str, ...]
    missing: tuple[Telling, ...]
    strangers: tuple[str, ...]
    superseded: int
    unreachable: int


def judge_messages(
    expected: Iterable[Telling],
    messages: Sequence[MessageRow],
    lines: Sequence[ProviderLine],
    begun: Mapping[str, int],
) -> MessageFindings:
    """Hold the provider's log against what should have been told.

    `begun` says how often each order's story was begun anew: so often may a state of it be told once more.
    """
    by_id = {message.message_id: message for message in messages}
    taken = {line.reference for line in lines}
    # Where a state was told anew, the last telling is the one that counts.
    by_telling = {
        Telling(m.order_id, m.attempt, m.news): m for m in sorted(messages, key=lambda message: message.telling)
    }
    missing, superseded, unreachable = [], 0, 0
    for telling in sorted(expected):
        message = by_telling.get(telling)
        if message is None:
            missing.append(telling)
        elif message.message_id in taken:
            continue
        elif _was_overtaken(message, by_id, taken):
            superseded += 1
        elif message.reason == NOBODY_TO_TELL:
            unreachable += 1
        else:
            missing.append(telling)
    return MessageFindings(
        sent=len(lines),
        duplicates=tuple(_duplicates(lines, by_id, begun)),
        out_of_order=tuple(_out_of_order(lines, by_id)),
        missing=tuple(missing),
        strangers=tuple(sorted(taken - by_id.keys())),
        superseded=superseded,
        unreachable=unreachable,
    )


def _was_overtaken(message: MessageRow, by_id: Mapping[str, MessageRow], taken: set[str]) -> bool:
    """Whether a newer message about the same order, named as its successor, was taken instead."""
    here, hops = message, 0
    while here.superseded_by is not None and hops < len(RANK):
        newer = by_id.get(here.superseded_by)
        if newer is None or newer.order_id != message.order_id or not _is_newer(newer, here):
            return False
        if newer.message_id in taken:
            return True
        here, hops = newer, hops + 1
    return False


def _is_newer(newer: MessageRow, older: MessageRow) -> bool:
    return (newer.attempt, RANK[newer.news]) >= (older.attempt, RANK[older.news])


def _duplicates(
    lines: Sequence[ProviderLine], by_id: Mapping[str, MessageRow], begun: Mapping[str, int]
) -> list[str]:
    """References told more than once: as themselves, as the same state of a telling, or as the same words in it.

    A telling that no event began is no telling of its own, whatever notify says.
    """
    seen: set[object] = set()
    found = []
    for line in lines:
        message = by_id.get(line.reference)
        telling = 1 if message is None else min(message.telling, 1 + begun.get(message.order_id, 0))
        marks: list[object] = [("reference", line.reference), ("words", line.to, line.text, telling)]
        if message is not None:
            marks.append(("state", message.order_id, message.attempt, telling, message.news, line.to))
        if any(mark in seen for mark in marks):
            found.append(line.reference)
        seen.update(marks)
    return found


def _out_of_order(lines: Sequence[ProviderLine], by_id: Mapping[str, MessageRow]) -> list[str]:
    """References taken after the provider had already taken later news of the same order."""
    furthest: dict[str, tuple[int, int]] = {}
    found = []
    for line in lines:
        message = by_id.get(line.reference)
        if message is None:
            continue
        # A correction is the one step back a resident ever sees; what follows it counts from there.
        step = (message.attempt, RANK[message.news])
        if step < furthest.get(message.order_id, (0, 0)) and message.news != "corrected":
            found.append(line.reference)
        furthest[message.order_id] = (
            step if message.news == "corrected" else max(step, furthest.get(message.order_id, (0, 0)))
        )
    return found
