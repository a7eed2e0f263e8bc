"""What notify tells the other services: facts become contract events in the outbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from services.notify.domain.message import MessageEnded, MessageState
from shared.contracts.notify_message import Fate, MessageFate, News
from shared.database.session import Transaction
from shared.messaging import outbox

_FATES: Final[Mapping[MessageState, Fate]] = {
    MessageState.ACCEPTED: Fate.ACCEPTED,
    MessageState.REJECTED: Fate.UNDELIVERABLE,
    MessageState.UNDELIVERABLE: Fate.UNDELIVERABLE,
    MessageState.SUPERSEDED: Fate.SUPERSEDED,
}


async def publish_fates(tx: Transaction, ended: Sequence[MessageEnded], channel: str, at: datetime) -> None:
    """Tell how messages ended.

    Errors: KeyError for a message that has not ended.
    """
    fates = [
        MessageFate(
            household_id=one.household_id,
            message_id=one.message_id,
            order_id=one.order_id,
            news=News(one.news.value),
            fate=_FATES[one.state],
            channel=channel,
            reason=one.reason,
            at=at,
        )
        for one in ended
    ]
    if fates:
        # One turn ends messages of many orders: each fate bears the id of the click that began its own.
        await outbox.append_all(tx, fates, at=at, correlation_ids=[one.correlation_id for one in ended])
