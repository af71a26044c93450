"""A speaker whose client goes wild: what is too much is dropped, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
import itertools

from hustings import limits
from hustings.stage import rtcp, rtp
from tests.stage.peers import Caller, Relay, Session, running, through, until


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


async def test_asking_for_packets_again_and_again_is_bounded() -> None:
    """Each of these compounds asks for the last second fifty times."""
    resent = 0
    seen: set[bytes] = set()

    def verdict(up: bool, _: int, datagram: bytes) -> list[bytes]:
        nonlocal resent
        if not up and 128 <= datagram[0] <= 191 and not rtp.is_rtcp(datagram):
            resent += datagram in seen
            seen.add(datagram)
        return [datagram]

    async with running() as endpoint:
        caller = Caller(500)
        offer = (await caller.offer()).replace(
            "a=rtpmap:96 opus/48000/2", "a=rtpmap:96 opus/48000/2\r\na=rtcp-fb:96 nack"
        )
        session = Session(endpoint, offer)
        async with Relay.before(endpoint.port, verdict) as (_, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: len(session.packets) > 60)
            last = session.transport._sequence
            kept = tuple((last - i) & 0xFFFF for i in reversed(range(40)))
            wild = rtcp.Nack(7, session.transport.ssrc, kept)
            compound = rtcp.serialise([rtcp.ReceiverReport(ssrc=7), *[wild] * 50])
            loop = asyncio.get_running_loop()
            began = loop.time()
            for count in range(300):
                await caller.connection.getSenders()[0].transport._send_rtp(compound)
                if count % 20 == 0:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            took_s = loop.time() - began
            assert session.transport.nacks_received > 0
            assert 30 <= resent <= limits.RESENDS_PER_S * (1 + took_s + 0.1)
            before = len(session.packets)
            await until(lambda: len(session.packets) > before + 10)
            await caller.close()
