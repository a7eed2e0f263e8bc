"""Turns what Maven resolved from pom.xml into jars.lock: one jar a line, with its SHA-256."""

import hashlib
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
LIST_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:list"
HEADER = "# group:artifact:version sha256 of the jar; made by `make jars-lock` from pom.xml, read by jars.py\n"
# Maven colours its list and adds " -- module ..." to a line.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RESOLVED = re.compile(r"^\s+(?P<group>[^:\s]+):(?P<artifact>[^:]+):jar:(?P<version>[^:]+):(?:runtime|compile)\b")


def lock_jars(lock: Path, local_repository: Path) -> int:
    """Write the lock file anew and return how many jars it names.

    Errors: CalledProcessError when Maven fails; FileNotFoundError when a listed jar was not brought.
    """
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "list.txt"
        subprocess.run(
            [
                *("mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), LIST_GOAL),
                *("-DincludeScope=runtime", f"-DoutputFile={listed}", "-Dsort=true"),
            ],
            check=True,
        )
        text = COLOUR.sub("", listed.read_text())
    found = [match for line in text.splitlines() if (match := RESOLVED.match(line))]
    lines = [_locked_line(match, local_repository) for match in found]
    lock.write_text(HEADER + "".join(sorted(lines)))
    return len(lines)


def _locked_line(match: re.Match[str], local_repository: Path) -> str:
    group, artifact, version = match["group"], match["artifact"], match["version"]
    jar = local_repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.jar"
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    return f"{group}:{artifact}:{version} {digest}\n"


if __name__ == "__main__":
    count = lock_jars(HERE / "jars.lock", Path.home() / ".m2" / "repository")
    print(f"jars.lock: {count} jars")
