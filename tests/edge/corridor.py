"""A programme behind a server that knows nothing else: for tests of how listeners are served.

async with corridor(tmp_path, count=50) as c:
    client = await c.come("form=push-opus&cadence=3&from=0")
    data = await c.body(client, until=numbers(49))
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from hustings.chunk import Chunk
from hustings.edge.broadcast import Broadcaster
from hustings.edge.events import Payload
from hustings.edge.forms import Form
from hustings.edge.head import Request
from hustings.edge.http import Outcome
from hustings.edge.programme import Programme
from hustings.edge.push import Push
from hustings.edge.segments import Segments
from hustings.edge.spool import Spool
from hustings.log.memory import MemoryLog
from tests import programme
from tests.edge.house import SPACE, request
from tests.edge.serving import Serving, serving


class Counted:
    """A guest who remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.close: Callable[[], None] = lambda: None

    def began(self, close: Callable[[], None], *, now_s: float) -> None:
        if "began" not in self.told:
            self.told.append("began")
            self.close = close

    def heard(self) -> None:
        if "heard" not in self.told:
            self.told.append("heard")

    def gone(self) -> None:
        self.told.append("gone")


@dataclass
class Corridor:
    """What there is. `guests` are those of the listeners, in the order in which they asked."""

    programme: Programme
    broadcaster: Broadcaster
    push: Push
    serving: Serving
    guests: list[Counted] = field(default_factory=list)

    async def come(self, query: str, *, small: bool = False, minor: int = 1) -> socket.socket:
        """A listener; a `small` one takes a few kilobytes at a time."""
        client = socket.socket()
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", self.serving.port))
        asked = request(f"/?{query}").replace(b"HTTP/1.1", b"HTTP/1.%d" % minor, 1)
        await loop.sock_sendall(client, asked)
        return client

    async def heard(self, query: str, *, small: bool = False) -> tuple[socket.socket, bytes]:
        """A listener who has its head and whatever came with it; the bytes behind the head."""
        client = await self.come(query, small=small)
        data = await received(client, lambda data: b"\r\n\r\n" in data)
        return client, data.split(b"\r\n\r\n", 1)[1]

    def put(self, *numbers: int) -> list[Chunk]:
        """Have chunks come in."""
        made = [programme.chunk(n) for n in numbers]
        for one in made:
            self.programme.put(one)
        return made


@contextlib.asynccontextmanager
async def corridor(folder: Path, *, count: int = 0, primed: bool = True) -> AsyncIterator[Corridor]:
    """One with `count` chunks in it."""
    made: list[Corridor] = []

    def answer(asked: Request) -> Outcome:
        c, query = made[0], asked.query
        c.guests.append(Counted())
        return c.push.admit(
            c.programme,
            Form(query.get("form", "push-opus")),
            asked,
            from_ms=int(query["from"]) if "from" in query else None,
            name="A title",
            cadence=int(query.get("cadence", "1")),
            guest=c.guests[-1],
        )

    async with serving(answer) as one:
        poller, tasks = one.server.poller, one.tasks
        log = MemoryLog(now_ns=lambda: 0)
        segments = Segments(SPACE, log=log, spool=Spool(folder), tasks=tasks)
        broadcaster = Broadcaster(poller, one.metrics)
        heard = Programme(
            broadcaster=broadcaster, metrics=one.metrics, segments=segments, whole=_whole
        )
        made.append(Corridor(heard, broadcaster, Push(tasks=tasks, poller=poller), one))
        made[0].put(*range(count))
        if primed:
            heard.primed.set()
        sending = tasks.create_task(broadcaster.run())
        try:
            yield made[0]
        finally:
            sending.cancel()
            heard.cut()
            await made[0].push.close()


async def received(
    client: socket.socket, wanted: Callable[[bytes], bool], data: bytes = b""
) -> bytes:
    """`data` and what a listener gets behind it, until it is as wanted."""
    async with asyncio.timeout(10):
        while not wanted(data):
            got = await asyncio.get_running_loop().sock_recv(client, 65_536)
            assert got, "the stream was cut"
            data += got
    return data


async def to_the_end(client: socket.socket, data: bytes = b"") -> bytes:
    """`data` and what a listener gets behind it, until its connection is closed."""
    async with asyncio.timeout(10):
        while got := await asyncio.get_running_loop().sock_recv(client, 65_536):
            data += got
    return data


def pieces(body: bytes) -> list[bytes]:
    """The whole chunks of a chunked body, one for each write of the edge."""
    found = []
    while b"\r\n" in body:
        size, _, rest = body.partition(b"\r\n")
        count = int(size, 16)
        if len(rest) < count + 2:
            break
        found.append(rest[:count])
        body = rest[count + 2 :]
    return found


def _whole() -> list[Payload]:
    return [{"type": "listening", "count": 7}]
