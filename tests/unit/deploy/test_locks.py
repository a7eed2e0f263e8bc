"""The locks: complete for each image, with hashes, and naming no registry."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import grimp
import pytest

from deploy.local.kafka.jars import read_lock
from deploy.local.launcher import SERVICES

REQUIREMENTS = Path(__file__).parents[3] / "requirements"


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("services", "shared", "deploy", include_external_packages=True, cache_dir=None)


@pytest.mark.parametrize("service", SERVICES)
def test_an_images_lock_has_all_that_its_service_imports(imports: grimp.ImportGraph, service: str) -> None:
    modules = {f"services.{service}", *imports.find_descendants(f"services.{service}")}
    # A package's own file is loaded with any module in it.
    needed = set().union(*(imports.find_upstream_modules(module) for module in modules))
    foreign = {name for name in needed if imports.is_module_squashed(name)} - set(sys.stdlib_module_names)
    distributions = packages_distributions()
    absent = {
        name
        for name in foreign
        if not {_plain(each) for each in distributions.get(name, [name])} & _locked(f"{service}.lock")
    }
    assert absent == set()


@pytest.mark.parametrize("lock", sorted(path.name for path in REQUIREMENTS.glob("*.lock")))
def test_a_lock_names_no_registry_and_has_hashes(lock: str) -> None:
    text = (REQUIREMENTS / lock).read_text()
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_jar_is_locked_by_a_whole_sha256() -> None:
    jars = read_lock()
    assert len(jars) == len({(jar.group, jar.artifact) for jar in jars}) == 46
    assert [jar for jar in jars if not re.fullmatch(r"[0-9a-f]{64}", jar.sha256)] == []


def _locked(lock: str) -> set[str]:
    return {
        _plain(name)
        for name in re.findall(r"^([A-Za-z0-9._-]+)==", (REQUIREMENTS / lock).read_text(), re.MULTILINE)
    }


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_has_every_dependency_that_is_declared() -> None:
    project = tomllib.loads((REQUIREMENTS.parent / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {_plain(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in declared}  # type: ignore[index]
    assert names - _locked("all.lock") == set()
