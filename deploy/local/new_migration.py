"""`make migration`: drafts a service's next revision: what its tables.py has and the running database lacks."""

import argparse
import sys
from importlib import import_module

from alembic import command

from deploy.local import postgres, state
from deploy.local.launcher import SERVICES, Ports
from deploy.local.missing import Missing
from deploy.migrations.migrate import configure, versions_folder


def draft(service: str, title: str) -> None:
    """Write the draft into the service's versions folder; a person reads and completes it.

    Errors: Missing when the local system, whose database is compared, does not run.
    """
    folder = state.default_folder()
    kept = state.read_state(folder)
    if kept is None or state.holder_pid(folder) is None:
        raise Missing("the draft is compared with the running database: `make up` first")
    server = postgres.place_server(folder, Ports.from_environment().postgres, kept.passwords)
    config = configure(service, server.url(f"{service}_owner", service))
    config.attributes["metadata"] = import_module(f"services.{service}.storage.tables").metadata
    count = len(list(versions_folder(service).glob("*.py"))) + 1
    command.revision(config, message=title, autogenerate=True, rev_id=f"{count:04d}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make migration", description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("title", help="what changes, in the imperative")
    words = parser.parse_args()
    try:
        draft(words.service, words.title)
    except Missing as missing:
        sys.exit(str(missing))
