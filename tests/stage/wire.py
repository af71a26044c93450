"""A wire to a TCP server that can be cut: one process loses its way, the others do not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Wire:
    """Passes on what comes in at `port`, until it is cut."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, target: int) -> AsyncIterator[Wire]:
        """A wire to a local port."""
        wire = cls(target)
        wire._server = await asyncio.start_server(wire._join, "127.0.0.1", 0)
        wire.port = wire._server.sockets[0].getsockname()[1]
        try:
            yield wire
        finally:
            await wire.cut()

    async def cut(self) -> None:
        """End all connections; new ones are refused."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
                try:
                    await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
                finally:
                    far_writer.close()
        finally:
            writer.close()
            self._tasks.discard(task)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
