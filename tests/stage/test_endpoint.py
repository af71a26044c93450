"""The endpoint with an independent WebRTC client over the loopback interface."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest
from aioice import stun
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hustings import limits
from hustings.errors import BadInput, ConfigError
from hustings.stage import transport
from hustings.stage.endpoint import Endpoint, EndpointFull
from hustings.stage.path import Path
from tests import tones
from tests.stage.peers import Caller, Relay, Session, Verdict, is_dtls, running, through, until


async def heard_tone(caller: Caller, hz: float) -> None:
    """Wait until half a second was heard in which nearly all the power is one tone's."""
    need = tones.RATE // 2

    def undisturbed() -> bool:
        sound = caller.sound[-need:]
        level = tones.level_dbfs(sound)
        return len(sound) == need and level > -20 and tones.tone_level_dbfs(sound, hz) > level - 0.5

    await until(undisturbed)


async def connected(endpoint: Endpoint, *, setup: str = "actpass") -> tuple[Caller, Session]:
    """A caller in conversation with the endpoint."""
    caller = Caller()
    session = Session(
        endpoint, (await caller.offer()).replace("a=setup:actpass", f"a=setup:{setup}")
    )
    await caller.answered(session.answer)
    await until(lambda: session.packets)
    return caller, session


@pytest.mark.parametrize("setup", ["actpass", "active", "passive"])
async def test_sound_both_ways_in_every_dtls_role(setup: str) -> None:
    async with running() as endpoint:
        caller, session = await connected(endpoint, setup=setup)
        assert f"a=setup:{'active' if setup == 'passive' else 'passive'}" in session.answer
        await heard_tone(caller, 600)
        assert session.states == ["connected"]
        assert session.transport.connected
        first, second = session.packets[:2]
        assert (second.sequence - first.sequence) & 0xFFFF == 1
        assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 960
        assert second.arrived_ns > first.arrived_ns
        await caller.close()
        await until(lambda: session.states == ["connected", "closed:bye"])
        assert endpoint.transports == ()


async def test_reports_give_loss_and_round_trip() -> None:
    async with running() as endpoint:
        caller, session = await connected(endpoint)
        await until(lambda: session.transport.stats.rtt_ms is not None)
        stats = session.transport.stats
        assert stats.packets_received >= len(session.packets) - 1
        assert stats.packets_lost == 0
        assert stats.rtt_ms is not None
        assert 0 <= stats.rtt_ms < 1000
        assert stats.remote_loss < 0.1
        report = await caller.connection.getStats()
        # The other side computed these from our sender and receiver reports.
        kinds = {stat.type for stat in report.values()}
        assert {"remote-outbound-rtp", "remote-inbound-rtp"} <= kinds
        await caller.close()


async def test_a_line_is_lossy_while_the_speaker_misses_packets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = 0

    def verdict(up: bool, index: int, datagram: bytes) -> list[bytes]:
        nonlocal lost
        loses = not up and 128 <= datagram[0] <= 191 and index % 10 == 0 and lost < 30
        lost += loses
        return [] if loses else [datagram]

    monkeypatch.setattr(transport, "LOSSY_S", 2.5)
    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        async with Relay.before(endpoint.port, verdict) as (_, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: session.packets)
            assert not session.transport.lossy
            await until(lambda: session.transport.lossy)  # as the speaker's reports say
            assert session.transport.stats.remote_loss > 0
            await until(lambda: not session.transport.lossy)
            assert lost == 30
            await caller.close()


async def test_closing_says_goodbye() -> None:
    async with running() as endpoint:
        caller, session = await connected(endpoint)
        session.transport.close()
        session.transport.close()
        session.transport.send(b"\xf8\xff\xfe")
        assert session.states == ["connected", "closed:local"]
        await until(lambda: caller.state == "closed")
        await caller.close()


async def test_two_speakers_on_one_port_hear_their_own_echo() -> None:
    async with running() as endpoint:
        callers = [Caller(500), Caller(900)]
        for caller in callers:
            await caller.answered(Session(endpoint, await caller.offer()).answer)
        await heard_tone(callers[0], 500)
        await heard_tone(callers[1], 900)
        for caller in callers:
            await caller.close()


