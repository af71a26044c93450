"""The real log through kill -9, restarts and slow readers."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from hustings.errors import LogAway
from hustings.log import api
from hustings.log.contract import Entry, Log
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from tests.halting import halt
from tests.log.conftest import SPACE, Servers
from tests.log.waiting import collect, until


async def _kill(server: NatsServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL


async def _append_numbers(log: Log, stopping: asyncio.Event, acknowledged: list[int]) -> None:
    """Append 0, 1, 2 ... each until it is acknowledged."""
    number = 0
    while not stopping.is_set():
        try:
            await log.append(SPACE, Kind.MIX, b"%d" % number, message_id=f"m{number}")
        except LogAway:
            continue
        acknowledged.append(number)
        number += 1


async def _until_longer(numbers: list[int], by: int) -> None:
    goal = len(numbers) + by
    await until(lambda: len(numbers) >= goal)


async def test_kill_9_while_appending_and_tailing_leaves_no_hole_and_no_duplicate(
    servers: Servers,
) -> None:
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    edge, _ = await servers.role("edge")
    await web.create(SPACE)
    acknowledged: list[int] = []
    tailed: list[int] = []
    stopping = asyncio.Event()

    async def follow() -> None:
        async for entry in edge.tail(SPACE, [Kind.MIX]):
            tailed.append(int(entry.data))  # noqa: PERF401 - looked at while it grows

    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow())
        appending = group.create_task(_append_numbers(stage, stopping, acknowledged))
        for _ in range(4):
            await _until_longer(tailed, 50)
            await _kill(servers.log)
            await servers.log.start()
            back = time.monotonic()
            await _until_longer(tailed, 1)
            assert time.monotonic() - back < 1.5
        stopping.set()
        await appending
        await until(lambda: len(tailed) >= len(acknowledged))
        following.cancel()
    stored = [int(entry.data) for entry in await collect(stage.read(SPACE, [Kind.MIX]))]
    assert stored[: len(acknowledged)] == acknowledged == list(range(len(acknowledged)))
    assert len(stored) - len(acknowledged) in (0, 1)
    assert tailed[: len(acknowledged)] == acknowledged
    assert len(tailed) <= len(stored)


async def test_an_append_without_an_answer_is_stored_once_when_repeated_after_a_restart(
    servers: Servers,
) -> None:
    web, _ = await servers.role("web")
    await web.create(SPACE)
    first = await web.append(SPACE, Kind.EV, b"a", message_id="a", expect=0)
    second = await web.append(SPACE, Kind.EV, b"b", message_id="b", expect=first)
    await _kill(servers.log)
    await servers.log.start()
    assert await web.append(SPACE, Kind.EV, b"a", message_id="a", expect=0) == first
    assert await web.append(SPACE, Kind.EV, b"b", message_id="b", expect=first) == second
    assert await web.append(SPACE, Kind.EV, b"b", message_id="b") == second
    assert len(await collect(web.read(SPACE, [Kind.EV]))) == 2


async def test_everything_says_away_while_the_server_is_stopped(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, _ = await servers.role("web")
    archive, _ = await servers.role("archive")
    await web.create(SPACE)
    await servers.log.stop()
    monkeypatch.setattr("hustings.limits.REQUEST_S", 0.1)
    monkeypatch.setattr("hustings.limits.LOG_ACK_S", 0.1)
    for call in (
        web.create(SPACE),
        web.exists(SPACE),
        web.spaces(),
        web.append(SPACE, Kind.EV, b"", message_id="m"),
        web.last(SPACE, Kind.EV),
        web.next(SPACE, Kind.EV, seq=1),
        collect(web.read(SPACE, [Kind.EV])),
        archive.delete(SPACE),
    ):
        with pytest.raises(LogAway):
            await call
    monkeypatch.undo()
    await servers.log.start()
    await until(lambda: web._connection.up)  # type: ignore[attr-defined]
    assert await web.exists(SPACE)


async def test_an_append_that_a_hanging_server_does_not_answer_is_away_in_time(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.LOG_ACK_S", 0.2)
    web, _ = await servers.role("web")
    await web.create(SPACE)
    assert servers.log.pid is not None
    await halt(servers.log.pid)
    try:
        began = time.monotonic()
        with pytest.raises(LogAway):
            await web.append(SPACE, Kind.EV, b"x", message_id="m")
        assert time.monotonic() - began < 1
    finally:
        os.kill(servers.log.pid, signal.SIGCONT)
    await web.append(SPACE, Kind.EV, b"x", message_id="m")
    assert len(await collect(web.read(SPACE, [Kind.EV]))) == 1


async def test_a_tail_notices_a_hanging_server_and_goes_on(servers: Servers) -> None:
    """A server that is silent and not closed: the heartbeat is what tells."""
    web, _ = await servers.role("web")
    await web.create(SPACE)
    await web.append(SPACE, Kind.EV, b"0", message_id="0")
    got: list[Entry] = []

    async def follow() -> None:
        async for entry in web.tail(SPACE, [Kind.EV]):
            got.append(entry)  # noqa: PERF401 - looked at while it grows

    task = asyncio.create_task(follow())
    await until(lambda: got)
    assert servers.log.pid is not None
    await halt(servers.log.pid)
    await asyncio.sleep(1.5)
    os.kill(servers.log.pid, signal.SIGCONT)
    await web.append(SPACE, Kind.EV, b"1", message_id="1")
    await until(lambda: len(got) == 2)
    task.cancel()
    await asyncio.wait((task,))
    assert [entry.data for entry in got] == [b"0", b"1"]


async def test_a_slow_reader_of_a_long_history_misses_nothing(servers: Servers) -> None:
    """40 MB of history to a reader who rests: the server waits for him, memory does not grow."""
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    big = bytes(200_000)
    for start in range(0, 200, 20):
        await asyncio.gather(
            *(stage.append(SPACE, Kind.MIX, big, message_id=f"{start + i}") for i in range(20))
        )
    seqs = []
    async for entry in stage.tail(SPACE, [Kind.MIX]):
        seqs.append(entry.seq)
        if len(seqs) in (1, 100):
            await asyncio.sleep(1.0)
        if len(seqs) == 200:
            break
    assert seqs == list(range(1, 201))


async def test_a_tail_that_is_left_takes_its_consumer_along(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.LOG_TAIL_IDLE_S", 0.2)
    web, _ = await servers.role("web")
    await web.create(SPACE)
    await web.append(SPACE, Kind.EV, b"0", message_id="0")

    async def consumers() -> int:
        answer = await api.call(web._connection, f"STREAM.INFO.SP_{SPACE}")  # type: ignore[attr-defined]
        return int(answer.split(b'"consumer_count":')[1].split(b"}")[0].split(b",")[0])

    tail = web.tail(SPACE, [Kind.EV])
    await anext(tail)
    assert await consumers() == 1
    await tail.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(5):
        while await consumers():
            await asyncio.sleep(0.05)


async def test_many_tails_of_many_spaces_side_by_side(servers: Servers) -> None:
    web, _ = await servers.role("web")
    edge, _ = await servers.role("edge")
    spaces = [f"space{i:05d}" for i in range(20)]
    got: dict[str, list[bytes]] = {space: [] for space in spaces}

    async def follow(space: str) -> None:
        async for entry in edge.tail(space, [Kind.EV]):
            got[space].append(entry.data)

    async with asyncio.TaskGroup() as group:
        tasks = []
        for space in spaces:
            await web.create(space)
            tasks.append(group.create_task(follow(space)))
        for i in range(10):
            await asyncio.gather(
                *(web.append(s, Kind.EV, f"{s} {i}".encode(), message_id=f"{i}") for s in spaces)
            )
        await until(lambda: all(len(entries) == 10 for entries in got.values()))
        for task in tasks:
            task.cancel()
    assert got == {space: [f"{space} {i}".encode() for i in range(10)] for space in spaces}
    assert await edge.spaces() == spaces


async def test_a_space_of_an_earlier_version_gets_a_stream_for_its_crowd(servers: Servers) -> None:
    """Its crowd has written nothing; the first message makes the stream, and is followed."""
    archive, _ = await servers.role("archive")
    edge, _ = await servers.role("edge")
    await archive.create(SPACE)
    await api.call(archive._connection, f"STREAM.DELETE.CR_{SPACE}")  # type: ignore[attr-defined]
    assert await edge.last(SPACE, Kind.TALK) is None
    assert await edge.next(SPACE, Kind.TALK, seq=1) is None
    assert await collect(edge.read(SPACE, [Kind.TALK])) == []
    tail = edge.tail(SPACE, [Kind.TALK])
    waiting = asyncio.ensure_future(anext(tail))
    assert await archive.append(SPACE, Kind.TALK, b"[]", message_id="t") == 1
    assert (await asyncio.wait_for(waiting, 10)).data == b"[]"
    await tail.aclose()  # type: ignore[attr-defined]
    await archive.delete(SPACE)
    assert not await archive.exists(SPACE)
    assert await archive.spaces() == []
