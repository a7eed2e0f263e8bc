"""Whole drills on a street of forty homes, with something broken on purpose; each gives its verdict."""

from pathlib import Path
from typing import Any

from deploy.local.launcher import forget
from deploy.rehearsal.drill import Wish, run
from deploy.rehearsal.kills import KillPlan
from deploy.rehearsal.planted import Plant
from tests.end_to_end.tiny_street import write_tiny

# Two days of the street in ninety seconds: enough for servers to come back, short enough to wait for.
FACTOR = 1920.0
# Forty homes never have fifty orders open for long; the Futian drill kills at fifty.
LEAST_OPEN = 15


def drill(folder: Path, *, kills: KillPlan | None = None, plant: str = "", brokers: int = 1) -> dict[str, Any]:
    """Play the tiny street once on a system of its own."""
    write_tiny(folder / "scene")
    wish = Wish(
        scenario="tiny",
        seed=1,
        given=folder / "scene",
        brokers=brokers,
        kills=kills or KillPlan(),
        plant=Plant.of(plant),
        factor=FACTOR,
        folder=folder,
    )
    try:
        return run(wish, folder)
    finally:
        forget(folder / "state")
