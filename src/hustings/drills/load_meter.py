"""CPU time of the server under load, per listener and second, by the kernel's accounting."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from hustings.drills.load_report import Server
from hustings.errors import HustingsError


def cpu_seconds(pids: Sequence[int]) -> dict[int, float]:
    """CPU time so far of each process that lives, all its threads (/proc/PID/task/*/schedstat)."""
    found = {}
    for pid in pids:
        total = 0
        tasks = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
        for task in tasks:
            with contextlib.suppress(OSError):
                total += int(task.read_text().split()[0])
        if tasks:
            found[pid] = total / 1e9
    return found


class Meter:
    """Adds up readings. `steady` readings are those between which nobody came or left."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = tuple(pids)
        self._last = cpu_seconds(pids)
        if missing := [pid for pid in pids if pid not in self._last]:
            raise HustingsError(f"there is no process {missing[0]} to measure")
        self._last_s: float | None = None
        self._last_playing = -1
        self._cpu_s = self._listener_s = 0.0
        self._steady_cpu_s = self._steady_listener_s = 0.0

    def read(self, now: float, playing: int) -> float:
        """Take a reading; returns the cores that the server used since the one before."""
        used = cpu_seconds(self._pids)
        # One that has ended is forgotten; what it used before its last reading stays counted.
        cpu_s = sum(spent - self._last.get(pid, spent) for pid, spent in used.items())
        self._last = used
        if self._last_s is None:
            self._last_s, self._last_playing = now, playing
            return 0.0
        passed_s = now - self._last_s
        listener_s = (playing + self._last_playing) / 2 * passed_s
        self._cpu_s += cpu_s
        self._listener_s += listener_s
        if playing == self._last_playing and playing:
            self._steady_cpu_s += cpu_s
            self._steady_listener_s += listener_s
        self._last_s, self._last_playing = now, playing
        return cpu_s / passed_s if passed_s > 0 else 0.0

    def figures(self) -> Server:
        """All readings so far."""
        each = None
        if self._steady_listener_s > 0:
            each = round(self._steady_cpu_s / self._steady_listener_s * 1e6, 2)
        return Server(round(self._cpu_s, 3), round(self._listener_s, 1), each)
