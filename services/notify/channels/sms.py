"""Text messages through an HTTP provider that can be asked what it has taken under our reference."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx

from services.notify.channels.channel import CallAnswer, Parcel, QueryAnswer
from services.notify.domain.message import CallEnd, Capability, QueryEnd
from shared.observability.tracing import CORRELATION_HEADER, current_correlation_id

# Before any byte of the message has left: the provider cannot have it.
_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TOO_MANY: Final = 429
# Our key is refused, not the message: it waits until somebody has put the key right.
_WHO_ARE_YOU: Final = frozenset({401, 403})
_REQUEST_TIMEOUT: Final = 408


class SmsChannel:
    """One SMS provider."""

    name = "sms"

    def __init__(self, client: httpx.AsyncClient, capability: Capability, call_limit_s: float) -> None:
        self._client = client
        self.capability = capability
        self.call_limit_s = call_limit_s

    async def send(self, parcel: Parcel) -> CallAnswer:
        """Hand one message over under its own reference."""
        body = {"reference": parcel.reference, "to": parcel.to, "text": parcel.text}
        headers = {CORRELATION_HEADER: current_correlation_id()}
        try:
            async with asyncio.timeout(self.call_limit_s):
                answer = await self._client.post("/v1/messages", json=body, headers=headers)
        except _NEVER_LEFT:
            return CallAnswer(CallEnd.NOT_TAKEN)
        except (httpx.TransportError, TimeoutError):
            return CallAnswer(CallEnd.UNSURE)
        return _read_call(answer)

    async def find(self, reference: str) -> QueryAnswer:
        """Ask what the provider has under a reference."""
        try:
            async with asyncio.timeout(self.call_limit_s):
                answer = await self._client.get(f"/v1/messages/{reference}")
        except (httpx.TransportError, TimeoutError):
            return QueryAnswer(QueryEnd.NO_ANSWER)
        return _read_query(answer)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


def make_sms_channel(url: str, api_key: str, capability: Capability, call_limit_s: float) -> SmsChannel:
    """A channel that keeps its connections open between calls."""
    client = httpx.AsyncClient(
        base_url=url,
        headers={"authorization": f"Bearer {api_key}"},
        timeout=call_limit_s,
        # An idle connection is given up sooner than any provider would: a call on a dead one is an unsure call.
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=4),
        trust_env=False,
    )
    return SmsChannel(client, capability, call_limit_s)


def _read_call(answer: httpx.Response) -> CallAnswer:
    if answer.is_success:
        provider_id = _object(answer).get("provider_id")
        # "Yes" without a name for it may come from a proxy: better to ask.
        return CallAnswer(CallEnd.TAKEN, provider_id) if isinstance(provider_id, str) else _UNSURE
    if answer.status_code == _TOO_MANY or answer.status_code in _WHO_ARE_YOU:
        return CallAnswer(CallEnd.NOT_TAKEN)
    if answer.is_client_error and answer.status_code != _REQUEST_TIMEOUT:
        return CallAnswer(CallEnd.REFUSED)
    return _UNSURE


def _read_query(answer: httpx.Response) -> QueryAnswer:
    found = _object(answer).get("messages") if answer.is_success else None
    if not isinstance(found, list):
        return QueryAnswer(QueryEnd.NO_ANSWER)
    if not found:
        return QueryAnswer(QueryEnd.HAS_NOT)
    provider_id = found[0].get("provider_id", "") if isinstance(found[0], Mapping) else ""
    return QueryAnswer(QueryEnd.HAS_IT, str(provider_id))


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, Mapping) else {}


_UNSURE: Final = CallAnswer(CallEnd.UNSURE)
