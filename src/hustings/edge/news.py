"""The event stream of one space: server-sent events, at most one message a second.

For whoever does not listen but wants to know: the same payloads as ride with the sound. A visitor
who missed a message gets the whole state as soon as the socket takes it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.edge import events, reply
from hustings.edge.broadcast import LAST_CHUNK, Broadcaster, framed
from hustings.edge.captions import Captions
from hustings.edge.connection import Connection
from hustings.edge.events import Payload, Pending
from hustings.edge.head import Request
from hustings.edge.http import Handover
from hustings.edge.table import Guest

_EVERY_S: Final = limits.EVENTS_EVERY_MS / 1000
_QUIET: Final = b": quiet\n\n"


class News:
    """The readers of one space's event stream on this edge."""

    def __init__(self, *, broadcaster: Broadcaster, whole: Callable[[], list[Payload]]) -> None:
        self._whole = whole
        self._pending = Pending()
        self._chunked = broadcaster.table(rejoin=lambda: framed(self._everything()))
        self._bare = broadcaster.table(rejoin=self._everything)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._sent_s = 0.0
        self._moving: list[Payload] = []
        self.captions = Captions(broadcaster=broadcaster)

    @property
    def readers(self) -> int:
        """How many read, the captions too."""
        return self._here + self.captions.readers

    @property
    def _here(self) -> int:
        return len(self._chunked) + len(self._bare)

    def admit(self, request: Request, *, guest: Guest | None = None) -> Handover:
        """The endless answer: the whole state at once, then what is new. `guest` is told that the
        reader is here, and that it has gone."""
        chunked = request.minor == 1

        def take(connection: Connection) -> None:
            fields: reply.Fields = events.STREAM
            if chunked:
                fields = (*fields, ("Transfer-Encoding", "chunked"))
            head = reply.head(200, fields, now_s=connection.wall(), keep_alive=False)
            self._join(connection.hand_over(), head, chunked=chunked, guest=guest)

        return Handover(take)

    def tell(self, payloads: list[Payload]) -> None:
        """Have payloads go out with the next message."""
        if not self._here or not payloads:
            return
        self._pending.put(payloads)
        self._arm(max(0.0, self._sent_s + _EVERY_S - self._loop.time()))

    def move(self, within_ms: int) -> None:
        """This edge leaves: tell all readers to go elsewhere within that time."""
        self._moving = [events.move(within_ms)]
        message = events.message(events.encode(self._moving))
        self._chunked.send(framed(message))
        self._bare.send(message)
        self.captions.move(within_ms)

    def close(self) -> None:
        """End every reader's stream."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._chunked.end(LAST_CHUNK)
        self._bare.end(b"")

    def cut(self) -> None:
        """Close every reader's socket; they come back by themselves."""
        self.captions.cut()
        if self._timer is not None:
            self._timer.cancel()
        for table in (self._chunked, self._bare):
            for listener in list(table.listeners):
                table.drop(listener)

    def _join(
        self, sock: socket.socket, head: bytes, *, chunked: bool, guest: Guest | None
    ) -> None:
        first = b"retry: 2000\n\n" + self._everything()
        if chunked:
            self._chunked.add(sock, head + framed(first), guest)
        else:
            self._bare.add(sock, head + first, guest)
        if self._timer is None:
            self._arm(limits.QUIET_S)

    def _everything(self) -> bytes:
        return events.message(events.encode([*self._whole(), *self._moving]))

    def _arm(self, wait_s: float) -> None:
        due_s = self._loop.time() + wait_s
        if self._timer is not None:
            if self._timer.when() <= due_s:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due_s, self._send)

    def _send(self) -> None:
        self._timer = None
        if not self._here:
            return
        if self._chunked.take_lost() or self._bare.take_lost():
            self._pending.put(self._whole())  # something that was told is lost
        data = self._pending.take()
        message = _QUIET if data is None else events.message(data)
        self._chunked.send(framed(message))
        self._bare.send(message)
        self._sent_s = self._loop.time()
        self._arm(limits.QUIET_S)
