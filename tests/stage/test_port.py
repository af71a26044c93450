"""The port reads in batches: what comes closely together is one wake, and a tick waits for none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

from hustings import limits
from hustings.stage.path import Address, Way
from hustings.stage.port import Port, bind
from tests.peers import until


class Desk:
    """Takes what may be a check, with the time of its coming."""

    def __init__(self) -> None:
        self.came: list[tuple[float, bytes]] = []

    def on_stun(self, datagram: bytes, address: Address, way: Way) -> None:
        self.came.append((time.monotonic(), datagram))


@contextlib.asynccontextmanager
async def open_port() -> AsyncIterator[tuple[Port, Desk, socket.socket]]:
    desk = Desk()
    sock = bind("127.0.0.1", 0)
    port = Port(sock, on_stun=desk.on_stun)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(sock.getsockname())
        try:
            yield port, desk, stranger
        finally:
            port.close()


async def test_what_comes_after_a_wake_gathers() -> None:
    async with open_port() as (_, desk, stranger):
        for number in range(3):
            stranger.send(bytes([0, number]))
            await until(lambda n=number: len(desk.came) > n)  # type: ignore[misc]
        assert [datagram[1] for _, datagram in desk.came] == [0, 1, 2]
        # Each was sent when the one before had been read: it waited for the end of the rest.
        first, second, third = (at for at, _ in desk.came)
        assert second - first >= limits.PORT_REST_S * 0.9
        assert third - second >= limits.PORT_REST_S * 0.9


async def test_a_tick_reads_at_once() -> None:
    async with open_port() as (port, desk, stranger):
        stranger.send(b"\x00a")
        await until(lambda: desk.came)
        stranger.send(b"\x00b")
        port.read()
        assert [datagram for _, datagram in desk.came] == [b"\x00a", b"\x00b"]


async def test_a_port_that_rests_can_be_closed() -> None:
    async with open_port() as (port, desk, stranger):
        stranger.send(b"\x00a")
        await until(lambda: desk.came)
        port.close()
        await asyncio.sleep(2 * limits.PORT_REST_S)
        port.close()
