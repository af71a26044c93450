"""The loop of a load worker: one epoll set and one heap of timers, on one thread.

Timers are served in small portions between two looks at the sockets, so that a crowd that arrives
at one moment does not keep those who listen already from being read.
"""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Callable
from typing import Final, Protocol

READ: Final = select.EPOLLIN
WRITE: Final = select.EPOLLOUT
NOTHING: Final = 0  # errors and hang-ups are always reported

_BATCH: Final = 512
_PORTION: Final = 32  # timers served between two looks at the sockets


class Watched(Protocol):
    """What is called when its socket is ready."""

    def ready(self, mask: int) -> None:
        """`mask` is a union of epoll's event bits."""


class Timer:
    """A call that is to come; `cancel` it if it is not wanted any more."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """It is not called."""
        self.call = None


class Loop:
    """Sockets and timers. `late_s` is the longest time that a timer had to wait beyond its own."""

    def __init__(self) -> None:
        self.late_s = 0.0
        self._epoll = select.epoll()
        self._table: dict[int, Watched] = {}
        self._stale: set[int] = set()
        self._heap: list[tuple[float, int, Timer]] = []
        self._made = 0
        self._stopped = False

    def watch(self, fd: int, mask: int, who: Watched) -> None:
        """Begin to watch a descriptor."""
        self._epoll.register(fd, mask)
        self._table[fd] = who

    def change(self, fd: int, mask: int) -> None:
        """Watch for something else."""
        self._epoll.modify(fd, mask)

    def forget(self, fd: int) -> None:
        """Stop watching; call this before the descriptor is closed."""
        del self._table[fd]
        self._epoll.unregister(fd)
        # The number may be given to a new socket while events for the old one are in hand.
        self._stale.add(fd)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def at(self, when_s: float, call: Callable[[], None]) -> Timer:
        """Call at a monotonic time."""
        timer = Timer(call)
        self._made += 1
        heapq.heappush(self._heap, (when_s, self._made, timer))
        return timer

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call in so many seconds."""
        return self.at(time.monotonic() + seconds, call)

    def stop(self) -> None:
        """Have `run` return."""
        self._stopped = True

    def run(self) -> None:
        """Serve sockets and timers until stopped."""
        table, stale = self._table, self._stale
        while not self._stopped:
            stale.clear()
            for fd, mask in self._epoll.poll(self._serve(), _BATCH):
                who = table.get(fd)
                if who is not None and fd not in stale:
                    who.ready(mask)

    def close(self) -> None:
        """Give the set back. The sockets are their owners' business."""
        self._epoll.close()

    def _serve(self) -> float:
        """Serve what is due; how long nothing is."""
        heap = self._heap
        for _ in range(_PORTION):
            if not heap:
                return -1.0
            wait = heap[0][0] - time.monotonic()
            call = heap[0][2].call
            if wait > 0 and call is not None:
                return wait
            heapq.heappop(heap)
            if call is not None:
                self.late_s = max(self.late_s, -wait)
                call()
        return 0.0
