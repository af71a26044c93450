"""`hustings load` against a true edge, and against one that does everything wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hustings.drills import load
from hustings.drills.load_plan import Way
from hustings.edge.broadcast import framed
from hustings.errors import BadInput, HustingsError
from hustings.formats import fmp4
from tests.drills.ports import free_ports
from tests.drills.stub import (
    SPACE,
    Asked,
    Pipe,
    Stub,
    burst,
    listen,
    nothing,
    opening,
    sound,
    stub,
)
from tests.edge.house import House, house
from tests.edge.serving import make_certificate


@asynccontextmanager
async def speaking(folder: Path, **settings: Any) -> AsyncIterator[tuple[House, str]]:
    """A house whose stage makes a chunk every 320 ms, and the address of its space."""

    async def speak() -> None:
        began = time.monotonic()
        for n in range(6, 60):
            await h.chunk(n)
            await asyncio.sleep(max(0.0, began + (n - 5) * 0.32 - time.monotonic()))

    async with house(folder, **settings) as h:
        await h.open_with(6)
        task = asyncio.create_task(speak())
        try:
            yield h, f"http://127.0.0.1:{h.port}/s/{h.space}"
        finally:
            task.cancel()


@pytest.mark.parametrize("codec", fmp4.CODECS)
async def test_a_crowd_hears_and_checks_everything(tmp_path: Path, codec: str) -> None:
    options: dict[str, Any] = {"codec": codec, "arrive": "ramp:0.5", "workers": 2, "page": True}
    async with speaking(tmp_path) as (_, url), load.crowd(url, listeners=200, **options) as people:
        await people.until(lambda r: r.healthy.chunks >= 200 * 8, seconds=20)
        report = await people.measure()
        assert report.rungs == {"live": 200}
    one = people.report().healthy
    assert (one.arrived, one.admitted, one.attempts) == (200, 200, 200)
    assert (one.mistakes, one.words, one.errors, one.refused, one.gaps) == (0, [], {}, {}, 0)
    assert people.report().sound
    for spread in (one.page_ms, one.headers_ms, one.audio_ms, one.due_ms, one.rung_ms):
        assert spread.count == 200
    # Of nearly all that came only a comparison was needed.
    assert people.report().distinct < one.pieces / 10


@pytest.mark.parametrize("rung", ["segments", "hls", "events"])
async def test_other_rungs(tmp_path: Path, rung: Way) -> None:
    where = "text" if rung == "events" else rung
    enough = {"segments": 80, "hls": 200, "events": 20}[rung]
    async with (
        speaking(tmp_path) as (_, url),
        load.crowd(url, listeners=20, rung=rung) as people,
    ):
        await people.until(lambda r: r.rungs == {where: 20}, seconds=15)
        report = await people.until(lambda r: r.healthy.pieces >= enough, seconds=15)
        one = report.healthy
        assert (one.mistakes, one.words, one.errors, one.refused, one.gaps) == (0, [], {}, {}, 0)
        assert report.sound


async def test_over_tls(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path, "localhost")
    async with speaking(tmp_path, listen_tls_cert=str(cert), listen_tls_key=str(key)) as (h, _):
        url = f"https://127.0.0.1:{h.port}/s/{h.space}"
        with pytest.raises(HustingsError, match="certificate"):
            async with load.crowd(url, listeners=1):
                pass
        async with load.crowd(url, listeners=30, page=True, insecure=True) as people:
            report = await people.until(lambda r: r.healthy.chunks >= 30 * 8, seconds=20)
            assert report.rungs == {"live": 30}
            assert (report.healthy.mistakes, report.healthy.errors) == (0, {})
            people.leave(10)
            await people.until(lambda r: r.rungs == {"live": 20, "gone": 10}, seconds=10)
    assert people.report().sound


async def test_slow_and_stalled_readers_are_counted_apart(tmp_path: Path) -> None:
    async with (
        speaking(tmp_path) as (_, url),
        load.crowd(url, listeners=60, slow=0.1, stalled=0.2) as people,
    ):
        report = await people.until(lambda r: r.healthy.chunks > 42 * 12, seconds=20)
        assert report.slow is not None
        assert report.stalled is not None
        arrived = [tally.arrived for tally in report.kinds.values()]
        assert sum(arrived) == 60
        assert arrived[0] in range(40, 45)
        # A stalled one took its burst and no more, a slow one a quarter of what followed.
        assert report.stalled.chunks <= 4 * report.stalled.arrived
        assert report.slow.bytes < report.slow.arrived * (6_000 + report.seconds * 1_100)
        assert report.slow.mistakes == report.stalled.mistakes == 0
        assert report.healthy.gaps == 0


async def test_a_broken_connection_is_resumed(tmp_path: Path) -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        if asked.index == 0:
            await listen(pipe, first=0, after=8)
            raise OSError
        assert asked.query["from"] == str(8 * 320)
        await pipe.endless()
        await pipe.piece(opening())
        await pipe.piece(sound(8))
        await pipe.end()

    async with stub(push=push) as edge, load.crowd(edge.url, listeners=1) as people:
        report = await people.until(lambda r: r.rungs == {"over": 1}, seconds=10)
    one = report.healthy
    assert (one.reconnects, one.dropped, one.gaps, one.attempts, one.over) == (1, 1, 0, 2, 1)
    assert one.back_ms.count == 1
    assert one.back_ms.max < 1_000
    first, second = edge.named("push")
    assert first.query["v"] == second.query["v"]
    assert first.query["t"] == second.query["t"]


async def test_gaps_stalls_and_repetitions_are_found() -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        await listen(pipe, first=0, after=5)
        await pipe.piece(sound(8))
        await pipe.piece(sound(2))
        await asyncio.sleep(2.2)
        await pipe.piece(sound(9))
        await pipe.end()

    async with stub(push=push) as edge, load.crowd(edge.url, listeners=3) as people:
        report = await people.until(lambda r: r.rungs == {"over": 3}, seconds=10)
    one = report.healthy
    assert (one.gaps, one.gap_ms, one.gap_ms_max) == (3, 3 * 960, 960)
    assert one.repeated == 3
    assert one.stalled == 3
    # 0.9 s at first, then three chunks more: dry after 1.86 s, sound again after 2.26 s.
    assert 200 < one.stall_ms.max < 1_500
    assert not report.sound


async def test_one_listener_who_hears_something_else_is_found() -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        await pipe.endless()
        await pipe.piece(burst(0, 3))
        await pipe.piece(sound(3, of=9 if asked.index == 2 else 3))
        await pipe.end()

    for workers in (1, 4):
        async with (
            stub(push=push) as edge,
            load.crowd(edge.url, listeners=4, workers=workers) as people,
        ):
            report = await people.until(lambda r: r.rungs == {"over": 4}, seconds=20)
        assert report.mismatches == 1, f"in {workers} processes"
        assert report.healthy.mistakes == 0


@pytest.mark.parametrize(
    "wrong",
    [b"zz\r\n", framed(sound(3) + b"\0\0\0\x08free"), framed(sound(3)[:-1])],
    ids=["framing", "box", "cut"],
)
async def test_broken_bytes_are_counted_and_begun_anew(wrong: bytes) -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        await pipe.endless()
        await pipe.piece(burst(0, 3))
        if asked.index == 0:
            await pipe.raw(wrong)
        else:
            await pipe.end()

    async with stub(push=push) as edge, load.crowd(edge.url, listeners=1) as people:
        report = await people.until(lambda r: r.rungs == {"over": 1}, seconds=10)
    assert (report.healthy.mistakes, len(report.healthy.words)) == (1, 1)
    assert not report.sound


async def test_silence_is_given_up() -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        await listen(pipe, first=0, after=4)
        if asked.index == 0:
            await asyncio.sleep(20)
        await pipe.end()

    async with stub(push=push) as edge, load.crowd(edge.url, listeners=1) as people:
        report = await people.until(lambda r: r.rungs == {"over": 1}, seconds=15)
    assert (report.healthy.silences, report.healthy.reconnects) == (1, 1)


async def test_who_is_asked_to_move_comes_back_where_it_was() -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        if asked.index < 8:
            await pipe.endless()
            move = b'[{"type":"move","within_ms":400}]'
            await pipe.piece(burst(0, 3) + fmp4.event_message(3, move) + sound(3))
            await asyncio.sleep(20)
        assert asked.query["from"] == str(4 * 320)
        await pipe.endless()
        await pipe.piece(opening() + sound(4))
        await pipe.end()

    async with stub(push=push) as edge, load.crowd(edge.url, listeners=8) as people:
        report = await people.until(lambda r: r.rungs == {"over": 8}, seconds=10)
    assert (report.healthy.moved, report.healthy.gaps, report.healthy.errors) == (8, 0, {})
    came = [one.at for one in edge.named("push")[8:]]
    assert max(came) - min(came) > 0.05, "they come at times of their own"


async def test_a_refusal_is_kept_to() -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        if asked.index == 0:
            await pipe.answer(503, {"code": "stopping"}, Retry_After="1")
        else:
            await listen(pipe, first=0, after=3)
            await pipe.end()

    async with stub(push=push) as edge, load.crowd(edge.url, listeners=1) as people:
        report = await people.until(lambda r: r.rungs == {"over": 1}, seconds=10)
    assert report.healthy.refused == {"push 503 stopping": 1}
    first, second = edge.named("push")
    assert second.at - first.at >= 1.0
    assert edge.named("enter") == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ((200, {"space": SPACE, "status": "scheduled"}), "it is scheduled"),
        ((404, {"code": "space"}), "there is no space"),
        ((503, {"code": "log"}), "says 503"),
    ],
)
async def test_a_door_that_is_not_open(state: tuple[int, Any], words: str) -> None:
    async def door(_: Asked, pipe: Pipe) -> None:
        await pipe.answer(*state)

    async with stub(door=door) as edge:
        with pytest.raises(HustingsError, match=words):
            async with load.crowd(edge.url, listeners=1):
                pass


async def test_addresses_that_lead_nowhere() -> None:
    (port,) = free_ports(1)
    with pytest.raises(HustingsError, match=f"127.0.0.1:{port} cannot be reached"):
        async with load.crowd(f"http://127.0.0.1:{port}/s/{SPACE}", listeners=1):
            pass
    for url in ("127.0.0.1/s/x", f"http://127.0.0.1:{port}/", "ftp://x/s/y"):
        with pytest.raises(BadInput, match="address"):
            async with load.crowd(url, listeners=1):
                pass


async def test_a_worker_that_dies_is_said() -> None:
    async with stub(push=nothing) as edge, load.crowd(edge.url, listeners=1) as people:
        os.kill(people.pids[0], signal.SIGKILL)
        with pytest.raises(HustingsError, match="worker ended"):
            await people.until(lambda _: False, seconds=10)


async def command(edge: Stub, *options: str, interrupt: bool = False) -> tuple[int, str, str]:
    """Run `hustings load`; exit code, standard output, standard error."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hustings", "load", edge.url, *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None
    if interrupt:
        await child.stderr.readline()
        child.send_signal(signal.SIGINT)
    out, told = await child.communicate()
    assert child.returncode is not None
    return child.returncode, out.decode(), told.decode()


