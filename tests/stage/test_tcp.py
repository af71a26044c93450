"""Sound over TCP: a real browser without UDP; strangers and slow receivers, who cost nobody."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aioice import stun

from hustings import limits
from hustings.stage import tcp
from hustings.stage.endpoint import Endpoint
from hustings.stage.framing import Deframer, frame
from tests import tones
from tests.peers import until
from tests.stage.peers import Caller, Session, running
from tests.stage.test_transport import ANSWER, OFFER, browser, decoded, stats

SELECTED = """async () => {
    const all = await window.pc.getStats();
    const transport = [...all.values()].find((stat) => stat.type === "transport");
    const pair = all.get(transport.selectedCandidatePairId);
    const {protocol, port} = all.get(pair.remoteCandidateId);
    return [protocol, port];
}"""


class Stranger:
    """A TCP connection to the endpoint."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> Stranger:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ended(self) -> bool:
        """Whether the endpoint hangs up."""
        try:
            async with asyncio.timeout(2.0):
                while await self.reader.read(4096):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    async def check(self, session: Session) -> stun.Message:
        """Pass a connectivity check; returns its answer."""
        [ice] = session.transport.ice
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{ice.ours.ufrag}:{ice.theirs}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 7
        message.add_message_integrity(ice.ours.pwd.encode())
        self.writer.write(frame(bytes(message)))
        deframer = Deframer()
        async with asyncio.timeout(5):
            while not (found := deframer.feed(await self.reader.read(4096))):
                pass
        return stun.parse_message(found[0])

    def close(self) -> None:
        self.writer.transport.abort()


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """An endpoint on a free port."""
    async with running() as opened:
        yield opened


async def offered(endpoint: Endpoint) -> Session:
    """A session that nobody has connected to."""
    caller = Caller()
    session = Session(endpoint, await caller.offer())
    await caller.close()
    return session


def open_connections(endpoint: Endpoint) -> int:
    [listener] = endpoint._listeners
    return listener.connections


@pytest.mark.browser
async def test_a_browser_without_udp_speaks_and_hears(tmp_path: Path, endpoint: Endpoint) -> None:
    async with browser(tmp_path, tones.tone(600, 5.0)) as page:
        session = Session(endpoint, await page.evaluate(OFFER, False))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
            black_hole.bind(("127.0.0.1", 0))
            nowhere = f"udp {{}} 127.0.0.1 {black_hole.getsockname()[1]} typ host"
            lines = [
                f"{line.split(' udp ')[0]} {nowhere.format(line.split()[3])}"
                if " udp " in line
                else line
                for line in session.answer.split("\r\n")
            ]
            await page.evaluate(ANSWER, "\r\n".join(lines))
            await until(lambda: len(session.packets) > 100)
            assert session.states == ["connected"]
            sound = decoded(session.packets[-50:])
            assert tones.tone_level_dbfs(sound, 600) > -14
            await asyncio.sleep(0.5)
            heard = await stats(page)
            assert heard["inbound-rtp"]["audioLevel"] > 0.2
            assert heard["inbound-rtp"]["packetsLost"] == 0
            assert await page.evaluate(SELECTED) == ["tcp", endpoint.port]
            assert open_connections(endpoint) >= 1, "one for each network of this machine"
            await page.evaluate("window.pc.close()")
            await until(lambda: session.states[1:] == ["closed:bye"])
            await until(lambda: open_connections(endpoint) == 0)


async def test_a_check_makes_a_connection_a_path(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TCP_UNCHECKED_S", 0.2)
    session = await offered(endpoint)
    peer, silent = await Stranger.to(endpoint.port), await Stranger.to(endpoint.port)
    answer = await peer.check(session)
    assert answer.message_class is stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == peer.writer.get_extra_info("sockname")
    assert await silent.ended(), "who passes no check is sent away"
    assert open_connections(endpoint) == 1
    session.transport.close()
    assert await peer.ended()
    assert open_connections(endpoint) == 0
    for one in (peer, silent):
        one.close()


@pytest.mark.parametrize(
    "data",
    [
        frame(b"\x80" + bytes(40)),  # sound
        frame(b"\x16" + bytes(40)),  # a handshake
        b"GET / HTTP/1.1\r\n\r\n",
        (limits.DATAGRAM_BYTES + 1).to_bytes(2, "big"),
        frame(b"\0\1" + bytes(18)) * (limits.TCP_UNCHECKED_COUNT + 1),
    ],
    ids=["sound", "dtls", "http", "length", "flood"],
)
async def test_what_no_speaker_sends_first_ends_it(endpoint: Endpoint, data: bytes) -> None:
    stranger = await Stranger.to(endpoint.port)
    stranger.writer.write(data)
    assert await stranger.ended()
    assert open_connections(endpoint) == 0
    stranger.close()


async def test_strangers_make_room_and_speakers_do_not(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TCP_CONNECTIONS_COUNT", 3)
    session = await offered(endpoint)
    speaker = await Stranger.to(endpoint.port)
    await speaker.check(session)
    strangers = [await Stranger.to(endpoint.port) for _ in range(3)]
    assert await strangers[0].ended()
    assert open_connections(endpoint) == 3
    assert (await speaker.check(session)).message_class is stun.Class.RESPONSE
    # Where all are speakers, who comes is sent away.
    monkeypatch.setattr(limits, "TCP_NETWORK_COUNT", 1)
    for one in strangers:
        one.close()
    await until(lambda: open_connections(endpoint) == 1)
    late = await Stranger.to(endpoint.port)
    assert await late.ended()
    assert (await speaker.check(session)).message_class is stun.Class.RESPONSE
    for one in (speaker, late):
        one.close()
    await until(lambda: open_connections(endpoint) == 0)
    assert session.transport._paths == []


async def test_a_receiver_that_does_not_read_is_not_waited_for(endpoint: Endpoint) -> None:
    session = await offered(endpoint)
    slow = await Stranger.to(endpoint.port)
    await slow.check(session)
    [path] = session.transport._paths
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
    for number in range(20_000):
        path.send(number.to_bytes(4, "big") * 100)
    assert isinstance(path, tcp.Connection)
    assert len(path._rest) <= 402
    # What arrives is whole frames, the oldest first, with a hole where the rest was lost.
    slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
    deframer, numbers = Deframer(), []
    async with asyncio.timeout(10):
        while 20_000 not in numbers:
            path.send((20_000).to_bytes(4, "big") * 100)
            for one in deframer.feed(await slow.reader.read(65_536)):
                assert one == one[:4] * 100
                numbers.append(int.from_bytes(one[:4], "big"))
    assert numbers == sorted(numbers)
    assert 10 < len(set(numbers)) < 20_000
    slow.close()


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_what_is_counted_together(host: str, network: str) -> None:
    assert tcp.network_of(host) == network
