"""Runs the services' migrations in a process of their own: without SQLAlchemy the launcher starts sooner."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.missing import Missing

CHECKOUT = Path(__file__).parents[2]


def migrate(owner_urls: Mapping[str, str]) -> None:
    """Bring each service's database to its newest revision.

    Errors: Missing with the last words of Alembic.
    """
    if not owner_urls:
        return
    done = subprocess.run(
        [sys.executable, "-m", "deploy.migrations.migrate"],
        cwd=CHECKOUT,
        input=json.dumps(dict(owner_urls)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Missing("a migration failed:\n  " + "\n  ".join(done.stderr.splitlines()[-8:]))
