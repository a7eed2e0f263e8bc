"""Somebody's own register, estate and roster without a script: one is drawn for what the intake accepts."""

from pathlib import Path

import pytest

from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scene_files import prepare_scene
from tests.end_to_end.tiny_street import write_tiny


def test_a_folder_without_script_gets_one_for_its_accepted_rows(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / "days.json").unlink()
    scene = prepare_scene("own", 5, tmp_path, tmp_path / "spare")
    assert len(scene.days.households) == 40
    assert scene.expected.accepted >= scene.expected.delivered > 0
    assert scene.days.unmatched == ()


def test_a_folder_without_register_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"register\.xlsx"):
        prepare_scene("own", 5, tmp_path, tmp_path / "spare")
