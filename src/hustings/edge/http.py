"""The HTTP/1.1 server of the edge: accepts, keeps deadlines, has requests answered.

Accepting is cut into rounds, so that a crowd at the door never delays the sound of those inside.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from hustings import limits
from hustings.certificate import Certificate
from hustings.edge import poll, reply
from hustings.edge.connection import Connection
from hustings.edge.head import BadHead, Request
from hustings.edge.metrics import Metrics
from hustings.edge.reply import Reply
from hustings.errors import BadInput, LogError, StoreError

_log: Final = logging.getLogger("hustings.edge")

_PAUSE_S: Final = 0.25  # without a descriptor to spare, the queue is looked at again after this


@dataclass(frozen=True, slots=True)
class Handover:
    """The answer is a stream without end: `take` gets the connection, and its socket from there."""

    take: Callable[[Connection], None]


Outcome: TypeAlias = Reply | Handover
Answerer: TypeAlias = Callable[[Request], Outcome | Awaitable[Outcome]]


class Server:
    """Accepts on a listening socket and has `answerer` answer every request."""

    def __init__(
        self,
        *,
        answerer: Answerer,
        tasks: asyncio.TaskGroup,
        metrics: Metrics,
        certificate: Certificate | None = None,
    ) -> None:
        self.poller = poll.Poller()
        self._answerer = answerer
        self._tasks = tasks
        self._metrics = metrics
        self._certificate = certificate
        self._active: set[Connection] = set()
        self._listener: socket.socket | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._full = _full_head(certificate is not None)
        self.descriptors_max = raise_descriptors()

    @property
    def room(self) -> int:
        """How many more sockets there are descriptors for."""
        return self.descriptors_max - limits.DESCRIPTORS_SPARE_COUNT - len(self.poller)

    def start(self, listener: socket.socket) -> None:
        """Begin to accept. `listener` is listening and non-blocking; it is not closed by `stop`."""
        self._listener = listener
        # Accepted sockets inherit these from the listening one: two system calls saved for each.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, limits.NOTSENT_LOWAT_BYTES
        )
        # A peer that vanished is found even where nothing is sent, as before a start.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, limits.SILENT_PEER_S)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, limits.SILENT_PEER_S // 4)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
        self.poller.watch(listener.fileno(), poll.READ, _Door(self))

    def stop_accepting(self) -> None:
        """Leave newcomers to whoever shares the listening socket."""
        if self._pause is not None:
            self._pause.cancel()
        if self._listener is not None:
            self.poller.forget(self._listener.fileno())
            self._listener = None

    async def finish(self, *, within_s: float) -> None:
        """Wait until the answers in hand are out, then close every connection."""
        self.stop_accepting()
        until = self.now() + within_s
        while self.now() < until and any(c.busy for c in self._active):
            await asyncio.sleep(0.02)
        for connection in list(self._active):
            connection.close()
        if self._sweep is not None:
            self._sweep.cancel()
        self.poller.close()

    def now(self) -> float:
        """Monotonic seconds."""
        return self._loop.time()

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def answer(self, connection: Connection, request: Request) -> None:
        """Called by a connection with each request."""
        self._metrics.add("hustings_edge_requests_total")
        try:
            outcome = self._answerer(request)
        except Exception as error:
            connection.respond(self._failed(error, request))
            return
        if isinstance(outcome, Reply | Handover):
            self._apply(connection, outcome)
        else:
            connection.work = self._tasks.create_task(self._later(connection, request, outcome))

    def left(self, connection: Connection) -> None:
        """Called by a connection that is closed or handed over."""
        self._active.discard(connection)

    def accept(self) -> None:
        """Take newcomers from the listening socket, one round."""
        assert self._listener is not None
        for _ in range(limits.ACCEPTS_COUNT):
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._cannot_accept(error)
                return
            self._metrics.add("hustings_edge_accepted_total")
            sock.setblocking(False)
            if self.room <= 0:
                self._turn_away(sock)
                continue
            self._welcome(sock)

    def _welcome(self, sock: socket.socket) -> None:
        secure = self._certificate is not None
        if self._certificate is not None:
            try:
                sock.getpeername()  # one that was reset by now fails half wrapped
                sock = self._certificate.context.wrap_socket(
                    sock, server_side=True, do_handshake_on_connect=False
                )
            except OSError:
                sock.close()
                return
        connection = Connection(sock, self, secure=secure)
        if not connection.gone:
            self._active.add(connection)
            if self._sweep is None:
                self._sweep = self._loop.call_later(1.0, self._expire)

    def _turn_away(self, sock: socket.socket) -> None:
        self._metrics.add("hustings_edge_turned_away_total")
        try:
            sock.send(self._full)
        except OSError:
            pass
        finally:
            sock.close()

    def _cannot_accept(self, error: OSError) -> None:
        if error.errno in (errno.ECONNABORTED, errno.EPROTO, errno.EINTR):
            return
        # No descriptor or no memory for a newcomer: those who wait in the queue stay there.
        _log.warning("cannot accept for the moment: %s", error)
        if self._listener is not None:
            fd = self._listener.fileno()
            self.poller.change(fd, 0)
            self._pause = self._loop.call_later(_PAUSE_S, self.poller.change, fd, poll.READ)

    def _expire(self) -> None:
        now = self.now()
        for connection in [c for c in self._active if c.deadline <= now]:
            connection.expire()
        self._sweep = self._loop.call_later(1.0, self._expire) if self._active else None

    async def _later(
        self, connection: Connection, request: Request, outcome: Awaitable[Outcome]
    ) -> None:
        try:
            settled = await outcome
            if isinstance(settled, Reply) and settled.stream is not None:
                await connection.pour(settled)
            else:
                self._apply(connection, settled)
        except ConnectionResetError:
            connection.close()
        except Exception as error:
            answer = self._failed(error, request)
            if connection.answering:
                connection.close()  # the head of a good answer is out: only cutting it off is true
            else:
                connection.respond(answer)

    def _apply(self, connection: Connection, outcome: Outcome) -> None:
        if connection.gone:
            return
        if isinstance(outcome, Handover):
            outcome.take(connection)
        elif outcome.stream is not None:
            connection.work = self._tasks.create_task(
                self._later(connection, _request(connection), _ready(outcome))
            )
        else:
            connection.respond(outcome)

    def _failed(self, error: Exception, request: Request) -> Reply:
        """The answer for an error. Nothing of a traceback leaves the house."""
        match error:
            case BadHead():
                return reply.problem(error.status, "input", str(error))
            case BadInput():
                return reply.problem(400, "input", str(error))
            case LogError() | StoreError():
                _log.warning("%s: %s", request.path, error)
                return reply.problem(
                    503, "away", "This cannot be looked up at the moment.", retry_after_s=2
                )
            case _:
                _log.error("%s %s failed", request.method, request.path, exc_info=error)
                self._metrics.add("hustings_edge_errors_total")
                return reply.problem(500, "error", "Something went wrong here.")


class _Door:
    """The listening socket's place in the poller."""

    __slots__ = ("_server",)

    def __init__(self, server: Server) -> None:
        self._server = server

    def ready(self, mask: int) -> None:
        self._server.accept()


def raise_descriptors() -> int:
    """Raise the soft limit of open files to the hard one; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.LISTENERS_COUNT + 1_000
    allowed = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    reached = max(soft, allowed)
    if reached < wanted:
        _log.warning(
            "this process may open %d files, so it takes at most %d listeners (limit of the "
            "system: ulimit -n, LimitNOFILE)",
            reached,
            reached - limits.DESCRIPTORS_SPARE_COUNT,
        )
    return reached - len(list(Path("/proc/self/fd").iterdir()))


def _full_head(secure: bool) -> bytes:
    if secure:
        return b""  # a handshake costs more than there is left: the player tries again by itself
    answer = reply.problem(
        503, "full", "This server has no room for another connection.", retry_after_s=2
    )
    return reply.render(answer, method="GET", now_s=time.time(), keep_alive=False)


def _request(connection: Connection) -> Request:
    assert connection.request is not None
    return connection.request


async def _ready(answer: Reply) -> Outcome:
    return answer
