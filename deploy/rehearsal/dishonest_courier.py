"""Stands between notify and the provider and, once, carries a message twice or two of them in the wrong order."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from deploy.rehearsal.actors import http_wire
from deploy.rehearsal.simulators.plain_http import Answer, Request, cut, serve

# Not the first ones: by then several households' stories are under way.
HONEST_FOR = 20
# What a text names its order by; a household may have several under way.
_NUMBER = re.compile(r"[A-Z]+\d{4}-[A-Z\d]")
_PASSED_ON = ("authorization", "content-type", "x-correlation-id")


@dataclass(frozen=True, slots=True)
class _Held:
    about: str
    request: Request


class DishonestCourier:
    """A proxy for the provider's address; `mischief` is `duplicate` or `disorder`, done once."""

    def __init__(self, mischief: str, provider_url: str) -> None:
        place = urlsplit(provider_url)
        self._wire = http_wire.Wire(place.hostname or "127.0.0.1", place.port or 80)
        self._mischief = mischief
        self._carried = 0
        self._held: _Held | None = None
        self._is_done = False

    @asynccontextmanager
    async def at_work(self, port: int) -> AsyncIterator[None]:
        """Carry messages while the block runs."""
        server = await serve("127.0.0.1", port, self._carry)
        try:
            yield
        finally:
            server.close()
            self._wire.close()

    async def _carry(self, request: Request) -> Answer:
        if request.method != "POST" or self._is_done:
            return await self._forward(request)
        self._carried += 1
        number = _NUMBER.search(str(json.loads(request.body).get("text")))
        about = "" if number is None else number.group()
        if self._held is not None:
            return await self._pass_by(self._held, request, about)
        if self._carried <= HONEST_FOR:
            return await self._forward(request)
        if self._mischief == "disorder":
            if not about:
                return await self._forward(request)
            self._held = _Held(about, request)
            # The lie: it says that the provider has it.
            return Answer(202, {"provider_id": "held-by-courier"})
        self._is_done = True
        await self._forward(request)
        return await self._forward(request)

    async def _pass_by(self, held: _Held, request: Request, about: str) -> Answer:
        answer = await self._forward(request)
        if about == held.about and not self._is_done:
            self._is_done = True
            await self._forward(held.request)
        return answer

    async def _forward(self, request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
        try:
            reply = await self._wire.send(http_wire.Request(request.method, request.path, headers, request.body))
        except http_wire.NoAnswer:
            return cut()
        return Answer(reply.status, json.loads(reply.body) if reply.body else None)
