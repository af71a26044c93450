"""The archive as a process of its own beside a house of edges, to be killed at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

from hustings import keys, run
from tests.edge.house import House
from tests.servers import settings_as


class Archive:
    """One that runs, or has been killed."""

    def __init__(self, h: House) -> None:
        self._house = h
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it is ready when this returns."""
        h = self._house
        settings = settings_as("archive", h.live_server, h.log_server, h.passwords)
        data = h.folder / "archive"
        keys.ensure(data)
        environment = {
            "HUSTINGS_DATA": str(data),
            "HUSTINGS_LIVE_SERVERS": settings.live_servers[0],
            "HUSTINGS_LOG_SERVERS": settings.log_servers[0],
            "HUSTINGS_NATS_USER": settings.nats_user,
            "HUSTINGS_NATS_PASSWORD": settings.nats_password,
        }
        ready_read, ready_write = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hustings", "run", "archive"),
                env={**os.environ, **environment, run.READY_FD: str(ready_write)},
                pass_fds=(ready_write,),
            )
        finally:
            os.close(ready_write)
        assert await asyncio.to_thread(os.read, ready_read, 1), "it ended before it was ready"
        os.close(ready_read)

    async def kill(self) -> None:
        """End it as a crash does; it has died when this returns."""
        assert self._process is not None
        assert self._process.returncode is None, "it is dead already"
        self._process.kill()
        assert await self._process.wait() == -signal.SIGKILL


@contextlib.asynccontextmanager
async def archive(h: House) -> AsyncIterator[Archive]:
    """A running archive."""
    made = Archive(h)
    await made.start()
    try:
        yield made
    finally:
        with contextlib.suppress(AssertionError):
            await made.kill()
