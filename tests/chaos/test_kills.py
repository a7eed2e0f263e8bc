"""SIGKILL to everything, a wiped disk, one broker of three: the figures at the end are those of a quiet day."""

from pathlib import Path

import pytest

from deploy.rehearsal.kills import KillPlan
from tests.chaos.drills import LEAST_OPEN, drill

pytestmark = [pytest.mark.long, pytest.mark.timeout(800)]
TARGETS = {"orders", "routing", "notify", "broker", "postgres"}


def test_everything_is_killed_once_and_nothing_is_lost(tmp_path: Path) -> None:
    report = drill(tmp_path, kills=KillPlan(kills=True, seed=3, least_open=LEAST_OPEN))
    assert report["reasons"] == []
    assert {kill["target"] for kill in report["kills"]} == TARGETS
    assert all(kill["open"] >= LEAST_OPEN for kill in report["kills"])
    assert report["bulletin"]["packages"] == 75


def test_a_wiped_broker_loses_nothing(tmp_path: Path) -> None:
    report = drill(tmp_path, kills=KillPlan(wipes=True, least_open=LEAST_OPEN))
    assert report["reasons"] == []
    assert [kill["target"] for kill in report["kills"]] == ["broker's disk"]


def test_one_of_three_brokers_dies_and_nobody_notices(tmp_path: Path) -> None:
    report = drill(tmp_path, kills=KillPlan(kills=True, seed=5, least_open=LEAST_OPEN), brokers=3)
    assert report["reasons"] == []
    assert any(kill["target"].startswith("broker-") for kill in report["kills"])
