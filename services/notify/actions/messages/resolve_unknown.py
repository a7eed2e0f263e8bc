"""Messages of which nobody knows whether the provider has them: asked about, or decided without asking."""

import asyncio
from collections.abc import Sequence

from services.notify.actions.messages.sending import SendingDesk
from services.notify.domain.message import Outcome, after_query, without_query
from services.notify.storage import messages
from services.notify.storage.messages import Question
from shared.basics import crash_points
from shared.database.session import Transaction
from shared.observability.logs import get_log
from shared.observability.tracing import continue_from

_log = get_log(__name__)


async def take_questions(tx: Transaction, desk: SendingDesk) -> list[Question]:
    """Take up what must be asked about: leases that lapsed, and calls without a clear answer."""
    return await messages.ask(tx, desk.rules.batch, desk.rules.lease_s)


async def resolve_unknown(desk: SendingDesk, questions: Sequence[Question]) -> list[Outcome]:
    """Find out what became of each, outside any transaction. A message the provider has not is due again."""
    free = asyncio.Semaphore(desk.rules.at_once)

    async def resolve_one(question: Question) -> Outcome:
        async with free:
            return await _resolve(desk, question)

    return await asyncio.gather(*(resolve_one(question) for question in questions))


async def _resolve(desk: SendingDesk, question: Question) -> Outcome:
    verdict = without_query(desk.channel.capability)
    provider_id = ""
    with continue_from(question.correlation_id, "", "resolve_message"):
        if verdict is None:
            crash_points.reach("fate.before_call")
            answer = await desk.channel.find(question.message_id)
            crash_points.reach("fate.after_call")
            verdict, provider_id = after_query(answer.end), answer.provider_id
        _log.info("message_resolved", message_id=question.message_id, state=verdict.state.value)
    return Outcome(question.message_id, question.fence, question.calls, verdict, provider_id)
