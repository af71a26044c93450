"""One connection on its way through: handshake, head, answer, next head; or handed over and parked.

    SHAKING ──▶ READING ──▶ WORKING ──▶ WRITING ──▶ READING … or LINGERING ──▶ closed
                               └──▶ handed over: the socket belongs to somebody else

No task and no timer belongs to a connection: readiness comes from the poller, deadlines from the
server's sweep. Only an answer that has to wait for something runs as a task, while it waits.
While an answer is being made or written nothing is read, so that pipelining is bounded by one head.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import aclosing
from enum import Enum, auto
from typing import Final, Protocol

from hustings import limits
from hustings.edge import head, poll, reply
from hustings.edge.head import BadHead, Request
from hustings.edge.reply import Reply

_DISCARDS: Final = 16  # reads in one go from somebody who was refused and goes on sending
BLOCKED: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class State(Enum):
    """Where a connection is; see the module's head."""

    SHAKING = auto()
    READING = auto()
    WORKING = auto()
    WRITING = auto()
    LINGERING = auto()
    GONE = auto()


class Host(Protocol):
    """What a connection needs of its server."""

    poller: poll.Poller

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def wall(self) -> float:
        """Seconds of Unix time."""

    def answer(self, connection: Connection, request: Request) -> None:
        """Have the request answered, now or later."""

    def left(self, connection: Connection) -> None:
        """The connection is closed or handed over."""


