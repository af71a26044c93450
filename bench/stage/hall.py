"""Our stage under test: `hustings run stage`, just as a cluster runs it, and rooms to measure in.

It has the server's core to itself; its two NATS servers stand aside with the load, as on machines
of their own. A space that is only scheduled is a conference (the green room); a live one has the
whole programme: encoders, stems, log.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench import usage
from bench.child import Child
from bench.ours import ready
from bench.stage import address
from bench.stage.voices import COMPLEXITY
from hustings import keys, signal
from hustings.config import Settings
from hustings.errors import NoResponder
from hustings.log import subjects
from hustings.log.connect import connect
from hustings.log.contract import Live, Log
from hustings.log.propose import propose
from hustings.log.server import NatsServer
from hustings.run import READY_FD
from hustings.space import Command, Refusal, Role
from hustings.space import command as c
from hustings.ticket import Scope, Ticket

_ANSWER_S: Final = 10.0
SEATS_MAX: Final = 50


class Hall:
    """A running stage process."""

    name = "hustings stage"

    def __init__(self, child: Child, servers: tuple[NatsServer, NatsServer], web: tuple[Log, Live],
                 gate: Live) -> None:  # fmt: skip
        self.child = child
        self.servers = servers
        self.log, self.live = web
        self.gate = gate

    def cpu_s(self) -> float:
        """CPU time of the stage so far."""
        return self.child.cpu_s()

    def beside_cpu_s(self) -> float:
        """CPU time of its NATS servers so far."""
        return usage.cpu_seconds([one.pid for one in self.servers if one.pid is not None])

    @contextlib.asynccontextmanager
    async def room(self, seats: int, *, live: bool = False) -> AsyncIterator[HallRoom]:
        """A space with so many seats; live, if so wanted. It ends when it is left."""
        space = "bench" + secrets.token_hex(4)
        made = HallRoom(self, space)
        await made.decide(c.Schedule(by="web", title="A bench"))
        for seat in range(seats):
            role = Role.SPEAKER if seat else Role.HOST
            grant = c.GrantSeat(by="web", seat=f"s{seat}", name=f"S{seat}", seat_role=role)
            await made.decide(grant)
        if live:
            await made.decide(c.OpenDoors(by="web"))
            await made.decide(c.GoLive(by="web"))
        try:
            yield made
        finally:
            await made.decide(c.End(by="web") if live else c.Cancel(by="web", reason=""))


class HallRoom:
    """One space."""

    def __init__(self, hall: Hall, space: str) -> None:
        self.space = space
        self._hall = hall

    async def decide(self, command: Command) -> None:
        """Have something decided, as the studio does."""
        now_ms = time.time_ns() // 1_000_000
        result = await propose(self._hall.log, self._hall.live, self.space, command, now_ms=now_ms)
        if isinstance(result, Refusal):
            raise RuntimeError(f"{command} is refused: {result}")

    async def answer(self, seat: int, offer: str) -> str:
        """A seat's answer, as the gate would carry it."""
        ticket = Ticket(
            space=self.space,
            seat=f"s{seat}",
            name=f"S{seat}",
            role="speaker",
            scope=Scope.SPEAK,
            exp=int(time.time()) + 600,
        )
        data = signal.encode(signal.Offer(ticket=ticket, sdp=offer))
        async with asyncio.timeout(_ANSWER_S):
            while True:
                try:
                    subject = subjects.stage(self.space, "offer")
                    told = await self._hall.gate.request(subject, data, timeout=2.0)
                except NoResponder:
                    await self._hall.gate.publish(subjects.STAGE_OPEN, self.space.encode())
                    await asyncio.sleep(0.05)
                    continue
                answer = signal.decode_answer(told)
                if answer.status != 201:
                    raise RuntimeError(f"the stage says {answer}")
                return answer.sdp


@contextlib.asynccontextmanager
async def hall(folder: Path, *, realtime: bool = True, pinned: bool = True) -> AsyncIterator[Hall]:
    """Servers and a stage process, ready.

    `realtime` is whether it may raise its priority, `pinned` whether it has the server's core.
    """
    passwords = {role: f"{role}-password" for role in keys.ROLES}
    live = NatsServer(name="live", folder=folder / "live", passwords=passwords)
    log = NatsServer(name="log", folder=folder / "log", passwords=passwords)
    keys.ensure(folder / "data")

    def settings(role: str) -> Settings:
        return Settings(
            live_servers=(live.url,),
            log_servers=(log.url,),
            nats_user=role,
            nats_password=passwords[role],
        )

    async with contextlib.AsyncExitStack() as stack:
        for server in (live, log):
            stack.push_async_callback(server.stop)
            await server.start()
        deciding, telling, close = await connect(settings("web"), name="bench-web")
        stack.push_async_callback(close)
        _, gate, close = await connect(settings("gate"), name="bench-gate")
        stack.push_async_callback(close)
        environment = {
            "HUSTINGS_DATA": str(folder / "data"),
            "HUSTINGS_LIVE_SERVERS": live.url,
            "HUSTINGS_LOG_SERVERS": log.url,
            "HUSTINGS_NATS_USER": "stage",
            "HUSTINGS_NATS_PASSWORD": passwords["stage"],
            "HUSTINGS_HOST": address.own(),
            "HUSTINGS_MEDIA_PORT": str(free_port()),
            "HUSTINGS_SPEAKERS_MAX": str(SEATS_MAX),
            "HUSTINGS_OPUS_COMPLEXITY": str(COMPLEXITY),
            "HUSTINGS_LOG_LEVEL": "error",
        }
        child = await _start(folder, environment, realtime=realtime)
        stack.push_async_callback(child.stop)
        if not pinned:
            for thread in Path(f"/proc/{child.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), range(os.cpu_count() or 1))
        try:
            yield Hall(child, (live, log), (deciding, telling), gate)
        except BaseException as error:
            error.add_note(child.said())
            raise


async def _start(folder: Path, environment: dict[str, str], *, realtime: bool) -> Child:
    # This takes the right to a real-time priority away, which root would have otherwise.
    allowed = [] if realtime else ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]
    end, told = os.pipe()
    try:
        child = await Child.start(
            [*allowed, sys.executable, "-m", "hustings", "run", "stage"],
            words=folder / "stage.txt",
            environment={**environment, READY_FD: str(told)},
            pass_fds=(told,),
        )
    finally:
        os.close(told)
    try:
        await ready(end, child)
    except BaseException:
        await child.stop()
        raise
    finally:
        os.close(end)
    return child


def free_port() -> int:
    """A port that is free now, for UDP and for TCP."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other,
            contextlib.suppress(OSError),
        ):
            probe.bind((address.own(), 0))
            port: int = probe.getsockname()[1]
            other.bind((address.own(), port))
            return port
