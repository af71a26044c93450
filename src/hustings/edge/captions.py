"""Live captions of one space: what each seat says in words, handed on as server-sent events.

What is still being said is told anew again and again under one id until it is final. Only who
wants to read is sent any of it, on a connection of its own (`/live/<space>/captions`): whoever
listens pays nothing for it. The newest finals are told to newcomers. Times are those of the
programme, so that a page shows the words when their sound is heard.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from hustings import limits
from hustings.edge import reply
from hustings.edge.broadcast import LAST_CHUNK, Broadcaster, framed
from hustings.edge.connection import Connection
from hustings.edge.events import STREAM
from hustings.edge.head import Request
from hustings.edge.http import Handover
from hustings.edge.reply import Fields
from hustings.log import subjects
from hustings.log.contract import Live, Message
from hustings.log.hearing import hearing

_log: Final = logging.getLogger("hustings.edge")
_QUIET: Final = b": quiet\n\n"
_FIRST: Final = b"retry: 2000\n\n"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One caption as it comes over the live path. `final`: it will not change any more."""

    seat: str
    name: str
    id: str
    final: bool
    at_ms: int
    end_ms: int
    text: str


class Captions:
    """The captions of one space on this edge, and those who read them."""

    def __init__(self, *, broadcaster: Broadcaster) -> None:
        self._recent: deque[bytes] = deque(maxlen=limits.CAPTIONS_TOLD_COUNT)
        self._chunked = broadcaster.table(rejoin=lambda: framed(self._newest()))
        self._bare = broadcaster.table(rejoin=self._newest)
        self._loop = asyncio.get_running_loop()
        self._heard_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.ever = False  # there were any since this edge follows the space

    @property
    def readers(self) -> int:
        """How many read."""
        return len(self._chunked) + len(self._bare)

    @property
    def fresh(self) -> bool:
        """Whether captions are being made."""
        since = self._heard_s
        return since is not None and self._loop.time() - since < limits.CAPTIONS_FRESH_S

    def told(self, live: Live, space: str) -> AbstractAsyncContextManager[None]:
        """Captions are heard inside the block."""
        return hearing(live, subjects.live(space, "captions"), self.hear)

    async def hear(self, message: Message) -> None:
        """A caption came over the live path."""
        try:
            said = _decoder.decode(message.data)
        except msgspec.MsgspecError as error:
            _log.warning("a caption is passed over: %s", error)
            return
        if len(message.data) > limits.CAPTION_BYTES:
            return
        self.ever = True
        self._heard_s = self._loop.time()
        event = _event(said)
        if said.final and said.text:
            self._recent.append(event)
        self._send(event)

    def admit(self, request: Request) -> Handover:
        """The endless answer: the newest captions at once, then what is said."""
        chunked = request.minor == 1

        def take(connection: Connection) -> None:
            fields: Fields = STREAM
            if chunked:
                fields = (*fields, ("Transfer-Encoding", "chunked"))
            head = reply.head(200, fields, now_s=connection.wall(), keep_alive=False)
            self._join(connection.hand_over(), head, chunked=chunked)

        return Handover(take)

    def move(self, within_ms: int) -> None:
        """This edge leaves: every reader's stream ends at some time within that."""
        self._chunked.part(LAST_CHUNK, within_s=within_ms / 1000)
        self._bare.part(b"", within_s=within_ms / 1000)

    def cut(self) -> None:
        """Close every reader's socket; they come back by themselves."""
        self._rest()
        for table in (self._chunked, self._bare):
            for listener in list(table.listeners):
                table.drop(listener)

    def _join(self, sock: socket.socket, head: bytes, *, chunked: bool) -> None:
        first = _FIRST + self._newest()
        if chunked:
            self._chunked.add(sock, head + framed(first))
        else:
            self._bare.add(sock, head + first)
        if self._timer is None:
            self._timer = self._loop.call_later(limits.QUIET_S, self._quiet)

    def _newest(self) -> bytes:
        return b"".join(self._recent) or _QUIET

    def _quiet(self) -> None:
        """A sign of life, so that a broken line is noticed at both ends."""
        self._timer = None
        if self.readers:
            self._send(_QUIET)
            self._timer = self._loop.call_later(limits.QUIET_S, self._quiet)

    def _send(self, event: bytes) -> None:
        if self.readers:
            self._chunked.send(framed(event))
            self._bare.send(event)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _event(said: Said) -> bytes:
    return b"event: caption\ndata: " + _encoder.encode(said) + b"\n\n"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Said)
