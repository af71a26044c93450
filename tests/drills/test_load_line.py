"""Who is refused climbs the ladder as the page's player does, and what is out of order is found."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from hustings.drills import load
from tests.drills.stub import SPACE, Asked, Pipe, burst, listen, stub


class Counter:
    """A full edge with a line: numbers are called two at a time."""

    def __init__(self, rung: str) -> None:
        self.rung = rung
        self.given = 0
        self.called = 0
        self.numbers: dict[str, int] = {}
        self.readers: list[Pipe] = []
        self.let_in: list[int] = []

    async def push(self, asked: Asked, pipe: Pipe) -> None:
        number = self.numbers.get(asked.query["v"], 10**6)
        if number > self.called:
            await pipe.answer(503, {"code": "full"}, Retry_After="5")
            return
        assert asked.query["line"] == f"token-{number}"
        self.let_in.append(number)
        await pipe.endless(X_Cadence_Ms="960")
        await pipe.piece(burst(0, 6))
        await asyncio.sleep(30)

    async def enter(self, asked: Asked, pipe: Pipe) -> None:
        who = asked.body["v"]
        number = self.numbers.setdefault(who, len(self.numbers) + 1)
        if asked.body["line"] is not None:
            assert asked.body["line"] == f"token-{number}"
        answer: dict[str, Any] = {"number": number, "called": self.called, "again_ms": 300}
        answer["line"] = f"token-{number}"
        at = f"/live/{SPACE}"
        if number <= self.called:
            answer |= {"rung": "slow", "cadence_ms": 960, "push": f"{at}/push?codec=opus"}
        elif self.rung == "text":
            answer |= {"rung": "text", "events": f"{at}/events", "again_ms": 60_000}
        else:
            answer |= {"rung": "wait"}
        await pipe.answer(200, answer)

    async def events(self, asked: Asked, pipe: Pipe) -> None:
        assert asked.query["line"].startswith("token-")
        await pipe.endless()
        await pipe.piece(b"retry: 2000\n\n" + self.told())
        self.readers.append(pipe)
        await asyncio.sleep(30)

    async def call(self, count: int) -> None:
        self.called += count
        for reader in self.readers:
            with contextlib.suppress(ConnectionError):  # it was called before, and reads no more
                await reader.piece(self.told())

    def told(self) -> bytes:
        return b'data: [{"type":"line","called":%d,"waiting":9}]\n\n' % self.called


@pytest.mark.parametrize("rung", ["text", "wait"])
async def test_those_who_wait_are_let_in_when_they_are_called(rung: str) -> None:
    line = Counter(rung)
    answers = {"push": line.push, "enter": line.enter, "events": line.events}
    async with stub(**answers) as edge, load.crowd(edge.url, listeners=10) as people:
        report = await people.until(lambda r: r.rungs == {rung: 10}, seconds=10)
        assert report.healthy.offered == {rung: 10}
        assert report.healthy.rung_ms.count == 10
        assert report.healthy.refused == {"push 503 full": 10}
        for count in (2, 4, 6):
            await line.call(2)
            await people.until(lambda r: r.rungs.get("slow") == count, seconds=10)  # noqa: B023
    report = people.report()
    assert report.promoted == line.let_in
    assert sorted(report.promoted) == [1, 2, 3, 4, 5, 6]
    assert report.in_order
    assert report.overtaken_max <= 1
    assert report.healthy.refused == {"push 503 full": 10}


async def test_who_is_let_in_without_being_called_is_found() -> None:
    line = Counter("wait")

    async def enter(asked: Asked, pipe: Pipe) -> None:
        number = line.numbers.setdefault(asked.body["v"], len(line.numbers) + 1)
        document = {"rung": "live", "number": number, "called": 0, "line": f"token-{number}"}
        line.called, called = 9, line.called
        await pipe.answer(200, {**document, "push": f"/live/{SPACE}/push", "again_ms": 0})
        assert called in (0, 9)

    async with (
        stub(push=line.push, enter=enter) as edge,
        load.crowd(edge.url, listeners=1) as people,
    ):
        report = await people.until(lambda r: r.playing == 1, seconds=10)
    assert not report.in_order


async def test_another_edge_takes_who_is_sent_there() -> None:
    async def welcome(asked: Asked, pipe: Pipe) -> None:
        await listen(pipe, first=0, after=4)
        await asyncio.sleep(30)

    async with stub(push=welcome) as other:

        async def full(asked: Asked, pipe: Pipe) -> None:
            await pipe.answer(503, {"code": "full"}, Retry_After="5")

        async def enter(asked: Asked, pipe: Pipe) -> None:
            there = f"http://127.0.0.1:{other.port}"
            at = f"/live/{SPACE}/push?codec=opus"
            await pipe.answer(200, {"rung": "edge", "edge": there, "push": at, "again_ms": 2000})

        async with (
            stub(push=full, enter=enter) as edge,
            load.crowd(edge.url, listeners=5) as people,
        ):
            await people.until(lambda r: r.rungs == {"live": 5}, seconds=10)
    assert len(other.named("push")) == 5
