"""Where speakers reach a stage: both families, several addresses, and a port for each process."""

from __future__ import annotations

import asyncio
import re

import pytest
from aioice import stun

from hustings.stage.framing import Deframer, frame
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, free_port, hall
from tests.stage.peers import Caller, Session, running
from tests.stage.test_endpoint import heard_tone

__all__ = ["hall"]
TONE = tones.tone(600, 1.0)


def candidates(sdp: str) -> list[tuple[str, str, int]]:
    """Transport, address and port of each candidate, in the order of the description."""
    found = re.findall(r"^a=candidate:\d+ 1 (\w+) \d+ (\S+) (\d+) typ host", sdp, re.M)
    return [(kind, address, int(port)) for kind, address, port in found]


async def test_a_speaker_on_ipv6_hears_and_is_heard() -> None:
    async with running("::1") as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        assert candidates(session.answer) == [
            ("udp", "::1", endpoint.port),
            ("tcp", "::1", endpoint.port),
        ]
        await caller.answered(session.answer)
        await heard_tone(caller, 600)
        await caller.close()


async def test_every_advertised_address_is_named_and_answers() -> None:
    async with running("0.0.0.0", "127.0.0.1", "127.0.0.2", "::1") as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        addresses = ("127.0.0.1", "127.0.0.2", "::1")
        assert candidates(session.answer) == [
            (kind, address, endpoint.port) for kind in ("udp", "tcp") for address in addresses
        ]
        [ice] = session.transport.ice
        for address in addresses:
            message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
            message.attributes["USERNAME"] = f"{ice.ours.ufrag}:{ice.theirs}"
            message.attributes["PRIORITY"] = 1
            message.attributes["ICE-CONTROLLING"] = 7
            message.add_message_integrity(ice.ours.pwd.encode())
            reader, writer = await asyncio.open_connection(address, endpoint.port)
            writer.write(frame(bytes(message)))
            async with asyncio.timeout(5):
                [answer] = Deframer().feed(await reader.read(2_048))
            assert stun.parse_message(answer).message_class is stun.Class.RESPONSE
            writer.transport.abort()
        await caller.close()


@pytest.mark.parametrize("index", [0, 3])
async def test_a_stage_process_has_the_port_of_its_number(hall: Hall, index: int) -> None:
    base = free_port() - index
    await hall.scheduled("ann")
    await hall.stage(index, media_port=base)
    answers: list[str] = []

    async def exchange(sdp: str) -> str:
        answers.append((await hall.request("ann", sdp)).sdp)
        return answers[-1]

    async with Peer(TONE, exchange) as ann:
        await until(lambda: ann.connected)
    assert {port for _, _, port in candidates(answers[0])} == {base + index}
