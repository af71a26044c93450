"""Who waits gets one answer, the right one, and nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hustings import limits
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import Reply
from hustings.edge.waiting import Waiting
from tests.edge.house import head, request
from tests.edge.serving import Serving, serving

LATE = Reply(status=404, body=b"late")


@pytest.fixture
def waiting() -> Waiting[str]:
    return Waiting(late=LATE)


@pytest.fixture
async def door(waiting: Waiting[str]) -> AsyncIterator[Serving]:
    """/<n>/<kind> waits; everything else is answered at once."""

    def answer(asked: Request) -> Outcome:
        if asked.parts[0] == "now":
            return Reply(body=b"now")
        n, kind = int(asked.parts[0]), asked.parts[1]
        return Handover(lambda connection: waiting.hold(n, kind, connection))

    async with serving(answer) as one:
        yield one


class Visitor:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def leave(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def told(self) -> bytes:
        async with asyncio.timeout(5):
            _, fields = await head(self.reader)
            return await self.reader.readexactly(int(fields["content-length"]))


Come = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def come(door: Serving) -> AsyncIterator[Come]:
    """Opens a connection and asks for some targets."""
    visitors: list[Visitor] = []

    async def opened(*targets: str) -> Visitor:
        visitors.append(Visitor(*await asyncio.open_connection("127.0.0.1", door.port)))
        for target in targets:
            visitors[-1].writer.write(request(target))
        return visitors[-1]

    yield opened
    for visitor in visitors:
        await visitor.leave()


def named(n: int, kind: str) -> Reply:
    return Reply(body=f"{n} {kind}".encode())


async def held(waiting: Waiting[str], count: int) -> None:
    async with asyncio.timeout(5):
        while sum(len(who) for kinds in waiting._held.values() for who in kinds.values()) < count:
            await asyncio.sleep(0.01)


async def test_each_gets_its_own(waiting: Waiting[str], come: Come) -> None:
    visitors = [await come(f"/{n}/{kind}") for n in (3, 4, 5) for kind in "ab"]
    await held(waiting, 6)
    waiting.release(5, named)
    assert [await v.told() for v in visitors[:4]] == [b"3 a", b"3 b", b"4 a", b"4 b"]
    assert waiting
    waiting.let_go(Reply(body=b"end"))
    assert [await v.told() for v in visitors[4:]] == [b"end", b"end"]
    assert not waiting


async def test_the_next_request_of_a_connection_may_wait_again(
    waiting: Waiting[str], come: Come
) -> None:
    visitor = await come("/1/a", "/2/a", "/now")
    await held(waiting, 1)
    waiting.release(2, named)
    assert await visitor.told() == b"1 a"
    await held(waiting, 1)
    waiting.release(3, named)
    assert [await visitor.told(), await visitor.told()] == [b"2 a", b"now"]


async def test_whoever_was_answered_or_left_is_passed_over(
    waiting: Waiting[str], come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 0.1)
    late = await come("/1/a")
    assert await late.told() == b"late"
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 5.0)
    gone = await come("/1/a")
    late.writer.write(request("/9/a"))
    await held(waiting, 3)
    await gone.leave()
    waiting.release(2, named)
    waiting.release(10, named)
    assert await late.told() == b"9 a"


async def test_a_crowd_is_let_go_in_cohorts(
    waiting: Waiting[str], come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COHORT_COUNT", 3)
    visitors = [await come("/1/a") for _ in range(10)]
    await held(waiting, 10)
    waiting.release(2, named)
    assert {await v.told() for v in visitors} == {b"1 a"}


async def test_a_number_that_never_comes_fills_no_memory(
    waiting: Waiting[str], come: Come, door: Serving
) -> None:
    """While a programme stands still, players ask for what is next again and again."""
    stays = await come("/1/a")
    await held(waiting, 1)
    for _ in range(150):
        visitor = await come("/now", "/1/a")
        assert await visitor.told() == b"now"
        await visitor.leave()
        async with asyncio.timeout(5):
            while len(door.server.poller) > 2:  # the listening socket, and who stays
                await asyncio.sleep(0)
    assert sum(len(who) for kinds in waiting._held.values() for who in kinds.values()) <= 64
    waiting.release(2, named)
    assert await stays.told() == b"1 a"
    assert waiting._count == 0
