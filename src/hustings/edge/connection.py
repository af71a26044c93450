"""One connection on its way through: handshake, head, answer, next head; or handed over and parked.

    SHAKING ──▶ READING ──▶ WORKING ──▶ WRITING ──▶ READING … or LINGERING ──▶ closed
                               └──▶ handed over: the socket belongs to somebody else

No task and no timer belongs to a connection: readiness comes from the poller, deadlines from the
server's sweep. Only an answer that has to wait for something runs as a task, while it waits.
While an answer is being made or written nothing is read, so that pipelining is bounded by one head.
What the poller watches for is changed only when it must be: a visitor who asks, waits and asks
again costs a read and a write each time, and nothing else.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import aclosing
from enum import Enum, auto
from typing import Final

from hustings import limits
from hustings.edge import outgoing, poll, reply
from hustings.edge.head import BadHead, Request
from hustings.edge.host import Host
from hustings.edge.incoming import Incoming
from hustings.edge.outgoing import BLOCKED
from hustings.edge.reply import Reply

_DISCARDS: Final = 16  # reads in one go from somebody who was refused and goes on sending
# A whole TLS record (RFC 8446 section 5.1): what is left of one would wait where no poller sees it.
_READ_BYTES: Final = 16_384
_GO_ON: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class State(Enum):
    """Where a connection is; see the module's head."""

    SHAKING = auto()
    READING = auto()
    WORKING = auto()
    WRITING = auto()
    LINGERING = auto()
    GONE = auto()


# A member costs several look-ups each time; a name of the module one.
_READING: Final = State.READING
_WORKING: Final = State.WORKING


