"""Crowds of real sockets for tests, and the archive's ears: what is told of them, and the salt."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from hustings.crowd import Here, Sketch
from hustings.crowd.gauge import decode
from hustings.log import subjects
from hustings.log.contract import Live, Message
from tests.edge.house import SPACE, House
from tests.servers import connect_as

SALT = b"of this space and no other one.."


@dataclass
class Ears:
    """What an archive hears of one space. `newest` is each edge's last word."""

    live: Live
    asked: int = 0
    gauges: int = 0
    newest: dict[str, Here] = field(default_factory=dict)
    sketch: Sketch = field(default_factory=Sketch)
    said: dict[str, int] = field(default_factory=dict)

    @property
    def listening(self) -> int:
        return sum(here.listening for here in self.newest.values())

    async def hear(self, message: Message) -> None:
        gauge = decode(message.data)
        self.gauges += 1
        here = gauge.spaces.get(SPACE, Here())
        self.newest[message.subject.removeprefix(subjects.crowd(""))] = here
        for what, count in here.said.items():
            self.said[what] = self.said.get(what, 0) + count
        if here.sketch:
            self.sketch.merge(Sketch.unpack(here.sketch))

    async def salt(self, message: Message) -> bytes:
        self.asked += 1
        return SALT if message.data.decode() == SPACE else b""


@contextlib.asynccontextmanager
async def ears(h: House, *, salt: bool = True) -> AsyncIterator[Ears]:
    """Listen as the archive does; without `salt` it is asked in vain."""
    _, live, close = await connect_as("archive", h.live_server, h.log_server, h.passwords)
    made = Ears(live)
    ends = [await live.subscribe(subjects.crowd("*"), made.hear)]
    if salt:
        ends.append(await live.serve(subjects.SALT, made.salt))
    try:
        yield made
    finally:
        for end in ends:
            await end()
        await close()


class Crowd:
    """Listeners that hold a socket each and read what comes, all in one loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sockets: list[socket.socket] = []
        self._loop = asyncio.get_running_loop()

    async def join(
        self, query: str = "", *, agent: str = "test", address: str = "127.0.0.1"
    ) -> int:
        """One more listener, who has been let in; its place in the crowd."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind((address, 0))
        await self._loop.sock_connect(sock, ("127.0.0.1", self._port))
        target = f"/live/{SPACE}/push{query}"
        head = f"GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\n\r\n"
        await self._loop.sock_sendall(sock, head.encode())
        first = await self._loop.sock_recv(sock, 65_536)
        assert first.startswith(b"HTTP/1.1 200 "), first[:200]
        self._sockets.append(sock)
        self._loop.add_reader(sock.fileno(), self._drain, sock)
        return len(self._sockets) - 1

    def leave(self, *places: int) -> None:
        """These close their connections."""
        for place in places:
            sock = self._sockets[place]
            if sock.fileno() >= 0:
                self._loop.remove_reader(sock.fileno())
                sock.close()

    def closed(self, place: int) -> bool:
        """Whether the connection has ended, whoever did it."""
        return self._sockets[place].fileno() < 0

    def close(self) -> None:
        self.leave(*range(len(self._sockets)))

    def _drain(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(sock.fileno())
            sock.close()


@contextlib.asynccontextmanager
async def crowd(h: House, port: int | None = None) -> AsyncIterator[Crowd]:
    """A crowd at an edge, gone at the end."""
    made = Crowd(port or h.port)
    try:
        yield made
    finally:
        made.close()