class Connection:
    """One socket. All methods run on the loop's thread and none blocks."""

    __slots__ = (
        "_advancing",
        "_buffer",
        "_drained",
        "_host",
        "_keep_alive",
        "_poured",
        "_rest",
        "_state",
        "deadline",
        "late",
        "request",
        "secure",
        "sock",
        "work",
    )

    def __init__(self, sock: socket.socket, host: Host, *, secure: bool) -> None:
        self.sock = sock
        self.secure = secure
        self.deadline = host.now() + limits.HEAD_S
        self.request: Request | None = None
        self.work: asyncio.Task[None] | None = None
        self.late: Reply | None = None  # what is answered if the deadline passes while working
        self._host = host
        self._buffer = bytearray()
        self._rest: memoryview | None = None
        self._drained: asyncio.Future[None] | None = None
        self._keep_alive = False
        self._poured = False
        self._advancing = False
        self._state = State.SHAKING if secure else State.READING
        host.poller.watch(sock.fileno(), poll.READ, self)
        # The head often came with the handshake's last packet: this saves a turn of the loop.
        self.ready(poll.READ & ~poll.GONE)

    @property
    def gone(self) -> bool:
        """Whether the socket is closed or somebody else's."""
        return self._state is State.GONE

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._state in (State.WORKING, State.WRITING)

    @property
    def answering(self) -> bool:
        """Whether bytes of an answer are out already, so that no other can be given."""
        return self._poured or self._state is not State.WORKING

    def wall(self) -> float:
        """Seconds of Unix time, for the Date field."""
        return self._host.wall()

    def ready(self, mask: int) -> None:
        """The poller's call."""
        match self._state:
            case State.SHAKING:
                self._shake()
            case State.READING:
                self._read()
            case State.WORKING if mask & poll.GONE:
                self.close()
            case State.WRITING:
                self._flush()
            case State.LINGERING:
                self._discard()
            case _:
                pass

    def expire(self) -> None:
        """The deadline has passed."""
        if self._state is State.READING and self._buffer:
            self.refuse(reply.problem(408, "slow", "The request did not arrive in time."))
        elif self._state is State.WORKING and self.late is not None:
            self.respond(self.late)
        else:
            self.close()

    def respond(self, answer: Reply) -> None:
        """Send the answer to the request in hand. One with a `stream` goes through `pour`."""
        if self.gone:
            return
        assert self.request is not None
        self._keep_alive = self.request.keep_alive and not answer.close
        data = reply.render(
            answer,
            method=self.request.method,
            now_s=self._host.wall(),
            keep_alive=self._keep_alive,
        )
        if self._send(data):
            self._answered()

    async def pour(self, answer: Reply) -> None:
        """Send an answer whose body is a stream, as fast as the visitor takes it."""
        assert self.request is not None
        assert answer.stream is not None
        self._keep_alive = self.request.keep_alive
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
        data = reply.render(answer, method="GET", now_s=self._host.wall(), keep_alive=False)
        if self._send(data):
            self._answered()

    def hand_over(self) -> socket.socket:
        """Give the socket away, still in the poller's set; the connection ends here."""
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

    def _shake(self) -> None:
        assert isinstance(self.sock, ssl.SSLSocket)
        fd = self.sock.fileno()
        try:
            self.sock.do_handshake()
        except ssl.SSLWantReadError:
            self._host.poller.change(fd, poll.READ)
        except ssl.SSLWantWriteError:
            self._host.poller.change(fd, poll.WRITE)
        except OSError:
            self.close()
        else:
            self._host.poller.change(fd, poll.READ)
            self._state = State.READING
            self._read()

    def _read(self) -> None:
        ended = False
        try:
            # Under TLS a record may wait decrypted where the poller cannot see it: read to the end.
            while len(self._buffer) <= limits.HEAD_BYTES:
                data = self.sock.recv(limits.HEAD_BYTES)
                self._buffer += data
                ended = not data
                if ended or not self.secure:
                    break
        except BLOCKED:
            pass
        except OSError:
            self.close()
            return
        self._advance()
        if ended and self._state is State.READING:
            self.close()

    def _advance(self) -> None:
        """Answer what stands in the buffer, one request after the other."""
        self._advancing = True
        while self._state is State.READING and self._buffer:
            try:
                parsed = head.parse(self._buffer)
            except BadHead as error:
                fields: reply.Fields = reply.NO_STORE
                if error.status == 405:
                    fields = (*fields, ("Allow", ", ".join(head.METHODS)))
                self.refuse(reply.problem(error.status, "head", str(error), fields=fields))
                break
            if parsed is None:
                break
            self.request, taken = parsed
            del self._buffer[:taken]
            self._state = State.WORKING
            self.deadline = float("inf")
            self._host.answer(self, self.request)
            if self._state is State.WORKING:
                self._host.poller.change(self.sock.fileno(), poll.GONE_ONLY)
        self._advancing = False

    def _answered(self) -> None:
        """The answer is out: on to the next request, or to the end."""
        now = self._host.now()
        fd = self.sock.fileno()
        self.work = None
        self._poured = False
        self.late = None
        if self._keep_alive:
            self._state = State.READING
            self.deadline = now + limits.KEEP_ALIVE_S
            if not self._advancing:
                self._host.poller.change(fd, poll.READ)
                if self.secure:
                    self._read()
                else:
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
        self._host.poller.change(fd, poll.READ)
        self._discard()

    def _discard(self) -> None:
        try:
            for _ in range(_DISCARDS):
                if not self.sock.recv(limits.HEAD_BYTES):
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
            sent = self.sock.send(data)
        except BLOCKED:
            sent = 0
        except OSError:
            self.close()
            return False
        if sent == len(data):
            return True
        self._rest = memoryview(data)[sent:]
        self._state = State.WRITING
        self.deadline = self._host.now() + limits.WRITE_S
        self._host.poller.change(self.sock.fileno(), poll.WRITE)
        return False

    def _flush(self) -> None:
        if self._rest is None:
            return
        try:
            sent = self.sock.send(self._rest)
        except BLOCKED:
            return
        except OSError:
            self.close()
            return
        self.deadline = self._host.now() + limits.WRITE_S
        self._rest = self._rest[sent:] if sent < len(self._rest) else None
        if self._rest is not None:
            return
        if self._drained is not None:
            self._state = State.WORKING
            self.deadline = float("inf")  # the source may be slower than the visitor
            self._host.poller.change(self.sock.fileno(), poll.GONE_ONLY)
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
