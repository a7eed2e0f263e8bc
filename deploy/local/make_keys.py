"""Writes one private key file a service into a folder; the services that share a folder trust each other."""

import json
import sys
from pathlib import Path

from deploy.local.missing import Missing
from deploy.local.postgres import SERVICES
from deploy.local.state import write_private
from shared.security.new_keys import make_key_files


def make_keys(folder: Path) -> None:
    """Draw and write fresh keys.

    Errors: Missing when there are keys already: new ones could not read what the old ones sealed.
    """
    if any((folder / f"{service}.json").exists() for service in SERVICES):
        raise Missing(f"{folder} holds keys already; new ones could not open what those have sealed")
    for service, content in make_key_files(SERVICES).items():
        write_private(folder / f"{service}.json", json.dumps(content, indent=1))


if __name__ == "__main__":
    try:
        make_keys(Path(sys.argv[1]))
    except Missing as missing:
        sys.exit(str(missing))
