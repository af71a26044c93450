"""The send loop: one write of shared bytes per frame and listener, over parked sockets.

No task, queue or timer belongs to a listener. A socket that cannot take a frame is not waited for:

- nothing was taken: the frame is skipped, the next one is tried again;
- a part was taken: the rest is kept, sent when the socket is writable, and the listener rejoins at
  the live edge; what came meanwhile is skipped;
- under TLS a send that would block has committed its record, so the whole frame is kept and sent
  before anything is skipped (a shorter one would be a protocol error);
- a listener that missed `limits.LAG_CHUNKS` in a row is dropped, to resume with `from=`.

A broadcast is cut into cohorts of `limits.COHORT_COUNT`, with a turn of the loop in between, so
that newcomers are let in meanwhile. Frames of one table are sent in order; how many may wait is
bounded (`table`).
"""

from __future__ import annotations

import asyncio
import operator
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from hustings import limits
from hustings.edge import poll
from hustings.edge.metrics import Metrics
from hustings.edge.table import BROKEN, COMMITTED, DONE_WITH, FULL, NOTHING, Table, end_all

_WINDOW_S: Final = 1.0  # over which the loop's own load is measured

# The end of a chunked body (RFC 9112 section 7.1).
LAST_CHUNK: Final = b"0\r\n\r\n"


def framed(data: bytes) -> bytes:
    """`data` as one chunk of a chunked body (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Broadcaster:
    """All tables of an edge, and the one loop that writes to them.

    `listeners` counts everybody who is parked, `emptied` is set while that is nobody. `late_s`,
    `busy` and `bytes_per_s` say how near to its limit the loop is.
    """

    def __init__(self, poller: poll.Poller, metrics: Metrics) -> None:
        self.poller = poller
        self.listeners = 0
        self.emptied = asyncio.Event()
        self.emptied.set()
        self._metrics = metrics
        self._queue: deque[Table] = deque()
        self._some = asyncio.Event()  # a table is in the queue
        self._loop = asyncio.get_running_loop()
        self._late_s = 0.0
        self._serving_since: float | None = None
        self._window = _Window(self.now())

    @property
    def late_s(self) -> float:
        """From the newest broadcast's beginning to its last write, or how long it takes by now."""
        since = [at for at in (self._serving_since, *self._since()) if at is not None]
        return max(self._late_s, self.now() - min(since)) if since else self._late_s

    @property
    def busy(self) -> float:
        """Share of the last second or so that was spent writing."""
        return self._window.shares(self.now())[0]

    @property
    def bytes_per_s(self) -> float:
        """Bytes that listeners took per second, in the last second or so."""
        return self._window.shares(self.now())[1]

    def now(self) -> float:
        """Monotonic seconds."""
        return self._loop.time()

    def later(self, delay_s: float, call: Callable[..., None], /, *given: Any) -> None:
        """Have something called after a while."""
        self._loop.call_later(delay_s, call, *given)

    def table(self, *, rejoin: Callable[[], bytes] | None = None, cadence: int = 1) -> Table:
        """A new, empty table."""
        return Table(self, rejoin=rejoin, cadence=cadence)

    def count(self, step: int) -> None:
        """A listener has come or gone."""
        self.listeners += step
        if not self.listeners:
            self.emptied.set()
        elif self.listeners == step:
            self.emptied.clear()

    def wake(self, table: Table) -> None:
        """Have a table served."""
        if not table.queued:
            table.queued = True
            self._queue.append(table)
            self._some.set()

    def cut(self) -> None:
        """Count a frame of which a part was taken."""
        self._metrics.add("hustings_edge_cut_total")

    def skipped(self, chunks: int, *, dropped: bool) -> None:
        """Count what a slow listener was not given, and that it is dropped for it."""
        self._metrics.add("hustings_edge_skipped_total", chunks)
        if dropped:
            self._metrics.add("hustings_edge_listeners_dropped_total")

    def gave_up(self, chunks: int) -> None:
        """Count what nobody was given because this edge is too slow."""
        self._metrics.add("hustings_edge_overrun_total", chunks)

    async def run(self) -> None:
        """Send what waits, without end. There is one of these per process."""
        while True:
            await self._some.wait()
            while self._queue:
                await self._serve(self._queue.popleft())
            self._some.clear()

    async def _serve(self, table: Table) -> None:
        """Give a table all that waits for it, and its end if that has come."""
        since, stretches = table.take()
        table.queued, table.serving = False, True
        if stretches:
            self._serving_since = since
        for begin, end, data, chunks in stretches:
            for at in range(begin, end, limits.COHORT_COUNT):
                table.chunks = chunks
                self._write(table, data, at, min(at + limits.COHORT_COUNT, end))
                await asyncio.sleep(0)
        table.serving = False
        if stretches:
            self._serving_since = None
            self._late_s = self.now() - since
            self._metrics.set("hustings_edge_late_seconds", self._late_s)
            self._metrics.set("hustings_edge_busy_ratio", self.busy)
        if table.ended is not None and not table.queued:
            self._end(table, table.ended)

    def _write(self, table: Table, frame: bytes, begin: int, end: int) -> None:
        """One cohort. This is the loop that listeners per core depend on."""
        began_s = self.now()
        size = len(frame)
        whole = end - begin
        left = iter(table.lane[begin:end])
        for send in left:
            try:
                sent = send(frame)
            except FULL:
                sent = NOTHING
            except COMMITTED:
                sent = 0
            except OSError:
                sent = BROKEN
            if sent != size:
                whole -= 1
                if sent != DONE_WITH:
                    table.falter(end - operator.length_hint(left) - 1, frame, sent)
        self._metrics.add("hustings_edge_frames_total", whole * table.chunks)
        self._metrics.add("hustings_edge_bytes_total", whole * size)
        self._window.add(began_s, self.now(), whole * size)

    def _since(self) -> list[float | None]:
        return [table.waiting_since() for table in self._queue]

    def _end(self, table: Table, last: bytes) -> None:
        end_all(table.listeners, last)
        if len(table):
            self.later(limits.PARTING_S, self._cut, table)

    def _cut(self, table: Table) -> None:
        for listener in table.listeners:
            table.drop(listener)


class _Window:
    """How much of the last second or so was spent, and on how many bytes."""

    __slots__ = ("_began_s", "_bytes", "_shares", "_spent_s")

    def __init__(self, now_s: float) -> None:
        self._began_s = now_s
        self._spent_s = 0.0
        self._bytes = 0
        self._shares = (0.0, 0.0)

    def add(self, began_s: float, ended_s: float, count: int) -> None:
        """A cohort was written to."""
        self._spent_s += ended_s - began_s
        self._bytes += count
        self.shares(ended_s)

    def shares(self, now_s: float) -> tuple[float, float]:
        """Share of the time that was spent, and bytes per second."""
        length_s = now_s - self._began_s
        if length_s >= _WINDOW_S:
            self._shares = (self._spent_s / length_s, self._bytes / length_s)
            self._began_s, self._spent_s, self._bytes = now_s, 0.0, 0
        return self._shares
