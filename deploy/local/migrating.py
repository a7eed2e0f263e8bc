"""Runs the services' migrations in a process of their own: without SQLAlchemy the launcher starts sooner."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.missing import Missing
from deploy.local.postgres import revision_of

CHECKOUT = Path(__file__).parents[2]
VERSIONS = CHECKOUT / "deploy" / "migrations"


def migrate(owner_urls: Mapping[str, str]) -> None:
    """Bring each service's database to its newest revision.

    Errors: Missing with the last words of Alembic.
    """
    behind = asyncio.run(_behind(owner_urls))
    if not behind:
        return
    done = subprocess.run(
        [sys.executable, "-m", "deploy.migrations.migrate"],
        cwd=CHECKOUT,
        input=json.dumps(behind),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Missing("a migration failed:\n  " + "\n  ".join(done.stderr.splitlines()[-8:]))


async def _behind(owner_urls: Mapping[str, str]) -> dict[str, str]:
    """The databases that are not at their history's end, found without loading Alembic."""
    newest = {service: newest_revisions(service) for service in owner_urls}
    return {
        service: url
        for service, url in owner_urls.items()
        if newest[service] and newest[service] != {await revision_of(url)}
    }


def newest_revisions(service: str) -> set[str]:
    """The ends of a service's history: one, unless two people branched it."""
    texts = [path.read_text() for path in (VERSIONS / service / "versions").glob("*.py")]
    return _named("revision", texts) - _named("down_revision", texts)


def _named(variable: str, texts: list[str]) -> set[str]:
    pattern = re.compile(rf"""^{variable}\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)
    return {found for text in texts for found in pattern.findall(text)}
