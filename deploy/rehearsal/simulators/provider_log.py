"""A provider's own record of every message it took: one JSON line each, on disk before the sender hears of it."""

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TakenMessage:
    """One message as the provider took it. `time` is the machine's own, ISO in UTC."""

    time: str
    reference: str
    to: str
    text: str
    provider_id: str


class ProviderLog:
    """Appends lines, many at one fsync, and remembers what it has under which reference.

    A process that starts again goes on where the file ends; half a line left by a kill is cut away, for its
    sender never got an answer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken: dict[str, list[TakenMessage]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_half_line(path)
        for message in read_log(path):
            self._remember(message)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._work = asyncio.Event()
        self._next_number = sum(len(messages) for messages in self._taken.values())

    def draw_provider_id(self) -> str:
        """The next message's name at this provider."""
        self._next_number += 1
        return f"sim-{self._next_number:08d}"

    def find(self, reference: str) -> list[TakenMessage]:
        """What was taken under a sender's reference, oldest first."""
        return list(self._taken.get(reference, ()))

    async def append(self, message: TakenMessage) -> None:
        """Write one line and return once it is on disk.

        Errors: OSError when the disk refuses; the message then counts as not taken.
        """
        line = json.dumps(asdict(message), ensure_ascii=False, separators=(",", ":")) + "\n"
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((line.encode(), written))
        self._work.set()
        await written
        self._remember(message)

    async def write_forever(self) -> None:
        """Write what waits, all of it with one fsync, again and again."""
        while True:
            await self._work.wait()
            self._work.clear()
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._write, b"".join(line for line, _ in batch))
            except OSError as error:
                for _, written in batch:
                    if not written.cancelled():
                        written.set_exception(error)
                continue
            for _, written in batch:
                if not written.cancelled():
                    written.set_result(None)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _write(self, lines: bytes) -> None:
        view = memoryview(lines)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)

    def _remember(self, message: TakenMessage) -> None:
        self._taken.setdefault(message.reference, []).append(message)


def read_log(path: Path) -> list[TakenMessage]:
    """Every message of a log, oldest first; an absent file is an empty one.

    Errors: ValueError naming the line that is no message; half a last line is passed over.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [_read_line(line, number) for number, line in enumerate(lines[:-1], start=1) if line]


def _read_line(line: bytes, number: int) -> TakenMessage:
    try:
        return TakenMessage(**json.loads(line))
    except (ValueError, TypeError):
        message = f"line {number} of the provider's log is no message"
        raise ValueError(message) from None


def _cut_half_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
