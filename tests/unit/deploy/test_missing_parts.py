"""What a machine lacks is said in one plain line, with the command that brings it."""

import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
TOOLS = ("bash", "env", "cat", "dirname", "sha256sum", "cut", "rm", "mkdir", "grep")


@pytest.fixture
def bare_checkout(tmp_path: Path) -> Path:
    """A fresh clone's files that set-up reads, and a folder of programs without any Python."""
    for name in ("deploy/local/set_up.sh", "deploy/local/debian_packages.sh", "deploy/local/kafka/jars.lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    programs = tmp_path / "programs"
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def a_program(checkout: Path, name: str, says: str) -> None:
    path = checkout / "programs" / name
    path.write_text(f"#!{shutil.which('bash')}\n{says}\n")
    path.chmod(0o755)


def run(checkout: Path, *command: str) -> tuple[int, str]:
    """Run one of the scripts with nothing but these programs; its exit status and its complaint."""
    done = subprocess.run(
        command,
        cwd=checkout,
        env={"HOME": str(checkout), "PATH": str(checkout / "programs")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


def test_a_machine_without_python_is_told_how_to_get_one(bare_checkout: Path) -> None:
    status, said = run(bare_checkout, "deploy/local/set_up.sh")
    assert status == 1
    assert "Python 3.11 or newer is missing: 'apt-get install python3 python3-venv' brings it" in said


def test_a_python_that_is_too_old_is_as_good_as_none(bare_checkout: Path) -> None:
    a_program(bare_checkout, "python3", "exit 1")
    status, said = run(bare_checkout, "deploy/local/set_up.sh")
    assert (status, "Python 3.11 or newer is missing" in said) == (1, True)


def test_a_python_that_cannot_make_environments_is_told_what_it_lacks(bare_checkout: Path) -> None:
    a_program(bare_checkout, "python3", '[ "$1" = -c ] && exit 0; exit 1')
    status, said = run(bare_checkout, "deploy/local/set_up.sh")
    assert status == 1
    assert "'apt-get install python3-venv' brings that" in said
    assert not (bare_checkout / ".venv").exists()


def test_an_ordinary_user_is_told_the_command_that_brings_chromium(bare_checkout: Path) -> None:
    a_program(bare_checkout, "id", "echo 1000")
    a_program(bare_checkout, "apt-get", "exit 9")
    status, said = run(bare_checkout, "deploy/local/debian_packages.sh", "chromium")
    assert status == 1
    assert "run 'sudo apt-get install chromium' once, then again what you ran" in said


def test_where_there_is_no_debian_the_names_are_told(bare_checkout: Path) -> None:
    status, said = run(bare_checkout, "deploy/local/debian_packages.sh", "chromium")
    assert status == 1
    assert "missing on this machine: chromium" in said
