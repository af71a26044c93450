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
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.clock import CHUNK_MS, chunk_at_ms
from hustings.edge import forms, poll, reply
from hustings.edge.broadcast import framed
from hustings.edge.connection import Connection
from hustings.edge.forms import Form
from hustings.edge.head import Request
from hustings.edge.http import Handover
from hustings.edge.programme import Programme
from hustings.edge.table import BLOCKED, Guest, Listener
from hustings.errors import BadInput, LogError, StoreError

# A player's end of buffer is a time in seconds that was rounded on its way: a chunk that begins
# this much later than asked for is the one that is meant.
_SLACK_MS: Final = 2
_CHASES: Final = 64  # listeners reading from spool or log at once; others wait for their turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a listener is to get. `from_ms` is where to resume, `title` what radios show, `guest` is
    told of what becomes of it."""

    programme: Programme
    form: Form
    chunked: bool
    cadence: int
    from_ms: int | None
    title: str
    guest: Guest | None

    def framed(self, data: bytes) -> bytes:
        """`data` as it goes into this body."""
        return framed(data) if self.chunked and data else data

    def begin(self, head: bytes) -> tuple[bytes, int]:
        """Head and beginning of the answer, and the number of the chunk after it."""
        data, n = self.programme.beginning(self.form, self.cadence, title=self.title)
        return head + self.framed(data), n

    def park(self, sock: socket.socket, first: bytes) -> Listener:
        """Leave the socket to the send loop."""
        return self.programme.park(
            self.form,
            sock,
            first,
            chunked=self.chunked,
            cadence=self.cadence,
            guest=self.guest,
        )

    @property
    def new(self) -> bool:
        """Whether there is nothing to resume: the listener begins where the others are."""
        return self.from_ms is None or self.programme.ring.newest is None or self.programme.over

    def first(self) -> int:
        """The chunk with which a resume begins: the one asked for, if it is not too long ago."""
        assert self.from_ms is not None
        assert self.programme.ring.newest is not None
        oldest = self.programme.ring.newest - limits.RESUME_S * 1000 // CHUNK_MS
        return max(chunk_at_ms(self.from_ms + _SLACK_MS), oldest, 0)


class Push:
    """Lets listeners in, all spaces'. `tasks` is the role's group."""

    def __init__(self, *, tasks: asyncio.TaskGroup, poller: poll.Poller) -> None:
        self._tasks = tasks
        self._poller = poller
        self._turn = asyncio.Semaphore(_CHASES)
        self._chases: set[asyncio.Task[None]] = set()

    @property
    def chasing(self) -> int:
        """How many are catching up."""
        return len(self._chases)

    def admit(
        self,
        programme: Programme,
        form: Form,
        request: Request,
        *,
        from_ms: int | None,
        name: str,
        cadence: int = 1,
        guest: Guest | None = None,
    ) -> Handover:
        """The endless answer. `name` is what radios show; `from_ms` is where to resume; `cadence`
        is the chunks in a frame; `guest` is told that the listener is here, hears, and has gone."""
        wish = Wish(
            programme=programme,
            form=form,
            chunked=request.minor == 1 and form not in forms.PLAIN,
            cadence=cadence,
            from_ms=from_ms,
            title=name,
            guest=guest,
        )

        def take(connection: Connection) -> None:
            head = _head(wish, connection.wall())
            sock = connection.hand_over()
            if wish.new and programme.primed.is_set():
                self._welcome(wish, sock, head)
            else:
                self._follow(wish, sock, head)

        return Handover(take)

    async def close(self) -> None:
        """Cut off those who are catching up."""
        for chase in self._chases:
            chase.cancel()
        await asyncio.gather(*self._chases, return_exceptions=True)

    def _welcome(self, wish: Wish, sock: socket.socket, head: bytes) -> None:
        """A newcomer: head and burst at once, then live."""
        data, n = wish.begin(head)
        try:
            sent = _send(sock, data)
        except OSError:
            self._poller.forget(sock.fileno())
            sock.close()
            return
        if sent == len(data):
            wish.park(sock, b"")
        else:
            # A long burst on a slow line: it is sent with waiting, so that nothing is skipped.
            self._follow(wish, sock, memoryview(data)[sent:], n)

    def _follow(
        self, wish: Wish, sock: socket.socket, first: bytes | memoryview, n: int | None = None
    ) -> None:
        """Have somebody brought to where the others are."""
        chaser = _Chaser(sock, self._poller, wish.guest)
        chase = self._tasks.create_task(self._chase(wish, chaser, first, n))
        self._chases.add(chase)
        chase.add_done_callback(self._chases.discard)

    async def _chase(
        self, wish: Wish, chaser: _Chaser, first: bytes | memoryview, n: int | None
    ) -> None:
        """Send what the listener lacks as fast as it takes it, until it is among the others.

        `first` is the head of the answer; or, where `n` is given, what is left of the beginning.
        """
        programme = wish.programme
        programme.chasing[wish.cadence] += 1
        try:
            # An edge that was just started reads the ring's past first: nobody hears it as news.
            await programme.primed.wait()
            async with asyncio.timeout(limits.CHASE_S):
                if n is None and wish.new:
                    data, n = wish.begin(bytes(first))
                    first = memoryview(data)[_send(chaser.sock, data) :]
                    if not first:
                        chaser.park(wish, b"")
                        return
                if n is not None:
                    await chaser.send(first)
                    await self._catch_up(wish, chaser, b"", n)
                else:
                    opening = wish.framed(forms.opening(wish.form, wish.title))
                    await self._catch_up(wish, chaser, bytes(first) + opening, wish.first())
        except (OSError, TimeoutError):
            pass
        finally:
            programme.chasing[wish.cadence] -= 1
            chaser.end()

    async def _catch_up(self, wish: Wish, chaser: _Chaser, first: bytes, n: int) -> None:
        """Send `first` and the programme from chunk `n` on, and park the listener."""
        programme = wish.programme
        while not chaser.gone():
            await programme.whole_frame(n, wish.cadence)
            # Whoever is slow to take what was read keeps nobody else from reading.
            async with self._turn:
                data, after = await self._history(wish, n)
            if chaser.gone():
                return
            if data:
                await chaser.send(first + wish.framed(data))
                first, n = b"", after
            elif not programme.mid_frame(n, wish.cadence):
                # Nothing has been awaited since it was found that nothing is left to send.
                chaser.park(wish, first + wish.framed(programme.told(wish.form)))
                return

    async def _history(self, wish: Wish, n: int) -> tuple[bytes, int]:
        programme = wish.programme
        try:
            return await programme.history(wish.form, n, cadence=wish.cadence)
        except (LogError, StoreError, BadInput):
            # Neither ring nor spool has it, and the log is away or has something that cannot be
            # read: a gap, rather than nothing.
            oldest = programme.ring.oldest() or n
            return await programme.history(wish.form, oldest, cadence=wish.cadence)


class _Chaser:
    """A socket that is written to with waiting, until it is parked."""

    __slots__ = ("_guest", "_listener", "_poller", "_writable", "sock")

    def __init__(self, sock: socket.socket, poller: poll.Poller, guest: Guest | None) -> None:
        self.sock = sock
        self._listener: Listener | None = None  # once it is parked
        self._poller = poller
        self._guest = guest
        self._writable: asyncio.Future[None] | None = None
        poller.change(sock.fileno(), poll.GONE_ONLY, self)
        if guest is not None:
            guest.began(self.close, now_s=asyncio.get_running_loop().time())

    def gone(self) -> bool:
        """Whether the other side has left."""
        return self.sock.fileno() < 0

    def ready(self, mask: int) -> None:
        """The poller's call."""
        if mask & poll.GONE:
            self.close()
            return
        # Writable it may stay for long: it is asked for again when it is waited for.
        self._poller.change(self.sock.fileno(), poll.GONE_ONLY)
        waiting, self._writable = self._writable, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def send(self, data: bytes | memoryview) -> None:
        """Send all of it; `OSError` when the other side is gone."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.sock.send(rest) :]
            except BLOCKED:
                self._writable = asyncio.get_running_loop().create_future()
                self._poller.change(self.sock.fileno(), poll.WRITE | poll.GONE_ONLY)
                await self._writable

    def park(self, wish: Wish, first: bytes) -> None:
        """Leave the socket to the send loop, with `first` to send."""
        self._listener = wish.park(self.sock, first)

    def close(self) -> None:
        """End the connection, whoever has it by now."""
        if self._listener is not None:
            self._listener.close()
        elif not self.gone():
            self._poller.forget(self.sock.fileno())
            self.sock.close()
        waiting, self._writable = self._writable, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)  # the next try fails, and says so

    def end(self) -> None:
        """Nobody sends to it any more: unless it is parked, it is over."""
        if self._listener is None:
            self.close()
            if self._guest is not None:
                self._guest.gone()


def _send(sock: socket.socket, data: bytes) -> int:
    """Send what the socket takes now: how much that is. `OSError` when the other side is gone."""
    try:
        return sock.send(data)
    except BLOCKED:
        return 0


def preview(form: Form, name: str, *, cadence: int = 1) -> reply.Reply:
    """The answer to HEAD: the fields of the endless answer."""
    return reply.Reply(fields=_fields(form, name, cadence), close=True, endless=True)


def _head(wish: Wish, now_s: float) -> bytes:
    fields = _fields(wish.form, wish.title, wish.cadence)
    if wish.chunked:
        fields = (*fields, ("Transfer-Encoding", "chunked"))
    return reply.head(200, fields, now_s=now_s, keep_alive=False)


def _fields(form: Form, name: str, cadence: int) -> reply.Fields:
    fields: reply.Fields = (
        ("Content-Type", forms.mime(form)),
        ("Cache-Control", "no-store"),
        # nginx hands every chunk on at once when it is told so, whatever its configuration says
        ("X-Accel-Buffering", "no"),
        ("X-Cadence-Ms", str(cadence * CHUNK_MS)),
        ("Access-Control-Expose-Headers", "X-Cadence-Ms"),
    )
    if form in forms.PLAIN:
        shown = "".join(c if " " <= c < "\x7f" or "\xa0" <= c <= "\xff" else "?" for c in name)
        fields = (
            *fields,
            ("icy-name", shown),
            ("icy-pub", "0"),
            ("icy-br", "32" if form is Form.OGG else "64"),
            ("Accept-Ranges", "none"),
        )
    return fields
