"""DTLS: two associations in memory, on a line that loses, repeats and damages datagrams."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings import limits
from hustings.stage.dtls import Association, Identity, State
from hustings.stage.sdp import Fingerprint

PROFILES = [(b"SRTP_AEAD_AES_128_GCM", 56), (b"SRTP_AES128_CM_SHA1_80", 60)]
CLIENT, SERVER = Identity(PROFILES), Identity(PROFILES)


class Line:
    """A client, a server, and the line between them. `passes(index)` loses datagrams."""

    def __init__(self, client: Identity = CLIENT, *, expected: Identity = CLIENT) -> None:
        self.client = Association(client, active=True, fingerprints=(SERVER.fingerprint,))
        self.server = Association(SERVER, active=False, fingerprints=(expected.fingerprint,))
        self.now = 0.0
        self.sent = 0
        self.passes: Callable[[int], bool] = lambda index: True

    def run(self, seconds: float = 30.0) -> None:
        """Let time pass until both are connected, or one has failed, or the time is over."""
        down: list[bytes] = []
        up = self.client.start(self.now)
        while self.now < seconds and not self.settled():
            for datagram in self._pass(up):
                down += self.server.receive(datagram, self.now)
            up = []
            for datagram in self._pass(down):
                up += self.client.receive(datagram, self.now)
            self.now += limits.TRANSPORT_TIMER_S
            up += self.client.tick(self.now)
            down = self.server.tick(self.now)

    def settled(self) -> bool:
        """Whether nothing more will change."""
        states = {self.client.state, self.server.state}
        return states == {State.CONNECTED} or State.FAILED in states

    def _pass(self, datagrams: list[bytes]) -> list[bytes]:
        out = []
        for datagram in datagrams:
            self.sent += 1
            if self.passes(self.sent):
                out.append(datagram)
        return out


def connected() -> Line:
    """A line whose ends are connected."""
    line = Line()
    line.run()
    assert line.client.state is line.server.state is State.CONNECTED
    return line


def test_both_ends_get_the_same_keys() -> None:
    line = connected()
    ours, theirs = line.client.keying, line.server.keying
    assert ours is not None
    assert theirs is not None
    assert ours.material == theirs.material
    assert len(ours.material) == 56
    assert ours.profile == theirs.profile == b"SRTP_AEAD_AES_128_GCM"
    assert (ours.server, theirs.server) == (False, True)
    assert line.sent == 4


def test_a_client_with_the_older_profile_only() -> None:
    older = Identity(PROFILES[1:])
    line = Line(older, expected=older)
    line.run()
    assert line.server.keying is not None
    assert line.server.keying.profile == b"SRTP_AES128_CM_SHA1_80"
    assert len(line.server.keying.material) == 60


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_lost_flight_is_sent_again_soon(lost: int) -> None:
    line = Line()
    line.passes = lambda index: index != lost
    line.run()
    assert line.client.state is line.server.state is State.CONNECTED
    assert line.now < 0.5


@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_a_line_that_loses_half_connects(dice: random.Random) -> None:
    line = Line()
    # Not for ever: a run of bad luck longer than the handshake's time is not what is tested.
    line.passes = lambda index: index > 40 or dice.random() < 0.5
    line.run()
    assert line.client.state is line.server.state is State.CONNECTED


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=20), st.booleans())
@settings(max_examples=50, deadline=None)
def test_noise_never_escapes(noise: list[bytes], early: bool) -> None:
    line = Line() if early else connected()
    for datagram in noise:
        for data in (datagram, b"\x16\xfe\xfd" + datagram, b"\x16\xfe\xfd" + bytes(8) + datagram):
            line.server.receive(data, 0.0)
    if not early:
        assert line.server.state is State.CONNECTED
        assert line.server.keying is not None


def test_a_repeated_flight_is_answered_with_the_same() -> None:
    client = Association(CLIENT, active=True, fingerprints=(SERVER.fingerprint,))
    server = Association(SERVER, active=False, fingerprints=(CLIENT.fingerprint,))
    (hello,) = client.start(0.0)
    assert client.start(0.0) == []
    first = server.receive(hello, 0.0)
    assert first
    assert server.receive(hello, 0.0) == first
    assert server.tick(0.05) == []
    assert server.tick(limits.FLIGHT_RESEND_S_MIN) == first


def test_the_last_flight_is_repeated_for_a_peer_that_is_not_heard() -> None:
    line = Line()
    (hello,) = line.client.start(0.0)
    flight = [out for d in line.server.receive(hello, 0.0) for out in line.client.receive(d, 0.0)]
    last = [out for d in flight for out in line.server.receive(d, 0.0)]
    assert line.server.state is State.CONNECTED
    repeats = [again for i in range(1, 2000) if (again := line.server.tick(i * 0.01))]
    assert repeats == [last] * limits.FLIGHT_REPEATS_COUNT
    for datagram in repeats[0]:
        line.client.receive(datagram, 20.0)
    assert line.client.state is State.CONNECTED
    assert line.client.tick(99.0) == []


def test_another_certificate_than_the_offered_gives_no_keys() -> None:
    line = Line(expected=Identity(PROFILES))
    line.run()
    assert line.server.state is State.FAILED
    assert line.server.keying is None
    assert "fingerprint" in line.server.failure


def test_the_strongest_offered_hash_decides() -> None:
    right = CLIENT.fingerprint
    wrong = Fingerprint("sha-512", hashlib.sha512(b"another").digest())
    for fingerprints, state in (
        ((right, wrong), State.FAILED),
        ((Fingerprint("sha-256", bytes(32)), right), State.CONNECTED),
        ((), State.FAILED),
    ):
        line = Line()
        line.server = Association(SERVER, active=False, fingerprints=fingerprints)
        line.run()
        assert line.server.state is state


def test_a_farewell_is_understood() -> None:
    line = connected()
    for datagram in line.client.close():
        line.server.receive(datagram, line.now)
    assert line.client.state is line.server.state is State.CLOSED
    assert line.server.keying is None
    assert line.server.receive(b"\x16", line.now) == []


def test_a_handshake_that_never_ends_is_given_up() -> None:
    server = Association(SERVER, active=False, fingerprints=(CLIENT.fingerprint,))
    for _ in range(limits.HANDSHAKE_DATAGRAMS_COUNT + 1):
        server.receive(b"\x14\xfe\xfd" + bytes(9) + b"\x01\x01", 0.0)
    assert server.state is State.FAILED


def test_datagrams_fit_every_path() -> None:
    line = Line()
    sizes = []
    (hello,) = line.client.start(0.0)
    sizes += [len(d) for d in line.server.receive(hello, 0.0)]
    assert max(sizes) <= limits.DTLS_DATAGRAM_BYTES
