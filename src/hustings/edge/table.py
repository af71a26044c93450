"""The listeners who get the same bytes: their sockets, parked, and what waits to be sent to them.

The lane of a table is a flat list of what is called with a frame: a healthy listener's `send`
itself, and for one with something special about it a method that knows what. So the healthy cost
nothing but their write. Who leaves leaves a hole, which is closed while no broadcast is under way.

Frames that come while one is under way wait, at most `limits.BACKLOG_S`, and then go out in one
write: a machine at its limit writes less often, not later and later. Older ones are given up.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from hustings import limits
from hustings.edge import poll

FULL: Final = (BlockingIOError, InterruptedError)
COMMITTED: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
BLOCKED: Final = (*FULL, *COMMITTED)

# What a call in a lane gives beside the number of bytes that were taken.
DONE_WITH: Final = -1  # whatever there was to do has been done
NOTHING: Final = -2
BROKEN: Final = -3

_HOLES: Final = 64  # places of those who left, before a lane is closed up
_PARTING_STEPS: Final = 50


class Guest(Protocol):
    """Whoever counts a listener. None of these raises, and a second call changes nothing."""

    def began(self, close: Callable[[], None], *, now_s: float) -> None:
        """It is here. `close` ends its connection, at any later time."""

    def heard(self) -> None:
        """It has taken a whole frame."""

    def gone(self) -> None:
        """Its connection has ended."""


class Sender(Protocol):
    """What a table needs of the broadcaster that serves it."""

    poller: poll.Poller

    def now(self) -> float:
        """Monotonic seconds."""

    def later(self, delay_s: float, call: Callable[..., None], /, *given: Any) -> None:
        """Have something called after a while."""

    def count(self, step: int) -> None:
        """A listener has come or gone."""

    def wake(self, table: Table) -> None:
        """Something waits in this table."""

    def cut(self) -> None:
        """A frame was taken in part."""

    def skipped(self, chunks: int, *, dropped: bool) -> None:
        """A slow listener was not given so many chunks, or is dropped for it."""

    def gave_up(self, chunks: int) -> None:
        """Nobody was given so many chunks, because this edge is too slow."""


class Listener:
    """One parked socket. `rest` is what a cut frame still lacks, `missed` counts chunks that were
    skipped in a row, `at` is its place in the table's lane, -1 once it is gone."""

    __slots__ = ("_guest", "_last", "at", "missed", "rest", "send", "sock", "table")

    def __init__(self, sock: socket.socket, table: Table, guest: Guest | None) -> None:
        self.sock = sock
        self.send = sock.send
        self.rest: memoryview | None = None
        self.missed = 0
        self.at = -1
        self.table = table
        self._guest = guest
        self._last: bytes | None = None

    def ready(self, mask: int) -> None:
        """The poller's call: gone, or writable again."""
        if mask & poll.GONE:
            self.table.drop(self)
        elif self.rest is not None:
            self._go_on(self.rest)

    def close(self) -> None:
        """End it now."""
        self.table.drop(self)

    def care(self, frame: bytes) -> int:
        """Stands in the lane instead of `send` for whoever is new, or behind."""
        if self.rest is not None:
            return self.miss()
        try:
            sent = self.send(frame)
        except FULL:
            return self.miss()
        except COMMITTED:
            sent = 0
        except OSError:
            return BROKEN
        if sent == len(frame):
            self.missed = 0
            self.table.lane[self.at] = self.send
            if self._guest is not None:
                self._guest.heard()
        return sent

    def miss(self) -> int:
        """It is not given the frame of the hour."""
        self.missed += self.table.chunks
        self.table.lane[self.at] = self.care
        self.table.skipped(self)
        return DONE_WITH

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
        self.table.lane[self.at] = self.care
        self.table.poller.change(self.sock.fileno(), poll.WRITE | poll.GONE_ONLY)

    def end(self, last: bytes) -> None:
        """Send `last` behind what is under way, and close."""
        if self.at < 0:
            return
        if self.rest is None and last:
            self.give(last)
            last = b""
        if self.rest is None:
            self.table.drop(self, orderly=True)
        else:
            self._last = last

    def left(self) -> None:
        """Its socket is closed: tell whoever counts it."""
        guest, self._guest = self._guest, None
        if guest is not None:
            guest.gone()

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


