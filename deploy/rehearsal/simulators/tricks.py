"""What a provider can do to its callers: be late, be busy, fail, or lose its answer, by order or by chance."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deploy.rehearsal.simulators.plain_http import Answer, cut
from shared.basics.randomness import Randomness


class Trick(StrEnum):
    """One way to misbehave once. After `_after_log` names the message has been taken all the same."""

    NONE = "none"
    BUSY = "busy"
    FAIL_BEFORE_LOG = "fail_before_log"
    FAIL_AFTER_LOG = "fail_after_log"
    CUT_BEFORE_LOG = "cut_before_log"
    CUT_AFTER_LOG = "cut_after_log"
    LATE_BEFORE_LOG = "late_before_log"
    LATE_AFTER_LOG = "late_after_log"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Course:
    """What happens to one call: an answer instead of taking the message, waits, an answer after it."""

    before_log: Answer | None = None
    late_before_log_s: float = 0.0
    late_after_log_s: float = 0.0
    after_log: Answer | None = None


_BY_CHANCE = (Trick.BUSY, Trick.FAIL_BEFORE_LOG, Trick.FAIL_AFTER_LOG, Trick.CUT_BEFORE_LOG, Trick.CUT_AFTER_LOG)
_LATE_S = 1.0


class Tricks:
    """The tricks ordered over HTTP, then those of chance."""

    def __init__(self, fail_rate: float, randomness: Randomness) -> None:
        self._fail_rate = fail_rate
        self._randomness = randomness
        self._ordered: deque[Course] = deque()

    def add(self, order: Mapping[str, Any]) -> None:
        """Order a trick for the next calls: {"trick", "count", "late_s"}.

        Errors: ValueError for an unknown trick, KeyError without one.
        """
        course = _course(Trick(order["trick"]), float(order.get("late_s", _LATE_S)))
        self._ordered.extend([course] * int(order.get("count", 1)))

    def draw(self) -> Course:
        """What happens to the next call."""
        if self._ordered:
            return self._ordered.popleft()
        if self._fail_rate and self._randomness.random() < self._fail_rate:
            return _course(_BY_CHANCE[self._randomness.randint(0, len(_BY_CHANCE) - 1)], _LATE_S)
        return Course()


def _course(trick: Trick, late_s: float) -> Course:
    failed = Answer(500, {"error": "internal"})
    return {
        Trick.NONE: Course(),
        Trick.BUSY: Course(before_log=Answer(429, {"error": "too many"}, {"retry-after": "1"})),
        Trick.FAIL_BEFORE_LOG: Course(before_log=failed),
        Trick.FAIL_AFTER_LOG: Course(after_log=failed),
        Trick.CUT_BEFORE_LOG: Course(before_log=cut()),
        Trick.CUT_AFTER_LOG: Course(after_log=cut()),
        Trick.LATE_BEFORE_LOG: Course(late_before_log_s=late_s),
        Trick.LATE_AFTER_LOG: Course(late_after_log_s=late_s),
        Trick.REFUSE: Course(before_log=Answer(422, {"error": "no such number"})),
    }[trick]
