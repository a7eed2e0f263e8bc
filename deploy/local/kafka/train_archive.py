"""Runs the broker once so that Java records what it loads: later starts take a second instead of two."""

import sys
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.kafka.broker import (
    CONTROLLER,
    PORTS_PER_NODE,
    USERS,
    Broker,
    archive_path,
    prepare,
    training_program,
)
from deploy.local.missing import Missing
from deploy.local.processes import Keeper, free_ports
from deploy.topics.access_rules import apply_access_rules
from deploy.topics.admin import KafkaAccess, connect
from deploy.topics.create_topics import create_topics
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness

START_WITHIN_S = 60.0


class Trained(StrEnum):
    """What came of it; without an archive everything works, a second slower."""

    WAS_THERE = "was there"
    MADE = "made"
    NOT_MADE = "not made: Java was too slow to write it; the broker starts a second later than it could"


def train_archive() -> Trained:
    """Make the archive if it is absent.

    Errors: Missing when the jars are absent or the broker does not start.
    """
    archive = archive_path()
    if archive.exists():
        return Trained.WAS_THERE
    archive.parent.mkdir(parents=True, exist_ok=True)
    for stale in archive.parent.glob("kafka-*.aot*"):
        stale.unlink()
    with TemporaryDirectory() as folder:
        written = _run_once(Path(folder))
    if not written.exists():
        return Trained.NOT_MADE
    written.rename(archive)
    return Trained.MADE


def _run_once(folder: Path) -> Path:
    randomness = SystemRandomness()
    passwords = {user: randomness.token_urlsafe(18) for user in (*USERS, CONTROLLER)}
    broker = Broker(folder, free_ports(PORTS_PER_NODE)[0], nodes=1, passwords=passwords)
    prepare(broker, randomness)
    keeper = Keeper(training_program(broker, folder / "training.log"), restart=False)
    keeper.start()
    try:
        keeper.wait_until_ready(START_WITHIN_S)
        # Signing in, rules and topics load classes that every later start needs too.
        admin = connect(KafkaAccess(broker.bootstrap, "admin", passwords["admin"]))
        create_topics(admin, copies=1)
        apply_access_rules(admin)
    finally:
        keeper.stop()
    return archive_path().with_name(f"{archive_path().name}.new")


if __name__ == "__main__":
    clock = SystemClock()
    started_s = clock.monotonic()
    try:
        trained = train_archive()
    except Missing as missing:
        sys.exit(str(missing))
    took_s = clock.monotonic() - started_s
    print(f"Kafka's class archive: {trained} ({took_s:.1f} s)")
