"""Brings bags that did not stay at a door back to the drop point."""

from collections.abc import Sequence
from datetime import datetime

from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.domain.tap import FormTap, Said, TapType
from shared.database.session import Transaction


async def return_bags(tx: Transaction, form: FormTap, bag_ids: Sequence[str], at: datetime) -> TapResult:
    """Let a crew say on a plain page which bags lie at the drop point again; twice is harmless."""
    return await record_tap(tx, form.tap(Said(TapType.RETURNED, tuple(bag_ids)), at), form.crew_id, at)
