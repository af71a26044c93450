"""The HTTP/1.1 server of the edge: accepts, keeps deadlines, has requests answered.

Accepting is cut into rounds, so that a crowd at the door never delays the sound of those inside.
Where descriptors run short, those go first who only hold a place: half a request that has been
coming for a while, oldest first, then connections that have rested longest between two requests.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from hustings import limits
from hustings.certificate import Certificate
from hustings.edge import addresses, poll, reply
from hustings.edge.addresses import Addresses
from hustings.edge.connection import Connection
from hustings.edge.head import METHODS, BadHead, Request
from hustings.edge.metrics import Metrics
from hustings.edge.ready import Ready
from hustings.edge.reply import Rendered, Reply
from hustings.errors import BadInput, LogError, StoreError

_log: Final = logging.getLogger("hustings.edge")

_PAUSE_S: Final = 0.25  # without a descriptor to spare, the queue is looked at again after this
_GRACE_S: Final = 1.0  # whoever began or was answered this lately is not put out for a newcomer
_TAKEN: Final = 1_000  # newcomers taken from the system's queue in one go: 7 ms
_FULL: Final = reply.problem(
    503, "full", "This server has no room for another connection.", retry_after_s=2
)
_CROWDED: Final = reply.problem(
    503, "address", "Too many connections come from your network.", retry_after_s=10
)


@dataclass(frozen=True, slots=True)
class Handover:
    """The answer is a stream without end: `take` gets the connection, and its socket from there."""

    take: Callable[[Connection], None]


Outcome: TypeAlias = Reply | Handover
_SETTLED: Final = (Reply, Handover)
Answerer: TypeAlias = Callable[[Request], Outcome | Awaitable[Outcome]]


class Server:
    """Accepts on a listening socket and has `answerer` answer every request.

    `sockets` is for how many there should be descriptors; `address_max` and `trusted` are as in
    `Addresses`. What is in `ready` is answered without asking the answerer.
    """

    def __init__(
        self,
        *,
        answerer: Answerer,
        tasks: asyncio.TaskGroup,
        metrics: Metrics,
        certificate: Certificate | None = None,
        sockets: int = limits.LISTENERS_COUNT,
        address_max: int = 0,
        trusted: Iterable[str] = (),
    ) -> None:
        self.addresses = Addresses(most=address_max, trusted=trusted)
        self.poller = poll.Poller(forgotten=self.addresses.free)
        self.ready = Ready()
        self.leaving = False
        self._answerer = answerer
        self._tasks = tasks
        self._metrics = metrics
        self._certificate = certificate
        self._active: set[Connection] = set()
        self._reading: OrderedDict[Connection, None] = OrderedDict()
        self._spare: list[Connection] = []  # resting, those who have longest at the end
        self._spare_until_s = 0.0
        self._arrived: deque[tuple[socket.socket, str]] = deque()  # accepted, and nothing else
        self._letting_in: asyncio.Handle | None = None
        self._listener: socket.socket | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._full = Rendered(_FULL, keep_alive=False)
        self._crowded = Rendered(_CROWDED, keep_alive=False)
        self._newest = Rendered(_FULL)
        self.descriptors_max = raise_descriptors(sockets)

    @property
    def room(self) -> int:
        """How many more sockets there are descriptors for."""
        taken = len(self.addresses) + len(self._arrived)
        return self.descriptors_max - limits.DESCRIPTORS_SPARE_COUNT - taken

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
        """Leave newcomers to whoever shares the listening socket, and ends a connection with its
        next answer, or now if it rests: a program that asks again asks somebody else."""
        self.leaving = True
        for connection in [one for one in self._active if one.resting]:
            connection.close()
        if self._pause is not None:
            self._pause.cancel()
        if self._listener is not None:
            self.poller.forget(self._listener.fileno())
            self._listener = None

    @property
    def busy(self) -> bool:
        """Whether anybody is being answered."""
        return any(connection.busy for connection in self._active)

    async def finish(self, *, within_s: float) -> None:
        """Wait until the answers in hand are out, then close every connection."""
        self.stop_accepting()
        until = self.now() + within_s
        while self.now() < until and (self.busy or self._arrived):
            await asyncio.sleep(0.02)
        for connection in list(self._active):
            connection.close()
        while self._arrived:
            self._arrived.popleft()[0].close()
        if self._sweep is not None:
            self._sweep.cancel()
        self.poller.close()

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def at_hand(self, data: bytes) -> bytes | None:
        """Called by a connection with what may be a whole request."""
        answer = None if self.leaving else self.ready.find(data, time.time())
        if answer is not None:
            self._metrics.add("hustings_edge_requests_total")
            self._metrics.add("hustings_edge_requests_at_hand_total")
        return answer

    def rendered(self, answer: Reply) -> bytes:
        """Called by a connection for the bytes. A crowd that gets one answer gets it in a row."""
        if self._newest.answer is not answer:
            self._newest = Rendered(answer)
        return self._newest.at(time.time())

    def answer(self, connection: Connection, request: Request) -> None:
        """Called by a connection with each request."""
        self._metrics.add("hustings_edge_requests_total")
        try:
            outcome = self._answerer(request)
        except Exception as error:
            connection.respond(self._failed(error, request))
            return
        if isinstance(outcome, _SETTLED):
            self._apply(connection, outcome)
        else:
            connection.work = self._tasks.create_task(self._later(connection, request, outcome))

    def refusal(self, error: BadHead) -> Reply:
        """Called by a connection for the answer to a head that cannot be read."""
        fields: reply.Fields = reply.NO_STORE
        if error.status == 405:
            fields = (*fields, ("Allow", ", ".join(METHODS)))
        return reply.problem(error.status, "head", str(error), fields=fields)

    def began(self, connection: Connection) -> None:
        """Called by a connection that waits for the rest of a request."""
        self._reading[connection] = None
        if len(self._reading) > limits.READING_COUNT:
            self._put_out(next(iter(self._reading)))

    def came(self, connection: Connection) -> None:
        """Called by a connection when the rest has come."""
        self._reading.pop(connection, None)

    def left(self, connection: Connection) -> None:
        """Called by a connection that is closed or handed over."""
        self._reading.pop(connection, None)
        self._active.discard(connection)

    def accept(self) -> None:
        """Take newcomers from the listening socket, and let some of them in.

        Taking is quick, and beyond a queue that is too long a newcomer's first packet is lost.
        """
        assert self._listener is not None
        # Even where there is no room: to be told so.
        bound = max(limits.ACCEPTS_COUNT, min(limits.ARRIVED_COUNT, self.room))
        for _ in range(min(_TAKEN, bound - len(self._arrived))):
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                break
            except OSError as error:
                self._cannot_accept(error)
                break
            sock.setblocking(False)
            self._arrived.append((sock, addresses.plain(address[0])))
        if self._letting_in is None:
            self._let_in()

    def _let_in(self) -> None:
        for _ in range(min(limits.ACCEPTS_COUNT, len(self._arrived))):
            sock, peer = self._arrived.popleft()
            self._metrics.add("hustings_edge_accepted_total")
            if self.room <= 0 and not self._make_room():
                self._metrics.add("hustings_edge_turned_away_total")
                self._turn_away(sock, self._full)
            elif not self.addresses.take(sock.fileno(), peer):
                self._metrics.add("hustings_edge_address_refused_total")
                self._turn_away(sock, self._crowded)
            else:
                self._welcome(sock, peer)
        self._letting_in = self._loop.call_soon(self._let_in) if self._arrived else None

    def _welcome(self, sock: socket.socket, peer: str) -> None:
        if self._certificate is not None:
            fd = sock.fileno()
            try:
                sock.getpeername()  # one that was reset by now fails half wrapped
                sock = self._certificate.context.wrap_socket(
                    sock, server_side=True, do_handshake_on_connect=False
                )
            except OSError:
                self.addresses.free(fd)
                sock.close()
                return
        connection = Connection(
            sock,
            self,
            secure=self._certificate is not None,
            peer=peer,
            proxied=self.addresses.trusts(peer),
        )
        if not connection.gone:
            self._active.add(connection)
            if self._sweep is None:
                self._sweep = self._loop.call_later(1.0, self._expire)

    def _turn_away(self, sock: socket.socket, answer: Rendered) -> None:
        try:
            # A handshake costs more than there is left: under TLS the player tries again by itself.
            if self._certificate is None:
                sock.send(answer.at(time.time()))
        except OSError:
            pass
        finally:
            sock.close()

    def _make_room(self) -> bool:
        """Close a connection that only holds a place, for a newcomer's sake."""
        now = self.now()
        oldest = next(iter(self._reading), None)
        if oldest is not None and oldest.deadline <= now + limits.HEAD_S - _GRACE_S:
            self._put_out(oldest)
            return True
        if not self._spare and self._spare_until_s <= now:
            self._spare_until_s = now + _PAUSE_S
            rested = now + limits.KEEP_ALIVE_S - _GRACE_S
            found = [c for c in self._active if c.resting and c.deadline <= rested]
            found.sort(key=lambda one: one.deadline, reverse=True)
            self._spare = found[-limits.ACCEPTS_COUNT :]
        while self._spare:
            connection = self._spare.pop()
            if connection.resting:
                self._put_out(connection)
                return True
        return False

    def _put_out(self, connection: Connection) -> None:
        self._metrics.add("hustings_edge_put_out_total")
        connection.close()

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
            return
        if outcome.edition is not None and connection.incoming.whole is not None:
            self.ready.learn(connection.incoming.whole, outcome, time.time())
        if outcome.stream is None:
            connection.respond(outcome)
        elif connection.request is not None:
            connection.work = self._tasks.create_task(
                self._later(connection, connection.request, _settled(outcome))
            )

    def _failed(self, error: Exception, request: Request) -> Reply:
        """The answer for an error. Nothing of a traceback leaves the house."""
        match error:
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


def raise_descriptors(sockets: int) -> int:
    """Raise the soft limit of open files for so many sockets, as far as it goes; how far it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + 1_000 + limits.DESCRIPTORS_SPARE_COUNT
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


async def _settled(answer: Reply) -> Outcome:
    return answer
