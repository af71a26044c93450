"""How a listener comes in: the head of the endless answer, the burst, or the way back to a resume.

The body is chunked (RFC 9112 section 7.1), one of its chunks per programme chunk, because that is
what tells a true end from a lost connection: a page's `fetch` ends in good order only after the
last chunk, and fails when an edge dies, so the player knows whether to resume. Proxies pass it on
without waiting, and ffmpeg, VLC and mpv read it. A visitor with HTTP/1.0, as old radios are, and
the plain stream, which radios of all kinds open, get the bare bytes until the connection closes.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from hustings import limits
from hustings.clock import CHUNK_MS, chunk_at_ms
from hustings.edge import forms, poll, reply
from hustings.edge.broadcast import BLOCKED, framed
from hustings.edge.connection import Connection
from hustings.edge.forms import Form
from hustings.edge.head import Request
from hustings.edge.http import Handover
from hustings.edge.programme import Programme
from hustings.errors import BadInput, LogError

# A player's end of buffer is a time in seconds that was rounded on its way: a chunk that begins
# this much later than asked for is the one that is meant.
_SLACK_MS: Final = 2
_CHASES: Final = 64  # listeners reading from spool or log at once; others wait for their turn


class Push:
    """Lets listeners in, all spaces'. `tasks` is the role's group."""

    def __init__(self, *, tasks: asyncio.TaskGroup, poller: poll.Poller) -> None:
        self._tasks = tasks
        self._poller = poller
        self._turn = asyncio.Semaphore(_CHASES)
        self._chases: set[asyncio.Task[None]] = set()

    def admit(
        self, programme: Programme, form: Form, request: Request, *, from_ms: int | None, name: str
    ) -> Handover:
        """The endless answer. `name` is what radios show; `from_ms` is where to resume."""
        chunked = request.minor == 1 and form is not Form.PLAIN

        def take(connection: Connection) -> None:
            head = _head(form, name, connection.wall(), chunked=chunked)
            sock = connection.hand_over()
            if _newcomer(programme, from_ms) and programme.primed.is_set():
                programme.join(form, sock, head, chunked=chunked)
                return
            chaser = _Chaser(sock, self._poller, form, chunked=chunked)
            chase = self._tasks.create_task(self._chase(programme, chaser, head, from_ms))
            self._chases.add(chase)
            chase.add_done_callback(self._chases.discard)

        return Handover(take)

    async def close(self) -> None:
        """Cut off those who are catching up."""
        for chase in self._chases:
            chase.cancel()
        await asyncio.gather(*self._chases, return_exceptions=True)

    async def _chase(
        self, programme: Programme, chaser: _Chaser, head: bytes, from_ms: int | None
    ) -> None:
        """Send what the listener lacks as fast as it takes it, until it is among the others."""
        programme.chasing += 1
        parked = False
        form, chunked = chaser.form, chaser.chunked
        try:
            # An edge that was just started reads the ring's past first: nobody hears it as news.
            await programme.primed.wait()
            if chaser.gone():
                return
            async with asyncio.timeout(limits.CHASE_S):
                if from_ms is None or _newcomer(programme, from_ms):
                    parked = True
                    programme.join(form, chaser.sock, head, chunked=chunked)
                    return
                n = _first(programme, from_ms)
                first = head + chaser.framed(forms.opening(form))
                while True:
                    # Whoever is slow to take what was read keeps nobody else from reading.
                    async with self._turn:
                        data, after = await self._history(programme, form, n)
                    if chaser.gone():
                        return
                    if not data:
                        # Nothing has been awaited since it was found that nothing is left to send.
                        parked = True
                        told = chaser.framed(programme.told(form))
                        programme.park(form, chaser.sock, first + told, chunked=chunked)
                        return
                    await chaser.send(first + chaser.framed(data))
                    first, n = b"", after
        except (OSError, TimeoutError):
            pass  # it is gone, or takes nothing: it comes back by itself
        finally:
            programme.chasing -= 1
            if not parked:
                chaser.close()

    async def _history(self, programme: Programme, form: Form, n: int) -> tuple[bytes, int]:
        try:
            return await programme.history(form, n)
        except (LogError, BadInput):
            # Neither ring nor spool has it, and the log is away or has something that cannot be
            # read: a gap, rather than nothing.
            return await programme.history(form, programme.ring.oldest() or n)


class _Chaser:
    """A socket that is written to with waiting, until it is parked."""

    __slots__ = ("_poller", "_writable", "chunked", "form", "sock")

    def __init__(
        self, sock: socket.socket, poller: poll.Poller, form: Form, *, chunked: bool
    ) -> None:
        self.sock = sock
        self.form = form
        self.chunked = chunked
        self._poller = poller
        self._writable: asyncio.Future[None] | None = None
        poller.change(sock.fileno(), poll.GONE_ONLY, self)

    def gone(self) -> bool:
        """Whether the other side has left."""
        return self.sock.fileno() < 0

    def framed(self, data: bytes) -> bytes:
        """`data` as it goes into this body."""
        return framed(data) if self.chunked and data else data

    def ready(self, mask: int) -> None:
        """The poller's call."""
        waiting, self._writable = self._writable, None
        if mask & poll.GONE:
            self.close()
        else:
            # Writable it may stay for long: it is asked for again when it is waited for.
            self._poller.change(self.sock.fileno(), poll.GONE_ONLY)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def send(self, data: bytes) -> None:
        """Send all of it; `OSError` when the other side is gone."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.sock.send(rest) :]
            except BLOCKED:
                self._writable = asyncio.get_running_loop().create_future()
                self._poller.change(self.sock.fileno(), poll.WRITE | poll.GONE_ONLY)
                await self._writable

    def close(self) -> None:
        """Close the socket, once."""
        if self.sock.fileno() >= 0:
            self._poller.forget(self.sock.fileno())
            self.sock.close()


def _newcomer(programme: Programme, from_ms: int | None) -> bool:
    """Whether there is nothing to resume: the listener begins where the others are."""
    return from_ms is None or programme.ring.newest is None or programme.over


def _first(programme: Programme, from_ms: int) -> int:
    """The chunk with which a resume begins: the one asked for, if it is not too long ago."""
    assert programme.ring.newest is not None
    oldest = programme.ring.newest - limits.RESUME_S * 1000 // CHUNK_MS
    return max(chunk_at_ms(from_ms + _SLACK_MS), oldest, 0)


def preview(form: Form, name: str) -> reply.Reply:
    """The answer to HEAD: the fields of the endless answer."""
    return reply.Reply(fields=_fields(form, name), close=True, endless=True)


def _head(form: Form, name: str, now_s: float, *, chunked: bool) -> bytes:
    fields = _fields(form, name)
    if chunked:
        fields = (*fields, ("Transfer-Encoding", "chunked"))
    return reply.head(200, fields, now_s=now_s, keep_alive=False)


def _fields(form: Form, name: str) -> reply.Fields:
    fields: reply.Fields = (
        ("Content-Type", forms.mime(form)),
        ("Cache-Control", "no-store"),
        # nginx hands every chunk on at once when it is told so, whatever its configuration says
        ("X-Accel-Buffering", "no"),
    )
    if form is Form.PLAIN:
        shown = "".join(c if " " <= c < "\x7f" or "\xa0" <= c <= "\xff" else "?" for c in name)
        fields = (
            *fields,
            ("icy-name", shown),
            ("icy-pub", "0"),
            ("icy-br", "64"),
            ("Accept-Ranges", "none"),
        )
    return fields
