"""The walls between the rooms stand, and a hole in one is noticed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Where a wrong import is planted, what is written there, and the contract that must name it.
VIOLATIONS = {
    "a service meets another": (
        "services/notify/domain/planted.py",
        "import services.orders.domain\n",
        "services meet only on Kafka",
    ),
    "the domain knows SQL": (
        "services/orders/domain/planted.py",
        "import sqlalchemy\n",
        "domain, intake and the planning model are pure",
    ),
    "an action touches a contract": (
        "services/orders/actions/planted.py",
        "import shared.contracts.orders_household\n",
        "contracts are touched only at the doors",
    ),
    "a second door to Kafka": (
        "shared/messaging/planted.py",
        "import aiokafka\n",
        "one door to Kafka",
    ),
    "a solver where pages are served": (
        "services/routing/pages/planted.py",
        "import ortools\n",
        "OR-Tools and numba only in their solver files",
    ),
    "the rehearsal looks inside a service": (
        "deploy/rehearsal/planted.py",
        "import services.orders.domain\n",
        "the rehearsal knows no service's code",
    ),
    "shared reaches upwards": (
        "shared/basics/planted.py",
        "import shared.messaging.outbox\n",
        "shared is a stack, not a heap",
    ),
    "a newborn utils module": (
        "services/orders/utils.py",
        '"""Planted."""\n',
        "inside a service: main > settings > doors > actions > tools > domain",
    ),
}


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=110)


def test_every_import_rule_is_kept() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout[-4000:]


@pytest.fixture(scope="module")
def planted_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One copy of the house with every violation planted at once: each must be named on its own."""
    copy = tmp_path_factory.mktemp("house")
    for name in ("services", "shared", "deploy"):
        subprocess.run(
            ["cp", "-r", "--no-preserve=ownership", str(ROOT / name), str(copy / name)], check=True, timeout=60
        )
    (copy / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for path, source, _ in VIOLATIONS.values():
        (copy / path).write_text(source)
    return lint_imports(copy).stdout


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_planted_violation_is_caught_by_its_rule(planted_report: str, name: str) -> None:
    path, _, contract = VIOLATIONS[name]
    # A line ends in BROKEN, or in BROKEN (2 ignored imports).
    broken = {line.partition(" BROKEN")[0].strip() for line in planted_report.splitlines() if " BROKEN" in line}
    assert contract in broken
    assert Path(path).stem in planted_report
