"""Brings the broker's jars from the package registry, eight at a time, each checked by its SHA-256."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import MavenContext

from deploy.local.kafka.jars import LockedJar, jar_cache, read_lock
from deploy.local.missing import Missing

FETCHED_AT_ONCE = 8


def fetch_jars(cache: Path) -> int:
    """Bring every jar that is absent or damaged; return how many were brought. A second call brings none.

    Errors: Missing when the registry cannot be reached or serves another content than the lock's.
    """
    cache.mkdir(parents=True, exist_ok=True)
    wanted = [jar for jar in read_lock() if not jar.is_intact_in(cache)]
    with ThreadPoolExecutor(FETCHED_AT_ONCE) as threads:
        problems = list(threads.map(lambda jar: _fetch(jar, cache), wanted))
    for jar, problem in zip(wanted, problems, strict=True):
        if problem:
            raise Missing(
                f"{jar.artifact}-{jar.version}.jar could not be brought: {problem}. Kafka's jars need the Maven "
                "registry once; without it, name a running broker in KAFKA_BOOTSTRAP_SERVERS"
            )
    return len(wanted)


def _fetch(jar: LockedJar, cache: Path) -> str | None:
    """Bring one jar and return what went wrong, if anything."""
    jar.path_in(cache).unlink(missing_ok=True)
    try:
        # jgo must not resolve the tree itself: asked for Kafka as a whole it mixes versions.
        maven = MavenContext(repo_cache=cache)
        maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (OSError, ValueError, RuntimeError) as error:
        return f"{type(error).__name__} {error}".splitlines()[0]
    if not jar.is_intact_in(cache):
        jar.path_in(cache).unlink(missing_ok=True)
        return "its SHA-256 is not the locked one"
    return None


if __name__ == "__main__":
    try:
        brought = fetch_jars(jar_cache())
    except Missing as missing:
        sys.exit(str(missing))
    print(f"Kafka's jars: {brought} brought, {len(read_lock()) - brought} were there")
