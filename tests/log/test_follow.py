"""The folded state of a space, at once and as it changes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from hustings.errors import LogError
from hustings.log.contract import Log
from hustings.log.follow import Follower, read_state
from hustings.log.subjects import Kind
from hustings.space import Event, Role, Space, Status, encode
from hustings.space import event as e
from tests.log.conftest import SPACE, Servers
from tests.log.waiting import until

EVENTS: tuple[tuple[Kind, Event], ...] = (
    (Kind.EV, e.Scheduled(at_ms=1, by="a", title="Talk")),
    (Kind.EV, e.SeatGranted(at_ms=2, by="a", seat="s1", name="Ann", role=Role.HOST)),
    (Kind.EV, e.DoorsOpened(at_ms=3, by="a")),
    (Kind.OBS, e.SeatJoined(at_ms=4, seat="s1", join=1, n=0)),
    (Kind.OBS, e.Spoke(at_ms=5, seat="s1", speaking=True, n=1)),
)


async def _append(log: Log, kind: Kind, event: Event, number: int) -> int:
    return await log.append(SPACE, kind, encode(event), message_id=f"{kind}.{number}")


async def _history(stage: Log) -> list[int]:
    return [await _append(stage, k, event, i) for i, (k, event) in enumerate(EVENTS)]


@asynccontextmanager
async def _running(follower: Follower) -> AsyncIterator[None]:
    task = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Heard:
    """What a follower called back."""

    def __init__(self) -> None:
        self.changes: list[tuple[Space, Event | None]] = []

    async def __call__(self, space: Space, event: Event | None) -> None:
        self.changes.append((space, event))


async def test_read_state(servers: Servers) -> None:
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    assert await read_state(web, SPACE) == (None, 0)
    await web.create(SPACE)
    assert await read_state(web, SPACE) == (None, 0)
    seqs = await _history(stage)
    space, ev_seq = await read_state(web, SPACE)
    assert space is not None
    assert (space.id, space.title, space.status) == (SPACE, "Talk", Status.DOORS)
    assert (space.seats["s1"].connected, space.seats["s1"].speaking) == (True, True)
    assert ev_seq == seqs[2]
    decided, ev_seq = await read_state(web, SPACE, kinds=[Kind.EV])
    assert decided is not None
    assert (decided.status, decided.seats["s1"].connected) == (Status.DOORS, False)
    assert ev_seq == seqs[2]


async def test_a_follower_folds_history_once_and_then_each_event(servers: Servers) -> None:
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    seqs = await _history(stage)
    heard = Heard()
    follower = Follower(web, SPACE, heard)
    async with _running(follower):
        await asyncio.wait_for(follower.ready.wait(), 5)
        await until(lambda: heard.changes)
        assert (follower.seq, follower.ev_seq) == (seqs[-1], seqs[2])
        live = e.WentLive(at_ms=6, by="a")
        seq = await _append(stage, Kind.EV, live, 100)
        await until(lambda: len(heard.changes) == 2)
        assert (follower.seq, follower.ev_seq) == (seq, seq)
        on_air = e.OnAir(at_ms=7, n=12, live=True)
        later = await _append(stage, Kind.OBS, on_air, 101)
        await until(lambda: len(heard.changes) == 3)
    assert (follower.seq, follower.ev_seq) == (later, seq)
    assert [event for _, event in heard.changes] == [None, live, on_air]
    assert [space.status for space, _ in heard.changes] == [Status.DOORS, Status.LIVE, Status.LIVE]
    assert follower.space == heard.changes[-1][0]
    assert (await read_state(web, SPACE))[0] == follower.space


async def test_a_follower_survives_kill_9_of_the_server(servers: Servers) -> None:
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    heard = Heard()
    follower = Follower(web, SPACE, heard)
    events: list[Event] = []
    async with _running(follower):
        await asyncio.wait_for(follower.ready.wait(), 5)
        for i in range(30):
            if i % 10 == 5:
                assert servers.log.pid is not None
                os.kill(servers.log.pid, signal.SIGKILL)
                await servers.log.wait()
                await servers.log.start()
            events.append(e.Spoke(at_ms=i, seat="s1", speaking=True, n=i))
            while True:
                with suppress(LogError):
                    await _append(stage, Kind.OBS, events[-1], i)
                    break
        await until(lambda: len(heard.changes) == 30)
    assert [event for _, event in heard.changes] == events


async def test_following_begins_while_the_log_is_away(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.REQUEST_S", 0.05)
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    await _history(stage)
    await servers.log.stop()
    follower = Follower(web, SPACE, Heard())
    async with _running(follower):
        await asyncio.sleep(0.2)
        assert not follower.ready.is_set()
        monkeypatch.setattr("hustings.limits.REQUEST_S", 2.0)
        await servers.log.start()
        await asyncio.wait_for(follower.ready.wait(), 5)
    assert follower.space is not None
    assert follower.space.title == "Talk"


async def test_what_cannot_be_read_is_passed_over(
    servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    await _append(stage, *EVENTS[0], 0)
    seq = await web.append(SPACE, Kind.EV, b'{"type":"of_a_newer_version"}', message_id="x")
    heard = Heard()
    follower = Follower(web, SPACE, heard)
    async with _running(follower):
        await asyncio.wait_for(follower.ready.wait(), 5)
        assert follower.ev_seq == seq
        seq = await web.append(SPACE, Kind.EV, b"\xff", message_id="y")
        await until(lambda: follower.ev_seq == seq)
    assert [event for _, event in heard.changes] == [None]
    assert (await read_state(web, SPACE))[1] == seq
    assert f"space {SPACE}: entry {seq} is passed over" in caplog.text


async def test_following_a_space_without_a_log_is_an_error(servers: Servers) -> None:
    web, _ = await servers.role("web")
    with pytest.raises(LogError, match="has no log"):
        await Follower(web, SPACE, Heard()).run()
