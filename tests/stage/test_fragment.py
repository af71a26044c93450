"""Fragments: what clients really send is read, ours is read by others, and nothing else passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import fragment
from hustings.stage.candidate import Candidate, lines
from hustings.stage.fragment import Fragment
from hustings.stage.ice import Credentials
from tests.stage.peers import Caller, unhurried

THEIRS = Credentials("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k")
# The shape of RFC 9725 section 4.3.3: a restart by a client with one candidate of each kind.
RESTART = """a=ice-options:trickle ice2
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=ice-ufrag:ysXw
a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag ysXw
a=candidate:3471623853 1 udp 2122194687 5e9a-1.local 61765 typ host generation 0
a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0
a=end-of-candidates
""".replace("\n", "\r\n")


def test_a_restart_is_read() -> None:
    assert fragment.parse(RESTART) == Fragment(THEIRS, 3)
    assert fragment.parse(RESTART.replace("\r\n", "\n")) == Fragment(THEIRS, 3)


def test_candidates_alone_are_read() -> None:
    alone = "".join(line for line in RESTART.splitlines(True) if "ice-" not in line)
    assert fragment.parse(alone) == Fragment(None, 3)
    assert fragment.parse("a=end-of-candidates\r\n") == Fragment(None, 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a=ice-ufrag:ysXw", "a=ice-ufrag:y", "ice-ufrag"),
        ("a=ice-ufrag:ysXw\r\n", "", "ice-ufrag"),
        ("a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n", "", "ice-pwd"),
        ("zAP9Gp5k", "zAP9Gp5\x00", "ice-pwd"),
        ("typ host generation 0 ufrag", "generation 0 ufrag", "candidate"),
        ("a=mid:0", "a=mid:0\r\na=ice-ufrag:other", "whole bundle"),
        ("a=mid:0", "not a line of SDP", "<letter>"),
        ("a=end", "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n" * 62 + "a=end", "at most"),
    ],
)
def test_what_is_malformed_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        fragment.parse(RESTART.replace(old, new))


def test_it_is_bounded() -> None:
    with pytest.raises(BadInput, match="bytes"):
        fragment.parse("a=x\r\n" * limits.SDP_BYTES)


@unhurried
@given(st.text(max_size=300), st.integers(0, len(RESTART)))
def test_noise_is_a_fragment_or_bad_input(noise: str, at: int) -> None:
    for text in (noise, RESTART[:at] + noise + RESTART[at:]):
        try:
            fragment.parse(text)
        except BadInput as error:
            assert error.expected  # noqa: PT017


async def test_ours_is_understood_by_an_independent_client() -> None:
    """Put into an answer as a page does it, aiortc finds credentials and candidates."""
    ours = Credentials("newfrag", "a-new-password-of-22-chars".replace("-", "+"))
    places = [
        Candidate("192.0.2.7", 8100),
        Candidate("2001:db8::7", 8100),
        Candidate("192.0.2.7", 8100, tcp=True),
    ]
    text = fragment.serialise(mid="0", bundled=True, opus=111, ours=ours, candidates=places)
    assert fragment.parse(text) == Fragment(ours, 3)
    caller = Caller()
    offer = await caller.offer()
    ice = ("a=ice-", "a=candidate", "a=end-of", "a=setup")
    kept = [line for line in offer.splitlines() if not line.startswith(ice)]
    fresh = [line for line in text.splitlines() if line.startswith(ice)]
    await caller.answered("\r\n".join([*kept, "a=setup:passive", *fresh]) + "\r\n")
    [transceiver] = caller.connection.getTransceivers()
    gatherer = transceiver.receiver.transport.transport
    found = gatherer._connection.remote_candidates
    assert [(c.transport, c.host, c.port) for c in found] == [
        ("udp", "192.0.2.7", 8100),
        ("udp", "2001:db8::7", 8100),
        ("tcp", "192.0.2.7", 8100),
    ]
    await caller.close()


def test_udp_comes_before_tcp_and_the_first_before_the_second() -> None:
    places = [
        Candidate("192.0.2.7", 1),
        Candidate("192.0.2.8", 1),
        Candidate("192.0.2.7", 1, tcp=True),
    ]
    *ours, end = lines(places)
    assert end == "a=end-of-candidates"
    priorities = [int(line.split()[3]) for line in ours]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == 3
    assert max(priorities) < 1 << 31  # RFC 8445 section 5.1.2
    assert ours[2].endswith("typ host tcptype passive")
