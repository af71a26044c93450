"""Real servers, and roles connected to them, for the archive's tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hustings import keys, run
from hustings.archive import service
from hustings.config import Settings
from hustings.keys import Keys
from hustings.log.connect import Connections
from hustings.log.contract import Live, Log
from hustings.log.server import NatsServer
from hustings.role import Context
from hustings.store.objects import Objects
from tests.archive.script import Script, feed
from tests.servers import connect_as, nats_servers


@dataclass(slots=True)
class House:
    """Two running servers and a data folder."""

    live_server: NatsServer
    log_server: NatsServer
    passwords: dict[str, str]
    keys: Keys
    settings: Settings  # of the archive
    closers: list[Connections] = field(default_factory=list)

    @property
    def objects(self) -> Objects:
        return Objects.open(self.settings)

    async def connect(self, role: str) -> tuple[Log, Live]:
        log, live, close = await connect_as(role, self.live_server, self.log_server, self.passwords)
        self.closers.append(close)
        return log, live

    async def feed(self, script: Script, *, start: int = 0, end: int | None = None) -> None:
        """Write a script to the log, with the rights of web and stage."""
        web, _ = await self.connect("web")
        stage, _ = await self.connect("stage")
        await web.create(script.space)
        await feed(stage, script, start=start, end=end)

    @asynccontextmanager
    async def archive(self) -> AsyncIterator[asyncio.Event]:
        """The archive's service, running in this process; yields what stops it."""
        log, live = await self.connect("archive")
        stopping, ready = asyncio.Event(), asyncio.Event()
        context = Context(
            settings=self.settings,
            instance="archive-0-1",
            log=log,
            live=live,
            keys=self.keys,
            listener=None,
            ready=ready.set,
            stopping=stopping,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(service.serve(context))
            async with asyncio.timeout(5):
                await ready.wait()
            try:
                yield stopping
            finally:
                stopping.set()

    async def process(self) -> asyncio.subprocess.Process:
        """The archive as an own process, ready: from then on SIGTERM stops it in good order."""
        settings = self.settings
        environment = {
            "HUSTINGS_DATA": settings.data,
            "HUSTINGS_LIVE_SERVERS": settings.live_servers[0],
            "HUSTINGS_LOG_SERVERS": settings.log_servers[0],
            "HUSTINGS_NATS_USER": settings.nats_user,
            "HUSTINGS_NATS_PASSWORD": settings.nats_password,
        }
        ready_read, ready_write = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hustings", "run", "archive"),
                env={**os.environ, **environment, run.READY_FD: str(ready_write)},
                pass_fds=(ready_write,),
            )
        finally:
            os.close(ready_write)
        assert await asyncio.to_thread(os.read, ready_read, 1), "it ended before it was ready"
        os.close(ready_read)
        return process


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made_keys = keys.ensure(tmp_path / "data")
    async with nats_servers(tmp_path / "nats") as (live, log, passwords):
        settings = Settings(
            data=str(tmp_path / "data"),
            live_servers=(live.url,),
            log_servers=(log.url,),
            nats_user="archive",
            nats_password=passwords["archive"],
        )
        made = House(live, log, passwords, made_keys, settings)
        try:
            yield made
        finally:
            for close in made.closers:
                await close()


async def until(condition: Callable[[], Awaitable[object]], *, timeout: float = 20.0) -> None:
    """Return as soon as `condition` holds; `TimeoutError` when it does not in time."""
    async with asyncio.timeout(timeout):
        while not await condition():
            await asyncio.sleep(0.01)
