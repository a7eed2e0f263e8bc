"""What everything together takes: memory by proportional set size, so that shared pages count once, and CPU."""

import contextlib
import threading
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Self

import psutil

MIB = 1024 * 1024
LOOK_EVERY_S = 5.0


class MemoryWatch:
    """Looks at all processes of the system, and at this one, every five seconds while the block runs."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self.peak_mib = 0
        self.peak_by_name: dict[str, int] = {}
        # By process id, for one that was killed has used its time all the same. Units: seconds.
        self._cpu_s: dict[int, tuple[str, float]] = {}
        self._pids = pids
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    @property
    def cpu_s_by_name(self) -> dict[str, float]:
        """Seconds of processor time used up to the last look."""
        sums: dict[str, float] = {}
        for name, seconds in self._cpu_s.values():
            sums[name] = sums.get(name, 0) + seconds
        return {name: round(seconds, 1) for name, seconds in sorted(sums.items())}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(10)

    def look(self) -> dict[str, float]:
        """Look now; gives the seconds of processor time used so far, by name."""
        sizes: dict[str, float] = {}
        for pid in [*self._pids(), psutil.Process().pid]:
            for process in _family(pid):
                with contextlib.suppress(psutil.Error):
                    name = _name(process)
                    sizes[name] = sizes.get(name, 0) + process.memory_full_info().pss / MIB
                    times = process.cpu_times()
                    self._cpu_s[process.pid] = (name, times.user + times.system)
        if sum(sizes.values()) > self.peak_mib:
            self.peak_mib = round(sum(sizes.values()))
            self.peak_by_name = {name: round(size) for name, size in sorted(sizes.items())}
        return self.cpu_s_by_name

    def _watch(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            self.look()


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        # This process's own children are the system's programs, which are in the list already.
        children = [] if process.pid == psutil.Process().pid else process.children(recursive=True)
        return [process, *children]
    return []


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    module = next((after for word, after in pairwise(words) if word == "-m"), "")
    return module or process.name()
