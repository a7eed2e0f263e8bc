"""HTTP/1.1 as little as it takes: kept connections to one local server, a request out, an answer in.

Ours, because a drill puts ten thousand requests on the same two cores that serve them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.rehearsal.trouble import Trouble

_HEAD_LIMIT = 65_536


class NoAnswer(Trouble):
    """The connection could not be made, was cut or stayed silent: nobody knows what became of the request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes out."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as it came in; `headers` by lower-case name, Set-Cookie apart because it may come twice."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes


class Wire:
    """Kept connections to one server; each carries one request at a time."""

    def __init__(self, host: str, port: int, answer_within_s: float = 30.0) -> None:
        self._host = host
        self._port = port
        self._answer_within_s = answer_within_s
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, request: Request) -> Reply:
        """Put one request.

        Errors: NoAnswer when no whole answer came; the connection is then given up.
        """
        try:
            async with asyncio.timeout(self._answer_within_s):
                return await self._send(request)
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError, ValueError) as error:
            raise NoAnswer(f"{request.method} {request.target}: {type(error).__name__}") from error

    async def _send(self, request: Request) -> Reply:
        pair = self._take_idle() or await asyncio.open_connection(self._host, self._port, limit=_HEAD_LIMIT)
        reader, writer = pair
        is_kept = False
        try:
            writer.write(self._encode(request))
            reply = await _read_reply(reader)
            is_kept = reply.headers.get("connection", "").lower() != "close"
            return reply
        finally:
            if is_kept:
                self._idle.append(pair)
            else:
                writer.close()

    def close(self) -> None:
        """Close every kept connection."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    def _take_idle(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return None

    def _encode(self, request: Request) -> bytes:
        lines = [f"{request.method} {request.target} HTTP/1.1", f"host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        if request.body or request.method == "POST":
            lines.append(f"content-length: {len(request.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + request.body


async def _read_reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    status = int(first.split(" ", 2)[1])
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "set-cookie":
            cookies.append(value.strip())
        else:
            headers[name.lower()] = value.strip()
    return Reply(status, headers, tuple(cookies), await _read_body(reader, status, headers))


async def _read_body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> bytes:
    if status in {204, 304}:
        return b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(parts)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    # Neither length nor chunks: the body ends with the connection, which cannot be kept then.
    raise ValueError("an answer without length")
