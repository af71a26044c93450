"""One space on a real stage through trouble: stalls, a log that is away, an empty green room."""

from __future__ import annotations

import itertools
import time

import pytest

from hustings import limits
from hustings.chunk import Programme
from hustings.clock import CHUNK_MS
from hustings.log.subjects import Kind
from hustings.space import Role
from hustings.space import command as c
from hustings.space.event import OnAir, SeatLeft, StageTaken, Warned
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, hall

__all__ = ["hall"]

ANN = tones.tone(600, 1.0)
HOLD = Programme.HOLD
HOST = Role.HOST


async def test_the_end_of_a_held_space_is_told(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann")
    await hall.doors()
    await hall.go_live()
    await hall.decide(c.Hold(by="ann", role=HOST))
    await until(lambda: hall.chunks[-1].programme is HOLD)
    await hall.decide(c.End(by="ann", role=HOST))

    def marks() -> list[OnAir]:
        return [event for event in hall.observed if isinstance(event, OnAir)]

    await until(lambda: len(marks()) == 3)
    assert [mark.live for mark in marks()] == [True, False, False]
    assert marks()[-1].n == hall.chunks[-1].n + 1


async def test_a_stalled_process_leaves_a_gap_and_keeps_the_clock(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 2)
    time.sleep(1.3)  # noqa: ASYNC251 the whole loop stands still, which is the fault
    stalled = len(hall.chunks)
    await until(lambda: len(hall.chunks) >= stalled + 4)
    numbers = [chunk.n for chunk in hall.chunks]
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    assert sorted(steps)[:-1] == [1] * (len(steps) - 1)
    assert max(steps) in (3, 4, 5)
    first, last = hall.chunks[0], hall.chunks[-1]
    elapsed_ms = (last.boottime_ns - first.boottime_ns) / 1e6
    assert abs(elapsed_ms - (last.n - first.n) * CHUNK_MS) < 3


async def test_a_log_that_is_away_loses_nothing_and_the_host_is_told(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_AWAY_TOLD_S", 0.5)
    await hall.stage()
    await hall.scheduled("ann")
    async with Peer(ANN, hall.exchange("ann")) as ann:
        await until(lambda: ann.connected)
        await hall.doors()
        await hall.go_live()
        await hall.stop_log()
        before = len(hall.chunks)
        await until(lambda: any(isinstance(e, Warned) for e in hall.observed))
        await until(lambda: len(hall.chunks) >= before + 4)  # listeners notice nothing
        await hall.start_log()
        await until(lambda: len(hall.chunks) >= before + 8)
        await hall.decide(c.End(by="ann", role=HOST))
        await until(lambda: isinstance(hall.observed[-1], OnAir) and not hall.observed[-1].live)
        await until(lambda: not ann.connected)
    told = [e.code for e in hall.observed if isinstance(e, Warned)]
    assert told == ["log_away"]
    assert [chunk.n for chunk in hall.chunks] == list(range(len(hall.chunks)))
    async with hall.patience():
        while await hall.logged() != hall.chunks:
            pass
        while await hall.observations() != hall.observed:
            pass


async def test_a_seat_that_is_revoked_is_closed_and_its_page_told(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann", "bob")
    async with Peer(ANN, hall.exchange("bob")) as bob:
        await until(lambda: bob.connected)
        await hall.decide(c.RevokeSeat(by="ann", role=HOST, seat="bob"))
        await until(lambda: not bob.connected)
        assert (await hall.request("bob", bob.offered)).status == 403
    left = [e for e in hall.observed if isinstance(e, SeatLeft)]
    assert [(e.seat, e.cause) for e in left] == [("bob", "revoked")]


async def test_a_grant_is_known_to_the_offer_that_follows_it(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann")
    async with Peer(ANN, hall.exchange("ann")) as ann:
        await until(lambda: ann.connected)
        await hall.decide(c.GrantSeat(by="ann", seat="bob", name="Bob", seat_role=Role.SPEAKER))
        assert (await hall.request("bob", ann.offered)).status == 201


async def test_a_speaker_hangs_up_through_the_gate(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann")
    async with Peer(ANN, hall.exchange("ann")) as ann:
        await until(lambda: ann.connected)
        answer = await hall.request("ann", ann.offered)
        assert (await hall.leave("ann", answer.session)).status == 200
        assert (await hall.leave("ann", "nothing")).status == 404


async def test_an_empty_green_room_is_given_up_and_opened_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GREEN_ROOM_EMPTY_S", 0.2)
    await hall.stage()
    await hall.scheduled("ann")
    assert (await hall.request("ann", "v=0")).status == 400
    await until(lambda: not hall.answering)
    async with Peer(ANN, hall.exchange("ann")) as ann:
        await until(lambda: ann.connected)
    assert (await hall.order()).count(Kind.LEASE) == 2
    causes = [e.cause for e in await hall.observations() if isinstance(e, StageTaken)]
    assert causes == ["opened", "takeover"]
