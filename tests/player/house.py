"""A real edge on real NATS servers, and something that gives it a programme."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from hustings import chunk, keys, role
from hustings.chunk import Chunk, Programme
from hustings.edge import service
from hustings.log import subjects
from hustings.log.connect import connect
from hustings.log.contract import Live, Log
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from hustings.space import event as e
from tests.player import programme
from tests.servers import connected, nats_servers, settings_as

SPACE: Final = "riverside1"
EPOCH: Final = 1


class Stage:
    """Stands in for web and stage: appends events, and gives out a chunk every 320 ms."""

    def __init__(self, web: Log, log: Log, live: Live) -> None:
        self.n = 0
        self._web = web
        self._log = log
        self._live = live
        self._count = 0

    async def schedule(self, event: e.Scheduled) -> None:
        await self._web.create(SPACE)
        await self.decide(event)

    async def decide(self, event: e.Decided) -> None:
        await self._append(self._web, Kind.EV, e.encode(event))

    async def observe(self, event: e.Observed) -> None:
        await self._append(self._log, Kind.OBS, e.encode(event))

    async def hasten(self, count: int) -> None:
        """Give out `count` chunks at once: a programme that has been going on for a while."""
        for _ in range(count):
            await self._give()

    async def run(self) -> None:
        began = time.monotonic() - self.n * 0.32
        while True:
            await asyncio.sleep(max(0.0, began + (self.n + 1) * 0.32 - time.monotonic()))
            await self._give()

    async def _give(self) -> None:
        one = Chunk(
            epoch=EPOCH,
            n=self.n,
            boot_id=bytes(16),
            boottime_ns=time.monotonic_ns(),
            programme=Programme.LIVE,
            opus=programme.opus()[self.n],
            aac=programme.aac()[self.n],
        )
        await self._live.publish(subjects.live(SPACE, "mix"), chunk.pack(one))
        await self._append(self._log, Kind.MIX, chunk.pack(one))
        self.n += 1

    async def _append(self, log: Log, kind: Kind, data: bytes) -> None:
        self._count += 1
        name = subjects.message_id(SPACE, kind, epoch=EPOCH, number=self._count)
        await log.append(SPACE, kind, data, message_id=name)


class House:
    """The servers, the stage, and an edge that can be stopped and started at one address."""

    def __init__(
        self, folder: Path, servers: tuple[NatsServer, NatsServer, dict[str, str]], stage: Stage
    ) -> None:
        self.stage = stage
        self._folder = folder
        self.servers = servers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._edge: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.page = f"{self.origin}/s/{SPACE}"

    async def start_edge(self, **settings_: Any) -> None:
        settings = msgspec.structs.replace(
            settings_as("edge", *self.servers),
            data=str(self._folder),
            listen_url=self.origin,
            **settings_,
        )
        self._stopping = asyncio.Event()
        ready = asyncio.Event()
        log, live, close = await connect(settings, name="test-edge")
        listener = self._listener.dup()
        listener.setblocking(False)
        context = role.Context(
            settings=settings,
            instance="edge-0",
            log=log,
            live=live,
            keys=keys.Keys(self._folder),
            listener=listener,
            ready=ready.set,
            stopping=self._stopping,
        )

        async def served() -> None:
            try:
                await service.serve(context)
            finally:
                listener.close()
                await close()

        self._edge = asyncio.create_task(served())
        await ready.wait()

    async def stop_edge(self) -> None:
        """The edge leaves; its socket stays open, as the supervisor keeps it."""
        if self._edge is not None:
            self._stopping.set()
            await self._edge
            self._edge = None

    def close(self) -> None:
        self._listener.close()


@asynccontextmanager
async def opened(folder: Path, *, edge: bool = True, **settings: Any) -> AsyncIterator[House]:
    """A house with a running edge; its stage is silent until somebody runs it."""
    async with (
        nats_servers(folder) as servers,
        connected("web", *servers) as (web, _),
        connected("stage", *servers) as (log, live),
    ):
        house = House(folder, servers, Stage(web, log, live))
        if edge:
            await house.start_edge(**settings)
        try:
            yield house
        finally:
            await house.stop_edge()
            house.close()


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    """The programme runs inside the block."""
    task = asyncio.create_task(stage.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
