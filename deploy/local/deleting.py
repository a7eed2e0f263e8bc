"""Deletes what nobody will read again while everybody goes on: a suite's databases take a slow disk minutes."""

import contextlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

GONE = ".gone"
# Kept, so that none is taken for a process that was forgotten.
_running: list[subprocess.Popen[bytes]] = []


def delete_behind(paths: Iterable[Path]) -> None:
    """Move these folders out of the way, begin to delete them, and return; it goes on when this process has ended.

    What is cut short lies beside its old place, its name ending in `GONE`.
    """
    doomed = [moved for path in paths if (moved := _moved(path)).exists()]
    if doomed:
        _running.append(
            subprocess.Popen(
                ["rm", "-rf", "--", *map(str, doomed)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )


def _moved(path: Path) -> Path:
    if path.name.endswith(GONE):
        return path
    # Never there, or its like of another time still goes: then it is deleted where it lies.
    with contextlib.suppress(OSError):
        return path.rename(path.with_name(f"{path.name}{GONE}"))
    return path
