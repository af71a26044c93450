"""Votes count exactly: through three edges, a killed archive, and voters who change their minds."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any, Final

import pytest

from hustings import limits
from hustings.edge.ballots import Ballots, voter_of
from hustings.edge.metrics import Metrics
from hustings.edge.salts import Salts
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.memory import MemoryLive
from hustings.log.subjects import Kind
from hustings.space import event as e
from hustings.talk import Asked, Tally, decode, encode
from tests.edge.archives import archive
from tests.edge.house import SPACE, House, head

_VOTERS: Final = 2_000
_OPTIONS: Final = ("Yes", "No", "Perhaps")


async def _poll(h: House, poll: str = "p1", **values: Any) -> None:
    given = {"question": "Shall we?", "options": _OPTIONS, **values}
    await h.event(e.PollOpened(at_ms=9, by="web", poll=poll, **given))


async def _ask(h: House, question: str = "q1") -> None:
    asked = Asked(id=question, person="g-1", name="Grace", text="Why?", at_ms=1)
    number = f"test.{question}"
    await h.web[0].append(SPACE, Kind.TALK, encode([asked]), message_id=number)


async def _talk(h: House, port: int | None = None) -> Any:
    answer = await h.get(f"/live/{SPACE}/talk.json", port=port)
    assert answer.status == 200, answer
    return answer.json()


async def _until(h: House, true: Any, *, port: int | None = None) -> Any:
    async with asyncio.timeout(20):
        while True:
            talk = await _talk(h, port)
            if true(talk):
                return talk
            await asyncio.sleep(0.1)


async def _say(h: House, body: Any, port: int | None = None) -> tuple[int, Any]:
    data = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port or h.port)
    fields = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    writer.write(f"POST /live/{SPACE}/say HTTP/1.1\r\n{fields}\r\n\r\n".encode() + data)
    status, got = await head(reader)
    answer = await reader.readexactly(int(got.get("content-length", "0")))
    writer.close()
    return status, json.loads(answer) if answer else None


def _vote(voter: int, *choices: int, ballot: str = "p1") -> dict[str, Any]:
    v = f"voter{voter}".rjust(20, "-")
    return {"kind": "vote", "v": v, "t": "tab1", "ballot": ballot, "choices": list(choices)}


async def _counted(h: House) -> bool:
    """Whether some votes rest in the log."""
    last = await h.web[0].last(SPACE, Kind.TALK)
    return last is not None and b'"voted"' in last.data


async def _vote_all(port: int, votes: list[dict[str, Any]], *, pause_s: float = 0.0) -> None:
    """Post votes down one connection, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for vote in votes:
        data = json.dumps(vote).encode()
        fields = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
        writer.write(f"POST /live/{SPACE}/say HTTP/1.1\r\n{fields}\r\n\r\n".encode() + data)
        status, got = await head(reader)
        assert status == 202, (status, got)
        await asyncio.sleep(pause_s)
    writer.close()


