"""A speaker whose client goes wild: what is too much is dropped, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
import itertools

from hustings import limits
from hustings.stage import rtp
from tests.stage.peers import Caller, Session, running, until


async def _flood(caller: Caller, *, count: int) -> None:
    """Send so many authentic packets, as fast as the client can."""
    sender = caller.connection.getSenders()[0]
    for sequence in range(count):
        packet = rtp.RtpPacket(
            payload_type=96,
            sequence=sequence,
            timestamp=960 * sequence,
            ssrc=7,
            payload=b"\xf8\xff\xfe",
        )
        await sender.transport._send_rtp(rtp.serialise(packet))
        if sequence % 50 == 0:
            await asyncio.sleep(0)


async def test_an_authentic_flood_is_bounded_and_disturbs_nobody() -> None:
    async with running() as endpoint:
        wild, calm = Caller(500), Caller(900)
        sessions = [Session(endpoint, await caller.offer()) for caller in (wild, calm)]
        for caller, session in zip((wild, calm), sessions, strict=True):
            await caller.answered(session.answer)
        await until(lambda: all(len(session.packets) > 10 for session in sessions))

        loop = asyncio.get_running_loop()
        before, began = len(sessions[0].packets), loop.time()
        await _flood(wild, count=4_000)
        await asyncio.sleep(0.2)
        taken, took_s = len(sessions[0].packets) - before, loop.time() - began
        assert taken >= limits.PACKETS_BURST_COUNT
        assert taken <= limits.PACKETS_BURST_COUNT + limits.PACKETS_PER_S * (took_s + 0.1)
        assert taken < 4_000

        # The other's packets came all, and the wild one is heard again when it is calm.
        numbers = [packet.sequence for packet in sessions[1].packets]
        assert all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(numbers))
        await asyncio.sleep(1.0)
        again = len(sessions[0].packets)
        await until(lambda: len(sessions[0].packets) > again + 20)
        assert [session.states for session in sessions] == [["connected"]] * 2
        for caller in (wild, calm):
            await caller.close()
