"""Votes: one of each voter, in the log before the answer, the same after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from hustings import limits
from hustings.archive.votes import Votes
from hustings.errors import NoResponder
from hustings.log import subjects
from hustings.log.contract import Live, Log, Message
from hustings.log.subjects import Kind
from hustings.space import Event, encode
from hustings.space import event as e
from hustings.talk import Asked, Voted, decode
from hustings.talk import encode as encode_talk
from tests.archive.conftest import House, until
from tests.archive.script import SPACE

ADA, BOB = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
Given = tuple[str, str, tuple[int, ...], int]


@dataclass(slots=True)
class Booth:
    """A web role that decides, and an edge that hands votes over and hears results."""

    web: Log
    edge: Live
    said: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)

    async def decide(self, *events: Event) -> None:
        for event in events:
            await self.write(Kind.EV, encode(event))

    async def ask(self, question: str) -> None:
        asked = Asked(id=question, person="g-1", name="Grace", text="Why?", at_ms=1)
        await self.write(Kind.TALK, encode_talk([asked]))

    async def write(self, kind: Kind, data: bytes) -> None:
        self.said += 1
        await self.web.append(SPACE, kind, data, message_id=f"{kind}.{self.said}")

    async def vote(self, *votes: Given) -> bytes:
        data = msgspec.json.encode({"votes": votes})
        return await self.edge.request(subjects.votes(SPACE), data, timeout=3)

    async def hear(self, message: Message) -> None:
        self.told.append(msgspec.json.decode(message.data)["ballots"])

    async def hears(self, **ballots: list[int]) -> None:
        """Wait until these results are told."""

        async def so() -> bool:
            now = self.told[-1] if self.told else {}
            return {name: one["counts"] for name, one in now.items()} == ballots

        await until(so, timeout=8)

    async def logged(self) -> list[Voted]:
        entries = [entry async for entry in self.web.read(SPACE, {Kind.TALK})]
        pieces = [piece for entry in entries for piece in decode(entry.data)]
        return [piece for piece in pieces if isinstance(piece, Voted)]


@asynccontextmanager
async def counting(house: House) -> AsyncIterator[None]:
    log, live = await house.connect("archive")
    votes = asyncio.create_task(Votes(SPACE, log=log, live=live).run())
    try:
        yield
        assert not votes.done()
    finally:
        votes.cancel()
        await asyncio.wait((votes,))


async def booth(house: House) -> Booth:
    web, _ = await house.connect("web")
    _, edge = await house.connect("edge")
    made = Booth(web, edge)
    await web.create(SPACE)
    await made.decide(
        e.Scheduled(at_ms=1, by="web", title="T", starts_at_ms=10**13),
        e.PollOpened(at_ms=2, by="web", poll="p", question="?", options=("a", "b", "c")),
    )
    await edge.subscribe(subjects.tally(SPACE), made.hear)
    return made


async def ready(one: Booth) -> None:
    async def serves() -> bool:
        try:
            return await one.vote() == b"ok"
        except NoResponder:
            return False

    await until(serves)


async def test_one_vote_of_each_voter_in_the_log_before_the_answer(house: House) -> None:
    one = await booth(house)
    async with counting(house):
        await ready(one)
        assert await one.vote(("p", ADA, (0,), 10), ("p", BOB, (1,), 11)) == b"ok"
        (voted,) = await one.logged()
        assert voted.votes == {"p": {ADA: [0], BOB: [1]}}
        assert voted.times == {"p": {ADA: 10, BOB: 11}}
        await one.hears(p=[1, 1, 0])
        # The same again, and one that is older than what is known: nothing is written.
        assert await one.vote(("p", ADA, (0,), 10), ("p", BOB, (2,), 5)) == b"ok"
        assert len(await one.logged()) == 1
        assert await one.vote(("p", ADA, (2,), 20)) == b"ok"
        await one.hears(p=[0, 1, 1])
    one.told.clear()
    async with counting(house):  # read back
        await ready(one)
        await one.hears(p=[0, 1, 1])
        assert await one.vote(("p", ADA, (0,), 15)) == b"ok"  # an older one, kept by an edge
        assert await one.vote(("p", BOB, (), 30)) == b"ok"
        await one.hears(p=[0, 0, 1])
        assert one.told[-1]["p"]["voters"] == 1


async def test_what_never_was_is_not_counted(house: House) -> None:
    one = await booth(house)
    async with counting(house):
        await ready(one)
        for vote in (
            ("x", ADA, (0,), 1),
            ("q-x", ADA, (0,), 1),
            ("p", ADA, (3,), 1),
            ("p", ADA, (-1,), 1),
            ("p", ADA, (0, 1), 1),
            ("p", "Ada", (0,), 1),
            ("p", ADA, (0,), -1),
        ):
            assert await one.vote(vote) == b"ok"
        assert await one.edge.request(subjects.votes(SPACE), b"{}", timeout=3) != b"ok"
        assert await one.logged() == []
        # Asked and opened while it runs: what an edge has read first is looked for.
        await one.ask("q1")
        opened = e.PollOpened(
            at_ms=3, by="web", poll="m", question="?", options=("a", "b"), multiple=True
        )
        await one.decide(opened)
        assert await one.vote(("q-q1", ADA, (0,), 5), ("m", ADA, (0, 1), 6)) == b"ok"
        await one.hears(**{"q-q1": [1], "m": [1, 1]})


async def test_after_the_close_only_what_was_taken_before_counts(house: House) -> None:
    one = await booth(house)
    late_ms = limits.VOTES_LATE_MS
    async with counting(house):
        await ready(one)
        await one.decide(e.PollClosed(at_ms=1_000, by="web", poll="p"))
        # The note of the close travels; what an edge took before it heard of it is not lost.
        assert await one.vote(("p", ADA, (0,), 1_000 + late_ms)) == b"ok"
        await one.hears(p=[1, 0, 0])

        async def refused() -> bool:
            at_ms = 1_001 + late_ms + len(one.told)
            await one.vote(("p", BOB, (1,), at_ms))
            return len(await one.logged()) == 1

        await until(refused)
    async with counting(house):
        await ready(one)
        assert await one.vote(("p", BOB, (1,), 1_001 + late_ms)) == b"ok"
        assert await one.vote(("p", BOB, (2,), 900)) == b"ok"
        await one.hears(p=[1, 0, 1])


async def test_after_the_end_nothing_is_voted_for(house: House) -> None:
    one = await booth(house)
    await one.ask("q1")
    await one.decide(
        e.DoorsOpened(at_ms=3, by="web"),
        e.WentLive(at_ms=4, by="web"),
        e.Ended(at_ms=1_000, by="web"),
    )
    late_ms = 1_001 + limits.VOTES_LATE_MS
    async with counting(house):
        await ready(one)
        assert await one.vote(("p", ADA, (0,), late_ms), ("q-q1", ADA, (0,), late_ms)) == b"ok"
        assert await one.vote(("p", BOB, (1,), 999), ("q-q1", BOB, (0,), 999)) == b"ok"
        await one.hears(p=[0, 1, 0], **{"q-q1": [1]})


async def test_an_archive_counts_before_the_doors(house: House) -> None:
    """A space that waits for its day has votes once it has a poll; its salt stays the same."""
    one = await booth(house)
    async with house.archive():
        await ready(one)
        salt = await one.edge.request(subjects.SALT, SPACE.encode(), timeout=2)
        assert len(salt) == 32
        assert await one.vote(("p", ADA, (1,), 10)) == b"ok"
        await one.hears(p=[0, 1, 0])
    one.told.clear()
    async with house.archive():
        await ready(one)
        assert await one.edge.request(subjects.SALT, SPACE.encode(), timeout=2) == salt
        await one.hears(p=[0, 1, 0])


async def test_a_question_asked_before_the_doors_is_heard_of(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RESCAN_S", 3600.0)
    web, live = await house.connect("web")
    _, edge = await house.connect("edge")
    one = Booth(web, edge)
    await web.create(SPACE)
    await one.decide(e.Scheduled(at_ms=1, by="web", title="T", starts_at_ms=10**13))
    async with house.archive():
        await asyncio.sleep(0.2)
        with pytest.raises(NoResponder):
            await one.vote()
        await one.ask("q1")
        await live.publish(subjects.live(SPACE, Kind.TALK), b"[]")
        await ready(one)
        assert await one.vote(("q-q1", ADA, (0,), 5)) == b"ok"
        assert len(await one.logged()) == 1