async def endless(asked: Asked, pipe: Pipe) -> None:
    await listen(pipe, first=0, after=60, every_s=0.3)


async def test_the_command_prints_what_it_measured() -> None:
    async with stub(push=endless) as edge:
        options = ("--listeners", "5", "--for", "2", "--pid", str(os.getpid()), "--json")
        code, out, told = await command(edge, *options)
    assert code == 0, told
    document = json.loads(out)
    assert document["playing"] == 5
    assert document["healthy"]["audio_ms"]["count"] == 5
    assert document["server"]["cpu_s"] > 0
    assert "5 live" in told


async def test_ctrl_c_prints_what_was_measured_so_far() -> None:
    async with stub(push=endless) as edge:
        code, out, told = await command(edge, "--listeners", "5", "--for", "600", interrupt=True)
    assert code == 0, told
    assert "first audio" in out
    assert "5, 5" in out


async def test_the_command_fails_when_bytes_are_wrong() -> None:
    async def push(asked: Asked, pipe: Pipe) -> None:
        await pipe.endless()
        await pipe.piece(burst(0, 3))
        await pipe.piece(sound(3, of=asked.index))
        await asyncio.sleep(30)

    async with stub(push=push) as edge:
        code, out, _ = await command(edge, "--listeners", "2", "--for", "1", "--json")
    assert (code, json.loads(out)["mismatches"]) == (1, 1)