class Connection:
    """One socket. All methods run on the loop's thread and none blocks.

    `peer` is whom it is with; `proxied` says that the peer is believed when it asks for somebody.
    """

    __slots__ = (
        "_advancing", "_begun", "_drained", "_host", "_keep_alive", "_owed", "_poured", "_rest",
        "_state", "_watched", "deadline", "incoming", "late", "request", "secure", "sock", "work",
    )  # fmt: skip

    def __init__(
        self, sock: socket.socket, host: Host, *, secure: bool, peer: str, proxied: bool = False
    ) -> None:
        self.sock = sock
        self.incoming = Incoming(peer, proxied=proxied)
        self.secure = secure
        self.deadline = host.now() + limits.HEAD_S
        self.request: Request | None = None
        self.work: asyncio.Task[None] | None = None
        self.late: Reply | None = None  # what is answered if the deadline passes while working
        self._host = host
        self._begun = True  # the rest of a handshake, a head or a body is waited for
        self._rest: memoryview | None = None
        self._owed = 0  # bytes that have to be taken before the deadline moves
        self._drained: asyncio.Future[None] | None = None
        self._keep_alive = False
        self._poured = False
        self._advancing = False
        self._watched = 0
        self._state = State.SHAKING if secure else _READING
        # What was asked often came with the handshake's last packet. A listener is then let in
        # without having been watched before.
        self.ready(poll.READ & ~poll.GONE)
        if self._state is not State.GONE:
            if self._begun:
                host.began(self)
            if not self._watched:
                self._watch(poll.READ)

    @property
    def gone(self) -> bool:
        """Whether the socket is closed or somebody else's."""
        return self._state is State.GONE

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._state in (_WORKING, State.WRITING)

    @property
    def resting(self) -> bool:
        """Whether it is between two requests."""
        return self._state is _READING and not self._begun

    @property
    def answering(self) -> bool:
        """Whether bytes of an answer are out already, so that no other can be given."""
        return self._poured or self._state is not _WORKING

    def wall(self) -> float:
        """Seconds of Unix time, for the Date field."""
        return self._host.wall()

    def ready(self, mask: int) -> None:
        """The poller's call."""
        state = self._state
        if state is _READING:
            self._read()
        elif state is _WORKING:
            if mask & poll.GONE:
                self.close()
            else:
                self._watch(poll.GONE_ONLY)  # that is the next request, which has to wait
        elif state is State.WRITING:
            self._flush()
        elif state is State.SHAKING:
            self._shake()
        elif state is State.LINGERING:
            self._discard()

    def expire(self) -> None:
        """The deadline has passed."""
        if self._state is _READING and self._begun:
            self.refuse(reply.problem(408, "slow", "The request did not arrive in time."))
        elif self._state is _WORKING and self.late is not None:
            self.respond(self.late)
        else:
            self.close()

    def respond(self, answer: Reply) -> None:
        """Send the answer to the request in hand. One with a `stream` goes through `pour`."""
        request = self.request
        if self._state is State.GONE:
            return
        assert request is not None
        self._keep_alive = request.keep_alive and not (answer.close or self._host.leaving)
        if self._keep_alive and request.method != "HEAD":
            data = self._host.rendered(answer)
        else:
            data = reply.render(
                answer,
                method=request.method,
                now_s=self._host.wall(),
                keep_alive=self._keep_alive,
            )
        if self._send(data):
            self._answered()

    async def pour(self, answer: Reply) -> None:
        """Send an answer whose body is a stream, as fast as the visitor takes it."""
        assert self.request is not None
        assert answer.stream is not None
        self._keep_alive = self.request.keep_alive and not self._host.leaving
        top = reply.render(
            answer,
            method=self.request.method,
            now_s=self._host.wall(),
            keep_alive=self._keep_alive,
        )
        self._poured = True
        await self._send_whole(top)
        lacking = 0 if self.request.method == "HEAD" else answer.length or 0
        if lacking:
            async with aclosing(answer.stream) as blocks:
                async for block in blocks:
                    await self._send_whole(block)
                    lacking -= len(block)
        if lacking:
            self.close()  # the source ended early: only a cut connection says so
        elif not self.gone:
            self._answered()

    def wait(self, seconds: float, *, late: Reply) -> None:
        """The answer comes from elsewhere within `seconds`, or it is `late`."""
        self.deadline = self._host.now() + seconds
        self.late = late

    def refuse(self, answer: Reply) -> None:
        """Answer a head that cannot be read on, and end the connection."""
        self._keep_alive = False
        self._came()
        data = reply.render(answer, method="GET", now_s=self._host.wall(), keep_alive=False)
        if self._send(data):
            self._answered()

    def hand_over(self) -> socket.socket:
        """Give the socket away; the connection ends here. The new owner says by the poller's
        `change` what it is watched for from now on, and by `forget` that it is closed."""
        assert not self.gone
        self._state = State.GONE
        self._host.left(self)
        return self.sock

    def close(self) -> None:
        """End it now, whatever it was at."""
        if self.gone:
            return
        self._state = State.GONE
        self._host.poller.forget(self.sock.fileno())
        self._host.left(self)
        self.sock.close()
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(ConnectionResetError())
        if self.work is not None and self.work is not asyncio.current_task():
            self.work.cancel()

    def _watch(self, mask: int) -> None:
        if mask != self._watched:
            self._watched = mask
            self._host.poller.change(self.sock.fileno(), mask, self)

    def _shake(self) -> None:
        assert isinstance(self.sock, ssl.SSLSocket)
        try:
            self.sock.do_handshake()
        except ssl.SSLWantReadError:
            self._watch(poll.READ)
        except ssl.SSLWantWriteError:
            self._watch(poll.WRITE)
        except OSError:
            self.close()
        else:
            self._watch(poll.READ)
            self._state = _READING
            self._read()

    def _read(self) -> None:
        try:
            data = self.sock.recv(_READ_BYTES)
        except BLOCKED:
            return
        except OSError:
            self.close()
            return
        if not data:
            self.close()
            return
        if not self.incoming.begun:
            answer = self._host.at_hand(data)
            if answer is not None:
                self._came()
                self._keep_alive = True
                if self._send(answer):
                    self.deadline = self._host.now() + limits.KEEP_ALIVE_S
                return
        self.incoming.put(data)
        self._advance()

    def _advance(self) -> None:
        """Answer what stands in the buffer, one request after the other."""
        self._advancing = True
        while self._state is _READING and (request := self._next()) is not None:
            self._came()
            self.request = request
            self._state = _WORKING
            self.deadline = float("inf")
            self._host.answer(self, request)
        self._advancing = False
        if self._state is _READING and self.incoming.begun:
            self._await_rest()

    def _next(self) -> Request | None:
        try:
            return self.incoming.take()
        except BadHead as error:
            self.refuse(self._host.refusal(error))
            return None

    def _await_rest(self) -> None:
        """Half a request is here. From its first byte on it has `limits.HEAD_S`, body and all."""
        if not self._begun:
            self._begun = True
            self.deadline = self._host.now() + limits.HEAD_S
            self._host.began(self)
        if self.incoming.expected:
            try:
                sent = self.sock.send(_GO_ON)
            except OSError:
                sent = 0
            if sent < len(_GO_ON):
                self.close()  # it has asked for much and taken none of it

    def _came(self) -> None:
        """A request is whole, or refused."""
        if self._begun:
            self._begun = False
            self._host.came(self)

    def _answered(self) -> None:
        """The answer is out: on to the next request, or to the end."""
        now = self._host.now()
        self.request = None
        self.incoming.whole = None
        self.work = None
        self.late = None
        self._poured = False
        if self._keep_alive:
            self._state = _READING
            self.deadline = now + limits.KEEP_ALIVE_S
            if not self._advancing:
                self._watch(poll.READ)
                if self.incoming.begun:
                    self._advance()
            return
        # Closing with unread input would send RST, which can overtake the answer (RFC 9112, 9.6).
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self._state = State.LINGERING
        self.deadline = now + limits.LINGER_S
        self._watch(poll.READ)
        self._discard()

    def _discard(self) -> None:
        try:
            for _ in range(_DISCARDS):
                if not self.sock.recv(_READ_BYTES):
                    break
            else:
                return
        except BLOCKED:
            return
        except OSError:
            pass
        self.close()

    def _send(self, data: bytes) -> bool:
        """Send now; False if a rest waits for the socket to take it, or the visitor is gone."""
        try:
            sent = outgoing.send(self.sock, data, secure=self.secure)
        except OSError:
            self.close()
            return False
        if sent == len(data):
            return True
        self._rest = memoryview(data)[sent:]
        self._state = State.WRITING
        self._owe()
        self._watch(poll.WRITE)
        return False

    def _owe(self) -> None:
        """Who takes an answer byte by byte holds a descriptor: it is taken at some pace, or not."""
        self._owed = limits.WRITE_BYTES
        self.deadline = self._host.now() + limits.WRITE_S

    def _flush(self) -> None:
        if self._rest is None:
            return
        try:
            sent = outgoing.send(self.sock, self._rest, secure=self.secure)
        except OSError:
            self.close()
            return
        self._owed -= sent
        if self._owed <= 0:
            self._owe()
        self._rest = self._rest[sent:] if sent < len(self._rest) else None
        if self._rest is not None:
            return
        if self._drained is not None:
            self._state = _WORKING
            self.deadline = float("inf")  # the source may be slower than the visitor
            self._watch(poll.GONE_ONLY)
            self._drained.set_result(None)
            self._drained = None
        else:
            self._answered()

    async def _send_whole(self, data: bytes) -> None:
        if self.gone:
            raise ConnectionResetError
        if not data:
            return
        if self._send(data):
            return
        if self.gone:
            raise ConnectionResetError
        self._drained = asyncio.get_running_loop().create_future()
        await self._drained
