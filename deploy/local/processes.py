"""Starts programs, keeps them running, and ends them: by pid, in their own sessions, never as orphans."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from deploy.local.missing import Missing
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness

LOOK_EVERY_S = 0.02
RESTART_PAUSE_S = 0.3
# More deaths than this in a minute is no accident: the program is left down and status says so.
DEATHS_PER_MINUTE = 20
# A program that cannot start is not tried for a minute; a killed one may trip over its predecessor once or twice.
DEATHS_WHILE_STARTING = 4

# Below Linux's own ephemeral range (32768 and up), so that no outgoing connection takes one meanwhile.
PORTS_TO_TRY = (15_000, 32_000)
TRIES_FOR_PORTS = 200

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_clock = SystemClock()
_randomness = SystemRandomness()
# Linux sends the parent-death signal when the *thread* that forked ends: one thread, as old
# as the process, forks all.
_forking_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forks")


@dataclass(frozen=True, slots=True)
class Program:
    """One program as it is started.

    Units: stop_within_s is how long a polite stop may take before SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log_path: Path
    folder: Path
    account: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    stop_within_s: float = 15.0
    is_ready: Callable[[], bool] = field(default=lambda: True)


class Keeper:
    """Keeps one program alive until told otherwise.

    A death that nobody asked for is followed by a new start, unless `restart` is False.
    """

    def __init__(self, program: Program, *, restart: bool = True) -> None:
        self.program = program
        self.restart = restart
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._changing = threading.RLock()
        self._deaths_s: list[float] = []
        self._death_count = 0

    @property
    def pid(self) -> int | None:
        """The program's process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the program if it does not run, and watch it from now on."""
        with self._changing:
            if self.pid is not None:
                return
            was_wanted, self._wanted = self._wanted, True
            self._process = _fork(self.program)
            if not was_wanted:
                threading.Thread(target=self._watch, name=f"watch {self.program.name}", daemon=True).start()

    def wait_until_ready(self, within_s: float) -> None:
        """Wait until the program answers.

        Errors: Missing, with the last lines of its log, when it dies for good or does not answer in time.
        """
        until_s = _clock.monotonic() + within_s
        deaths_before = self._death_count
        while not self.program.is_ready():
            deaths = self._death_count - deaths_before
            if deaths >= DEATHS_WHILE_STARTING or (self.pid is None and not self.restart):
                raise Missing(f"{self.program.name} ended while starting; {last_words(self.program.log_path)}")
            if _clock.monotonic() > until_s:
                words = last_words(self.program.log_path)
                raise Missing(f"{self.program.name} did not answer within {within_s:.0f} s; {words}")
            wait_s(LOOK_EVERY_S)

    def wait_until_replaced(self, old_pid: int, within_s: float) -> None:
        """Wait until the program runs under another pid than this one.

        Errors: Missing when it was not started again in time.
        """
        until_s = _clock.monotonic() + within_s
        while self.pid in {None, old_pid}:
            if _clock.monotonic() > until_s:
                raise Missing(f"{self.program.name} was not started again; {last_words(self.program.log_path)}")
            wait_s(LOOK_EVERY_S)

    def stop(self) -> None:
        """End the program politely, after its time by force; it stays down."""
        with self._changing:
            self._wanted = False
            process = self._process
            if process is None or process.poll() is not None:
                return
            process.send_signal(self.program.stop_signal)
            try:
                process.wait(self.program.stop_within_s)
            except subprocess.TimeoutExpired:
                _kill_session(process)

    def kill(self) -> int:
        """SIGKILL the program and return the pid it had; whether it comes back is `restart`'s to say.

        Errors: ProcessLookupError when it does not run.
        """
        with self._changing:
            process = self._process
            if process is None or process.poll() is not None:
                raise ProcessLookupError(f"{self.program.name} does not run")
            if not self.restart:
                self._wanted = False
            _kill_session(process)
            return process.pid

    def _watch(self) -> None:
        while self._wanted:
            process = self._process
            if process is not None:
                process.wait()
            with self._changing:
                if self._wanted and self.pid is None:
                    self._start_again()

    def _start_again(self) -> None:
        now_s = _clock.monotonic()
        self._death_count += 1
        self._deaths_s = [death_s for death_s in self._deaths_s if death_s > now_s - 60] + [now_s]
        if not self.restart or len(self._deaths_s) > DEATHS_PER_MINUTE:
            self._wanted = False
            return
        wait_s(RESTART_PAUSE_S)
        self._process = _fork(self.program)


def stop_all(keepers: Sequence[Keeper]) -> None:
    """End several programs at the same time: the nodes of a cluster wait for each other."""
    with ThreadPoolExecutor(max_workers=max(1, len(keepers))) as threads:
        list(threads.map(Keeper.stop, keepers))


def wait_s(seconds: float) -> None:
    """Let real time pass."""
    threading.Event().wait(seconds)


def is_listening(port: int) -> bool:
    """Whether something on this machine accepts connections at the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers_http(url: str) -> bool:
    """Whether a GET of this address is answered with success."""
    try:
        with urlopen(url, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        # Nothing listens, it is slow, or it answers with an error: URLError and HTTPError are OSErrors.
        return False


def claim_port(name: str, port: int, within_s: float = 3.0) -> None:
    """Make sure the port is free, giving a predecessor that is just ending a moment.

    Errors: Missing when another program keeps it.
    """
    until_s = _clock.monotonic() + within_s
    while is_listening(port):
        if _clock.monotonic() > until_s:
            raise Missing(
                f"port {port} for {name} is taken by another program: end it (`ss -ltnp | grep {port}` names it), "
                f"or choose another with {name.upper()}_PORT"
            )
        wait_s(LOOK_EVERY_S)


def free_ports(count: int) -> range:
    """That many ports in a row, unused at this moment, outside the range the system hands out by itself.

    Errors: Missing when the machine has no such row.
    """
    for _ in range(TRIES_FOR_PORTS):
        first = _randomness.randint(*PORTS_TO_TRY)
        row = range(first, first + count)
        if all(_can_bind(port) for port in row):
            return row
    raise Missing(f"no {count} free ports in a row were found on this machine")


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def last_words(log_path: Path, line_count: int = 6) -> str:
    """The end of a log, to be shown beside a failure."""
    lines = log_path.read_text(errors="replace").splitlines() if log_path.exists() else []
    return (
        f"its log {log_path} ends:\n  " + "\n  ".join(lines[-line_count:])
        if lines
        else f"its log {log_path} is empty"
    )


def _fork(program: Program) -> subprocess.Popen[bytes]:
    return _forking_thread.submit(_start_process, program).result()


def _start_process(program: Program) -> subprocess.Popen[bytes]:
    program.log_path.parent.mkdir(parents=True, exist_ok=True)
    parent_pid = os.getpid()

    def die_with_parent() -> None:
        # After the change of user, which clears it; a parent that ended in between is seen by the second line.
        _libc.prctl(_PR_SET_PDEATHSIG, int(program.orphan_signal))
        if os.getppid() != parent_pid:
            os._exit(1)

    account = pwd.getpwnam(program.account) if program.account else None
    with program.log_path.open("ab") as log:
        return subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A session of its own keeps the terminal's Ctrl-C away: the launcher ends programs in its own order.
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one forking thread, and it only calls prctl
        )


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the process; its own children (solvers) die with it by their parent-death signal or here."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
