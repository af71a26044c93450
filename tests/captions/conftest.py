"""Real servers, a live space whose seats speak, and the captions' service in it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from bench.speech import RATE, Sound
from hustings import caption, keys, run, stem
from hustings import space as spaces
from hustings.caption import Caption
from hustings.captions import service
from hustings.config import Settings
from hustings.keys import Keys
from hustings.log import subjects
from hustings.log.connect import Connections
from hustings.log.contract import Live, Log, Message
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import Role
from hustings.space import event as e
from tests.archive.script import Speaker
from tests.servers import connect_as, nats_servers

SPACE: Final = "abcdefghij"
BATCH: Final = RATE // 10


@dataclass(slots=True)
class Told:
    """A caption as it was told on the live path, and when (monotonic seconds)."""

    at: float
    caption: dict[str, Any]


@dataclass(slots=True)
class House:
    """Two servers, a data folder, and what was told of the captions."""

    live_server: NatsServer
    log_server: NatsServer
    passwords: dict[str, str]
    keys: Keys
    settings: Settings  # of the captions' role
    log: Log  # the web's
    live: Live
    told: list[Told] = field(default_factory=list)
    closers: list[Connections] = field(default_factory=list)
    appended: int = 0

    async def connect(self, role: str) -> tuple[Log, Live]:
        log, live, close = await connect_as(role, self.live_server, self.log_server, self.passwords)
        self.closers.append(close)
        return log, live

    async def event(self, *events: e.Event, space: str = SPACE) -> None:
        for event in events:
            self.appended += 1
            data = spaces.encode(event)
            name = f"{subjects.log(space, Kind.EV)}.test.{self.appended}"
            await self.log.append(space, Kind.EV, data, message_id=name)
            await self.live.publish(subjects.live(space, Kind.EV), data)

    async def go_live(self, *seats: str, language: str = "") -> None:
        """A space goes on air with these seats, whose names are theirs with a capital letter."""
        await self.log.create(SPACE)
        at = time.time_ns() // 1_000_000
        await self.event(
            e.Scheduled(at_ms=at, by="web", title="A talk", host="Ada", language=language),
            *(
                e.SeatGranted(at_ms=at, by="web", seat=s, name=s.title(), role=Role.SPEAKER)
                for s in seats
            ),
            e.DoorsOpened(at_ms=at, by="web"),
            e.WentLive(at_ms=at, by="web"),
        )

    async def end(self) -> None:
        await self.event(e.Ended(at_ms=time.time_ns() // 1_000_000, by="web"))

    async def say(self, sounds: Mapping[str, Sound], *, pace: float = 1.0, at: int = 0) -> int:
        """Seats speak at once, as a stage logs it: a batch each 100 ms, `pace` times as fast.

        `at` is the mixer's sample with which it begins; returns the one behind its end.
        """
        log, _ = await self.connect("stage")
        speakers = {seat: Speaker(seat, timestamp=at) for seat in sounds}
        began, begin = time.monotonic(), at
        while any(at - begin + BATCH <= len(sound) for sound in sounds.values()):
            packets = [
                packet
                for seat, sound in sounds.items()
                if len(part := sound[at - begin : at - begin + BATCH]) == BATCH
                for packet in speakers[seat].speak(part, at=at)
            ]
            at += BATCH
            due = began + (at - begin) / RATE / pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            batch = stem.StemBatch(epoch=1, number=at // BATCH, packets=tuple(packets))
            name = subjects.message_id(SPACE, Kind.STEM, epoch=1, number=at // BATCH)
            await log.append(SPACE, Kind.STEM, stem.pack(batch), message_id=name)
        return at

    async def on_caption(self, message: Message) -> None:
        self.told.append(Told(time.monotonic(), json.loads(message.data)))

    def finals(self, seat: str) -> list[dict[str, Any]]:
        """What was told for good of a seat."""
        return [t.caption for t in self.told if t.caption["final"] and t.caption["seat"] == seat]

    async def logged(self) -> list[Caption]:
        """The captions in the log."""
        return [caption.decode(one.data) async for one in self.log.read(SPACE, (Kind.CAPTION,))]

    @asynccontextmanager
    async def captions(self, **settings: str) -> AsyncIterator[None]:
        """The captions' service, running in this process."""
        log, live = await self.connect("captions")
        stopping, ready = asyncio.Event(), asyncio.Event()
        context = Context(
            settings=msgspec.structs.replace(self.settings, **settings),
            instance="captions-0-1",
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
                yield
            finally:
                stopping.set()

    async def process(self, **environment: str) -> asyncio.subprocess.Process:
        """The role as a process of its own, ready."""
        settings = self.settings
        given = {
            "HUSTINGS_DATA": settings.data,
            "HUSTINGS_LIVE_SERVERS": settings.live_servers[0],
            "HUSTINGS_LOG_SERVERS": settings.log_servers[0],
            "HUSTINGS_NATS_USER": settings.nats_user,
            "HUSTINGS_NATS_PASSWORD": settings.nats_password,
            **environment,
        }
        ready_read, ready_write = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hustings", "run", "captions"),
                env={**os.environ, **given, run.READY_FD: str(ready_write)},
                pass_fds=(ready_write,),
            )
        finally:
            os.close(ready_write)
        assert await asyncio.to_thread(os.read, ready_read, 1), "it ended before it was ready"
        os.close(ready_read)
        return process


@pytest.fixture(autouse=True, scope="session")
def _speech() -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng")


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    # The service makes way for the stage; the tests' own process must not.
    monkeypatch.setattr(os, "nice", lambda _: 0)
    made_keys = keys.ensure(tmp_path / "data")
    async with nats_servers(tmp_path / "nats") as (live_server, log_server, passwords):
        settings = Settings(
            data=str(tmp_path / "data"),
            live_servers=(live_server.url,),
            log_servers=(log_server.url,),
            nats_user="captions",
            nats_password=passwords["captions"],
        )
        log, live, close = await connect_as("web", live_server, log_server, passwords)
        made = House(live_server, log_server, passwords, made_keys, settings, log, live)
        made.closers.append(close)
        end = await live.subscribe(subjects.live(SPACE, "captions"), made.on_caption)
        try:
            yield made
        finally:
            await end()
            for close in made.closers:
                await close()
