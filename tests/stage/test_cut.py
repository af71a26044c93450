"""The cut and the broadcast delay on a real stage: what listeners hear, and what the log keeps."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from hustings.audio.opus import OpusDecoder
from hustings.chunk import Chunk, Programme
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES, TICKS_PER_CHUNK
from hustings.space import Role, Space, Status
from hustings.space import command as c
from hustings.space.event import OnAir, Spoke
from hustings.stem import StemPacket
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, StageProcess, hall
from tests.stage.sounding import aac_sound, opus_sound

__all__ = ["hall"]

FAIR_HZ, FOUL_HZ = 600, 1_500
FAIR, FOUL = tones.tone(FAIR_HZ, 1.0), tones.tone(FOUL_HZ, 1.0)
DELAY_S = 2
BEHIND = Space(id="s", delay_s=DELAY_S).delay_chunks
HELD = c.Hold(by="ann", role=Role.HOST)
CUT = c.Hold(by="ann", role=Role.HOST, cut=True)
LIVE = Programme.LIVE


@dataclass
class Evening:
    """Ann, who speaks, and Bob, who hears her."""

    hall: Hall
    stage: StageProcess
    ann: Peer
    bob: Peer

    def level(self, hz: float, chunks: list[Chunk]) -> float:
        """Where a tone is loudest in consecutive chunks, in either codec."""
        sounds = (opus_sound(chunks), aac_sound(chunks))
        return max(
            tones.tone_level_dbfs(part, hz) for one in sounds for part in tones.frames(one, 480)
        )

    async def bob_hears(self, hz: float) -> None:
        await until(lambda: tones.tone_level_dbfs(self.bob.last(0.1), hz) > -30)

    async def listeners_hear(self, hz: float) -> None:
        await until(lambda: self.hall.chunks and self.level(hz, self.hall.chunks[-1:]) > -25)

    async def chunks(self, count: int) -> None:
        newest = self.hall.chunks[-1].n
        await until(lambda: self.hall.chunks[-1].n >= newest + count)


@contextlib.asynccontextmanager
async def evening(hall: Hall, delay_s: int) -> AsyncIterator[Evening]:
    """A space that is live, where listeners have heard Ann."""
    stage = await hall.stage()
    await hall.decide(c.Schedule(by="web", title="A test", delay_s=delay_s))
    for seat, role in (("ann", Role.HOST), ("bob", Role.SPEAKER)):
        await hall.decide(c.GrantSeat(by="web", seat=seat, name=seat.title(), seat_role=role))
    await hall.doors()
    async with (
        Peer(FAIR, hall.exchange("ann")) as ann,
        Peer(tones.silence(1.0), hall.exchange("bob")) as bob,
    ):
        await until(lambda: ann.connected and bob.connected)
        await hall.go_live()
        made = Evening(hall, stage, ann, bob)
        await made.listeners_hear(FAIR_HZ)
        yield made


def stem_level(packets: list[StemPacket], hz: float) -> float:
    """Where a tone is loudest in the stems, copies (FEC) included."""
    levels = [-200.0]
    for packet in packets:
        alone = OpusDecoder().decode_fec(packet.payload, 960)
        sound = OpusDecoder().decode(packet.payload)
        levels += [tones.tone_level_dbfs(one, hz) for one in (alone, sound)]
    return max(levels)


async def test_what_was_said_in_the_delay_never_goes_out_after_a_cut(hall: Hall) -> None:
    async with evening(hall, DELAY_S) as one:
        one.ann.microphone.sound = FOUL
        await one.bob_hears(FOUL_HZ)
        await asyncio.sleep(1.0)  # of the two seconds in which the host can think
        await hall.decide(CUT)
        await until(lambda: hall.chunks[-1].programme is not LIVE)
        await one.bob_hears(FOUL_HZ)  # those on stage still hear each other
        await one.chunks(BEHIND + 3)
        assert one.level(FOUL_HZ, hall.chunks) < -45
        live = [chunk for chunk in hall.chunks if chunk.programme is LIVE]
        one.ann.microphone.sound = FAIR
        await one.bob_hears(FAIR_HZ)
        await asyncio.sleep(0.3)
        await hall.decide(c.Resume(by="ann", role=Role.HOST))
        await until(lambda: hall.chunks[-1].programme is LIVE)
        again = hall.chunks[-1].n
        await one.chunks(4)
        assert one.level(FOUL_HZ, hall.chunks) < -45
        assert one.level(FAIR_HZ, hall.chunks[-3:]) > -25
        cut_n = live[-1].n + 1
        assert again >= cut_n + BEHIND
        marks = [(e.n, e.live) for e in hall.observed if isinstance(e, OnAir)]
        assert marks == [(live[0].n, True), (cut_n, False), (again, True)]
        packets = await hall.stems()
        assert stem_level(packets, FAIR_HZ) > -25
        assert stem_level(packets, FOUL_HZ) < -45
        ends = [e for e in hall.observed if isinstance(e, Spoke) and not e.speaking]
        (silenced,) = [e.n * TICKS_PER_CHUNK + e.tick for e in ends]
        # In the chunk that the cut fell into; at its end, if it fell between two.
        assert (cut_n - 1) * TICKS_PER_CHUNK < silenced <= cut_n * TICKS_PER_CHUNK


async def test_a_cut_without_delay_is_silence_at_once(hall: Hall) -> None:
    async with evening(hall, 0) as one:
        space = await hall.decide(CUT)
        assert (space.status, space.cut) == (Status.HELD, True)
        await until(lambda: hall.chunks[-1].programme is not LIVE)
        live = [chunk for chunk in hall.chunks if chunk.programme is LIVE]
        await one.chunks(1)
        sound = opus_sound(hall.chunks)
        first = (live[0].n - hall.chunks[0].n) * CHUNK_SAMPLES
        end = (live[-1].n + 1 - hall.chunks[0].n) * CHUNK_SAMPLES
        heard = tones.tone_presence(sound[first:end], FAIR_HZ)
        # Whatever the slot it fell on: what is left of its chunk is digital silence.
        until_s = heard[-1][1]
        rest = sound[first + round((until_s + 0.045) * tones.RATE) : end]
        assert len(rest) == 0 or np.abs(rest).max() < 1e-3


async def test_what_was_said_before_a_hold_still_goes_out(hall: Hall) -> None:
    async with evening(hall, DELAY_S) as one:
        one.ann.microphone.sound = FOUL
        await one.bob_hears(FOUL_HZ)
        await asyncio.sleep(0.5)
        await hall.decide(HELD)
        await asyncio.sleep(0.4)
        one.ann.microphone.sound = FAIR
        await until(lambda: hall.chunks[-1].programme is not LIVE)
        live = [chunk for chunk in hall.chunks if chunk.programme is LIVE]
        assert one.level(FOUL_HZ, live) > -25
        parts = tones.tone_presence(opus_sound(live), FAIR_HZ)
        assert len(parts) == 1, "what is said while it is held is not heard"
        assert stem_level(await hall.stems(), FOUL_HZ) > -25


async def test_a_hold_can_still_be_cut(hall: Hall) -> None:
    async with evening(hall, DELAY_S) as one:
        one.ann.microphone.sound = FOUL
        await one.bob_hears(FOUL_HZ)
        await asyncio.sleep(0.4)
        await hall.decide(HELD)
        await asyncio.sleep(0.2)
        assert hall.chunks[-1].programme is LIVE
        await hall.decide(CUT)
        await one.chunks(BEHIND + 2)
        assert one.level(FOUL_HZ, hall.chunks) < -45
        assert stem_level(await hall.stems(), FOUL_HZ) < -45


async def test_the_end_waits_for_what_was_said(hall: Hall) -> None:
    async with evening(hall, DELAY_S) as one:
        one.ann.microphone.sound = FOUL
        await one.bob_hears(FOUL_HZ)
        await asyncio.sleep(0.4)
        space = await hall.decide(c.End(by="ann", role=Role.HOST))
        assert space.status is Status.HELD
        assert space.ends_at_ms is not None
        assert space.ends_at_ms - space.held_at_ms == BEHIND * CHUNK_MS + 1_000  # type: ignore[operator]
        await until(lambda: hall.chunks[-1].programme is not LIVE)
        live = [chunk for chunk in hall.chunks if chunk.programme is LIVE]
        assert one.level(FOUL_HZ, live) > -25
        await asyncio.sleep(1.0)
        ended = await hall.decide(c.End(by="timer"))
        assert ended.status is Status.ENDED
        await until(lambda: isinstance(hall.observed[-1], OnAir) and not hall.observed[-1].live)


async def test_a_stage_that_takes_over_fills_the_delay_anew(hall: Hall) -> None:
    async with evening(hall, DELAY_S) as one:
        spare = await hall.stage(1)
        died = len(hall.chunks)
        await one.stage.kill()
        await hall.gone(one.stage)
        await until(lambda: len(hall.chunks) > died)
        assert hall.chunks[died].programme is not LIVE
        assert (await hall.holder(spare)).instance == spare.instance
        await one.ann.reconnect()
        await one.bob.reconnect()
        await until(lambda: hall.chunks[-1].programme is LIVE)
        first = next(chunk for chunk in hall.chunks[died:] if chunk.programme is LIVE)
        assert first.n - hall.chunks[died].n in (BEHIND, BEHIND + 1)
        await one.listeners_hear(FAIR_HZ)
        marks = [(e.n, e.live) for e in hall.observed if isinstance(e, OnAir)]
        assert marks[-2:] == [(hall.chunks[died].n, False), (first.n, True)]
