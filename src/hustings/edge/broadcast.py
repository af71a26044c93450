"""The send loop: one write of shared bytes per chunk and listener, over parked sockets.

No task, queue or timer belongs to a listener. A socket that cannot take a frame is not waited for:

- nothing was taken: the frame is skipped, the next one is tried again;
- a part was taken: the rest is kept, sent when the socket is writable, and the listener rejoins at
  the live edge; what came meanwhile is skipped;
- under TLS a send that would block has committed its record, so the whole frame is kept and sent
  before anything is skipped (a shorter one would be a protocol error);
- a listener that missed `limits.LAG_CHUNKS` in a row is dropped, to resume with `from=`.

A broadcast is cut into cohorts of `limits.COHORT_COUNT`, with a turn of the loop in between, so
that newcomers are let in meanwhile. Frames of one table are sent in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.edge import poll
from hustings.edge.metrics import Metrics

_BLOCKED: Final = (BlockingIOError, InterruptedError)
_COMMITTED: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
BLOCKED: Final = (*_BLOCKED, *_COMMITTED)

# The end of a chunked body (RFC 9112 section 7.1).
LAST_CHUNK: Final = b"0\r\n\r\n"


def framed(data: bytes) -> bytes:
    """`data` as one chunk of a chunked body (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Listener:
    """One parked socket. `rest` is what a cut frame still lacks; `missed` counts skips in a row."""

    __slots__ = ("_last", "missed", "rest", "send", "sock", "table")

    def __init__(self, sock: socket.socket, table: Table) -> None:
        self.sock = sock
        self.send = sock.send
        self.rest: memoryview | None = None
        self.missed = 0
        self.table = table
        self._last: bytes | None = None

    def ready(self, mask: int) -> None:
        """The poller's call: gone, or writable again."""
        if mask & poll.GONE:
            self.table.drop(self)
        elif self.rest is not None:
            self._go_on(self.rest)

    def give(self, data: bytes) -> None:
        """Send what must not be skipped; what the socket does not take now follows later."""
        try:
            sent = self.send(data)
        except BLOCKED:
            sent = 0
        except OSError:
            self.table.drop(self)
            return
        if sent < len(data):
            self.keep(data, sent)

    def keep(self, frame: bytes, sent: int) -> None:
        """Of `frame`, `sent` bytes are out: the others follow when the socket is writable."""
        self.rest = memoryview(frame)[sent:]
        self.table.poller.change(self.sock.fileno(), poll.WRITE | poll.GONE_ONLY)

    def end(self, last: bytes) -> None:
        """Send `last` behind what is under way, and close."""
        if self.rest is None and last:
            self.give(last)
            last = b""
        if self.rest is None:
            self.table.drop(self, orderly=True)
        else:
            self._last = last

    def _go_on(self, rest: memoryview) -> None:
        try:
            sent = self.send(rest)
        except BLOCKED:
            return
        except OSError:
            self.table.drop(self)
            return
        if sent < len(rest):
            self.rest = rest[sent:]
            return
        self.rest = None
        self.table.poller.change(self.sock.fileno(), poll.GONE_ONLY)
        if self._last is not None:
            self.end(self._last)
        elif self.missed and self.table.rejoin is not None:
            self.missed = 0
            self.give(self.table.rejoin())


class Table:
    """The listeners that get the same bytes. Made by `Broadcaster.table`.

    `rejoin` gives what heals a listener who missed something, for streams of state; sound has none.
    """

    __slots__ = ("_broadcaster", "_ended", "listeners", "poller", "rejoin")

    def __init__(self, broadcaster: Broadcaster, *, rejoin: Callable[[], bytes] | None) -> None:
        self.listeners: set[Listener] = set()
        self.poller = broadcaster.poller
        self.rejoin = rejoin
        self._broadcaster = broadcaster
        self._ended: bytes | None = None

    def __len__(self) -> int:
        return len(self.listeners)

    def add(self, sock: socket.socket, first: bytes) -> Listener:
        """Take over a socket that the poller watches, and give it `first`.

        From here on it gets every frame that is sent after this call.
        """
        listener = Listener(sock, self)
        self.poller.change(sock.fileno(), poll.GONE_ONLY, listener)
        self.listeners.add(listener)
        self._broadcaster.count(+1)
        listener.give(first)
        if self._ended is not None and listener in self.listeners:
            listener.end(self._ended)
        return listener

    def send(self, frame: bytes) -> None:
        """Have a frame sent to all who are here now. Returns at once."""
        if self.listeners:
            self._broadcaster.enqueue(self, frame)

    def end(self, last: bytes) -> None:
        """The stream is over: after what was sent before, `last` goes out and all are closed."""
        self._ended = last
        self._broadcaster.finish(self, last)

    def drop(self, listener: Listener, *, orderly: bool = False) -> None:
        """Close a listener's socket and forget it."""
        if listener in self.listeners:
            self.listeners.discard(listener)
            self._broadcaster.count(-1)
        fd = listener.sock.fileno()
        if fd < 0:
            return
        self.poller.forget(fd)
        if orderly:
            with contextlib.suppress(OSError):
                listener.sock.shutdown(socket.SHUT_WR)
        listener.sock.close()


class Broadcaster:
    """All tables of an edge, and the one loop that writes to them."""

    def __init__(self, poller: poll.Poller, metrics: Metrics) -> None:
        self.poller = poller
        self.listeners = 0
        self._metrics = metrics
        self._jobs: deque[tuple[float, Table, bytes | None, bytes, list[Listener]]] = deque()
        self._some = asyncio.Event()  # something is enqueued
        self._loop = asyncio.get_running_loop()

    def table(self, *, rejoin: Callable[[], bytes] | None = None) -> Table:
        """A new, empty table."""
        return Table(self, rejoin=rejoin)

    def count(self, step: int) -> None:
        """A listener has come or gone."""
        self.listeners += step

    def enqueue(self, table: Table, frame: bytes) -> None:
        """Send `frame` to those who are in the table now: later ones have it in their burst."""
        self._jobs.append((self._loop.time(), table, frame, b"", list(table.listeners)))
        self._some.set()

    def finish(self, table: Table, last: bytes) -> None:
        """End the table behind everything that was enqueued before."""
        self._jobs.append((self._loop.time(), table, None, last, []))
        self._some.set()

    async def run(self) -> None:
        """Send what is enqueued, without end. There is one of these per process."""
        while True:
            await self._some.wait()
            while self._jobs:
                since, table, frame, last, listeners = self._jobs.popleft()
                if frame is None:
                    self._end(table, last)
                    continue
                for at in range(0, len(listeners), limits.COHORT_COUNT):
                    self._write(table, frame, listeners[at : at + limits.COHORT_COUNT])
                    await asyncio.sleep(0)
                self._metrics.set("hustings_edge_late_seconds", self._loop.time() - since)
            self._some.clear()

    def _write(self, table: Table, frame: bytes, cohort: list[Listener]) -> None:
        """One cohort. This is the loop that listeners per core depend on."""
        size = len(frame)
        whole = 0
        for listener in cohort:
            if listener.rest is not None:
                self._skip(listener)
                continue
            try:
                sent = listener.send(frame)
            except _BLOCKED:
                self._skip(listener)
            except _COMMITTED:
                self._cut_short(listener, frame, 0)
            except OSError:
                table.drop(listener)
            else:
                if sent == size:
                    listener.missed = 0
                    whole += 1
                else:
                    self._cut_short(listener, frame, sent)
        self._metrics.add("hustings_edge_frames_total", whole)
        self._metrics.add("hustings_edge_bytes_total", whole * size)

    def _cut_short(self, listener: Listener, frame: bytes, sent: int) -> None:
        self._metrics.add("hustings_edge_cut_total")
        listener.keep(frame, sent)

    def _skip(self, listener: Listener) -> None:
        listener.missed += 1
        self._metrics.add("hustings_edge_skipped_total")
        if listener.missed > limits.LAG_CHUNKS:
            self._metrics.add("hustings_edge_listeners_dropped_total")
            listener.table.drop(listener)

    def _end(self, table: Table, last: bytes) -> None:
        for listener in list(table.listeners):
            listener.end(last)
        if table.listeners:
            self._loop.call_later(limits.PARTING_S, self._cut, table)

    def _cut(self, table: Table) -> None:
        for listener in list(table.listeners):
            table.drop(listener)
