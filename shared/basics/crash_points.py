"""Named moments at which a rehearsal may kill the process; in production nothing happens at them.

A point stands on each side of every commit, produce, offset commit and provider call: the moments between
which a message can be lost or told twice.
"""

import os
import signal
import sys
from dataclasses import dataclass

POINTS: frozenset[str] = frozenset(
    f"{place}.{moment}"
    for place, moments in {
        "web": ("before_commit", "after_commit"),
        "inbox": ("before_commit", "after_commit", "before_offset", "after_offset"),
        "relay": ("before_produce", "after_produce", "before_commit", "after_commit"),
        "send": ("before_commit", "after_commit", "before_call", "after_call"),
        "fate": ("before_commit", "after_commit", "before_call", "after_call"),
        "plan": ("before_commit", "after_commit"),
        "loop": ("before_commit", "after_commit"),
    }.items()
    for moment in moments
)


@dataclass
class _Armed:
    point: str
    hits_left: int


_armed: _Armed | None = None


def arm(spec: str) -> None:
    """Make one point deadly: `web.after_commit`, or `web.after_commit:3` for its third passing.

    Errors: ValueError for a point that does not exist.
    """
    global _armed
    point, _, hit = spec.partition(":")
    if point not in POINTS:
        message = f"no crash point {point!r}; there are {', '.join(sorted(POINTS))}"
        raise ValueError(message)
    _armed = _Armed(point, int(hit or "1"))


def reach(point: str) -> None:
    """Pass a point; die here by SIGKILL if it was armed and this is the chosen passing."""
    if _armed is None or _armed.point != point:
        return
    _armed.hits_left -= 1
    if _armed.hits_left == 0:
        print(f"crash point {point}", file=sys.stderr, flush=True)  # noqa: T201  (no logger outlives this line)
        os.kill(os.getpid(), signal.SIGKILL)
