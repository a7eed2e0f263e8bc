"""One person's browser: keeps cookies, fills in forms, and asks again with the same key until it is answered."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from deploy.rehearsal.actors.http_wire import NoAnswer, Reply, Request, Wire
from deploy.rehearsal.history import Deed, History, Kind, Line, Remembered, read_history
from deploy.rehearsal.trouble import Trouble
from shared.basics.clock import Clock
from shared.basics.randomness import Randomness, SystemRandomness

# With these the server says that it did nothing and that asking again may help.
ASK_AGAIN = frozenset({425, 429, 500, 502, 503, 504})
# A service that restarts is asked again and again; after this long something is wrong for good.
GIVE_UP_AFTER_S = 90.0
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)


class Refused(Trouble):
    """A service said no for good, or said something nobody expected; the text holds its status and words."""

    def __init__(self, deed: str, reply: Reply) -> None:
        super().__init__(f"{deed}: {reply.status} {reply.body[:400].decode(errors='replace')}")
        self.status = reply.status
        self.body = reply.body


class GaveUp(Trouble):
    """No answer for so long that the rehearsal cannot go on."""


@dataclass(frozen=True, slots=True)
class World:
    """What every actor shares: where services answer, the history, time and chance."""

    urls: Mapping[str, str]
    history: History
    clock: Clock
    randomness: Randomness
    wires: Mapping[str, Wire]
    street_now: Callable[[], datetime]
    remembered: Remembered

    @classmethod
    def of(
        cls, urls: Mapping[str, str], history: History, clock: Clock, street_now: Callable[[], datetime]
    ) -> Self:
        """A world whose connections are shared by all actors, and which knows what an earlier start did.

        `clock` is the machine's, for waiting; `street_now` is what the phones of the street show.
        """
        wires = {}
        for name, url in urls.items():
            place = urlsplit(url)
            wires[name] = Wire(place.hostname or "127.0.0.1", place.port or 80)
        remembered = Remembered.of(read_history(history.path))
        return cls(urls, history, clock, SystemRandomness(), wires, street_now, remembered)

    def close(self) -> None:
        """Close all connections."""
        for wire in self.wires.values():
            wire.close()


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    field: str
    name: str
    content: bytes

    @classmethod
    def at(cls, path: Path) -> "File":
        """A file from disk, in the field that every import form has."""
        return cls("file", path.name, path.read_bytes())


class Browser:
    """One person at one service."""

    def __init__(self, world: World, service: str, who: str) -> None:
        self.world = world
        self.service = service
        self.who = who
        self._cookies: dict[str, str] = {}

    def deed(self, act: str, **what: Any) -> Deed:
        """Something this person wants done, under a fresh key; what was begun before keeps its key."""
        key = self.world.remembered.key_of(act, what) or self.world.randomness.token_urlsafe(16)
        return Deed(act, key, self.who, self.service, what)

    async def sign_in(self, login: str, password: str) -> None:
        """Sign in as staff; the account may still be on its way to this service, so it is tried for a while.

        Errors: GaveUp when it stays refused.
        """
        until_s = self.world.clock.monotonic() + GIVE_UP_AFTER_S
        form = urlencode({"login": login, "password": password}).encode()
        while True:
            try:
                reply = await self._send(Request("POST", "/sign-in", self._headers(_FORM), form))
                if reply.status == 303:
                    return
            except NoAnswer:
                pass
            if self.world.clock.monotonic() > until_s:
                raise GaveUp(f"{self.who} cannot sign in at {self.service}")
            await asyncio.sleep(1.0)

    async def get(self, target: str, accept: str = "text/html") -> Reply:
        """Look at a page; put again until there is an answer.

        Errors: Refused for a status of 400 and more; GaveUp.
        """
        reply = await self._until_answered(Request("GET", target, self._headers(accept=accept)), target)
        if reply.status >= 400:
            raise Refused(f"{self.who} GET {target}", reply)
        return reply

    async def get_json(self, target: str) -> Any:
        """Look at data."""
        return json.loads((await self.get(target, "application/json")).body)

    async def submit(self, deed: Deed, target: str, form: Mapping[str, str]) -> Reply:
        """Send a form under the deed's key, and again under the same key until it is answered.

        Errors: Refused when the answer is neither 2xx nor 303; it is in the history as `fail`.
        """
        body = urlencode({**form, "idempotency_key": deed.key}).encode()
        return await self._do(deed, Request("POST", target, self._headers(_FORM), body))

    async def post_json(self, deed: Deed, target: str, document: object) -> Any:
        """Send JSON under the deed's key; gives the answer's JSON. Errors as for `submit`."""
        headers = self._headers("application/json", "application/json") | {"idempotency-key": deed.key}
        body = json.dumps(document, ensure_ascii=False).encode()
        reply = await self._do(deed, Request("POST", target, headers, body))
        return json.loads(reply.body) if reply.body else None

    async def upload(self, deed: Deed, target: str, file: File) -> Any:
        """Send a file by a form; gives the answer's JSON. Errors as for `submit`."""
        boundary = self.world.randomness.token_urlsafe(16)
        body = _multipart(boundary, [("idempotency_key", deed.key)], file)
        headers = self._headers(f"multipart/form-data; boundary={boundary}", "application/json")
        reply = await self._do(deed, Request("POST", target, headers, body))
        return (
            json.loads(reply.body)
            if reply.headers.get("content-type", "").startswith("application/json")
            else None
        )

    async def _do(self, deed: Deed, request: Request) -> Reply:
        before = self.world.remembered.answer_of(deed)
        if before is not None:
            return _reply_again(before)
        history = self.world.history
        await history.write(Kind.INVOKE, deed)
        reply = await self._until_answered(request, f"{deed.act} {deed.key}", deed)
        answer = _answer(reply)
        if reply.status >= 400 or (300 <= reply.status < 400 and reply.status != 303):
            await history.write(Kind.FAIL, deed, reply.status, answer)
            raise Refused(f"{self.who} {deed.act} {dict(deed.what)}", reply)
        await history.write(Kind.OK, deed, reply.status, answer)
        return reply

    async def _until_answered(self, request: Request, name: str, deed: Deed | None = None) -> Reply:
        until_s = self.world.clock.monotonic() + GIVE_UP_AFTER_S
        attempt = 0
        while True:
            trouble = ""
            try:
                reply = await self._send(request)
                if not _may_help_to_ask_again(reply):
                    return reply
                trouble = f"{reply.status} {reply.body[:200].decode(errors='replace')}"
            except NoAnswer as error:
                trouble = str(error)
            if deed is not None:
                await self.world.history.write(Kind.INFO, deed, 0, {"trouble": trouble[:200]})
            if self.world.clock.monotonic() > until_s:
                raise GaveUp(f"{self.who} got no answer at {self.service} to {name}: {trouble}")
            await asyncio.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
            attempt += 1

    async def _send(self, request: Request) -> Reply:
        reply = await self.world.wires[self.service].send(request)
        for cookie in reply.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return reply

    def _headers(self, content_type: str = "", accept: str = "text/html") -> dict[str, str]:
        # Origin as a browser sends it with a form of our own; a foreign page's form would be refused.
        headers = {"accept": accept, "origin": self.world.urls[self.service], "sec-fetch-site": "same-origin"}
        if content_type:
            headers["content-type"] = content_type
        if self._cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return headers


