"""What docs/proofs.md names is there: every test, every file, every make target."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([^`\n]+)`", PAGE)


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_every_test_named_exists() -> None:
    named = [each.split("::") for each in NAMED if "::" in each]
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / "tests" / file).is_file() or test not in names_of_tests(ROOT / "tests" / file)
    ]
    assert len(named) > 80
    assert missing == []


def test_every_file_and_folder_named_exists() -> None:
    paths = [each for each in NAMED if re.fullmatch(r"[\w./-]+/[\w./-]*", each) and "::" not in each]
    missing = [path for path in paths if not (ROOT / path).exists() and not (ROOT / "tests" / path).exists()]
    assert len(paths) > 10
    assert missing == []


def test_every_make_target_named_exists() -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {target for line in re.findall(r"^([\w %-]+):(?!=)", rules, re.MULTILINE) for target in line.split()}
    targets |= {f"bench-{path.stem}" for path in (ROOT / "tests" / "bench").glob("*.py")}
    asked = {target for each in NAMED for target in re.findall(r"\bmake ([\w-]+)", each)}
    assert {"drill", "test", "demo"} <= asked
    assert asked - targets == set()


def test_what_nothing_shows_is_said_so() -> None:
    rows = [
        line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| sentence", "|--"))
    ]
    unproved = [row for row in rows if "`" not in row.rpartition(" | ")[2] and "**Not shown**" not in row]
    assert [row for row in unproved if "**not shown**" not in row] == []
