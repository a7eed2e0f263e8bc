"""Brings a service's database to its newest revision: one history a service, run as the owner."""

import json
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent


def configure(service: str, owner_url: str) -> Config:
    """Alembic's settings for one service's history."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(versions_folder(service)))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    return config


def versions_folder(service: str) -> Path:
    """Where a service's owner keeps its revisions."""
    return HERE / service / "versions"


def upgrade(service: str, owner_url: str) -> None:
    """Run every revision that the database has not had. A second time runs none.

    Not to be called where an event loop runs: Alembic's own loop needs the thread for itself.
    """
    if versions_folder(service).exists():
        command.upgrade(configure(service, owner_url), "head")


if __name__ == "__main__":
    # Addresses hold passwords, so they come by standard input: {"orders": "postgresql+asyncpg://…", …}
    for named_service, url in json.load(sys.stdin).items():
        upgrade(named_service, url)