_FORM = "application/x-www-form-urlencoded"


def _may_help_to_ask_again(reply: Reply) -> bool:
    return reply.status in ASK_AGAIN or (reply.status == 409 and b"still_running" in reply.body)


def _is_json(reply: Reply) -> bool:
    return bool(reply.body) and reply.headers.get("content-type", "").startswith("application/json")


def _reply_again(line: Line) -> Reply:
    headers = {"location": line.answer["location"]} if "location" in line.answer else {}
    body = line.answer.get("body")
    if body is None:
        return Reply(line.status, headers, (), b"")
    headers["content-type"] = "application/json"
    return Reply(line.status, headers, (), json.dumps(body, ensure_ascii=False).encode())


def _answer(reply: Reply) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if "location" in reply.headers:
        answer["location"] = reply.headers["location"]
    if "x-correlation-id" in reply.headers:
        answer["correlation_id"] = reply.headers["x-correlation-id"]
    if reply.headers.get("x-answered-before"):
        answer["replayed"] = True
    if _is_json(reply) and len(reply.body) < 20_000:
        answer["body"] = json.loads(reply.body)
    elif reply.status >= 400:
        answer["words"] = reply.body[:300].decode(errors="replace")
    return answer


def _multipart(boundary: str, fields: Sequence[tuple[str, str]], file: File) -> bytes:
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    parts.append(
        f'--{boundary}\r\ncontent-disposition: form-data; name="{file.field}"; filename="{file.name}"\r\n'
        "content-type: application/octet-stream\r\n\r\n".encode()
    )
    return b"".join([*parts, file.content, f"\r\n--{boundary}--\r\n".encode()])
