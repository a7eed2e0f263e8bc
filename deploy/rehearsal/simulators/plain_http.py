"""The little of HTTP/1.1 a simulator needs, with a hand on the connection: it must be able to cut it."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_LARGEST_BODY_BYTES = 65536
# A caller that goes away, one that speaks no HTTP, and the end of this process.
_END_OF_TALK = (
    ConnectionError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    ValueError,
    asyncio.CancelledError,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One call. Header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    sender_is_gone: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets; status 0 cuts the connection instead."""

    status: int
    body: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Request], Awaitable[Answer]]


def cut() -> Answer:
    """No answer: the connection ends here."""
    return Answer(0, None)


async def serve(host: str, port: int, answering: Answering) -> asyncio.Server:
    """Listen, keeping connections alive between calls."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError
        ):
            while await _one_call(reader, writer, answering):
                pass
        writer.transport.abort()

    return await asyncio.start_server(talk, host, port, backlog=512)


async def _one_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: Answering) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if length > _LARGEST_BODY_BYTES:
        return False
    body = await reader.readexactly(length) if length else b""
    answer = await answering(Request(method, path, headers, body, reader.at_eof))
    if answer.status == 0:
        return False
    writer.write(_write(answer))
    await writer.drain()
    return headers.get("connection", "").lower() != "close"


def _write(answer: Answer) -> bytes:
    body = b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode()
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != HTTPStatus.NO_CONTENT:
        lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
