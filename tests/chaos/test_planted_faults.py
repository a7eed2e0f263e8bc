"""A planted loss, a planted duplicate, a planted disorder: each turns the drill red, for its own reason."""

from pathlib import Path

import pytest

from tests.chaos.drills import drill

pytestmark = [pytest.mark.long, pytest.mark.timeout(800)]


def test_a_quiet_drill_is_green(tmp_path: Path) -> None:
    report = drill(tmp_path)
    assert report["reasons"] == []
    assert report["ok"]


def test_a_lost_event_turns_the_drill_red(tmp_path: Path) -> None:
    report = drill(tmp_path, plant="loss")
    assert not report["ok"]
    assert report["lost"] > 0


def test_a_message_carried_twice_turns_the_drill_red(tmp_path: Path) -> None:
    report = drill(tmp_path, plant="duplicate")
    assert not report["ok"]
    assert report["messages"]["duplicates"] == 1


def test_a_message_held_on_its_way_turns_the_drill_red(tmp_path: Path) -> None:
    report = drill(tmp_path, plant="disorder")
    assert not report["ok"]
    assert report["messages"]["out_of_order"] >= 1
