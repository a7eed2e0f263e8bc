"""Ends a round once every bag of it has its outcome and the trolley is empty."""

from datetime import datetime

from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.domain.tap import FormTap, Said, TapType
from shared.database.session import Transaction


async def close_round(tx: Transaction, form: FormTap, at: datetime) -> TapResult:
    """Let a crew close its round on a plain page; rejected while a bag is without outcome or on the trolley."""
    return await record_tap(tx, form.tap(Said(TapType.ROUND_CLOSED), at), form.crew_id, at)
