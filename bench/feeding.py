"""What an edge lives on: two real NATS servers, and a stage that feeds one space in real time.

Every 320 ms a chunk of real Opus and AAC goes out on the live path and into the log. Two speakers
take turns, `TURN_S` each, so that a speaking event rides with every second chunk or so, and another
edge tells a new number of listeners every second: what a lively conversation looks like.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from bench import programme
from hustings import keys
from hustings.chunk import pack
from hustings.clock import CHUNK_MS
from hustings.config import Settings
from hustings.log import subjects
from hustings.log.connect import connect
from hustings.log.contract import Live, Log
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from hustings.space import Event, Role, encode
from hustings.space import event as e

SPACE: Final = "benchbench"
TURN_S: Final = 0.8
_EPOCH: Final = 1
_SEATS: Final = ("s1", "s2")
_OTHER: Final = subjects.crowd("edge-9-1-elsewhere")
_KEPT: Final = 64


@dataclass(slots=True)
class Stage:
    """A running stage. `sent` holds the newest chunks' numbers and when they went out (monotonic
    seconds)."""

    servers: Mapping[str, NatsServer]
    passwords: Mapping[str, str]
    log: Log
    live: Live
    web: Log
    neighbour: Live
    n: int = 0
    sent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    told: int = 0

    def environment(self, role: str) -> dict[str, str]:
        """Settings by which a role as a process of its own reaches the servers."""
        settings = _settings(role, self.servers, self.passwords)
        return {
            "HUSTINGS_LIVE_SERVERS": ",".join(settings.live_servers),
            "HUSTINGS_LOG_SERVERS": ",".join(settings.log_servers),
            "HUSTINGS_NATS_USER": settings.nats_user,
            "HUSTINGS_NATS_PASSWORD": settings.nats_password,
        }

    async def prepare(self) -> None:
        """The space is live, with two speakers."""
        await self.web.create(SPACE)
        at_ms = int(time.time() * 1000)
        for event in (
            e.Scheduled(at_ms=at_ms, by="web", title="A bench", host="Ada"),
            e.SeatGranted(at_ms=at_ms, by="web", seat="s1", name="Ada", role=Role.HOST),
            e.SeatGranted(at_ms=at_ms, by="web", seat="s2", name="Grace", role=Role.SPEAKER),
            e.DoorsOpened(at_ms=at_ms, by="web"),
            e.WentLive(at_ms=at_ms, by="web"),
        ):
            await self._append(self.web, Kind.EV, encode(event))
        await self._observe(e.OnAir(at_ms=at_ms, n=0, live=True))
        for seat in _SEATS:
            await self._observe(e.SeatJoined(at_ms=at_ms, seat=seat, join=1, n=0))

    async def run(self) -> None:
        """Feed without end."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sound(tasks))
            tasks.create_task(self._turns())
            tasks.create_task(self._counts())

    async def reached(self, n: int) -> None:
        """Wait until chunk `n` is out."""
        while self.n <= n:
            await asyncio.sleep(0.02)

    async def _sound(self, tasks: asyncio.TaskGroup) -> None:
        began = time.monotonic() - self.n * CHUNK_MS / 1000
        while True:
            await asyncio.sleep(max(0.0, began + self.n * CHUNK_MS / 1000 - time.monotonic()))
            n = self.n
            data = pack(programme.chunk(n, epoch=_EPOCH))
            self.sent.append((n, time.monotonic()))
            await self.live.publish(subjects.live(SPACE, "mix"), data)
            number = subjects.message_id(SPACE, Kind.MIX, epoch=_EPOCH, number=n)
            tasks.create_task(self.log.append(SPACE, Kind.MIX, data, message_id=number))
            self.n = n + 1

    async def _turns(self) -> None:
        """One falls silent, the other begins."""
        turn = 0
        while True:
            await asyncio.sleep(TURN_S)
            at_ms = int(time.time() * 1000)
            for i, seat in enumerate(_SEATS):
                speaking = (turn + i) % 2 == 0
                await self._observe(e.Spoke(at_ms=at_ms, seat=seat, speaking=speaking, n=self.n))
            turn += 1

    async def _counts(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(1.0)
            count += 1
            here = {"listening": 100_000 + count, "rungs": {}, "waiting": 0, "turned_away": 0}
            gauge = {
                "url": "",
                "headroom": 0,
                "rung": "live",
                "calls": {},
                "spaces": {SPACE: {**here, "said": {}}},
            }
            await self.neighbour.publish(_OTHER, msgspec.json.encode(gauge))

    async def _observe(self, event: Event) -> None:
        await self._append(self.log, Kind.OBS, encode(event))

    async def _append(self, log: Log, kind: Kind, data: bytes) -> None:
        self.told += 1
        number = subjects.message_id(SPACE, kind, epoch=0, number=self.told)
        await log.append(SPACE, kind, data, message_id=number)


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Servers and stage, feeding until the end."""
    programme.pieces()
    passwords = {role: f"{role}-password" for role in keys.ROLES}
    servers = {
        "live": NatsServer(name="live", folder=folder / "live", passwords=passwords),
        "log": NatsServer(name="log", folder=folder / "log", passwords=passwords),
    }
    async with contextlib.AsyncExitStack() as open_:
        for server in servers.values():
            open_.push_async_callback(server.stop)
            await server.start()
        links = {}
        for role in ("stage", "web", "edge"):
            settings = _settings(role, servers, passwords)
            log, live, close = await connect(settings, name=f"bench-{role}")
            open_.push_async_callback(close)
            links[role] = (log, live)
        made = Stage(
            servers=servers,
            passwords=passwords,
            log=links["stage"][0],
            live=links["stage"][1],
            web=links["web"][0],
            neighbour=links["edge"][1],
        )
        await made.prepare()
        feeding = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding


def _settings(
    role: str, servers: Mapping[str, NatsServer], passwords: Mapping[str, str]
) -> Settings:
    return Settings(
        live_servers=(servers["live"].url,),
        log_servers=(servers["log"].url,),
        nats_user=role,
        nats_password=passwords[role],
    )
