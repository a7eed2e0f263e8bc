"""Alive, ready, and how long ago each background loop last turned."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from shared.basics.clock import Clock
from shared.observability.metrics import loop_age_seconds

# A check passes by returning; any error fails it. It must be quick: it runs at every probe.
ReadinessCheck = Callable[[], Awaitable[None]]

_CHECK_LIMIT_S = 2.0


class Heartbeats:
    """When each loop last turned, in real time; a loop calls `beat` once a turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """Say that this loop turns."""
        self._last_s[loop] = self._clock.monotonic()

    def ages_s(self) -> dict[str, float]:
        """Real seconds since each loop last turned."""
        now_s = self._clock.monotonic()
        ages = {loop: round(now_s - last_s, 3) for loop, last_s in self._last_s.items()}
        for loop, age_s in ages.items():
            loop_age_seconds.labels(loop).set(age_s)
        return ages


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether traffic may come, and what each check said."""

    is_ready: bool
    checks: Mapping[str, str]


async def ask_readiness(checks: Mapping[str, ReadinessCheck]) -> Readiness:
    """Run all checks at once; one that takes over two seconds has failed."""
    answers = await asyncio.gather(*(_ask(check) for check in checks.values()))
    return Readiness(all(answer == "ok" for answer in answers), dict(zip(checks, answers, strict=True)))


async def _ask(check: ReadinessCheck) -> str:
    try:
        async with asyncio.timeout(_CHECK_LIMIT_S):
            await check()
    except TimeoutError:
        return "too slow"
    except Exception as error:  # noqa: BLE001  (a check may fail in any way; its type is the answer)
        return type(error).__name__
    return "ok"
