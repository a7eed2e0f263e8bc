"""The loop that sends what is due, at once when something becomes due."""

import asyncio
from dataclasses import dataclass, field

from services.notify.actions.messages.lease_due import lease_due, pass_over_late
from services.notify.actions.messages.send_due import record_outcomes, send_due
from services.notify.actions.messages.sending import SendingDesk
from services.notify.domain.message import MessageState, Outcome
from services.notify.storage import messages
from shared.database.session import is_passing_trouble, transaction
from shared.observability.health import Heartbeats
from shared.observability.logs import get_log
from shared.web.idempotency import Engine

# Street time may run fast and other processes queue too: how often we look without being woken, in real seconds.
_LOOK_EVERY_S = 0.25
_PAUSE_AFTER_TROUBLE_S = 1.0
_LATE_EVERY_S = 5.0

_log = get_log(__name__)


@dataclass
class SendLoop:
    """Sends until told to stop. `wake` makes it look at once."""

    engine: Engine
    desk: SendingDesk
    heartbeats: Heartbeats
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _late_looked_at_s: float | None = None

    def wake(self) -> None:
        """Something became due."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; a database or provider that is away is waited for."""
        while not stop.is_set():
            self.heartbeats.beat("send")
            try:
                pause_s = await self.turn()
            except Exception as error:
                if not is_passing_trouble(error):
                    raise
                _log.warning("send_waits", reason=type(error).__name__)
                pause_s = _PAUSE_AFTER_TROUBLE_S
            await self._wait(stop, pause_s)

    async def turn(self) -> float:
        """Send one batch of what is due; answers how long to wait unless woken, in real seconds."""
        self._woken.clear()
        async with transaction(self.engine, "loop") as tx:
            if not await messages.is_any_due(tx, self.desk.clock.now()):
                return _LOOK_EVERY_S
        await self._pass_over_late()
        async with transaction(self.engine, "send") as tx:
            leased = await lease_due(tx, self.desk)
        outcomes = leased.nobody_to_tell + await send_due(self.desk, leased.to_send)
        if not outcomes:
            # What is due stands behind a message in somebody's hands.
            return _LOOK_EVERY_S
        async with transaction(self.engine, "send") as tx:
            await record_outcomes(tx, self.desk, outcomes)
        return _PAUSE_AFTER_TROUBLE_S if _is_nobody_there(outcomes) else 0.0

    async def _pass_over_late(self) -> None:
        now_s = self.desk.clock.monotonic()
        if self._late_looked_at_s is not None and now_s - self._late_looked_at_s < _LATE_EVERY_S:
            return
        self._late_looked_at_s = now_s
        async with transaction(self.engine, "loop") as tx:
            await pass_over_late(tx, self.desk)

    async def _wait(self, stop: asyncio.Event, pause_s: float) -> None:
        if pause_s == 0:
            return
        waits = [asyncio.ensure_future(stop.wait())]
        if pause_s < _PAUSE_AFTER_TROUBLE_S:
            # While the provider or the database is away, something new is no reason to try at once.
            waits.append(asyncio.ensure_future(self._woken.wait()))
        try:
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _is_nobody_there(outcomes: list[Outcome]) -> bool:
    return all(outcome.verdict.state is MessageState.DUE for outcome in outcomes)