@pytest.mark.timeout(90)
async def test_every_vote_counts_once(h: House) -> None:
    """Two thousand voters vote, change edges and vote again, while the archive is killed."""
    await h.open_with(2)
    await _poll(h)
    await _ask(h)
    for index in (1, 2):
        await h.start_edge(index=index)
    ports = [edge.port for edge in h.edges]
    for port in ports:
        await _until(h, lambda t: t["polls"] and t["questions"], port=port)
    dice = random.Random(4)
    last = {voter: dice.randrange(3) for voter in range(_VOTERS)}
    up = {voter for voter in range(_VOTERS) if dice.random() < 0.3}
    rounds: list[list[list[dict[str, Any]]]] = [[[] for _ in ports] for _ in range(2)]
    for voter in range(_VOTERS):
        rounds[0][voter % 3].append(_vote(voter, dice.randrange(3)))
        rounds[1][(voter + 1) % 3].append(_vote(voter, last[voter]))
        if voter in up:
            rounds[0][voter % 3].append(_vote(voter, 0, ballot="q-q1"))
            if voter % 2:  # taken back
                rounds[1][(voter + 2) % 3].append(_vote(voter, ballot="q-q1"))
    async with archive(h) as counting:
        crowd = [
            asyncio.create_task(_vote_all(*one, pause_s=0.002))
            for one in zip(ports, rounds[0], strict=True)
        ]
        async with asyncio.timeout(10):
            while not await _counted(h):
                await asyncio.sleep(0.02)
        await counting.kill()
        assert not all(one.done() for one in crowd), "it was killed too late"
        await asyncio.gather(*crowd)
        for port, votes in zip(ports, rounds[1], strict=True):
            await _vote_all(port, votes)
        await counting.start()
        counts = [sum(choice == option for choice in last.values()) for option in range(3)]
        stay = sum(voter % 2 == 0 for voter in up)
        for port in ports:
            talk = await _until(
                h,
                lambda t: t["polls"][0]["counts"] == counts and t["questions"][0]["votes"] == stay,
                port=port,
            )
            assert talk["polls"][0]["voters"] == _VOTERS
        # Nothing that is still on its way changes that, and the log says the same.
        await asyncio.sleep(1.5)
        assert (await _talk(h))["polls"][0]["counts"] == counts
    await h.end(1)
    await h.event(e.Posted(at_ms=6, by="archive", recording_seconds=1.0, receipt_sha256="x"))
    await h.start_edge(index=3)
    talk = await _until(h, lambda t: t["polls"][0]["voters"] == _VOTERS)
    assert talk["polls"][0]["counts"] == counts
    assert talk["questions"][0]["votes"] == stay


async def test_what_cannot_be_voted_for_is_refused(h: House) -> None:
    await h.open_with(1)
    await _poll(h)
    await _poll(h, "p2", multiple=True)
    await _ask(h)
    await _until(h, lambda t: len(t["polls"]) == 2 and t["questions"])
    for body, status, code in (
        (_vote(1, 0), 202, None),
        (_vote(1), 202, None),
        (_vote(1, 2, 0, ballot="p2"), 202, None),
        (_vote(1, 0, ballot="q-q1"), 202, None),
        (_vote(2, 0, 1), 400, "input"),
        (_vote(2, 3), 400, "input"),
        (_vote(2, -1), 400, "input"),
        (_vote(2, 1, 1, ballot="p2"), 400, "input"),
        (_vote(2, *range(20), ballot="p2"), 400, "input"),
        (_vote(2, 1, ballot="q-q1"), 400, "input"),
        (_vote(2, 0, ballot="p9"), 404, "ballot"),
        (_vote(2, 0, ballot="q1"), 404, "ballot"),
        (_vote(2, 0, ballot="q-q9"), 404, "ballot"),
        ({**_vote(2, 0), "v": None}, 400, "input"),
        ({**_vote(2, 0), "v": "x"}, 400, "input"),
    ):
        got, answer = await _say(h, body)
        assert got == status, (body, answer)
        if code is not None:
            assert answer["code"] == code
    assert [(await _say(h, _vote(3, 0)))[0] for _ in range(14)].count(429) >= 1
    await h.event(e.PollClosed(at_ms=10, by="web", poll="p1"))
    await h.event(e.QuestionMarked(at_ms=10, by="web", question="q1", state="answered"))
    await _until(h, lambda t: t["polls"][0]["closed"] and t["questions"][0]["answered"])
    assert (await _say(h, _vote(4, 0)))[0] == 409
    assert (await _say(h, _vote(4, 0, ballot="q-q1")))[0] == 409
    await h.end(0)
    await h.until(lambda s: s["status"] == "ended")
    assert (await _say(h, _vote(5, 0, ballot="p2")))[0] == 410


class _Archive:
    """What takes votes, or not."""

    def __init__(self, live: MemoryLive) -> None:
        self.live = live
        self.there = False
        self.batches: list[list[Any]] = []

    async def serve(self) -> None:
        await self.live.serve(subjects.SALT, self.salt)
        await self.live.serve(subjects.votes(SPACE), self.take)

    async def salt(self, message: Message) -> bytes:
        return b"s" * 32

    async def take(self, message: Message) -> bytes:
        self.batches.append(json.loads(message.data)["votes"])
        return b"ok" if self.there else b"no"


