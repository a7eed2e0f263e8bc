"""Starts a round: each bag is on the trolley, or its shortage has a reason."""

from collections.abc import Sequence
from datetime import datetime

from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.domain.tap import FormTap, Said, ShortBag, TapType
from shared.database.session import Transaction


async def load_round(tx: Transaction, form: FormTap, short: Sequence[ShortBag], at: datetime) -> TapResult:
    """Let a crew say on a plain page that its round is loaded; the same form twice starts it once."""
    tap = form.tap(Said(TapType.ROUND_LOADED, short=tuple(short)), at)
    return await record_tap(tx, tap, form.crew_id, at)