@pytest.mark.parametrize("setup", ["actpass", "passive"])
@pytest.mark.parametrize("lost", [(True, 1), (True, 2), (False, 1), (False, 2)])
async def test_a_lost_handshake_flight_is_healed(setup: str, lost: tuple[bool, int]) -> None:
    up, number = lost
    seen = {True: 0, False: 0}

    def verdict(towards: bool, _: int, datagram: bytes) -> list[bytes]:
        if is_dtls(datagram):
            seen[towards] += 1
            if towards is up and seen[towards] == number:
                return []
        return [datagram]

    await _connects_through(verdict, setup=setup)
    assert seen[up] > number


async def test_flights_lost_again_and_again_are_healed() -> None:
    lost = {True: {1, 3}, False: {1, 2, 4}}
    seen = {True: 0, False: 0}

    def verdict(up: bool, _: int, datagram: bytes) -> list[bytes]:
        if is_dtls(datagram):
            seen[up] += 1
            if seen[up] in lost[up]:
                return []
        return [datagram]

    await _connects_through(verdict)
    assert seen[True] > 3
    assert seen[False] > 4


async def test_repeated_and_damaged_datagrams_change_nothing() -> None:
    dice = random.Random(5)

    def verdict(up: bool, index: int, datagram: bytes) -> list[bytes]:
        if not up or is_dtls(datagram):
            return [datagram] * (2 if is_dtls(datagram) else 1)
        broken = bytearray(datagram)
        broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
        cut = datagram[: dice.randrange(len(datagram))] or b"\x80"
        return [bytes(broken), cut, datagram, datagram]

    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        async with Relay.before(endpoint.port, verdict) as (_, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await heard_tone(caller, 600)
            assert session.states == ["connected"]
            sequences = [packet.sequence for packet in session.packets]
            assert len(set(sequences)) == len(sequences)
            await caller.close()


async def _connects_through(verdict: Verdict, *, setup: str = "actpass") -> None:
    async with running() as endpoint:
        caller = Caller()
        offer = (await caller.offer()).replace("a=setup:actpass", f"a=setup:{setup}")
        session = Session(endpoint, offer)
        async with Relay.before(endpoint.port, verdict) as (_, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: len(session.packets) > 10 and caller.heard)
            assert session.states == ["connected"]
            await caller.close()


async def test_a_wrong_fingerprint_gives_no_keys() -> None:
    async with running() as endpoint:
        caller = Caller()
        lines = (await caller.offer()).split("\r\n")
        lines = [
            "a=fingerprint:sha-256 " + ":".join(["AA"] * 32) if "fingerprint:sha-256" in x else x
            for x in lines
            if "sha-384" not in x and "sha-512" not in x
        ]
        session = Session(endpoint, "\r\n".join(lines))
        await caller.answered(session.answer)
        await until(lambda: session.states)
        assert session.states == ["closed:handshake"]
        assert session.packets == []
        await caller.close()


async def test_nobody_who_comes_is_a_failed_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_S", 0.1)
    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        await until(lambda: session.states == ["closed:handshake"])
        assert endpoint.transports == ()
        await caller.close()


async def test_silence_is_a_lost_speaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONSENT_S", 0.5)
    cut = False
    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        async with Relay.before(endpoint.port, lambda up, i, d: [] if cut else [d]) as (_, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: session.packets)
            cut = True
            await until(lambda: session.states == ["connected", "closed:lost"])
            await caller.close()


async def test_a_stranger_changes_nothing() -> None:
    caught: list[bytes] = []

    def verdict(up: bool, _: int, datagram: bytes) -> list[bytes]:
        if up:
            caught.append(datagram)
        return [datagram]

    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        async with Relay.before(endpoint.port, verdict) as (_, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: len(session.packets) > 10)
            hello = next(d for d in caught if is_dtls(d))
            sound = [d for d in caught if 128 <= d[0] <= 191][-3:]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.connect(("127.0.0.1", endpoint.port))
                stranger.setblocking(False)
                dice = random.Random(2)
                noise = [dice.randbytes(dice.randrange(1, 300)) for _ in range(300)]
                for datagram in caught[:100]:
                    broken = bytearray(datagram)
                    # Not in the fingerprint, which authenticates nothing.
                    broken[dice.randrange(max(1, len(broken) - 8))] ^= 1 << dice.randrange(8)
                    noise += [bytes(broken), datagram[: dice.randrange(1, len(datagram))]]
                for datagram in (hello, *sound, *noise):
                    stranger.send(datagram)
                before = len(session.packets)
                await until(lambda: len(session.packets) > before + 25)
                with pytest.raises(BlockingIOError):
                    stranger.recv(2048)
            assert len({p.sequence for p in session.packets}) == len(session.packets)
            assert session.states == ["connected"]
            await caller.close()


async def test_a_fault_in_one_session_ends_that_session_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What reads is the loop of all spaces."""
    async with running() as endpoint:
        (broken, first), (whole, second) = [await connected(endpoint) for _ in range(2)]

        def fault(datagram: bytes, path: Path) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(first.transport, "on_media", fault)
        await until(lambda: first.states == ["connected", "closed:local"])
        before = len(second.packets)
        await until(lambda: len(second.packets) > before + 20)
        for caller in (broken, whole):
            await caller.close()


async def test_a_change_of_address_keeps_the_session() -> None:
    """A path whose outer address changes, as behind a NAT that forgot: checks move the session."""
    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        async with Relay.before(endpoint.port, lambda up, i, d: [d]) as (relay, port):
            await caller.answered(through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: session.packets)
            relay.rebind()
            before, heard = len(session.packets), len(caller.heard)
            # aiortc sends a consent check every 4 to 6 s.
            await until(
                lambda: len(session.packets) > before + 10 and len(caller.heard) > heard + 10
            )
            assert session.states == ["connected"]
            await caller.close()


async def test_a_check_from_elsewhere_does_not_turn_the_sound_away() -> None:
    """Its sender has the right password, and may have forged the address it names."""
    async with running() as endpoint:
        caller, session = await connected(endpoint)
        ice = session.transport.ice[0]
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        check.attributes["USERNAME"] = f"{ice.ours.ufrag}:{ice.theirs}"
        check.attributes["PRIORITY"] = 1
        check.attributes["ICE-CONTROLLING"] = 7
        check.attributes["USE-CANDIDATE"] = None
        check.add_message_integrity(ice.ours.pwd.encode())
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
            victim.setblocking(False)
            victim.connect(("127.0.0.1", endpoint.port))
            victim.send(bytes(check))
            answer = await asyncio.wait_for(loop.sock_recv(victim, 2048), 2.0)
            assert stun.parse_message(answer).message_class is stun.Class.RESPONSE
            heard = len(caller.heard)
            session.transport.send(b"\xf8\xff\xfe")
            await until(lambda: len(caller.heard) > heard + 10)
            with pytest.raises(BlockingIOError):
                victim.recv(2048)
        await caller.close()


async def test_an_address_that_somebody_is_heard_from_is_nobody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as endpoint:
        (caller, session), (other, thief) = [await connected(endpoint) for _ in range(2)]
        (port,) = endpoint._ports
        address = next(at for at, path in port.paths.items() if path is session.transport._path)
        assert port.path(address, thief.transport) is None
        before = len(session.packets)
        await until(lambda: len(session.packets) > before + 5)
        monkeypatch.setattr(limits, "PATH_HELD_S", 0.0)
        assert port.path(address, thief.transport) is port.paths[address]
        for one in (caller, other):
            await one.close()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.binary(max_size=200), max_size=40), st.randoms(use_true_random=False))
def test_noise_never_escapes(noise: list[bytes], dice: random.Random) -> None:
    async def run() -> None:
        async with running() as endpoint:
            failures: list[object] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, c: failures.append(c))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.connect(("127.0.0.1", endpoint.port))
                for datagram in noise:
                    first = dice.choice([0, 1, 20, 22, 63, 64, 128, 144, 191, 192, 255])
                    stranger.send(bytes([first]) + datagram)
                await asyncio.sleep(0.005)
            assert failures == []

    asyncio.run(run())


async def test_the_number_of_transports_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STAGE_SESSIONS_COUNT", 2)
    async with running() as endpoint:
        caller = Caller()
        offer = await caller.offer()
        sessions = [Session(endpoint, offer) for _ in range(2)]
        with pytest.raises(EndpointFull):
            Session(endpoint, offer)
        sessions[0].transport.close()
        Session(endpoint, offer)
        await caller.close()


async def test_an_offer_that_cannot_be_used_leaves_nothing_behind() -> None:
    async with running() as endpoint:
        with pytest.raises(BadInput):
            Session(endpoint, "v=0\r\n")
        assert endpoint.transports == ()


async def test_a_taken_port_is_named() -> None:
    async with running() as endpoint:
        with pytest.raises(ConfigError, match="media_port"):
            await Endpoint.open(host="127.0.0.1", port=endpoint.port, advertise=())
