"""House rules no linter knows, read from the source itself."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from shared.basics.crash_points import POINTS

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for top in ("services", "shared", "deploy")
    for path in (ROOT / top).rglob("*.py")
    if "node_modules" not in path.parts
)
MOST_LINES = 400
MOST_LINES_WITH_REASON = 600
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "handler", "service"}

# Real time and chance have one place each; whoever else is named here says why.
# A plan command's budget is counted from the start of its process, before any clock is made.
MAY_READ_TIME = {"shared/basics/clock.py", "services/routing/__main__.py"}
MAY_DRAW = {"shared/basics/randomness.py"}
# A loop that must outlive any error, and programs whose last word is a plain sentence.
MAY_CATCH_ALL = re.compile(
    r"shared/messaging/(consumer|relay|upkeep|inbox)\.py|shared/observability/health\.py|shared/web/"
    r"|services/\w+/\w+_loop\.py|services/routing/planning/(child|stages)\.py|deploy/"
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=name_of(path))


def calls_in(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_says_what_it_is_and_keeps_to_one_idea(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path))
    assert docstring, "a module says in one sentence what it owns"
    lines = len(path.read_text().splitlines())
    limit = MOST_LINES_WITH_REASON if "Longer than 400 lines because" in docstring else MOST_LINES
    assert lines <= limit, f"{lines} lines: is this still one idea?"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_file_hides_behind_an_empty_name(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert not FORBIDDEN_NAMES.intersection(part for part in path.relative_to(ROOT).parts[:-1])


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_time_comes_from_the_clock_and_chance_from_randomness(path: Path) -> None:
    clock_calls = {
        "datetime.now",
        "datetime.utcnow",
        "time.time",
        "time.monotonic",
        "date.today",
        "datetime.today",
    }
    if name_of(path) not in MAY_READ_TIME and not name_of(path).startswith(
        ("deploy/", "services/routing/planning/")
    ):
        assert [call for call in calls_in(path) if call[1] in clock_calls] == []
    if name_of(path) not in MAY_DRAW and not name_of(path).startswith("shared/security/"):
        drawn = [
            call for call in calls_in(path) if re.match(r"random\.(?!Random\b)|secrets\.|uuid\.uuid[147]", call[1])
        ]
        unseeded = [
            call for call in calls_in(path) if call[1] == "random.Random" and "Random()" in path.read_text()
        ]
        assert [*drawn, *unseeded] == [] or name_of(path).startswith("deploy/local/")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_transaction_commits(path: Path) -> None:
    if name_of(path).startswith("deploy/"):
        return
    found = [line for line, call in calls_in(path) if call.endswith((".commit", ".rollback"))]
    consumer_offset = name_of(path) == "shared/messaging/kafka.py"
    assert found == [] or consumer_offset


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_caught_just_to_go_on(path: Path) -> None:
    blind = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert blind == [] or MAY_CATCH_ALL.match(name_of(path))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_stay_at_the_top(path: Path) -> None:
    inside = [
        inner.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_every_action_has_a_test() -> None:
    tested = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    untested = [
        name_of(path)
        for path in SOURCES
        if "/actions/" in name_of(path) and path.stem != "__init__" and not re.search(rf"\b{path.stem}\b", tested)
    ]
    assert untested == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_crash_point_that_is_passed_is_one_that_exists(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("crash_points.reach"):
            [argument] = node.args
            if isinstance(argument, ast.Constant):
                assert argument.value in POINTS


def test_every_crash_point_is_passed_somewhere() -> None:
    source = "\n".join(path.read_text() for path in SOURCES if path.name != "crash_points.py")
    for point in sorted(POINTS):
        place, _, moment = point.partition(".")
        by_name = f'"{point}"' in source
        by_transaction = moment.endswith("_commit") and (place == "web" or f'"{place}")' in source)
        assert by_name or by_transaction, f"nobody passes {point}"


def test_no_path_of_one_machine_and_no_registry_is_written_down() -> None:
    tracked = [*SOURCES, *ROOT.glob("*.md"), *ROOT.glob("requirements/*"), ROOT / "Makefile"]
    pattern = re.compile(r"https?://(files|registry|deb|repo\d*|pypi)\.|(?<![\w.])/(home|Users)/\w")
    found = [name_of(path) for path in tracked if path.is_file() and pattern.search(path.read_text())]
    assert found == []


def test_no_property_is_timed_by_the_wall() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
