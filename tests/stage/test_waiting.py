"""No room: two real stages and a real gate; who waits is told so, and taken without being asked."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from hustings import keys, load, ticket
from hustings.config import Settings
from hustings.gate import service as gate_service
from hustings.gate import whip
from hustings.load import Load
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.propose import propose
from hustings.role import Context
from hustings.space import Refusal, Role
from hustings.space import command as c
from hustings.space.event import Warned
from hustings.stage.teller import FOLDER
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, hall, now_ms

__all__ = ["hall"]

FIRST, SECOND, THIRD = "hall000001", "hall000002", "hall000003"


@asynccontextmanager
async def gate(hall: Hall, folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, keys.Keys]]:
    """The gate's own role, with the gate's rights."""
    log, live = await hall.connect("gate")
    made = keys.ensure(folder)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    ready, stopping = asyncio.Event(), asyncio.Event()
    context = Context(
        settings=Settings(data=str(folder)),
        instance="gate-0-1",
        log=log,
        live=live,
        keys=made,
        listener=listener,
        ready=ready.set,
        stopping=stopping,
    )
    task = asyncio.create_task(gate_service.serve(context))
    await until(lambda: ready.is_set() or task.done())
    assert ready.is_set()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=address, timeout=10) as client:
        try:
            yield client, made
        finally:
            stopping.set()
            await task


class Caller:
    """How a peer reaches its seat through a gate; keeps the gate's answers."""

    def __init__(self, hall: Hall, client: httpx.AsyncClient, made: keys.Keys) -> None:
        self.answers: list[httpx.Response] = []
        self._hall, self._client, self._keys = hall, client, made

    async def __call__(self, sdp: str) -> str:
        """Post an offer, as a page does: again and again while there is no room."""
        while True:
            token = ticket.sign(self._hall.ticket("ann"), private_key=self._keys.ticket_private())
            headers = {"Content-Type": whip.SDP, "Authorization": f"Bearer {token}"}
            url = f"/whip/{self._hall.space}"
            answer = await self._client.post(url, content=sdp, headers=headers)
            self.answers.append(answer)
            if answer.status_code == 201:
                return answer.text
            assert answer.json()["code"] == "no_room", answer.text


async def opened(hall: Hall, space: str) -> None:
    """A space whose doors are open."""
    hall.space = space
    await hall.scheduled("ann")
    await hall.doors()


async def test_no_room_is_said_and_room_is_used(hall: Hall, tmp_path: Path) -> None:
    loads: dict[str, Load] = {}

    async def on_load(message: Message) -> None:
        loads[message.subject.rsplit(".", 1)[1]] = load.decode(message.data)

    await hall.live.subscribe(subjects.load("*"), on_load)
    stages = [await hall.stage(i, stage_spaces_max=1, data=str(tmp_path)) for i in range(2)]
    for space in (FIRST, SECOND):
        await opened(hall, space)
        await hall.holder(*stages)
    hall.space = FIRST
    holders = {await hall.holder(*stages)}
    hall.space = SECOND
    holders.add(await hall.holder(*stages))
    assert holders == set(stages)
    await opened(hall, THIRD)
    async with gate(hall, tmp_path) as (client, made):
        caller = Caller(hall, client, made)
        peer = Peer(tones.tone(600, 1.0), caller)
        joining = asyncio.create_task(peer.__aenter__())
        await until(lambda: caller.answers)
        refused = caller.answers[0]
        assert refused.status_code == 503
        assert "as soon as there is" in refused.json()["detail"]
        assert int(refused.headers["retry-after"]) >= 2
        await until(lambda: sum(one.waiting for one in loads.values()) == 2)
        assert not any(one.room for one in loads.values())
        # One space is called off: the third has its stage, and its speaker is on it.
        ended = asyncio.create_task(end(hall, FIRST))
        await joining
        await ended
        assert await hall.holder(*stages) in stages
        await peer.__aexit__()
    await until(lambda: all(one.waiting == 0 for one in loads.values()))


async def test_room_is_used_though_nobody_asks(hall: Hall) -> None:
    stage = await hall.stage(stage_spaces_max=1)
    await opened(hall, FIRST)
    await hall.holder(stage)
    await opened(hall, SECOND)
    await end(hall, FIRST)
    hall.space = SECOND
    assert await hall.holder(stage) is stage


async def end(hall: Hall, space: str) -> None:
    """Call off another space than the hall's."""
    command = c.Cancel(by="ann", role=Role.HOST, reason="No time.")
    result = await propose(hall.log, hall.live, space, command, now_ms=now_ms())
    assert not isinstance(result, Refusal), result


async def test_a_full_stage_leaves_spaces_to_others(hall: Hall) -> None:
    first = await hall.stage(0, stage_spaces_max=1)
    await opened(hall, FIRST)
    await until(lambda: hall.chunks)
    await opened(hall, SECOND)
    second = await hall.stage(1, stage_spaces_max=1)  # it finds the space that nobody has
    assert await hall.holder(first, second) is second
    hall.space = FIRST
    assert await hall.holder(first, second) is first


async def test_a_stage_tells_its_figures(hall: Hall, tmp_path: Path) -> None:
    loads: list[Load] = []

    async def on_load(message: Message) -> None:
        loads.append(load.decode(message.data))

    await hall.live.subscribe(subjects.load("*"), on_load)
    await hall.stage(2, data=str(tmp_path))
    await hall.scheduled("ann", "bob")
    await hall.doors()
    async with (
        Peer(tones.tone(600, 1.0), hall.exchange("ann")),
        Peer(tones.silence(1.0), hall.exchange("bob")),
    ):
        await hall.go_live()
        await until(lambda: any(isinstance(event, Warned) for event in hall.observed))
        await until(lambda: loads and loads[-1].seats == 2 and loads[-1].ticks > 50)
        assert 0 < loads[-1].busy < 1
        path = tmp_path / FOLDER / "metrics-2.prom"

        def figures() -> dict[str, float]:
            rows = re.findall(r"^hustings_stage_(\S+) (\S+)$", path.read_text(), re.M)
            return {name.replace('stage="2",', "").replace('{stage="2"}', ""): float(value)
                    for name, value in rows}  # fmt: skip

        await until(lambda: path.exists() and figures().get("seats") == 2)
        now = figures()
    assert now["spaces"] == 1
    assert now['encodes_total{encoder="own"}'] > 10
    assert now['encodes_total{encoder="shared"}'] > 10
    assert now["packets_received_total"] > 50
    assert now['transports{kind="udp"}'] == 2
    assert 0.01 < now['jitter_target_seconds{of="mean"}'] < 0.25
    assert now["tick_late_seconds_count"] > 50
    assert now['tick_late_seconds_bucket{le="+Inf"}'] == now["tick_late_seconds_count"]
    assert now['warnings_total{code="seat_silent"}'] == 1