async def test_what_nobody_counts_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VOTES_EVERY_S", 0.01)
    monkeypatch.setattr("hustings.edge.ballots._AGAIN_S", 0.01)
    live = MemoryLive()
    counting = _Archive(live)
    await live.serve(subjects.SALT, counting.salt)
    now_ms = int(time.time() * 1000)
    async with asyncio.TaskGroup() as tasks:
        salts = Salts(live)
        ballots = Ballots(
            live, salts=salts, tasks=tasks, metrics=Metrics(), tallied=lambda *_: None
        )
        work = [tasks.create_task(one) for one in (salts.run(), ballots.run())]
        assert ballots.take(SPACE, "p", "v0", (0,), at_ms=now_ms - 1000 * limits.VOTES_WAIT_S - 1)
        assert ballots.take(SPACE, "p", "v1", (0,), at_ms=now_ms)
        async with asyncio.timeout(5):
            while ballots.waiting > 1:
                await asyncio.sleep(0.01)
        await live.serve(subjects.votes(SPACE), counting.take)
        counting.there = True
        await ballots.close(within_s=5)
        assert [[vote[1] for vote in batch] for batch in counting.batches] == [
            [voter_of("v1", b"s" * 32)]
        ]
        for task in work:
            task.cancel()


async def test_votes_wait_for_the_archive_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest vote of each voter is kept and handed over; beyond the bound none is taken."""
    monkeypatch.setattr(limits, "VOTES_COUNT", 3)
    monkeypatch.setattr(limits, "VOTES_EVERY_S", 0.01)
    monkeypatch.setattr("hustings.edge.ballots._AGAIN_S", 0.01)
    live = MemoryLive()
    counting = _Archive(live)
    await counting.serve()
    told: list[tuple[str, dict[str, Tally]]] = []
    now_ms = int(time.time() * 1000)
    async with asyncio.TaskGroup() as tasks:
        salts, metrics = Salts(live), Metrics()
        ballots = Ballots(
            live,
            salts=salts,
            tasks=tasks,
            metrics=metrics,
            tallied=lambda space, tallies: told.append((space, tallies)),
        )
        work = [tasks.create_task(one) for one in (salts.run(), ballots.run())]
        for voter in range(3):
            assert ballots.take(SPACE, "p", f"v{voter}", (0,), at_ms=now_ms + voter)
        assert not ballots.take(SPACE, "p", "v3", (0,), at_ms=now_ms + 5)
        async with asyncio.timeout(5):
            while len(counting.batches) < 3:
                await asyncio.sleep(0.01)
        assert ballots.take(SPACE, "p", "v0", (1,), at_ms=now_ms + 9)  # a change takes no more room
        assert ballots.waiting == 3
        counting.there = True
        await ballots.close(within_s=5)
        assert ballots.waiting == 0
        assert ballots.spaces() == set()
        assert [voter_of("v0", b"s" * 32), [1], now_ms + 9] in [
            vote[1:] for vote in counting.batches[-1]
        ]
        await live.publish(subjects.tally(SPACE), b'{"ballots":{"p":{"counts":[2],"voters":2}}}')
        await live.publish(subjects.tally(SPACE), b"[]")
        async with asyncio.timeout(5):
            while not told:
                await asyncio.sleep(0.01)
        assert told == [(SPACE, {"p": Tally(counts=[2], voters=2)})]
        for task in work:
            task.cancel()


async def test_the_log_names_nobody(h: House) -> None:
    """What stands in the log leads to no visitor: neither key nor address."""
    await h.open_with(1)
    await _poll(h)
    await _until(h, lambda t: t["polls"])
    async with archive(h):
        assert (await _say(h, _vote(1, 0)))[0] == 202
        await _until(h, lambda t: t["polls"][0]["voters"] == 1)
    entries = [entry async for entry in h.web[0].read(SPACE, {Kind.TALK})]
    assert len(entries) == 1
    assert b"voter1" not in entries[0].data
    assert len(decode(entries[0].data)) == 1
