"""What is said off air stays off air, even where the network brings it when the stage is on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from hustings.audio.opus import OpusDecoder
from hustings.chunk import Chunk, Programme
from hustings.space import Role
from hustings.space import command as c
from hustings.stem import StemPacket
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, StageProcess, hall
from tests.stage.peers import Relay, through
from tests.stage.sounding import of_chunk, opus_sound

__all__ = ["hall"]

OFF_HZ, ON_HZ = 600, 1_000
OFF, ON = tones.tone(OFF_HZ, 1.0), tones.tone(ON_HZ, 1.0)


class Stall:
    """A path that holds sound back on its way to the stage, and then brings it all at once."""

    def __init__(self) -> None:
        self.holding = False
        self._held: list[bytes] = []

    def verdict(self, up: bool, index: int, datagram: bytes) -> list[bytes]:
        if not up or not 128 <= datagram[0] <= 191:
            return [datagram]
        self._held.append(datagram)
        if self.holding:
            return []
        out, self._held = self._held, []
        return out


@contextlib.asynccontextmanager
async def speaking(hall: Hall, stage: StageProcess, stall: Stall) -> AsyncIterator[Peer]:
    """Ann, who speaks off air, on a path that can stall."""
    port = stage.context.settings.media_port
    carry = hall.exchange("ann")
    async with Relay.before(port, stall.verdict) as (_, relay):

        async def exchange(sdp: str) -> str:
            return through(await carry(sdp), port=port, relay=relay)

        async with Peer(OFF, exchange) as ann:
            await until(lambda: ann.connected and hall.levels)
            await until(lambda: hall.levels[-1].get("ann", -100.0) > -30)
            yield ann


async def stalled(hall: Hall, ann: Peer, stall: Stall, decision: c.Command) -> None:
    """The path stalls while the decision is made, and Ann turns to everybody."""
    stall.holding = True
    await asyncio.sleep(0.25)
    ann.microphone.sound = ON
    await hall.decide(decision)
    await asyncio.sleep(0.15)
    stall.holding = False
    await until(lambda: on_air(hall.chunks)[1] > -25)


def on_air(chunks: list[Chunk]) -> tuple[float, float]:
    """The level of either tone, where it is loudest in the live chunks."""
    sound = opus_sound(chunks) if chunks else tones.silence(0.32)
    live = [of_chunk(sound, i) for i, x in enumerate(chunks) if x.programme is Programme.LIVE]
    parts = [part for chunk in live for part in tones.frames(chunk)] or [tones.silence(0.02)]
    off, on = (max(tones.tone_level_dbfs(part, hz) for part in parts) for hz in (OFF_HZ, ON_HZ))
    return off, on


async def stems(hall: Hall) -> list[StemPacket]:
    """The stems, once there are some: they follow what is heard of them."""
    async with hall.patience():
        while not (packets := await hall.stems()):
            await asyncio.sleep(0.01)
    return packets


def logged(packets: list[StemPacket]) -> float:
    """The level of the tone off air in the stems, where it is loudest, copies (FEC) included."""
    levels = []
    for packet in packets:
        alone = OpusDecoder().decode_fec(packet.payload, 960)
        sound = OpusDecoder().decode(packet.payload)
        levels += [tones.tone_level_dbfs(one, OFF_HZ) for one in (alone, sound)]
    return max(levels)


async def test_what_comes_late_from_before_going_live(hall: Hall) -> None:
    stage = await hall.stage()
    await hall.scheduled("ann")
    await hall.doors()
    stall = Stall()
    async with speaking(hall, stage, stall) as ann:
        await stalled(hall, ann, stall, c.GoLive(by="web"))
        assert on_air(hall.chunks)[0] < -45
        assert logged(await stems(hall)) < -30


async def test_what_comes_late_from_before_unmuting(hall: Hall) -> None:
    stage = await hall.stage()
    await hall.scheduled("ann")
    await hall.decide(c.MuteSeat(by="ann", role=Role.HOST, seat="ann"))
    await hall.doors()
    await hall.go_live()
    stall = Stall()
    async with speaking(hall, stage, stall) as ann:
        await stalled(hall, ann, stall, c.UnmuteSeat(by="ann", role=Role.HOST, seat="ann"))
        assert on_air(hall.chunks)[0] < -45
        assert logged(await stems(hall)) < -30