def _nobody(frame: bytes) -> int:
    """Stands in the lane for whoever has left."""
    return DONE_WITH


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A frame for the first `end` places of a lane: later comers have it in their burst."""

    data: bytes
    end: int
    since_s: float


class Table:
    """The listeners that get the same bytes. Made by `Broadcaster.table`.

    `cadence` is the chunks in a frame. `rejoin` gives what heals a listener who missed something,
    for streams of state; sound has none.
    """

    __slots__ = (
        "_backlog",
        "_broadcaster",
        "_lost",
        "_places",
        "_present",
        "cadence",
        "chunks",
        "ended",
        "lane",
        "poller",
        "queued",
        "rejoin",
        "serving",
    )

    def __init__(
        self, broadcaster: Sender, *, rejoin: Callable[[], bytes] | None, cadence: int
    ) -> None:
        self.lane: list[Callable[[bytes], int]] = []
        self.poller = broadcaster.poller
        self.rejoin = rejoin
        self.cadence = cadence
        self.chunks = cadence  # in the write that is under way
        self.ended: bytes | None = None
        self.queued = False
        self.serving = False
        self._broadcaster = broadcaster
        self._places: list[Listener | None] = []  # whose the places of the lane are
        self._present = 0
        self._backlog: deque[_Waiting] = deque()
        self._lost = False

    def __len__(self) -> int:
        return self._present

    @property
    def listeners(self) -> list[Listener]:
        """Who is here now."""
        return [one for one in self._places if one is not None]

    def add(self, sock: socket.socket, first: bytes, guest: Guest | None = None) -> Listener:
        """Take over a socket, and give it `first`.

        From here on it gets every frame that is sent after this call.
        """
        self._close_up()
        listener = Listener(sock, self, guest)
        listener.at = len(self.lane)
        self.lane.append(listener.send if guest is None else listener.care)
        self._places.append(listener)
        self._present += 1
        self.poller.change(sock.fileno(), poll.GONE_ONLY, listener)
        self._broadcaster.count(+1)
        if guest is not None:
            guest.began(listener.close, now_s=self._broadcaster.now())
        if first:
            listener.give(first)
        if self.ended is not None and not self.queued:
            listener.end(self.ended)
        return listener

    def send(self, frame: bytes) -> None:
        """Have a frame sent to all who are here now. Returns at once."""
        if not self._present or not frame:
            return
        now_s = self._broadcaster.now()
        self._backlog.append(_Waiting(frame, len(self.lane), now_s))
        while self._backlog[0].since_s < now_s - limits.BACKLOG_S:
            self._backlog.popleft()
            self._lost = True
            self._broadcaster.gave_up(self._present * self.cadence)
        self._broadcaster.wake(self)

    def end(self, last: bytes) -> None:
        """The stream is over: after what was sent before, `last` goes out and all are closed."""
        self.ended = last
        self._broadcaster.wake(self)

    def part(self, last: bytes, *, within_s: float) -> None:
        """End the stream of everybody who is here now, a few at a time."""
        leaving = self.listeners
        steps = min(_PARTING_STEPS, len(leaving))
        for step in range(steps):
            self._broadcaster.later(within_s * step / steps, end_all, leaving[step::steps], last)

    def drop(self, listener: Listener, *, orderly: bool = False) -> None:
        """Close a listener's socket and forget it."""
        if listener.at < 0:
            return
        self.lane[listener.at] = _nobody
        self._places[listener.at] = None
        listener.at = -1
        self._present -= 1
        self._broadcaster.count(-1)
        self.poller.forget(listener.sock.fileno())
        if orderly:
            with contextlib.suppress(OSError):
                listener.sock.shutdown(socket.SHUT_WR)
        listener.sock.close()
        listener.left()

    def take_lost(self) -> bool:
        """Whether a frame was given up since this was asked last."""
        lost, self._lost = self._lost, False
        return lost

    def take(self) -> tuple[float, list[tuple[int, int, bytes, int]]]:
        """All that waits: since when, and what each stretch of the lane is to be given: from, to,
        bytes, number of chunks. Only the send loop calls this."""
        self._close_up()
        waiting = list(self._backlog)
        self._backlog.clear()
        begin, stretches = 0, []
        for i, one in enumerate(waiting):
            if one.end > begin:
                data = b"".join(each.data for each in waiting[i:])
                stretches.append((begin, one.end, data, self.cadence * (len(waiting) - i)))
                begin = one.end
        return min((one.since_s for one in waiting), default=0.0), stretches

    def waiting_since(self) -> float | None:
        """Since when the oldest frame waits."""
        return self._backlog[0].since_s if self._backlog else None

    def falter(self, at: int, frame: bytes, sent: int) -> None:
        """The listener at a place did not take the whole frame. Only the send loop calls this."""
        listener = self._places[at]
        if listener is None:
            return
        if sent == NOTHING:
            listener.miss()
        elif sent == BROKEN:
            self.drop(listener)
        else:
            self._broadcaster.cut()
            listener.keep(frame, sent)

    def skipped(self, listener: Listener) -> None:
        """A listener was not given a frame: once too often, and it goes."""
        lagging = listener.missed > limits.LAG_CHUNKS
        self._broadcaster.skipped(self.chunks, dropped=lagging)
        if lagging:
            self.drop(listener)

    def _close_up(self) -> None:
        """Close the holes in the lane, unless its places are in use."""
        holes = len(self._places) - self._present
        if self.serving or holes < _HOLES or holes < self._present // 4:
            return
        kept = self.listeners
        self._backlog = deque(
            _Waiting(one.data, sum(p is not None for p in self._places[: one.end]), one.since_s)
            for one in self._backlog
        )
        self.lane = [self.lane[one.at] for one in kept]
        self._places = [*kept]
        for at, one in enumerate(kept):
            one.at = at


def end_all(listeners: list[Listener], last: bytes) -> None:
    """End these listeners' streams with `last`."""
    for listener in listeners:
        listener.end(last)
