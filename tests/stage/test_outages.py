"""Stages whose servers die, freeze or are out of reach at the worst moments."""

from __future__ import annotations

import asyncio

import pytest

from hustings import limits
from hustings.log import api
from hustings.log.jetstream import JetStreamLog
from hustings.log.subjects import Kind
from hustings.space import Role
from hustings.space import command as c
from hustings.space.event import OnAir, Warned
from hustings.stage.desk import Desk
from tests.peers import until
from tests.stage.hall import Hall, hall
from tests.stage.wire import Wire

__all__ = ["hall"]


@pytest.mark.alone
async def test_a_live_server_that_dies_while_a_stage_starts_costs_no_stage(hall: Hall) -> None:
    stage = await hall.prepare()
    await hall.scheduled("ann")
    await hall.freeze_live()
    starting = asyncio.create_task(stage.serve())
    await asyncio.sleep(0.2)
    assert not starting.done()
    await hall.replace_live()
    await starting
    await hall.doors()
    await until(lambda: hall.chunks)
    assert (await hall.request("ann", "v=0")).status == 400


async def test_a_live_server_that_dies_as_a_session_begins_costs_no_space(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    begin = Desk.open

    async def freeze(self: Desk) -> None:
        await hall.freeze_live()
        begun.set()
        await begin(self)

    monkeypatch.setattr(Desk, "open", freeze)
    await hall.stage()
    await hall.scheduled("ann")
    await hall.doors()
    await begun.wait()
    await asyncio.sleep(0.2)
    await hall.replace_live()
    before = len(hall.chunks)
    await until(lambda: len(hall.chunks) >= before + 4)
    assert (await hall.request("ann", "v=0")).status == 400
    assert (await hall.order()).count(Kind.LEASE) == 1


async def test_a_stage_cut_off_from_the_log_gives_way_to_the_one_that_took_over(
    hall: Hall,
) -> None:
    async with Wire.to(hall.log_port) as wire:
        first = await hall.stage(0, log_servers=(f"nats://127.0.0.1:{wire.port}",))
        await hall.scheduled("ann")
        await hall.doors()
        await until(lambda: len(hall.chunks) >= 2)
        old = hall.chunks[-1].epoch
        await wire.cut()
        second = await hall.stage(1)
        await hall.gone(first)
        await until(lambda: hall.chunks[-1].epoch > old)
        assert await hall.holder(first, second) is second
        before = len(hall.chunks)
        await until(lambda: len(hall.chunks) >= before + 6)
        assert {chunk.epoch for chunk in hall.chunks[before + 2 :]} == {hall.chunks[-1].epoch}
        assert not first.task.done()


async def test_a_log_away_for_longer_than_the_buffer_costs_sound_and_nothing_else(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_BUFFER_S", 0.7)
    monkeypatch.setattr(limits, "LOG_AWAY_TOLD_S", 0.3)
    monkeypatch.setattr(limits, "LOG_ACK_S", 0.2)
    await hall.stage()
    await hall.scheduled("ann")
    await hall.doors()
    await hall.go_live()
    await hall.stop_log()
    before = len(hall.chunks)
    await until(lambda: len(hall.chunks) >= before + 8)
    await hall.start_log()
    await until(lambda: len(hall.chunks) >= before + 12)
    await hall.decide(c.End(by="ann", role=Role.HOST))
    await until(lambda: isinstance(hall.observed[-1], OnAir) and not hall.observed[-1].live)
    assert [chunk.n for chunk in hall.chunks] == list(range(len(hall.chunks)))
    told = [e.code for e in hall.observed if isinstance(e, Warned)]
    assert [code for code in told if code != "dead_air"] == ["log_away", "log_lost"]
    logged = [chunk.n for chunk in await hall.logged()]
    assert logged == sorted(set(logged))
    assert logged[-1] == hall.chunks[-1].n
    assert 3 <= len(hall.chunks) - len(logged) <= 9
    async with hall.patience():
        while await hall.observations() != hall.observed:
            pass


async def test_a_takeover_waits_for_a_log_that_is_away(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "REQUEST_S", 0.5)
    first, _ = await hall.stage(0), await hall.stage(1)
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 2)
    old = hall.chunks[-1].epoch
    await hall.stop_log()
    await first.kill()
    await hall.gone(first)
    # Nobody is on stage who would ask again.
    await until(lambda: f"space {hall.space}: test-stage (log): no connection" in caplog.text)
    await hall.start_log()
    await until(lambda: hall.chunks[-1].epoch > old)


async def test_a_stage_that_stops_hands_its_spaces_on(hall: Hall) -> None:
    stages = await hall.stage(0), await hall.stage(1)
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 2)
    old = hall.chunks[-1].epoch
    await (await hall.holder(*stages)).stop()
    await until(lambda: hall.chunks[-1].epoch > old)


async def test_a_stage_starts_whatever_else_is_in_the_log(hall: Hall) -> None:
    assert isinstance(hall.log, JetStreamLog)
    theirs = {"name": "SP_Theirs", "subjects": ["theirs.>"]}
    await api.call(hall.log._connection, "STREAM.CREATE.SP_Theirs", theirs)
    await hall.scheduled("ann")
    await hall.doors()
    await hall.decide(c.GoLive(by="web"))
    await hall.stage()
    await until(lambda: hall.chunks)


async def test_who_has_no_seat_holds_nobody_up_while_the_log_is_away(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of their offers would wait for a grant that only the log could tell of."""
    waits = 0
    caught_up = Desk._caught_up

    async def counted(desk: Desk) -> None:
        nonlocal waits
        waits += 1
        await caught_up(desk)

    monkeypatch.setattr(Desk, "_caught_up", counted)
    await hall.scheduled("ann")
    await hall.doors()
    await hall.stage()
    await until(lambda: hall.chunks)
    await hall.stop_log()
    gone = [hall.request("eve", "v=0") for _ in range(8)]
    answers = await asyncio.gather(*gone, hall.request("ann", "v=0"))
    assert [answer.status for answer in answers] == [403] * 8 + [400]
    assert waits == 1
    await hall.start_log()
