"""Runs the broker once so that Java records what it loads: later starts take a second instead of two."""

import sys
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


def train_archive() -> bool:
    """Make the archive if it is absent; return whether it was made.

    Errors: Missing when the jars are absent or the broker does not start.
    """
    archive = archive_path()
    if archive.exists():
        return False
    archive.parent.mkdir(parents=True, exist_ok=True)
    for stale in archive.parent.glob("kafka-*.aot*"):
        stale.unlink()
    with TemporaryDirectory() as folder:
        written = _run_once(Path(folder))
    written.rename(archive)
    return True


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
        made = train_archive()
    except Missing as missing:
        sys.exit(str(missing))
    took_s = clock.monotonic() - started_s
    print(f"Kafka's class archive: {f'made in {took_s:.1f} s' if made else 'was there'}")
