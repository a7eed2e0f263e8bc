"""Which jars the broker runs from: the lock, the cache, the class path."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local.missing import Missing

LOCK = Path(__file__).parent / "jars.lock"


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One published jar and the only content that is accepted for it."""

    group: str
    artifact: str
    version: str
    sha256: str

    def path_in(self, cache: Path) -> Path:
        """Where this jar lies in a cache, whether it is there or not."""
        folder = cache / self.group.replace(".", "/") / self.artifact / self.version
        return folder / f"{self.artifact}-{self.version}.jar"

    def is_intact_in(self, cache: Path) -> bool:
        """Whether the cache holds this jar with exactly the locked content."""
        path = self.path_in(cache)
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def user_cache() -> Path:
    """The folder for what is brought once per user and can always be brought again."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "baimi"


def jar_cache() -> Path:
    """Where jars are kept between checkouts."""
    return user_cache() / "jars"


def read_lock(lock: Path = LOCK) -> list[LockedJar]:
    """The locked jars, in the file's order: the class path's order must never change between starts."""
    lines = [line for line in lock.read_text().splitlines() if line and not line.startswith("#")]
    return [_parse(line) for line in lines]


def class_path(cache: Path) -> str:
    """All jars as Java wants them.

    Errors: Missing when one is absent.
    """
    paths = [jar.path_in(cache) for jar in read_lock()]
    absent = [path.name for path in paths if not path.exists()]
    if absent:
        raise Missing(
            f"{len(absent)} of Kafka's jars are not here ({absent[0]} …): `make setup` brings them, "
            "or name a running broker in KAFKA_BOOTSTRAP_SERVERS"
        )
    return ":".join(str(path) for path in paths)


def _parse(line: str) -> LockedJar:
    name, sha256 = line.split()
    group, artifact, version = name.split(":")
    return LockedJar(group, artifact, version, sha256)
