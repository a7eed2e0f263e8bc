"""Leased messages are handed to the provider, some at once, and what became of each is written down."""

import asyncio
from collections.abc import Sequence

from services.notify import events_out
from services.notify.actions.messages.lease_due import ToSend
from services.notify.actions.messages.sending import SendingDesk
from services.notify.channels.channel import CallAnswer
from services.notify.domain.message import CallEnd, Outcome, after_call
from services.notify.storage import messages
from shared.basics import crash_points
from shared.database.session import Transaction
from shared.observability.logs import get_log
from shared.observability.metrics import messages_sent
from shared.observability.tracing import continue_from

_log = get_log(__name__)


async def send_due(desk: SendingDesk, to_send: Sequence[ToSend]) -> list[Outcome]:
    """Call the provider for each, outside any transaction; one outcome for each, in the same order.

    A message whose lease is nearly over is not called any more: somebody else may have it by then.
    """
    free = asyncio.Semaphore(desk.rules.at_once)

    async def send_one(one: ToSend) -> Outcome:
        async with free:
            return await _send(desk, one)

    return await asyncio.gather(*(send_one(one) for one in to_send))


async def record_outcomes(tx: Transaction, desk: SendingDesk, outcomes: Sequence[Outcome]) -> int:
    """Write outcomes down and tell orders of the messages that ended; says how many did.

    An outcome whose lease was lost in the meantime changes nothing.
    """
    now = desk.clock.now()
    ended = await messages.record(tx, outcomes, now)
    await events_out.publish_fates(tx, ended, desk.channel.name, now)
    tx.on_commit(lambda: _count(desk.channel.name, outcomes))
    return len(ended)


def _count(channel: str, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        messages_sent.labels(channel, outcome.verdict.state.value).inc()


async def _send(desk: SendingDesk, one: ToSend) -> Outcome:
    lease = one.lease
    with continue_from(lease.correlation_id, "", "send_message"):
        crash_points.reach("send.before_call")
        is_ours = desk.clock.monotonic() < one.sure_until_s
        answer = await desk.channel.send(one.parcel) if is_ours else CallAnswer(CallEnd.NOT_TAKEN)
        crash_points.reach("send.after_call")
        _log.info(
            "message_called",
            message_id=lease.message_id,
            order_id=lease.order_id,
            fence=lease.fence,
            state=answer.end.value,
            provider_id=answer.provider_id,
            channel=desk.channel.name,
        )
    return Outcome(lease.message_id, lease.fence, lease.calls, after_call(answer.end), answer.provider_id)
