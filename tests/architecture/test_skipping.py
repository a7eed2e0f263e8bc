"""A test on real parts that is skipped has proved nothing, and fails; any other may be skipped."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """
import pytest
from tests.conftest import pytest_runtest_makereport

@pytest.fixture
def kafka_server(): ...

@pytest.fixture
def postgres_server(): ...

@pytest.fixture
def chromium(): pytest.skip("no Chromium here")
"""
SKIPPING = """
import pytest

def test_kafka(kafka_server): pytest.skip("no broker today")

@pytest.mark.skip(reason="no time today")
def test_postgres(postgres_server): ...

def test_page(chromium): ...

def test_arithmetic(): pytest.skip("not on real parts")
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("skipping")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_skipping.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", f"--rootdir={folder}", str(folder)]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.stdout


@pytest.mark.parametrize("name", ["test_kafka", "test_postgres", "test_page"])
def test_a_skipped_test_on_real_parts_is_a_failure(outcome: str, name: str) -> None:
    wrong = [line for line in outcome.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert any(f"::{name}" in line for line in wrong), outcome[-3000:]


def test_any_other_may_be_skipped(outcome: str) -> None:
    assert "1 skipped" in outcome
    assert "::test_arithmetic" not in "".join(line for line in outcome.splitlines() if line.startswith("FAILED"))
