"""A crash point kills the process at the chosen passing, and does nothing at all unless it was armed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.basics.crash_points import POINTS, arm, reach

CHECKOUT = Path(__file__).parents[4]
PASS_TWICE = """
import sys
from shared.basics import crash_points
if sys.argv[1]:
    crash_points.arm(sys.argv[1])
for place in ("first", "second"):
    crash_points.reach("web.after_commit")
    print(place, flush=True)
"""


def pass_twice(armed: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-c", PASS_TWICE, armed]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout.split()


def test_nothing_happens_at_a_point_that_was_not_armed() -> None:
    for point in POINTS:
        reach(point)
    assert pass_twice("") == (0, ["first", "second"])
    assert pass_twice("relay.after_produce") == (0, ["first", "second"])


def test_the_process_dies_at_the_first_passing_or_at_the_chosen_one() -> None:
    assert pass_twice("web.after_commit") == (-signal.SIGKILL, [])
    assert pass_twice("web.after_commit:2") == (-signal.SIGKILL, ["first"])


def test_a_point_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no crash point 'web\.sometime'"):
        arm("web.sometime")
