"""The stage's writer: order, fence, patience and its bound."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from hustings import limits
from hustings.errors import Fenced, LogError
from hustings.log.appender import Appender
from hustings.log.contract import Log
from hustings.log.memory import MemoryLog
from hustings.log.subjects import Kind
from tests.log.conftest import SPACE, Servers
from tests.log.waiting import collect, until


class Bench:
    """A running appender with a hand-moved clock, and what it reported."""

    def __init__(self, log: Log, epoch: int, clock: Callable[[], float] | None = None) -> None:
        self.now = 0.0
        self.lost: list[tuple[Kind, int]] = []
        self.errors: list[LogError] = []
        self.appender = Appender(
            log,
            SPACE,
            epoch,
            on_lost=lambda kind, number: self.lost.append((kind, number)),
            on_stop=self.errors.append,
            clock=clock or (lambda: self.now),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Appender]:
        task = asyncio.create_task(self.appender.run())
        try:
            yield self.appender
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _memory() -> tuple[MemoryLog, int]:
    log = MemoryLog(now_ns=time.time_ns)
    await log.create(SPACE)
    return log, await log.append(SPACE, Kind.LEASE, b"", message_id="lease", expect=0)


async def _numbers(log: Log, kind: Kind) -> list[int]:
    return [int(entry.data) for entry in await collect(log.read(SPACE, [kind]))]


async def test_it_appends_in_the_order_of_putting_across_kinds() -> None:
    log, epoch = await _memory()
    async with Bench(log, epoch).running() as appender:
        kinds = (Kind.MIX, Kind.STEM, Kind.OBS)
        for i in range(60):
            appender.put(kinds[i % 3], b"%d" % i, i // 3)
        assert await appender.drain(5)
        assert await appender.drain(5)
    entries = await collect(log.read(SPACE, kinds))
    assert [int(entry.data) for entry in entries] == list(range(60))
    assert (appender.stored_count, appender.lost_count) == (60, 0)
    assert (appender.buffered_bytes, appender.buffered_s) == (0, 0.0)


async def test_one_number_is_stored_once() -> None:
    log, epoch = await _memory()
    async with Bench(log, epoch).running() as appender:
        appender.put(Kind.OBS, b"1", 7)
        appender.put(Kind.OBS, b"1", 7)
        appender.put(Kind.MIX, b"2", 7)
        assert await appender.drain(5)
    assert await _numbers(log, Kind.OBS) == [1]
    assert await _numbers(log, Kind.MIX) == [2]


async def test_while_the_log_is_away_it_holds_and_tells_since_when() -> None:
    log, epoch = await _memory()
    bench = Bench(log, epoch)
    async with bench.running() as appender:
        appender.put(Kind.MIX, b"0", 0)
        assert await appender.drain(5)
        bench.now = 10.0
        log.away = True
        for i in range(1, 50):
            appender.put(Kind.MIX, b"%d" % i, i)
        await until(lambda: appender.away_since is not None)
        bench.now = 25.0
        since = appender.away_since
        assert since == 10.0
        assert appender.buffered_s == 15.0
        assert not await appender.drain(0.05)
        log.away = False
        assert await appender.drain(5)
        await until(lambda: appender.away_since is None)
    assert bench.lost == []


async def test_past_the_bound_in_time_the_oldest_sound_is_given_up_and_counted() -> None:
    log, epoch = await _memory()
    bench = Bench(log, epoch)
    log.away = True
    async with bench.running() as appender:
        for second in range(100):
            bench.now = float(second)
            appender.put(Kind.MIX, b"%d" % second, second)
            if second % 10 == 0:
                appender.put(Kind.OBS, b"%d" % second, second)
            if second == 0:
                await until(lambda: appender.away_since is not None)
        kept_from = 99 - int(limits.LOG_BUFFER_S)
        await until(lambda: appender.lost_count == kept_from)
        log.away = False
        assert await appender.drain(5)
    assert sorted(bench.lost) == [(Kind.MIX, n) for n in range(kept_from)]
    assert await _numbers(log, Kind.MIX) == list(range(kept_from, 100))
    assert await _numbers(log, Kind.OBS) == list(range(0, 100, 10))


async def test_past_the_bound_in_bytes_the_oldest_sound_goes_before_observations() -> None:
    log, epoch = await _memory()
    bench = Bench(log, epoch)
    log.away = True
    piece = limits.LOG_BUFFER_BYTES // 10
    appender = bench.appender
    for i in range(8):
        appender.put(Kind.OBS, bytes(piece), i)
        appender.put(Kind.STEM, bytes(piece), i)
        assert appender.buffered_bytes <= limits.LOG_BUFFER_BYTES
    assert bench.lost == [(Kind.STEM, n) for n in range(6)]
    for i in range(8, 20):
        appender.put(Kind.OBS, bytes(piece), i)
        assert appender.buffered_bytes <= limits.LOG_BUFFER_BYTES
    assert {kind for kind, _ in bench.lost[8:]} == {Kind.OBS}
    assert appender.lost_count == len(bench.lost)


async def test_a_fenced_writer_stops_for_good_and_says_so() -> None:
    log, epoch = await _memory()
    bench = Bench(log, epoch)
    async with bench.running() as appender:
        appender.put(Kind.MIX, b"0", 0)
        assert await appender.drain(5)
        await log.append(SPACE, Kind.LEASE, b"", message_id="other", expect=epoch)
        for i in range(1, 5):
            appender.put(Kind.MIX, b"%d" % i, i)
        assert not await appender.drain(5)
        assert [type(error) for error in bench.errors] == [Fenced]
        assert appender.stopped is bench.errors[0]
        appender.put(Kind.MIX, b"9", 9)
        assert appender.buffered_bytes == 0
        assert not await appender.drain(5)
    assert await _numbers(log, Kind.MIX) == [0]


async def test_a_space_that_is_gone_stops_the_writer() -> None:
    log, epoch = await _memory()
    bench = Bench(log, epoch)
    async with bench.running() as appender:
        await log.delete(SPACE)
        appender.put(Kind.MIX, b"0", 0)
        assert not await appender.drain(5)
    assert "has no log" in str(bench.errors[0])


async def test_kill_9_of_the_log_server_loses_nothing_that_was_put(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.LOG_AWAY_S", 0.1)
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    epoch = await stage.append(SPACE, Kind.LEASE, b"", message_id="lease", expect=0)
    bench = Bench(stage, epoch, time.monotonic)
    number = 0
    async with bench.running() as appender:

        async def speak(times: int) -> None:
            nonlocal number
            for _ in range(times):
                appender.put(Kind.MIX, b"%d" % number, number)
                number += 1
                await asyncio.sleep(0.002)

        for _ in range(3):
            await speak(100)
            assert servers.log.pid is not None
            os.kill(servers.log.pid, signal.SIGKILL)
            await servers.log.wait()
            await speak(100)
            await until(lambda: appender.away_since is not None)
            await servers.log.start()
            back = time.monotonic()
            assert await appender.drain(10)
            assert time.monotonic() - back < 5
            assert appender.away_since is None
    assert await _numbers(stage, Kind.MIX) == list(range(600))
    assert bench.lost == []


async def test_putting_never_blocks_the_tick() -> None:
    """1,000 puts into a full buffer of a log that is away take less than one tick each."""
    log, epoch = await _memory()
    bench = Bench(log, epoch)
    log.away = True
    for i in range(20_000):
        bench.appender.put(Kind.STEM, bytes(1000), i)
    slowest = 0.0
    for i in range(1000):
        began = time.thread_time()
        bench.appender.put(Kind.STEM, bytes(1000), 20_000 + i)
        slowest = max(slowest, time.thread_time() - began)
    assert bench.appender.lost_count > 1000
    assert slowest < 0.020


@pytest.mark.parametrize("kind", [Kind.EV, Kind.LEASE])
async def test_it_writes_only_what_the_lease_fences(kind: Kind) -> None:
    log, epoch = await _memory()
    with pytest.raises(AssertionError):
        Bench(log, epoch).appender.put(kind, b"", 0)


@pytest.mark.alone
async def test_giving_up_sound_costs_the_same_however_much_else_waits() -> None:
    log, epoch = await _memory()
    log.away = True
    bench = Bench(log, epoch)
    for number in range(60_000):  # an outage of days
        bench.appender.put(Kind.OBS, b"x", number)
    began = time.process_time()
    for number in range(1_000):
        bench.now += limits.LOG_BUFFER_S + 1
        bench.appender.put(Kind.MIX, b"x", number)
    assert time.process_time() - began < 0.5
    assert bench.lost == [(Kind.MIX, number) for number in range(999)]
