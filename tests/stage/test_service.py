"""The stage role as a whole: real servers, real WebRTC peers, several stages in one process."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from hustings.chunk import Chunk, Programme, unpack
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES
from hustings.log.subjects import Kind
from hustings.space import Role, Status
from hustings.space import command as c
from hustings.space.event import OnAir, SeatJoined, SeatLeft, Spoke, StageTaken, Warned
from hustings.stage import session
from tests import tones
from tests.peers import WAIT_S, Peer, until
from tests.stage.hall import Hall, hall
from tests.stage.sounding import of_chunk, opus_sound

__all__ = ["hall"]

ANN_HZ, BOB_HZ = 600, 1_000
ANN, BOB = tones.tone(ANN_HZ, 1.0), tones.tone(BOB_HZ, 1.0)
LIVE, HOLD = Programme.LIVE, Programme.HOLD
HOST = Role.HOST


def levels(sound: tones.Sound) -> tuple[float, float]:
    return tones.tone_level_dbfs(sound, ANN_HZ), tones.tone_level_dbfs(sound, BOB_HZ)


def runs(chunks: list[Chunk]) -> list[list[Chunk]]:
    """The chunks in runs of consecutive numbers."""
    out: list[list[Chunk]] = []
    for chunk in chunks:
        if out and out[-1][-1].n + 1 == chunk.n:
            out[-1].append(chunk)
        else:
            out.append([chunk])
    return out


async def settled(*peers: Peer) -> None:
    """Wait until every peer is connected and hears something."""
    await until(lambda: all(peer.connected and len(peer.sound) > 4_800 for peer in peers))


async def test_each_hears_the_others_and_the_green_room_leaves_no_trace(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann", "bob")
    async with Peer(ANN, hall.exchange("ann")) as ann, Peer(BOB, hall.exchange("bob")) as bob:
        await settled(ann, bob)
        await until(lambda: levels(ann.last(0.4))[1] > -20 and levels(bob.last(0.4))[0] > -20)
        await until(lambda: len(hall.levels) > 3)
        own, other = levels(ann.last(0.4))
        assert other - own > 30
        other, own = levels(bob.last(0.4))
        assert other - own > 30
    assert hall.levels[-1].keys() == {"ann", "bob"}
    await until(lambda: sum(isinstance(e, SeatLeft) for e in hall.observed) == 2)
    assert hall.chunks == []
    assert set(await hall.order()) == {Kind.EV, Kind.OBS, Kind.LEASE}
    allowed = (StageTaken, SeatJoined, SeatLeft)
    assert all(isinstance(event, allowed) for event in await hall.observations())


async def test_the_audience_hears_the_stage_on_air_and_only_then(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann", "bob")
    async with Peer(ANN, hall.exchange("ann")) as ann, Peer(BOB, hall.exchange("bob")) as bob:
        await settled(ann, bob)
        await hall.doors()
        await until(lambda: len(hall.chunks) >= 3)
        began = time.monotonic()
        await hall.go_live()
        assert time.monotonic() - began < 0.9
        await until(lambda: hall.chunks[-1].n >= hall.chunks[0].n + 9)
        await hall.decide(c.Hold(by="ann", role=HOST))
        await until(lambda: hall.chunks[-1].programme is HOLD)
        await until(lambda: levels(ann.last(0.3))[1] > -20)  # the seats still hear each other
        await hall.decide(c.Resume(by="ann", role=HOST))
        await until(lambda: hall.chunks[-1].programme is LIVE)
        await hall.decide(c.End(by="ann", role=HOST))
        await until(lambda: not ann.connected and not bob.connected)
    async with asyncio.timeout(WAIT_S):
        # The last word of four stands in the log behind the last chunk.
        while sum(isinstance(e, OnAir) for e in await hall.observations()) < 4:
            await asyncio.sleep(0.02)
    chunks = await hall.logged()
    assert [chunk.n for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.epoch for chunk in chunks}) == 1
    assert [k for k, _ in itertools.groupby(x.programme for x in chunks)] == [HOLD, LIVE] * 2
    await until(lambda: len(hall.chunks) == len(chunks))
    assert chunks == hall.chunks
    sound = opus_sound(chunks)
    for index, chunk in enumerate(chunks[:-1]):
        heard = levels(of_chunk(sound, index))
        assert min(heard) > -25 if chunk.programme is LIVE else max(heard) < -60
    marks = [(e.n, e.live) for e in await hall.observations() if isinstance(e, OnAir)]
    first = [chunk.n for chunk, before in zip(chunks[1:], chunks, strict=False)
             if chunk.programme is not before.programme]  # fmt: skip
    assert [n for n, _ in marks] == [*first, len(chunks)]
    assert [live for _, live in marks] == [True, False, True, False]
    assert await _stems_match(hall, chunks)


async def _stems_match(hall: Hall, chunks: list[Chunk]) -> bool:
    """Whether stems are there for every live chunk and for no other."""
    programme = {chunk.n: chunk.programme for chunk in chunks}
    found: dict[int, set[str]] = {}
    for packet in await hall.stems():
        n = (packet.sample - 2_048) // CHUNK_SAMPLES
        assert programme.get(n) is LIVE
        found.setdefault(n, set()).add(packet.seat)
    live = [n for n, flag in programme.items() if flag is LIVE]
    return all(found.get(n) == {"ann", "bob"} for n in live)


async def test_after_the_end_comes_one_last_word_and_no_chunk(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann")
    async with Peer(ANN, hall.exchange("ann")) as ann:
        await settled(ann)
        await hall.doors()
        await hall.go_live()
        await hall.decide(c.End(by="ann", role=HOST))
        await until(lambda: isinstance(hall.observed[-1], OnAir) and not hall.observed[-1].live)
        answer = await hall.request("ann", ann.offered)
        assert answer.status == 410
    last = hall.observed[-1]
    assert isinstance(last, OnAir)
    count = len(hall.chunks)
    await asyncio.sleep(2 * CHUNK_MS / 1000)  # two more would have come by now
    assert len(hall.chunks) == count
    assert last.n == hall.chunks[-1].n + 1
    order = await hall.order()
    assert order[-1] is Kind.OBS
    assert order.index(Kind.EV) < len(order) - 1 - order[::-1].index(Kind.MIX) < len(order) - 1


async def test_a_muted_seat_is_in_no_mix_and_no_stem(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann", "bob")
    await hall.decide(c.MuteSeat(by="bob", seat="bob"))
    async with Peer(ANN, hall.exchange("ann")) as ann, Peer(BOB, hall.exchange("bob")) as bob:
        await settled(ann, bob)
        await hall.doors()
        await hall.go_live()
        await until(lambda: len(hall.chunks) >= 8)
        assert levels(ann.last(0.4))[1] < -60
        muted = [chunk for chunk in hall.chunks if chunk.programme is LIVE]
        ann_level, bob_level = levels(opus_sound(muted))
        assert ann_level > -25
        assert bob_level < -60
        await until(lambda: any(isinstance(e, Warned) for e in hall.observed))
        assert {packet.seat for packet in await hall.stems()} == {"ann"}
        await hall.decide(c.UnmuteSeat(by="bob", seat="bob"))
        await until(lambda: levels(ann.last(0.3))[1] > -20)
        await until(lambda: "bob" in {e.seat for e in hall.observed if isinstance(e, Spoke)})
    warned = next(e for e in hall.observed if isinstance(e, Warned))
    assert (warned.code, warned.seat) == ("seat_muted", "bob")
    assert warned.advice == "Bob is speaking, but is muted."


@pytest.mark.alone
async def test_the_next_stage_takes_over_at_once_and_the_clock_goes_on(hall: Hall) -> None:
    stages = await hall.stage(0), await hall.stage(1)
    await hall.scheduled("ann", "bob")
    async with Peer(ANN, hall.exchange("ann")) as ann, Peer(BOB, hall.exchange("bob")) as bob:
        await settled(ann, bob)
        await hall.doors()
        await hall.go_live()
        await until(lambda: len(hall.chunks) >= 8)
        first = await hall.holder(*stages)
        await first.kill()
        died = time.monotonic()
        old = hall.chunks[-1].epoch
        await hall.gone(first)
        await until(lambda: hall.chunks[-1].epoch > old)
        assert time.monotonic() - died < 1.0
        await asyncio.gather(ann.reconnect(), bob.reconnect())
        await settled(ann, bob)
        resumed = len(hall.chunks)
        await until(lambda: len(hall.chunks) >= resumed + 4)
    chunks = await hall.logged()
    epochs = [chunk.epoch for chunk in chunks]
    assert epochs == sorted(epochs)
    assert [chunk.n for chunk in chunks] == sorted({chunk.n for chunk in chunks})
    change = next(i for i, chunk in enumerate(chunks) if chunk.epoch > old)
    before, after = chunks[change - 1], chunks[change]
    # The programme goes on where the clock is: not a chunk early, not a chunk late. A chunk says
    # when it was made, which is some ticks late where the machine is busy.
    between_ns = after.boottime_ns - before.boottime_ns
    assert abs(between_ns / 1e6 / CHUNK_MS - (after.n - before.n)) < 0.25
    assert after.n - before.n <= 3
    assert after.programme is LIVE
    sound = opus_sound(runs(chunks)[-1])
    assert min(levels(sound[-CHUNK_SAMPLES:])) > -25
    observed = await hall.observations()
    taken = [e for e in observed if isinstance(e, StageTaken)]
    assert [(e.cause, e.epoch) for e in taken] == [("opened", old), ("takeover", after.epoch)]
    assert taken[1].n == after.n
    joins = [(e.seat, e.join) for e in observed if isinstance(e, SeatJoined)]
    assert sorted(joins) == [("ann", 1), ("ann", 2), ("bob", 1), ("bob", 2)]
    assert [(e.n, e.live) for e in observed if isinstance(e, OnAir)] == [
        (before_live(chunks), True)
    ]


def before_live(chunks: list[Chunk]) -> int:
    """Number of the first live chunk."""
    return next(chunk.n for chunk in chunks if chunk.programme is LIVE)


async def test_a_stage_that_is_declared_gone_wrongly_is_fenced(hall: Hall) -> None:
    stages = await hall.stage(0), await hall.stage(1)
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 3)
    first = await hall.holder(*stages)
    old = hall.chunks[-1].epoch
    await hall.gone(first)
    await until(lambda: hall.chunks[-1].epoch > old)
    await until(lambda: len(hall.chunks) >= 12)
    assert not first.task.done()
    kinds = (Kind.LEASE, Kind.MIX)
    entries = [entry async for entry in hall.log.read(hall.space, kinds)]
    lease = max(entry.seq for entry in entries if entry.kind is Kind.LEASE)
    after = [unpack(e.data) for e in entries if e.kind is Kind.MIX and e.seq > lease]
    assert len(after) > 3
    assert {chunk.epoch for chunk in after} == {lease}
    # What the replaced stage publishes live, until its next append fails, is told by its epoch.
    newest = [chunk.epoch for chunk in hall.chunks[-4:]]
    assert newest == [lease] * 4


async def test_missed_beats_free_a_space_too(hall: Hall) -> None:
    stages = await hall.stage(0), await hall.stage(1)
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 2)
    first = await hall.holder(*stages)
    old = hall.chunks[-1].epoch
    await first.kill()
    await until(lambda: hall.chunks[-1].epoch > old, 3.0)


async def test_a_stage_that_starts_finds_the_spaces_that_wait_for_one(hall: Hall) -> None:
    await hall.scheduled("ann")
    await hall.doors()
    await hall.decide(c.GoLive(by="web"))
    await hall.stage()
    await until(lambda: hall.chunks)
    assert hall.chunks[0].n == 0
    assert hall.chunks[0].programme is LIVE


async def test_a_stage_that_starts_says_the_last_word_of_one_that_died(hall: Hall) -> None:
    first = await hall.stage(0)
    await hall.scheduled("ann")
    await hall.doors()
    await hall.go_live()
    await first.kill()
    await hall.decide(c.End(by="web"))
    await hall.stage(0)
    await until(lambda: isinstance(hall.observed[-1], OnAir) and not hall.observed[-1].live)
    chunks = await hall.logged()
    last = hall.observed[-1]
    assert isinstance(last, OnAir)
    assert last.n == chunks[-1].n + 1


async def test_a_stage_told_to_stop_holds_and_the_next_resumes(hall: Hall) -> None:
    first = await hall.stage(0)
    await hall.scheduled("ann")
    async with Peer(ANN, hall.exchange("ann")) as ann:
        await settled(ann)
        await hall.doors()
        await until(lambda: len(hall.chunks) >= 2)
        await hall.go_live()
        await first.stop()
        state = await hall.state()
        assert (state.status, state.held_by_system) == (Status.HELD, True)
        assert state.reason == "The server is restarting."
        assert not state.seats["ann"].connected
        marks = [(e.n, e.live) for e in await hall.observations() if isinstance(e, OnAir)]
        chunks = await hall.logged()
        live = [chunk.n for chunk in chunks if chunk.programme is LIVE]
        assert marks == [(live[0], True), (live[-1] + 1, False)]
        second = await hall.stage(0)
        await ann.reconnect()
        await until(lambda: hall.chunks[-1].epoch > chunks[-1].epoch)
        await until(lambda: hall.chunks[-1].programme is LIVE)
        assert (await hall.state()).status is Status.LIVE
        taken = [e.cause for e in await hall.observations() if isinstance(e, StageTaken)]
        assert taken == ["opened", "restart"]
        await second.stop()


async def test_spaces_spread_over_the_stages(hall: Hall) -> None:
    stages = await hall.stage(0), await hall.stage(1)
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: hall.chunks)
    first = await hall.holder(*stages)
    hall.space = "hall000002"
    await hall.scheduled("ann")
    await hall.doors()
    assert await hall.holder(*stages) is not first


async def test_a_session_that_fails_takes_no_other_down(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage = await hall.stage()
    healthy = hall.space
    await hall.scheduled("ann")
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 2)
    hall.space = "hall000002"
    await hall.scheduled("ann")
    attempts = []
    begin = session.Session._take

    def fail(self: session.Session, *args: object) -> None:
        if self.space_id != healthy:
            attempts.append(self.space_id)
            raise RuntimeError("a fault in one space")
        begin(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(session.Session, "_take", fail)
    await hall.doors()
    await until(lambda: len(attempts) == 3)
    before = len(hall.chunks)
    await until(lambda: len(hall.chunks) >= before + 4)
    assert len(attempts) == 3
    assert not stage.task.done()
    assert len(runs(hall.chunks)) == 1
    assert "a fault in one space" in caplog.text


async def test_offers_for_what_is_over_or_unknown_are_answered(hall: Hall) -> None:
    await hall.stage()
    await hall.scheduled("ann")
    await hall.decide(c.Cancel(by="web"))
    assert (await hall.request("ann", "v=0")).status == 410
    hall.space = "unknown001"
    assert (await hall.request("ann", "v=0")).status == 404


async def test_an_empty_stage_does_nothing(hall: Hall) -> None:
    await hall.stage()
    before = time.process_time()
    began = time.monotonic()
    await asyncio.sleep(1.0)
    assert (time.process_time() - before) / (time.monotonic() - began) < 0.05
