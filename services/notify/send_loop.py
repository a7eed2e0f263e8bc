"""The loop that sends what is due, at once when something becomes due."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from services.notify.actions.messages.lease_due import lease_due, pass_over_late
from services.notify.actions.messages.send_due import record_outcomes, send_due
from services.notify.actions.messages.sending import SendingDesk
from services.notify.domain.message import MessageState, Outcome
from services.notify.storage import messages
from shared.basics.errors import NotFound
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
            except NotFound:
                pause_s = _LOOK_EVERY_S  # a household went while we leased; its messages are gone next time
            except Exception as error:
                if not is_passing_trouble(error):
                    raise
                _log.warning("send_waits", reason=type(error).__name__)
                pause_s = _PAUSE_AFTER_TROUBLE_S
            await self._wait(stop, pause_s)

    async def turn(self) -> float:
        """Send all there is to send now; answers how long to wait unless woken, in real seconds."""
        self._woken.clear()
        async with transaction(self.engine, "loop") as tx:
            if not await messages.is_any_due(tx, self.desk.clock.now()):
                return _LOOK_EVERY_S
        await self._pass_over_late()
        while True:
            async with transaction(self.engine, "send") as tx:
                leased = await lease_due(tx, self.desk)
            outcomes = leased.nobody_to_tell + await send_due(self.desk, leased.to_send)
            if outcomes:
                async with transaction(self.engine, "send") as tx:
                    await record_outcomes(tx, self.desk, outcomes)
            if outcomes and _is_nobody_there(outcomes):
                return _PAUSE_AFTER_TROUBLE_S
            if leased.taken < self.desk.rules.batch:
                # Short of a full batch, yet each household's next message may be ready now.
                return 0.0 if leased.taken else _LOOK_EVERY_S

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
        waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._woken.wait())]
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _is_nobody_there(outcomes: list[Outcome]) -> bool:
    return all(outcome.verdict.state is MessageState.DUE for outcome in outcomes)
