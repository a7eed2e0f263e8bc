"""Owns the command that writes a scenario into a folder: `python -m deploy.rehearsal.scenario --out DIR`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from deploy.rehearsal.scenario.plans import PLANS, ScenarioError
from deploy.rehearsal.scenario.write_scenario import write_scenario


def main(arguments: Sequence[str]) -> int:
    """Write the files and print what they add up to, as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.rehearsal.scenario", description=__doc__)
    parser.add_argument("--scenario", choices=sorted(PLANS), default="futian")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        scenario = write_scenario(options.scenario, options.seed, options.out)
    except (ScenarioError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps({"scenario": scenario.name, "seed": scenario.seed, **asdict(scenario.expected)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
