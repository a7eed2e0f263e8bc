"""What clients asked and what they were told: JSON lines on disk, the question before it is put, the answer before
anybody acts on it. The auditor holds the services to this."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.basics.clock import Clock


class Kind(StrEnum):
    """What a line tells of one request: put, done, refused, or nobody knows yet and it is asked again."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing somebody wants done: `act` names it, `key` is its idempotency key, `what` what it is about."""

    act: str
    key: str
    who: str
    service: str
    what: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history.

    Units: `at_s` real seconds on this machine's monotonic clock; `answer` is what the actor needs of the reply.
    """

    at_s: float
    kind: Kind
    deed: Deed
    status: int = 0
    answer: Mapping[str, Any] = field(default_factory=dict)


class History:
    """Appends lines; many writers share one fsync."""

    def __init__(self, path: Path, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._clock = clock
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lines: list[bytes] = []
        self._written: asyncio.Future[None] | None = None

    async def write(
        self, kind: Kind, deed: Deed, status: int = 0, answer: Mapping[str, Any] | None = None
    ) -> None:
        """Append one line and return once it is on disk."""
        line = asdict(Line(round(self._clock.monotonic(), 6), kind, deed, status, answer or {}))
        self._lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            # At the end of this turn of the loop: whatever others append meanwhile rides along.
            loop.call_soon(self._flush)
        await asyncio.shield(self._written)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _flush(self) -> None:
        written, self._written = self._written, None
        view = memoryview(b"".join(self._lines))
        self._lines.clear()
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)
        if written is not None and not written.done():
            written.set_result(None)


def read_history(path: Path) -> list[Line]:
    """Every line, oldest first; half a last line, left by a kill, is passed over."""
    if not path.exists():
        return []
    whole = path.read_bytes().split(b"\n")[:-1]
    return [_read_line(json.loads(line)) for line in whole if line]


def placed_order(line: Line) -> str:
    """The order's id in the answer to an order that was taken."""
    return parse_qs(urlsplit(str(line.answer["location"])).query)["placed"][0]


# These are done anew each time; everything else is done once in a street's life.
_EVERY_TIME = frozenset({"admission", "enter", "taps"})


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier start did: what was answered is not done again, what was not is asked under its old key."""

    keys: Mapping[str, str]
    answers: Mapping[str, Line]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Remembered":
        """What these lines tell."""
        once = [line for line in lines if line.deed.act not in _EVERY_TIME]
        asked = {_name(line.deed.act, line.deed.what): line.deed.key for line in once if line.kind is Kind.INVOKE}
        answers = {line.deed.key: line for line in once if line.kind is Kind.OK}
        refused = {line.deed.key for line in once if line.kind is Kind.FAIL}
        return cls({name: key for name, key in asked.items() if key not in refused}, answers)

    def key_of(self, act: str, what: Mapping[str, Any]) -> str | None:
        """The key under which this was asked before, if it was."""
        return self.keys.get(_name(act, what))

    def answer_of(self, deed: Deed) -> Line | None:
        """How this was answered before, if it was."""
        return self.answers.get(deed.key)


def _name(act: str, what: Mapping[str, Any]) -> str:
    return f"{act} {json.dumps(what, sort_keys=True, ensure_ascii=False)}"


def _read_line(entry: dict[str, Any]) -> Line:
    return Line(entry["at_s"], Kind(entry["kind"]), Deed(**entry["deed"]), entry["status"], entry["answer"])
