"""A slow mobile line on loopback: a TCP proxy that shapes what goes through it.

All connections share the line: each direction carries so many bits a second, headers of packets
included, and everything arrives `delay_s` later. A new connection costs a round trip before its
first byte, as TCP's handshake does. Not modelled: TCP's slow start (a fresh server sends 14 kB
before it waits for a round trip, which is about what this line holds anyway) and lost packets.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_SEGMENT_BYTES: Final = 1_400
_HEADER_BYTES: Final = 52  # IP and TCP, with timestamps
_AHEAD_S: Final = 0.4  # what waits in the line's own queue, before a sender is held back


@dataclass(slots=True)
class Direction:
    """One way of the line. `bytes` counts what went through, packet headers included."""

    bits_per_s: float
    delay_s: float
    bytes: int = 0
    _free_s: float = 0.0

    async def carry(self, size: int) -> float:
        """Take a segment; returns when it arrives at the other end (the loop's time)."""
        loop = asyncio.get_running_loop()
        size += _HEADER_BYTES
        self.bytes += size
        self._free_s = max(self._free_s, loop.time()) + size * 8 / self.bits_per_s
        arrives_s = self._free_s + self.delay_s
        await asyncio.sleep(self._free_s - _AHEAD_S - loop.time())
        return arrives_s


@dataclass(slots=True)
class Line:
    """The line to one server. `connections` counts those opened."""

    url: str
    up: Direction
    down: Direction
    connections: int = 0
    open: set[asyncio.Task[None]] = field(default_factory=set)


@asynccontextmanager
async def slow_line(
    target: str, *, bits_per_s: float = 400_000, round_trip_s: float = 0.4
) -> AsyncIterator[Line]:
    """A slow way to the server at `target` (its origin); `url` is this end of it."""
    there = urlsplit(target)
    delay_s = round_trip_s / 2
    line = Line("", Direction(bits_per_s, delay_s), Direction(bits_per_s, delay_s))

    async def visitor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line.connections += 1
        task = asyncio.current_task()
        assert task is not None
        line.open.add(task)
        writers = [writer]
        try:
            await asyncio.sleep(round_trip_s)  # the handshake
            from_server, to_server = await asyncio.open_connection(there.hostname, there.port)
            writers.append(to_server)
            async with asyncio.TaskGroup() as both:
                both.create_task(_one_way(reader, to_server, line.up))
                both.create_task(_one_way(from_server, writer, line.down))
        except* (OSError, asyncio.CancelledError):
            pass  # cut off at one end, or the line is taken down
        finally:
            line.open.discard(task)
            for one in writers:
                one.close()
                with contextlib.suppress(OSError):
                    await one.wait_closed()

    server = await asyncio.start_server(visitor, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        for task in list(line.open):
            task.cancel()
        await asyncio.gather(*line.open, return_exceptions=True)


async def _one_way(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction
) -> None:
    """Carry what comes until it ends; then the other side learns of that."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            arrives_s, data = await under_way.get()
            await asyncio.sleep(arrives_s - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()

    delivering = asyncio.create_task(deliver())
    try:
        while data := await reader.read(_SEGMENT_BYTES):
            under_way.put_nowait((await way.carry(len(data)), data))
        under_way.put_nowait((loop.time() + way.delay_s, b""))
        await delivering
    finally:
        delivering.cancel()
