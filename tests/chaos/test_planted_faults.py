"""A planted loss, a planted duplicate, a planted disorder: each turns the drill red, for its own reason."""

from pathlib import Path

import pytest

from shared.contracts.topics import SERVICES, TOPICS
from tests.chaos.drills import drill

# What issue 3 says the last line holds, and what is in it.
PROMISED: dict[str, set[str]] = {
    "scenario": set(),
    "seed": set(),
    "broker": set(),
    "postgres": set(),
    "processes": set(),
    "bulletin": {"communities", "zones", "packages", "households", "residents"},
    "orders": {"accepted", "delivered", "failed", "cancelled", "open"},
    "events": {topic.name for topic in TOPICS},
    "messages": {"sent", "duplicates", "out_of_order", "missing"},
    "plan": {"rounds", "crew_s", "planned_in_s", "stages", "violations"},
    "kills": set(),
    "lost": set(),
    "elapsed_s": set(),
}

pytestmark = [pytest.mark.long, pytest.mark.timeout(800)]


def test_a_quiet_drill_is_green(tmp_path: Path) -> None:
    report = drill(tmp_path)
    assert report["reasons"] == []
    assert report["ok"]
    assert PROMISED.keys() - report.keys() == set()
    for name, parts in PROMISED.items():
        assert not parts or parts <= set(report[name]), name
    logins = {each["name"]: each["login"] for each in report["processes"]}
    assert {name: logins[name] for name in SERVICES} == {name: name for name in SERVICES}
    assert all(isinstance(each["pid"], int) for each in report["processes"])
    orders = report["orders"]
    assert orders["accepted"] == sum(orders[end] for end in ("delivered", "failed", "cancelled", "open"))


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
