"""A broadcaster with one table, and the sockets of those who listen."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct

from hustings import limits
from hustings.edge import poll
from hustings.edge.broadcast import Broadcaster
from hustings.edge.metrics import Metrics
from hustings.edge.table import Guest, Table
from tests.edge.serving import trusting

FRAME_BYTES = 20_000


def frame(n: int) -> bytes:
    """A frame that shows whether it is whole: its number, then bytes that follow from it."""
    return struct.pack(">I", n) + bytes([n % 251]) * (FRAME_BYTES - 4)


def numbers(data: bytes) -> list[int]:
    """The numbers of the frames in `data`, which must be whole, but for the last."""
    found = []
    for at in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES):
        one = data[at : at + FRAME_BYTES]
        (n,) = struct.unpack(">I", one[:4])
        assert one == frame(n), f"frame {n} is not whole"
        found.append(n)
    return found


class Hall:
    """A broadcaster with one table, and the sockets of those who listen."""

    def __init__(self, *, cadence: int = 1) -> None:
        self.poller = poll.Poller()
        self.metrics = Metrics()
        self.broadcaster = Broadcaster(self.poller, self.metrics)
        self.table: Table = self.broadcaster.table(cadence=cadence)
        self.clients: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._task = asyncio.create_task(self.broadcaster.run())

    async def join(
        self,
        *,
        small: bool = False,
        tls: ssl.SSLContext | None = None,
        first: bytes = b"hi",
        guest: Guest | None = None,
    ) -> socket.socket:
        """A listener; a `small` one has buffers of a few kilobytes."""
        client = socket.socket()
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(self._server.getsockname())
        server, _ = self._server.accept()
        if small:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, limits.NOTSENT_LOWAT_BYTES)
        if tls is not None:
            server, client = await asyncio.gather(
                asyncio.to_thread(tls.wrap_socket, server, server_side=True),
                asyncio.to_thread(trusting().wrap_socket, client),
            )
        server.setblocking(False)
        client.setblocking(False)
        self.poller.watch(server.fileno(), poll.GONE_ONLY, _Nobody())
        self.clients.append(client)
        self.table.add(server, first, guest)
        return client

    async def send(self, n: int) -> None:
        self.table.send(frame(n))
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        for listener in list(self.table.listeners):
            self.table.drop(listener)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.poller.close()
        self._server.close()
        for client in self.clients:
            client.close()


class _Nobody:
    def ready(self, mask: int) -> None:
        raise AssertionError("a parked socket belongs to its listener")


async def read(client: socket.socket, count: int) -> bytes:
    """Exactly `count` bytes, of a plain or a TLS socket."""
    data = b""
    async with asyncio.timeout(10):
        while len(data) < count:
            try:
                got = client.recv(count - len(data))
            except (BlockingIOError, ssl.SSLWantReadError):
                await asyncio.sleep(0.002)
                continue
            assert got, f"the connection ended after {len(data)} bytes"
            data += got
    return data


async def read_to_end(client: socket.socket) -> bytes:
    data = b""
    async with asyncio.timeout(10):
        while True:
            try:
                got = client.recv(65_536)
            except (BlockingIOError, ssl.SSLWantReadError):
                await asyncio.sleep(0.002)
                continue
            except (ssl.SSLEOFError, ConnectionResetError):
                return data
            if not got:
                return data
            data += got
