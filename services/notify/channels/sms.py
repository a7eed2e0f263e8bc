"""Text messages through an HTTP provider that can be asked what it has taken under our reference."""

import json
from collections.abc import Mapping
from typing import Final

from services.notify.channels.channel import CallAnswer, Parcel, QueryAnswer
from services.notify.channels.http_caller import AnswerLost, Call, HttpAnswer, HttpCaller, NeverLeft
from services.notify.domain.message import CallEnd, Capability, QueryEnd
from shared.observability.tracing import CORRELATION_HEADER, current_correlation_id

_TOO_MANY: Final = 429
# Our key is refused, not the message: it waits until somebody has put the key right.
_WHO_ARE_YOU: Final = frozenset({401, 403})
_REQUEST_TIMEOUT: Final = 408
_LONGEST_PROVIDER_ID: Final = 100
_UNSURE: Final = CallAnswer(CallEnd.UNSURE)


class SmsChannel:
    """One SMS provider."""

    name = "sms"

    def __init__(self, caller: HttpCaller, capability: Capability, call_limit_s: float) -> None:
        self._caller = caller
        self.capability = capability
        self.call_limit_s = call_limit_s

    async def send(self, parcel: Parcel) -> CallAnswer:
        """Hand one message over under its own reference."""
        message = {"reference": parcel.reference, "to": parcel.to, "text": parcel.text}
        body = json.dumps(message, ensure_ascii=False).encode()
        headers = {CORRELATION_HEADER: current_correlation_id()}
        try:
            answer = await self._caller.call(Call("POST", "/v1/messages", body, headers))
        except NeverLeft:
            return CallAnswer(CallEnd.NOT_TAKEN)
        except AnswerLost:
            return _UNSURE
        return _read_call(answer)

    async def find(self, reference: str) -> QueryAnswer:
        """Ask what the provider has under a reference."""
        try:
            answer = await self._caller.call(Call("GET", f"/v1/messages/{reference}"))
        except (NeverLeft, AnswerLost):
            return QueryAnswer(QueryEnd.NO_ANSWER)
        return _read_query(answer)

    async def close(self) -> None:
        """Let go of connections."""
        await self._caller.close()


def make_sms_channel(url: str, api_key: str, capability: Capability, call_limit_s: float) -> SmsChannel:
    """A channel to the provider at this address."""
    caller = HttpCaller(url, {"authorization": f"Bearer {api_key}"}, call_limit_s)
    return SmsChannel(caller, capability, call_limit_s)


def _read_call(answer: HttpAnswer) -> CallAnswer:
    if _is_success(answer):
        provider_id = answer.as_object().get("provider_id")
        # "Yes" without a name for it may come from a proxy: better to ask.
        return CallAnswer(CallEnd.TAKEN, _plain(provider_id)) if isinstance(provider_id, str) else _UNSURE
    if answer.status == _TOO_MANY or answer.status in _WHO_ARE_YOU:
        return CallAnswer(CallEnd.NOT_TAKEN)
    if 400 <= answer.status < 500 and answer.status != _REQUEST_TIMEOUT:
        return CallAnswer(CallEnd.REFUSED)
    return _UNSURE


def _read_query(answer: HttpAnswer) -> QueryAnswer:
    found = answer.as_object().get("messages") if _is_success(answer) else None
    if not isinstance(found, list):
        return QueryAnswer(QueryEnd.NO_ANSWER)
    if not found:
        return QueryAnswer(QueryEnd.HAS_NOT)
    provider_id = found[0].get("provider_id", "") if isinstance(found[0], Mapping) else ""
    return QueryAnswer(QueryEnd.HAS_IT, _plain(str(provider_id)))


def _is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status < 300


def _plain(provider_id: str) -> str:
    # A stranger's text on its way into a table and a log line.
    return "".join(sign for sign in provider_id if sign.isprintable())[:_LONGEST_PROVIDER_ID]
