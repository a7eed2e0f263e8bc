"""Each planted bug turns the suite red; a suite that stays green with one of them proves nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.bugs import BUGS, PlantedBug

ROOT = Path(__file__).parents[2]
PARTS = ("services", "shared", "deploy", "tests", "pyproject.toml", "docs", "Makefile")

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house in which one bug at a time is planted; its servers' state is its own."""
    copy = tmp_path_factory.mktemp("house")
    copy.chmod(0o755)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    return copy


def run_suite(house: Path, bug: PlantedBug) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not long"]
    return subprocess.run(
        [*command, *bug.caught_by.split()],
        cwd=house,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def test_there_are_at_least_ten_and_each_has_its_name() -> None:
    assert len(BUGS) >= 10
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_turns_the_suite_red(house: Path, bug: PlantedBug) -> None:
    target = house / bug.file
    right = target.read_text()
    assert right.count(bug.right) == 1, "the line this bug replaces has changed: plant it anew"
    target.write_text(right.replace(bug.right, bug.wrong))
    try:
        answer = run_suite(house, bug)
    finally:
        target.write_text(right)
    # Exit status 1 is "tests ran and failed"; anything else would prove a broken run, not a caught bug.
    assert answer.returncode == 1, answer.stdout[-3000:]
    assert re.search(r"\b[1-9]\d* failed\b", answer.stdout), answer.stdout[-3000:]
