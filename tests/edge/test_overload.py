"""Ten times too many: those who listen miss nothing, all others get a page and a rung, in order.

The same at full scale, with figures, is `hustings load`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from pathlib import Path
from typing import Any, Final

import pytest

from hustings import limits
from tests.edge.house import SPACE, House, Stream, house, numbers_in
from tests.edge.test_enter import enter, key, lines, push

PLACES: Final = 50
READERS: Final = 60
CROWD: Final = 500
ARRIVE_S: Final = 2.0


class Ear:
    """Somebody who listens, and checks that no chunk is missing."""

    def __init__(self, stream: Stream) -> None:
        self.numbers: list[int] = []
        self._stream = stream
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while piece := await self._stream.piece():
                self.numbers += numbers_in(piece)

    def whole(self) -> bool:
        return self.numbers == list(range(self.numbers[0], self.numbers[0] + len(self.numbers)))

    async def leave(self) -> None:
        await self._stream.close()
        await self._task


class Visitor:
    """One of the crowd: opens the page, asks for sound, and takes what it is given."""

    def __init__(self, h: House, who: int) -> None:
        self.who = who
        self.ear: Ear | None = None
        self.entry: Any = None
        self.took_s = 0.0
        self._h = h

    async def come(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        began = asyncio.get_running_loop().time()
        page = await self._h.get(f"/s/{SPACE}")
        assert page.status == 200
        assert b"Evening" in page.body
        stream = await push(self._h, self.who)
        if stream.status == 200:
            self.ear = Ear(stream)
        else:
            assert (stream.status, int(stream.fields["retry-after"]) > 0) == (503, True)
            await stream.close()
            self.entry = await enter(self._h, self.who)
            assert self.entry["rung"] in ("text", "wait")
        self.took_s = asyncio.get_running_loop().time() - began

    async def wait(self) -> None:
        """Until the number is called: then come in."""
        line, number = self.entry["line"], self.entry["number"]
        if self.entry["rung"] == "text":
            events = await self._h.open(f"/live/{SPACE}/events?v={key(self.who)}&t=tab1")
            assert events.status == 200
            called = 0
            while called < number:
                told = [p for p in await lines(events) if p["type"] == "line"]
                called = max([called, *(p["called"] for p in told)])
            await events.close()
        else:
            while self.entry["rung"] != "live":
                await asyncio.sleep(self.entry["again_ms"] / 1000)
                self.entry = await enter(self._h, self.who, line=line, rung="wait")
        stream = await push(self._h, self.who, f"&line={line}")
        assert stream.status == 200, number
        self.ear = Ear(stream)


@pytest.mark.alone
async def test_ten_times_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD_S", 0.0)
    async with house(tmp_path, listeners_max=PLACES, readers_max=READERS) as h:
        await h.open_with(3)
        await h.until(lambda s: s["n"] == 2)
        sound = asyncio.create_task(_go_on(h))
        crowd = [Visitor(h, who) for who in range(CROWD)]
        await asyncio.gather(*(v.come(ARRIVE_S * v.who / CROWD) for v in crowd))
        inside = [v for v in crowd if v.ear is not None]
        outside = sorted((v for v in crowd if v.ear is None), key=lambda v: v.entry["number"])
        assert len(inside) == PLACES
        assert [v.entry["number"] for v in outside] == list(range(1, CROWD - PLACES + 1))
        assert sum(v.entry["rung"] == "text" for v in outside) == READERS
        assert max(v.took_s for v in outside) < 1.0
        # Places free, twice: the next in line come in, and nobody else.
        enough = asyncio.Event()
        late = asyncio.create_task(_come_late(h, enough))
        waits = [asyncio.create_task(v.wait()) for v in outside]
        try:
            for count in (10, 20):
                for visitor in inside[count - 10 : count]:
                    assert visitor.ear is not None
                    await visitor.ear.leave()
                due = count
                async with asyncio.timeout(15):
                    await asyncio.gather(*waits[:due])
                assert not any(task.done() for task in waits[due:])
            enough.set()
            await late
        finally:
            enough.set()
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, late, return_exceptions=True)
        metrics = _metrics((await h.get("/metrics")).body)
        assert metrics["hustings_edge_listeners"] == PLACES
        assert metrics["hustings_edge_called_total"] == 20
        assert metrics["hustings_edge_listeners_dropped_total"] == 0
        sound.cancel()
        # Through all of this nobody inside missed a chunk, promoted ones included.
        heard = [v.ear for v in crowd if v.ear is not None]
        assert len(heard) == PLACES + 20
        assert all(ear.numbers for ear in heard)
        assert [ear for ear in heard if not ear.whole()] == []
        with contextlib.suppress(asyncio.CancelledError):
            await sound


async def _come_late(h: House, enough: asyncio.Event) -> None:
    """Newcomers without a number, of whom none may come in while others wait."""
    late = itertools.count(CROWD)
    while not enough.is_set():
        who = next(late)
        stream = await push(h, who)
        assert stream.status == 503
        await stream.close()
        await asyncio.sleep(0.02)


async def _go_on(h: House) -> None:
    """The programme, at its pace."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for n in range(3, 10_000):
        await h.chunk(n)
        due += 0.32
        await asyncio.sleep(max(0.0, due - loop.time()))


def _metrics(text: bytes) -> dict[str, float]:
    rows = (line.split() for line in text.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in rows}
