"""What the local system keeps between starts: passwords, keys, the clock's anchor; all in one private folder."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.missing import Missing
from shared.basics.clock import SystemClock, clock_from
from shared.basics.randomness import SystemRandomness
from shared.security.new_keys import make_key_files

SECRET_BYTES = 18
# Settings refuse this prefix in production: what a demo made must not guard a street.
DEMO_PREFIX = "demo-"


@dataclass(frozen=True, slots=True)
class StoredClock:
    """The street's time as all processes compute it: origin + factor x real time since the anchor."""

    origin: str
    anchor: str
    factor: float

    def now(self) -> datetime:
        """The street's time at this moment."""
        clock = clock_from(datetime.fromisoformat(self.origin), datetime.fromisoformat(self.anchor), self.factor)
        return clock.now()


@dataclass(frozen=True, slots=True)
class State:
    """One state folder as it was read or made."""

    folder: Path
    passwords: Mapping[str, str]
    clock: StoredClock
    brokers: int

    @property
    def logs(self) -> Path:
        """Where every program's output goes."""
        return self.folder / "logs"

    def key_file(self, service: str) -> Path:
        """A service's own keys."""
        return self.folder / "keys" / f"{service}.json"

    def log_path(self, name: str) -> Path:
        """One program's output."""
        return self.logs / f"{name}.log"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a start asks for; what the state already holds is only changed where that loses nothing."""

    users: Sequence[str]
    services: Sequence[str]
    brokers: int
    clock_origin: datetime | None
    clock_factor: float


def default_folder() -> Path:
    """`.baimi` in the checkout, or what BAIMI_STATE names."""
    checkout = Path(__file__).parents[2]
    return Path(os.environ.get("BAIMI_STATE") or checkout / ".baimi").absolute()


def open_state(folder: Path, wishes: Wishes) -> State:
    """Read the state of this folder, or make it. Time never jumps back: a new factor goes on from the old time.

    Errors: Missing when the folder was made for another number of brokers.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _read(folder)
    if kept and kept["brokers"] != wishes.brokers:
        raise Missing(
            f"{folder} was made with BROKERS={kept['brokers']}, not {wishes.brokers}: start with that, "
            "or forget it with `make reset`"
        )
    passwords = {**_new_passwords(wishes.users), **(kept["passwords"] if kept else {})}
    clock = _clock_to_go_on(StoredClock(**kept["clock"]) if kept else None, wishes)
    state = State(folder, passwords, clock, wishes.brokers)
    document = {"passwords": passwords, "clock": asdict(clock), "brokers": wishes.brokers}
    write_private(folder / "system.json", json.dumps(document, indent=1))
    _make_keys(state, wishes.services)
    return state


def read_state(folder: Path) -> State | None:
    """The state of this folder, if it was ever started."""
    kept = _read(folder)
    if kept is None:
        return None
    return State(folder, kept["passwords"], StoredClock(**kept["clock"]), kept["brokers"])


def hold(folder: Path) -> int:
    """Claim the folder for this process until it ends; return the open lock.

    Errors: Missing when another launcher runs on it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / "launcher.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(lock, 20).decode().strip()
        os.close(lock)
        raise Missing(f"Baimi already runs on {folder} (process {pid}): `make down` stops it") from None
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def release(lock: int) -> None:
    """Let others claim the folder."""
    os.close(lock)


def holder_pid(folder: Path) -> int | None:
    """The launcher that runs on this folder, if one does."""
    path = folder / "launcher.lock"
    if not path.exists():
        return None
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None


def forget(folder: Path) -> None:
    """Delete the folder with all it holds."""
    shutil.rmtree(folder, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, all at once: a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.rename(path)


def _read(folder: Path) -> dict[str, Any] | None:
    path = folder / "system.json"
    return json.loads(path.read_text()) if path.exists() else None


def _new_passwords(users: Sequence[str]) -> dict[str, str]:
    randomness = SystemRandomness()
    return {user: f"{DEMO_PREFIX}{randomness.token_urlsafe(SECRET_BYTES)}" for user in users}


def _clock_to_go_on(kept: StoredClock | None, wishes: Wishes) -> StoredClock:
    if kept is not None and kept.factor == wishes.clock_factor:
        return kept
    real_now = SystemClock().now()
    origin = kept.now() if kept is not None else wishes.clock_origin or real_now
    return StoredClock(origin.astimezone(UTC).isoformat(), real_now.isoformat(), wishes.clock_factor)


def _make_keys(state: State, services: Sequence[str]) -> None:
    if all(state.key_file(service).exists() for service in services):
        return
    for service, content in make_key_files(services).items():
        write_private(state.key_file(service), json.dumps(content, indent=1))
