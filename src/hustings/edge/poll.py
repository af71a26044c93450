"""One epoll set for all sockets of an edge; the event loop watches it as a single descriptor.

A socket costs one table entry here, where the loop's own reader would cost two handles and a key:
this is what lets a parked listener weigh less than 4 KiB. Runs on the loop's thread only.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Final, Protocol

READ: Final = select.EPOLLIN | select.EPOLLRDHUP
# Without RDHUP: a visitor who has shut its own side may still be reading an answer.
WRITE: Final = select.EPOLLOUT
GONE_ONLY: Final = select.EPOLLRDHUP
GONE: Final = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR

# Sockets that have their turn before anything else has: 1 ms, so that neither sound nor a crowd
# that is being answered waits for newcomers.
_BATCH: Final = 64


class Watched(Protocol):
    """What is called when its socket is ready. It must not block and must not raise."""

    def ready(self, mask: int) -> None:
        """`mask` is a union of epoll's event bits."""


class Poller:
    """The set. Readiness may be spurious: who is called tries, and lives with EAGAIN.

    `forgotten` is told of every descriptor that is about to be closed.
    """

    def __init__(self, *, forgotten: Callable[[int], None] | None = None) -> None:
        self._epoll = select.epoll()
        self._table: dict[int, Watched] = {}
        self._stale: set[int] = set()
        self._forgotten = forgotten
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._epoll.fileno(), self._ready)

    def watch(self, fd: int, mask: int, who: Watched) -> None:
        """Begin to watch a descriptor."""
        self._epoll.register(fd, mask)
        self._table[fd] = who

    def change(self, fd: int, mask: int, who: Watched | None = None) -> None:
        """Watch for something else from now on, or on behalf of somebody else.

        A descriptor that was given away before it had to be watched is watched from here on.
        """
        if fd in self._table:
            self._epoll.modify(fd, mask)
        else:
            assert who is not None, f"descriptor {fd} is nobody's"
            self._epoll.register(fd, mask)
        if who is not None:
            self._table[fd] = who

    def forget(self, fd: int) -> None:
        """Stop watching; call this before the descriptor is closed, watched or not."""
        if self._table.pop(fd, None) is not None:
            self._epoll.unregister(fd)
            # The number may be given to a new socket while events for the old one are in hand.
            self._stale.add(fd)
        if self._forgotten is not None:
            self._forgotten(fd)

    def close(self) -> None:
        """Give the set back. The sockets are their owners' business."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def __len__(self) -> int:
        return len(self._table)

    def _ready(self) -> None:
        self._stale.clear()
        table, stale = self._table, self._stale
        for fd, mask in self._epoll.poll(0, _BATCH):
            who = table.get(fd)
            if who is not None and fd not in stale:
                who.ready(mask)
