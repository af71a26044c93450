"""The event stream tells the state at once, then what is new, at most once a second."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest

from hustings import limits
from hustings.edge import events
from hustings.edge.broadcast import Broadcaster
from hustings.edge.events import Payload
from hustings.edge.head import Request
from hustings.edge.http import Outcome
from hustings.edge.news import News
from hustings.log.subjects import Kind
from hustings.space import event as e
from tests.edge.corridor import Counted
from tests.edge.house import SPACE, House, Stream, head, request
from tests.edge.serving import serving


async def message(stream: Stream) -> list[Any]:
    """The payloads of the next message."""
    async with asyncio.timeout(5):
        while True:
            piece = (await stream.piece()).decode()
            for line in piece.splitlines():
                if line.startswith("data: "):
                    told: list[Any] = json.loads(line.removeprefix("data: "))
                    return told


async def test_state_first_then_news_coalesced(h: House) -> None:
    await h.open_with(1)
    await h.until(lambda s: s["status"] == "doors")
    stream = await h.open(f"/live/{SPACE}/events")
    assert stream.fields["content-type"] == "text/event-stream"
    first = await message(stream)
    assert [p["type"] for p in first] == ["status", "seats", "listening", "room"]
    arrived: list[tuple[float, list[Any]]] = []

    async def read() -> None:
        while True:
            told = await message(stream)
            arrived.append((asyncio.get_running_loop().time(), told))

    reading = asyncio.create_task(read())
    await h.event(e.SeatJoined(at_ms=9, seat="s1", join=1, n=0), kind=Kind.OBS)
    for n in range(40):
        await h.event(e.Spoke(at_ms=9, seat="s1", speaking=n % 2 == 0, n=n), kind=Kind.OBS)
    await h.event(e.Spoke(at_ms=9, seat="s1", speaking=True, n=40), kind=Kind.OBS)
    async with asyncio.timeout(5):
        while not arrived or arrived[-1][1] != [{"type": "speaking", "seats": ["s1"]}]:
            await asyncio.sleep(0.02)
    reading.cancel()
    assert arrived[0][1][0]["seats"][0]["connected"]
    assert len(arrived) < 8
    times = [at for at, _ in arrived]
    assert all(b - a > 0.9 for a, b in pairwise(times))


async def test_readers_are_no_listeners_and_listeners_are_counted(h: House) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    reader = await h.open(f"/live/{SPACE}/events")
    await message(reader)
    listeners = [await h.push() for _ in range(3)]
    assert await message(reader) == [{"type": "listening", "count": 3}]
    await listeners[0].close()
    assert await message(reader) == [{"type": "listening", "count": 2}]
    assert (await h.door())["listening"] == 2


async def test_a_quiet_stream_shows_that_it_is_alive(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUIET_S", 0.1)
    await h.schedule()
    stream = await h.open(f"/live/{SPACE}/events")
    await stream.piece()
    async with asyncio.timeout(2):
        assert await stream.piece() == b": quiet\n\n"
        assert await stream.piece() == b": quiet\n\n"


async def test_a_space_that_is_over_still_tells(h: House) -> None:
    await h.open_with(2)
    await h.end(1)
    await h.until(lambda s: s["status"] == "ended")
    stream = await h.open(f"/live/{SPACE}/events")
    assert (await message(stream))[0]["status"] == "ended"
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32)
    await h.event(posted)
    told = await message(stream)
    assert {p["type"] for p in told} == {"status", "posted"}


async def test_readers_are_counted_and_told_to_move() -> None:
    guests: list[Counted] = []
    made: list[News] = []

    def answer(asked: Request) -> Outcome:
        guests.append(Counted())
        return made[0].admit(asked, guest=guests[-1])

    async with serving(answer) as one:
        broadcaster = Broadcaster(one.server.poller, one.metrics)
        told: list[Payload] = [{"type": "listening", "count": 7}]
        made.append(News(broadcaster=broadcaster, whole=lambda: told))
        sending = one.tasks.create_task(broadcaster.run())
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(request("/"))
        stream = Stream(*await head(reader), reader, writer)
        assert await message(stream) == told
        made[0].move(500)
        assert await message(stream) == [{"type": "move", "within_ms": 500}]
        assert guests[0].told == ["began", "heard"]
        await stream.close()
        async with asyncio.timeout(5):
            await broadcaster.emptied.wait()
        assert guests[0].told == ["began", "heard", "gone"]
        made[0].cut()
        sending.cancel()


def test_the_answer_is_not_kept() -> None:
    assert dict(events.STREAM)["Cache-Control"] == "no-store"
