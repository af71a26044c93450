"""A crowd at the door of the whole product: far too many, hostile ones among them, and an edge that
is killed while they listen.

Every byte that a healthy listener gets is checked (`hustings load`). What is promised: who listens
goes on listening; who finds no place has a true page and a rung within a second, and is let in in
turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from hustings.drills import evening, load
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.load_report import Report
from tests.journey.people import runs, until

NICE = 10  # of the crowd: on one machine it must not have more than what it tries to overload

PLACES = 500
CROWD = 5_000
WAVES, WAVE = 5, 20  # of listeners who leave, a second apart

LISTENING = 2_000
STALLED = 0.1
LORISES = 400
# An edge is up again after 1.1 s, and players hold 0.9 s: what lies between, twice.
STALL_MS = 1_500
SETTLED_S = 8.0  # after the kill: a second wave would have come


@asynccontextmanager
async def live(folder: Path, **flags: str) -> AsyncIterator[tuple[Installation, str]]:
    """An installation with a live space, in which one person speaks; and the space's address."""
    async with Installation(folder, flags) as installation:
        host = Host(installation.studio_url)
        await host.sign_up((folder / "first-link").read_text().strip(), name="Host")
        space = await host.create("A crowd at the door")
        async with evening.on_stage(installation, host, space, count=1):
            await host.step(space, "doors")
            await host.step(space, "live")
            listen = installation.listen_url.replace("localhost", "127.0.0.1")
            yield installation, f"{listen}/s/{space}"


def settled(report: Report) -> bool:
    """Everybody has arrived and knows where they stand."""
    return report.healthy.arrived == CROWD == report.healthy.rung_ms.count


async def test_ten_times_too_many(tmp_path: Path) -> None:
    async with live(tmp_path, listeners_max=str(PLACES)) as (_, url):
        crowd = load.crowd(url, listeners=CROWD, arrive="ramp:8", page=True, nice=NICE)
        async with crowd as people:
            full = await people.until(settled, seconds=30)
            for _ in range(WAVES):
                people.leave(WAVE)
                await asyncio.sleep(1.0)
            await people.until(lambda r: len(r.promotions) >= WAVES * WAVE, seconds=20)
            await asyncio.sleep(2.0)  # so that sound that ought to have come is missed
        report = people.report()
    one = report.healthy
    assert (one.mistakes, one.words, one.errors) == (0, [], {})
    # All have a true page, and sound or a rung.
    assert full.rungs == {"live": PLACES, "text": CROWD - PLACES}
    assert one.page_ms.count == CROWD
    assert one.page_ms.max <= 1_000, one.page_ms.figures()
    assert one.rung_ms.max <= 1_000, one.rung_ms.figures()
    # Places that became free went to whoever had waited longest, and not before a call. Those who
    # are called in one second come in by chance, but the next are a second behind them.
    freed = WAVES * WAVE
    assert report.rungs == {"gone": freed, "live": PLACES, "text": CROWD - PLACES - freed}
    assert sorted(report.promoted) == list(range(1, freed + 1))
    assert report.in_order
    assert report.overtaken_max < 2 * WAVE, report.promoted
    # Who listened went on listening.
    assert (one.stalled, one.gaps, one.dropped) == (0, 0, 0), one.stall_ms.figures()
    assert report.sound


class Lorises:
    """Connections that send a request's head a byte at a time, and come again when they are cut.

    They come from few addresses, as such tools do.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._place = parts.hostname, parts.port
        self.cut = 0
        self.open = 0

    async def run(self, count: int) -> None:
        async with asyncio.TaskGroup() as group:
            for index in range(count):
                group.create_task(self._one(f"127.200.0.{1 + index % 4}"))

    async def _one(self, source: str) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._connection(source)
            self.cut += 1
            await asyncio.sleep(0.2)

    async def _connection(self, source: str) -> None:
        host, port = self._place
        reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
        self.open += 1
        reading = asyncio.create_task(reader.read())
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            while not reading.done():
                writer.write(b"a")
                await asyncio.wait((reading,), timeout=1.0)
        finally:
            self.open -= 1
            reading.cancel()
            writer.close()


@asynccontextmanager
async def lorises(url: str, count: int) -> AsyncIterator[Lorises]:
    crowd = Lorises(url)
    task = asyncio.create_task(crowd.run(count))
    try:
        yield crowd
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def storm(installation: Installation, url: str, *, back: bool) -> tuple[Report, Report]:
    """A mixed crowd, and the edge killed under it: what was measured before, and in the end."""
    people = load.crowd(url, listeners=LISTENING, arrive="ramp:4", stalled=STALLED, nice=NICE)
    async with lorises(url, LORISES) as slow, people as crowd:
        await crowd.until(lambda r: r.playing == LISTENING, seconds=30)
        assert await until(lambda: slow.cut >= LORISES, seconds=15), "none of them may stay"
        before = await crowd.measure()
        pid = installation.kill("edge-0")
        killed_s = time.monotonic()
        assert await until(lambda: not runs(pid), seconds=2.0)
        if back:
            await crowd.until(lambda r: r.healthy.back_ms.count == r.healthy.arrived, seconds=20)
        await asyncio.sleep(max(0.0, killed_s + SETTLED_S - time.monotonic()))
    return before, crowd.report()


async def test_chaos(tmp_path: Path) -> None:
    async with live(tmp_path) as (installation, url):
        before, last = await storm(installation, url, back=True)
    healthy, stalled = last.healthy, last.stalled
    assert stalled is not None
    assert healthy.arrived == LISTENING - stalled.arrived
    assert last.sound
    # Until the kill, nobody felt those who stopped reading or the lorises.
    calm = before.healthy
    assert (calm.stalled, calm.gaps, calm.dropped) == (0, 0, 0), calm.stall_ms.figures()
    # After it all are back, and have missed nothing; the player stood still for a moment.
    assert (healthy.dropped, healthy.back_ms.count) == (healthy.arrived, healthy.arrived)
    assert last.rungs["live"] >= healthy.arrived
    assert healthy.gap_ms_max <= 1_000
    assert healthy.stall_ms.max <= STALL_MS, healthy.stall_ms.figures()
    # The herd was one wave, within a quarter of a second of the kill, and hardly anybody had to try
    # twice.
    assert healthy.attempts - calm.attempts <= 1.1 * healthy.arrived, healthy.by_slot
    wave = {slot: n for slot, n in healthy.by_slot.items() if n > calm.by_slot.get(slot, 0)}
    assert max(wave) - min(wave) <= 10, healthy.by_slot


async def test_without_restarting_nobody_comes_back(tmp_path: Path) -> None:
    async with live(tmp_path, restart="false") as (installation, url):
        _, last = await storm(installation, url, back=False)
    assert last.healthy.back_ms.count == 0
    assert last.healthy.stalled == last.healthy.arrived
