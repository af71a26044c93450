"""One space's programme on this edge: chunks come in, bytes go out to every parked listener.

A chunk is given out once, in order, without holes: what is late is filled with silence (`ring`).
Events that wait ride with the next chunk. A listener who joins gets header and burst in one write,
and from then on a write per frame.

A frame holds one, three or six chunks, by the listener's cadence. Frames of `c` chunks end at
numbers n with n % c == c - 1, on every edge, and a burst ends where the newest whole frame does.
The last frame of a programme is as long as it is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk, segment_of, silent
from hustings.edge import events as told_of
from hustings.edge import forms
from hustings.edge.broadcast import LAST_CHUNK, Broadcaster, framed
from hustings.edge.events import Payload, Pending, encode
from hustings.edge.forms import Form
from hustings.edge.metrics import Metrics
from hustings.edge.ring import Ring, Slot
from hustings.edge.segments import Segments
from hustings.edge.table import Guest, Listener, Table

# Chunks in a frame: 320, 960 and 1,920 ms.
CADENCES: Final = (1, 3, 6)

# Two sources and one network between the last chunk and the news of the end: this covers both.
_LAST_S: Final = 2 * limits.FILL_AFTER_MS / 1000


class Programme:
    """What the listeners of one space hear.

    `ended` is set once no more sound follows, `primed` once the ring holds what was said before
    this edge began to listen.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        metrics: Metrics,
        segments: Segments,
        whole: Callable[[], list[Payload]],
    ) -> None:
        self.ring = Ring()
        self.ended = asyncio.Event()
        self.primed = asyncio.Event()
        self.chasing = dict.fromkeys(CADENCES, 0)  # who is catching up
        self._broadcaster = broadcaster
        self._metrics = metrics
        self._segments = segments
        self._whole = whole
        self._pending = Pending()
        self._tables: dict[tuple[Form, bool, int], Table] = {}
        self._bursts: dict[tuple[Form, int], tuple[int, bytes]] = {}
        self._events: dict[int, bytes] = {}  # that rode with the newest chunks
        self._moving: list[Payload] = []
        self._step = asyncio.Event()  # a moment at every chunk
        self._loop = asyncio.get_running_loop()
        self._overdue: asyncio.TimerHandle | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._last_n: int | None = None

    @property
    def over(self) -> bool:
        """Whether no more sound follows."""
        return self.ended.is_set()

    @property
    def listening(self) -> int:
        """Listeners of this edge: parked ones, and those who are catching up."""
        return sum(self.listening_by_cadence().values())

    def listening_by_cadence(self) -> dict[int, int]:
        """The same by chunks in a frame."""
        counts = dict(self.chasing)
        for (_, _, cadence), table in self._tables.items():
            counts[cadence] += len(table)
        return counts

    def put(self, one: Chunk) -> None:
        """A chunk from the live path or from the log; most come from both."""
        if self.over:
            return
        refused, late = self.ring.refused, self.ring.late
        self._give(self.ring.put(one, now_s=self._loop.time()))
        self._metrics.add("hustings_edge_chunks_refused_total", self.ring.refused - refused)
        self._metrics.add("hustings_edge_chunks_late_total", self.ring.late - late)
        self._rearm()
        self._end_if_due()

    def tell(self, payloads: list[Payload]) -> None:
        """Have payloads go out with the next chunk."""
        self._pending.put(payloads)
        if any(one["type"] not in told_of.PASSING for one in payloads):
            self._bursts.clear()

    def told(self, form: Form) -> bytes:
        """All there is to tell, as events of the next chunk: what rode with those of the past is
        not in the `history`."""
        newest = self.ring.newest
        n = 0 if newest is None else newest + 1
        return forms.with_events(form, n, b"", encode(self._everything()))

    def beginning(self, form: Form, cadence: int, *, title: str) -> tuple[bytes, int]:
        """What a newcomer gets at once, header and burst, and the number of the chunk after it."""
        edge = self._edge(cadence)
        return forms.opening(form, title) + self._burst(form, cadence, edge), edge + 1

    def park(
        self,
        form: Form,
        sock: socket.socket,
        first: bytes,
        *,
        chunked: bool,
        cadence: int,
        guest: Guest | None,
    ) -> Listener:
        """Give `first`, then every frame that follows the newest whole one now."""
        return self._table(form, chunked, cadence).add(sock, first, guest)

    def mid_frame(self, n: int, cadence: int) -> bool:
        """Whether chunk `n` lies within the frame that is being gathered: then nobody who was given
        those before it can be parked, for it would get them again."""
        newest = self.ring.newest
        return newest is not None and self._edge(cadence) + 1 < n <= newest + 1

    async def whole_frame(self, n: int, cadence: int) -> None:
        """Wait until chunk `n` no longer lies within the frame that is being gathered."""
        while self.mid_frame(n, cadence):
            await self._step.wait()

    async def history(self, form: Form, n: int, *, cadence: int) -> tuple[bytes, int]:
        """Bytes of the programme from chunk `n` on, some seconds of it, and the number after them.

        Empty when chunk `n` was not given out at this cadence yet: then, unless it lies in
        `mid_frame`, and before anything else is awaited, the listener may be parked and misses
        nothing. From the ring, else from spool or log.
        """
        edge = self._edge(cadence)
        if n > edge:
            return b"", n
        slots = self.ring.since(n)
        if slots is not None:
            slots = [slot for slot in slots if slot.n <= edge][: limits.CHASE_CHUNKS]
            return b"".join(_sound(form, slot) for slot in slots), slots[-1].n + 1
        k = segment_of(n)
        last = min((k + 1) * SEGMENT_CHUNKS, edge + 1)
        known = {one.n: one for one in await self._segments.chunks(k)}
        chunks = [known.get(i) or silent(i, epoch=0) for i in range(n, last)]
        return b"".join(forms.sound(form, one) for one in chunks), last

    def move(self, within_ms: int) -> None:
        """This edge leaves: tell all listeners to go elsewhere within that time. The streams of
        those who cannot be told end one by one."""
        self._moving = [told_of.move(within_ms)]
        n = 0 if self.ring.newest is None else self.ring.newest + 1
        self._bursts.clear()
        for (form, chunked, _), table in self._tables.items():
            if form in forms.PLAIN:
                table.part(forms.closing(form, self.ring.newest), within_s=within_ms / 1000)
            else:
                told = forms.with_events(form, n, b"", encode(self._moving))
                table.send(_framed(told, chunked))

    def end(self, last_n: int | None) -> None:
        """The space has ended. `last_n` is its last chunk, None while that is not known."""
        if self.over:
            return
        if last_n is not None:
            self._last_n = last_n
        self._stop_filling()
        if self._ending is None:
            self._ending = self._loop.call_later(_LAST_S, self.close)
        self._end_if_due()

    def close(self) -> None:
        """End every listener's stream, as a true end."""
        if self.over:
            return
        self._send_rest()
        self.ended.set()
        self.primed.set()
        self.stop()
        self._stepped()
        for (form, chunked, _), table in self._tables.items():
            table.end(self._last_bytes(form, chunked))

    def stop(self) -> None:
        """No more timers; listeners stay as they are."""
        self._stop_filling()
        if self._ending is not None:
            self._ending.cancel()

    def cut(self) -> None:
        """Close every listener's socket without an end, so that players resume elsewhere."""
        self.stop()
        for table in self._tables.values():
            for listener in list(table.listeners):
                table.drop(listener)

    def _give(self, slots: list[Slot]) -> None:
        for slot in slots:
            if slot.filled:
                self._metrics.add("hustings_edge_chunks_filled_total")
            if any(table.take_lost() for table in self._tables.values()):
                self._pending.put(self._whole())  # something that was told may be lost
            events = self._pending.take()
            if events is not None:
                self._events[slot.n] = events
            while next(iter(self._events), slot.n) <= slot.n - CADENCES[-1]:
                del self._events[next(iter(self._events))]
            for (form, chunked, cadence), table in self._tables.items():
                if len(table) and slot.n % cadence == cadence - 1:
                    table.send(_framed(self._frame(form, slot.n - cadence + 1, slot.n), chunked))
        if slots:
            self._stepped()

    def _stepped(self) -> None:
        self._step.set()
        self._step.clear()

    def _send_rest(self) -> None:
        """Send what was gathered for frames that will not become whole."""
        newest = self.ring.newest
        if newest is None:
            return
        for (form, chunked, cadence), table in self._tables.items():
            rest = self._frame(form, self._edge(cadence) + 1, newest)
            table.send(_framed(rest, chunked))

    def _frame(self, form: Form, first: int, last: int) -> bytes:
        """Chunks with the events that ride with each. Of a hole longer than the ring, whatever is
        behind it is no longer here."""
        return b"".join(
            forms.with_events(form, n, _sound(form, slot), self._events.get(n))
            for n in range(first, last + 1)
            if (slot := self.ring.get(n)) is not None
        )

    def _edge(self, cadence: int) -> int:
        """The last chunk of the newest whole frame, -1 while there is none."""
        newest = self.ring.newest
        if newest is None:
            return -1
        return newest if self.over else (newest + 1) // cadence * cadence - 1

    def _burst(self, form: Form, cadence: int, edge: int) -> bytes:
        oldest = self.ring.oldest()
        if oldest is None or edge < oldest:
            self._pending.put(self._everything())  # there is no chunk yet to tell it with
            return b""
        known = self._bursts.get((form, cadence))
        if known is not None and known[0] == edge:
            return known[1]
        if form in forms.PLAIN:
            burst = self._plain_burst(form, oldest, edge)
        else:
            first = max(edge - (limits.BURST_CHUNKS + cadence - 1) + 1, oldest)
            made = [
                _sound(form, slot) for n in range(first, edge + 1) if (slot := self.ring.get(n))
            ]
            events = encode(self._everything())
            made[-1] = forms.with_events(form, edge, made[-1], events)
            burst = b"".join(made)
        self._bursts[form, cadence] = (edge, burst)
        return burst

    def _plain_burst(self, form: Form, oldest: int, edge: int) -> bytes:
        """As much of the newest sound as a plain player waits for before it plays."""
        made: list[bytes] = []
        size = 0
        for n in range(edge, oldest - 1, -1):
            slot = self.ring.get(n)
            if size >= limits.PLAIN_BURST_BYTES or slot is None:
                break
            made.append(_sound(form, slot))
            size += len(made[-1])
        return b"".join(reversed(made))

    def _everything(self) -> list[Payload]:
        return [*self._whole(), *self._moving]

    def _table(self, form: Form, chunked: bool, cadence: int) -> Table:
        table = self._tables.get((form, chunked, cadence))
        if table is None:
            table = self._broadcaster.table(cadence=cadence)
            self._tables[form, chunked, cadence] = table
            if self.over:
                table.end(self._last_bytes(form, chunked))
        return table

    def _last_bytes(self, form: Form, chunked: bool) -> bytes:
        closing = forms.closing(form, self.ring.newest)
        return _framed(closing, chunked) + (LAST_CHUNK if chunked else b"")

    def _end_if_due(self) -> None:
        newest = self.ring.newest
        if self._last_n is not None and newest is not None and newest >= self._last_n:
            self.close()

    def _rearm(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        due_s = self.ring.due_s()
        if due_s is not None and self._ending is None and not self.over:
            self._overdue = self._loop.call_at(due_s, self._fill)

    def _fill(self) -> None:
        self._give(self.ring.fill(now_s=self._loop.time()))
        self._rearm()

    def _stop_filling(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


def _sound(form: Form, slot: Slot) -> bytes:
    return slot.bytes_in(form, lambda one: forms.sound(form, one))


def _framed(data: bytes, chunked: bool) -> bytes:
    # An empty chunk would be the end of the body.
    return framed(data) if chunked and data else data
