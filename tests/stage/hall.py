"""A hall for tests of the stage role: real servers, stages in this process, and everybody around.

Decisions are made with the rights of the web, offers with those of the gate, chunks are heard with
those of an edge: what a role may not do fails here as it would in an installation.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from signal import SIGKILL

import msgspec
import pytest

from hustings import chunk as chunks
from hustings import signal, stem
from hustings.config import Settings
from hustings.errors import NoResponder
from hustings.keys import Keys
from hustings.log import subjects
from hustings.log.connect import connect
from hustings.log.contract import Live, Log, Message
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import Command, Event, Refusal, Role, Space, decode
from hustings.space import command as c
from hustings.stage.lease import holder_of
from hustings.stage.service import serve
from hustings.ticket import Scope, Ticket
from tests.halting import halt
from tests.peers import Exchange, until
from tests.servers import connect_as, nats_servers, settings_as

SPACE = "hall000001"
PORTS = (20_000, 30_000)  # below the kernel's own range (ip_local_port_range)


@contextlib.contextmanager
def normal_priority() -> Iterator[None]:
    """A stage raises the priority of its process; give it back."""
    before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, before, parameter)


class StageProcess:
    """One stage role, run in this process on connections of its own."""

    def __init__(self, context: Context, ready: asyncio.Event) -> None:
        self.context = context
        self.instance = context.instance
        self.ready = ready
        self.task: asyncio.Task[None]

    async def serve(self) -> None:
        """Begin to serve, and wait until it is ready."""
        self.task = asyncio.create_task(serve(self.context))
        await until(lambda: self.ready.is_set() or self.task.done())
        assert self.ready.is_set()

    async def kill(self) -> None:
        """End it at once, without a word to the log."""
        if not hasattr(self, "task"):
            return
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def stop(self) -> None:
        """SIGTERM."""
        self.context.stopping.set()
        await self.task


class Hall:
    """Servers, and one space on them."""

    def __init__(self, stack: AsyncExitStack, folder: Path, space: str) -> None:
        self.space = space
        self.chunks: list[chunks.Chunk] = []
        self.heard_at: list[float] = []
        self.observed: list[Event] = []
        self.levels: list[dict[str, float]] = []
        self._held: list[str] = []
        self.log: Log
        self.live: Live
        self._gate: Live
        self._supervisor: Live
        self._servers: tuple[NatsServer, NatsServer, dict[str, str]]
        self._stack = stack
        self._folder = folder
        self._numbers = itertools.count(1)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, *, space: str = SPACE) -> AsyncIterator[Hall]:
        """A hall with an empty log."""
        with normal_priority():
            async with AsyncExitStack() as stack:
                hall = cls(stack, folder, space)
                hall._servers = await stack.enter_async_context(nats_servers(folder))
                hall.log, hall.live = await hall.connect("web")
                _, hall._gate = await hall.connect("gate")
                _, hall._supervisor = await hall.connect("serve")
                _, edge = await hall.connect("edge")
                await edge.subscribe(subjects.live(space, "mix"), hall._on_chunk)
                await edge.subscribe(subjects.live(space, "obs"), hall._on_obs)
                await hall.live.subscribe(subjects.live(space, "levels"), hall._on_levels)
                await hall.live.subscribe(subjects.beat("*"), hall._on_beat)
                yield hall

    async def stage(self, index: int = 0, **settings: object) -> StageProcess:
        """Start a stage role and wait until it is ready."""
        stage = await self.prepare(index, **settings)
        await stage.serve()
        return stage

    async def prepare(self, index: int = 0, **settings: object) -> StageProcess:
        """A stage role that is connected, and not yet started."""
        log, live, close = await connect(self.settings(**settings), name="test-stage")
        self._stack.push_async_callback(close)
        own = {"media_port": free_port() - index, "index": index, "host": "127.0.0.1", **settings}
        ready = asyncio.Event()
        context = Context(
            settings=self.settings(**own),
            instance=f"stage-{index}-{next(self._numbers)}",
            log=log,
            live=live,
            keys=Keys(self._folder / "keys"),
            listener=None,
            ready=ready.set,
            stopping=asyncio.Event(),
        )
        stage = StageProcess(context, ready)
        self._stack.push_async_callback(stage.kill)
        return stage

    def settings(self, **own: object) -> Settings:
        """A stage's settings."""
        made = msgspec.structs.replace(settings_as("stage", *self._servers), **own)
        assert isinstance(made, Settings)
        return made

    @property
    def answering(self) -> bool:
        """Whether a stage says in its beats that it holds the space."""
        return self.space in self._held

    @property
    def log_port(self) -> int:
        """Where the log server listens."""
        return self._servers[1].port

    async def freeze_live(self) -> None:
        """The live server answers nothing any more."""
        pid = self._servers[0].pid
        assert pid is not None
        await halt(pid)

    async def replace_live(self) -> None:
        """The live server is killed, and another one takes its place."""
        pid = self._servers[0].pid
        assert pid is not None
        os.kill(pid, SIGKILL)
        await self._servers[0].wait()
        await self._servers[0].start()

    async def stop_log(self) -> None:
        """The log server ends."""
        await self._servers[1].stop()

    async def start_log(self) -> None:
        """The log server is back, with all it had."""
        await self._servers[1].start()

    @staticmethod
    @asynccontextmanager
    async def patience() -> AsyncIterator[None]:
        """Conditions asked of the log become true within this."""
        async with asyncio.timeout(10):
            yield

    async def holder(self, *stages: StageProcess) -> StageProcess:
        """Which of the stages holds the space, once one does."""
        async with self.patience():
            while (lease := await self.log.last(self.space, Kind.LEASE)) is None:
                await asyncio.sleep(0.01)
        name = holder_of(lease).instance
        return next(stage for stage in stages if stage.instance == name)

    async def gone(self, stage: StageProcess) -> None:
        """The supervisor's word that a process has ended."""
        await self._supervisor.publish(subjects.gone(stage.instance), b"")

    async def decide(self, command: Command) -> Space:
        """Have something decided, as the studio does."""
        result = await propose(self.log, self.live, self.space, command, now_ms=now_ms())
        assert not isinstance(result, Refusal), result
        return result

    async def scheduled(self, *seats: str) -> None:
        """Make the space and grant seats."""
        await self.decide(c.Schedule(by="web", title="A test"))
        for seat in seats:
            role = Role.HOST if seat == seats[0] else Role.SPEAKER
            await self.decide(c.GrantSeat(by="web", seat=seat, name=seat.title(), seat_role=role))

    async def doors(self) -> None:
        """Open the doors."""
        await self.decide(c.OpenDoors(by="web"))

    async def go_live(self) -> None:
        """Put the stage on air and wait until a live chunk is heard."""
        await self.decide(c.GoLive(by="web"))
        await until(lambda: self.chunks and self.chunks[-1].programme is chunks.Programme.LIVE)

    async def request(self, seat: str, sdp: str) -> signal.Answer:
        """One offer, as the gate carries it: asks for a stage when there is none."""
        offer = signal.Offer(ticket=self.ticket(seat), sdp=sdp)
        async with asyncio.timeout(8):
            while True:
                try:
                    data = await self._gate.request(
                        subjects.stage(self.space, "offer"), signal.encode(offer), timeout=2.0
                    )
                    return signal.decode_answer(data)
                except NoResponder:
                    await self._gate.publish(subjects.STAGE_OPEN, self.space.encode())
                    await asyncio.sleep(0.1)

    async def leave(self, seat: str, session: str) -> signal.Answer:
        """WHIP's DELETE."""
        close = signal.Close(ticket=self.ticket(seat), session=session)
        return await self.ask("close", signal.encode(close))

    async def ask(self, verb: str, data: bytes) -> signal.Answer:
        """One question of the gate to the stage that is there."""
        reply = await self._gate.request(subjects.stage(self.space, verb), data, timeout=2.0)
        return signal.decode_answer(reply)

    def exchange(self, seat: str) -> Exchange:
        """How a peer reaches its seat."""

        async def carry(sdp: str) -> str:
            answer = await self.request(seat, sdp)
            assert answer.status == 201, answer
            return answer.sdp

        return carry

    def ticket(self, seat: str) -> Ticket:
        """A speaker's right."""
        return Ticket(
            space=self.space,
            seat=seat,
            name=seat,
            role="speaker",
            scope=Scope.SPEAK,
            exp=int(time.time()) + 60,
        )

    async def state(self) -> Space:
        """The state as the log tells it."""
        space, _ = await read_state(self.log, self.space)
        assert space is not None
        return space

    async def observations(self) -> list[Event]:
        """What the stages have logged."""
        return [decode(e.data) async for e in self.log.read(self.space, (Kind.OBS,))]

    async def logged(self) -> list[chunks.Chunk]:
        """The chunks in the log, in its order."""
        return [chunks.unpack(e.data) async for e in self.log.read(self.space, (Kind.MIX,))]

    async def stems(self) -> list[stem.StemPacket]:
        """The packets in the log, in its order."""
        batches = [stem.unpack(e.data) async for e in self.log.read(self.space, (Kind.STEM,))]
        return [packet for batch in batches for packet in batch.packets]

    async def order(self) -> list[Kind]:
        """Which kinds stand in the log, in its order."""
        kinds = (Kind.EV, Kind.OBS, Kind.MIX, Kind.STEM, Kind.LEASE)
        return [e.kind async for e in self.log.read(self.space, kinds)]

    async def connect(self, role: str) -> tuple[Log, Live]:
        log, live, close = await connect_as(role, *self._servers)
        self._stack.push_async_callback(close)
        return log, live

    async def _on_chunk(self, message: Message) -> None:
        self.chunks.append(chunks.unpack(message.data))
        self.heard_at.append(time.monotonic())

    async def _on_obs(self, message: Message) -> None:
        self.observed.append(decode(message.data))

    async def _on_beat(self, message: Message) -> None:
        self._held = list(msgspec.json.decode(message.data, type=dict[str, int]))

    async def _on_levels(self, message: Message) -> None:
        self.levels.append(msgspec.json.decode(message.data)["levels"])


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def free_port() -> int:
    """A port that nobody has at the moment, neither of UDP nor of TCP.

    It is none of those that connections are given: one of them might come before the stage does.
    """
    while True:
        port = random.randrange(*PORTS)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
                probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """A hall of one's own."""
    async with Hall.open(tmp_path) as opened:
        yield opened
