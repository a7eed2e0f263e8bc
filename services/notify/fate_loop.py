"""The loop that finds out what became of messages nobody is sure about."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from services.notify.actions.messages.resolve_unknown import resolve_unknown, take_questions
from services.notify.actions.messages.send_due import record_outcomes
from services.notify.actions.messages.sending import SendingDesk
from services.notify.storage import messages
from shared.database.session import is_passing_trouble, transaction
from shared.observability.health import Heartbeats
from shared.observability.logs import get_log
from shared.web.idempotency import Engine

_LOOK_EVERY_S = 1.0

_log = get_log(__name__)


@dataclass
class FateLoop:
    """Asks until told to stop. `wake` is called when messages became due again."""

    engine: Engine
    desk: SendingDesk
    heartbeats: Heartbeats
    wake: Callable[[], None]

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop; a database or provider that is away is waited for."""
        while not stop.is_set():
            self.heartbeats.beat("fate")
            try:
                await self.turn()
            except Exception as error:
                if not is_passing_trouble(error):
                    raise
                _log.warning("fate_waits", reason=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY_S)

    async def turn(self) -> int:
        """Find out about all that can be asked now; says how many were asked about."""
        async with transaction(self.engine, "loop") as tx:
            if not await messages.is_any_unsure(tx):
                return 0
        async with transaction(self.engine, "fate") as tx:
            questions = await take_questions(tx, self.desk)
        outcomes = await resolve_unknown(self.desk, questions)
        if outcomes:
            async with transaction(self.engine, "fate") as tx:
                await record_outcomes(tx, self.desk, outcomes)
            self.wake()
        return len(questions)
