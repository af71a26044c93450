"""One space's programme on this edge: chunks come in, bytes go out to every parked listener.

A chunk is given out once, in order, without holes: what is late is filled with silence (`ring`).
Events that wait ride with the next chunk. A listener who joins gets header and burst in one write,
and from then on a write per chunk.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk, segment_of, silent
from hustings.edge import forms
from hustings.edge.broadcast import LAST_CHUNK, Broadcaster, Table, framed
from hustings.edge.events import Payload, Pending, encode
from hustings.edge.forms import Form
from hustings.edge.metrics import Metrics
from hustings.edge.ring import Ring, Slot
from hustings.edge.segments import Segments

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
        self.chasing = 0
        self._broadcaster = broadcaster
        self._metrics = metrics
        self._segments = segments
        self._whole = whole
        self._pending = Pending()
        self._tables: dict[tuple[Form, bool], Table] = {}
        self._bursts: dict[Form, tuple[int, bytes]] = {}
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
        return sum(len(table) for table in self._tables.values()) + self.chasing

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
        self._bursts.clear()

    def told(self, form: Form) -> bytes:
        """All there is to tell, as events of the next chunk: what rode with those of the past is
        not in the `history`."""
        newest = self.ring.newest
        n = 0 if newest is None else newest + 1
        return forms.with_events(form, n, b"", encode(self._whole()))

    def join(self, form: Form, sock: socket.socket, head: bytes, *, chunked: bool) -> None:
        """A newcomer: header and burst at once, then live."""
        first = forms.opening(form) + self._burst(form)
        self.park(form, sock, head + _framed(first, chunked), chunked=chunked)

    def park(self, form: Form, sock: socket.socket, first: bytes, *, chunked: bool) -> None:
        """Give `first`, then every chunk that follows the newest one now."""
        self._table(form, chunked).add(sock, first)

    async def history(self, form: Form, n: int) -> tuple[bytes, int]:
        """Bytes of the programme from chunk `n` on, some seconds of it, and the number after them.

        Empty when `n` is not given out yet: then, and before anything else is awaited, the listener
        may be parked and misses nothing. From the ring, else from spool or log.
        """
        newest = self.ring.newest
        if newest is None or n > newest:
            return b"", n
        slots = self.ring.since(n)
        if slots is not None:
            slots = slots[: limits.CHASE_CHUNKS]
            return b"".join(_sound(form, slot) for slot in slots), slots[-1].n + 1
        k = segment_of(n)
        last = min((k + 1) * SEGMENT_CHUNKS, newest + 1)
        known = {one.n: one for one in await self._segments.chunks(k)}
        chunks = [known.get(i) or silent(i, epoch=0) for i in range(n, last)]
        return b"".join(forms.sound(form, one) for one in chunks), last

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
        self.ended.set()
        self.primed.set()
        self.stop()
        for (_, chunked), table in self._tables.items():
            table.end(LAST_CHUNK if chunked else b"")

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
            events = self._pending.take()
            for (form, chunked), table in self._tables.items():
                if len(table):
                    made = forms.with_events(form, slot.n, _sound(form, slot), events)
                    table.send(_framed(made, chunked))

    def _burst(self, form: Form) -> bytes:
        newest = self.ring.newest
        if newest is None:
            self._pending.put(self._whole())  # there is no chunk yet to tell it with
            return b""
        known = self._bursts.get(form)
        if known is not None and known[0] == newest:
            return known[1]
        slots = self.ring.since(max(0, newest - limits.BURST_CHUNKS + 1, self.ring.oldest() or 0))
        assert slots, "the newest chunk is in the ring"
        made = [_sound(form, slot) for slot in slots]
        events = encode(self._whole())
        made[-1] = forms.with_events(form, slots[-1].n, made[-1], events)
        self._bursts[form] = (newest, b"".join(made))
        return self._bursts[form][1]

    def _table(self, form: Form, chunked: bool) -> Table:
        table = self._tables.get((form, chunked))
        if table is None:
            table = self._tables[form, chunked] = self._broadcaster.table()
            if self.over:
                table.end(LAST_CHUNK if chunked else b"")
        return table

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
