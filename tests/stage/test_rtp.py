"""RTP packets: what is written is read, by us and by an independent parser; noise is BadInput."""

from __future__ import annotations

import pytest
from aiortc.rtp import HeaderExtensionsMap
from aiortc.rtp import RtpPacket as OtherPacket
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import rtp
from hustings.stage.rtp import MediaPacket, RtpPacket
from tests.stage.peers import unhurried

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=100),
    marker=st.booleans(),
    csrcs=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extensions=st.lists(
        st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=5
    ).map(tuple),
)


@unhurried
@given(packets, st.integers(0, 255))
def test_written_and_read_back(packet: RtpPacket, padding: int) -> None:
    assert rtp.parse(rtp.serialise(packet, padding=padding)) == packet


@unhurried
@given(packets, st.integers(0, 255))
def test_an_independent_parser_reads_the_same(packet: RtpPacket, padding: int) -> None:
    other = OtherPacket.parse(rtp.serialise(packet, padding=padding), HeaderExtensionsMap())
    assert other.payload_type == packet.payload_type
    assert other.sequence_number == packet.sequence
    assert other.timestamp == packet.timestamp
    assert other.ssrc == packet.ssrc
    assert tuple(other.csrc) == packet.csrcs
    assert other.payload == packet.payload
    assert bool(other.marker) is packet.marker


@unhurried
@given(st.binary(max_size=80))
def test_noise_is_a_packet_or_bad_input(data: bytes) -> None:
    for datagram in (data, b"\x80" + data, b"\xbf" + data, b"\x90\x6f" + data):
        for read in (
            rtp.parse,
            lambda d: rtp.media(d, payload_type=111, level_id=1, now_ns=0),
        ):
            try:
                read(datagram)
            except BadInput:
                continue


@unhurried
@given(packets, st.integers(0, 255), st.data())
def test_cut_packets_are_packets_or_bad_input(
    packet: RtpPacket, padding: int, data: st.DataObject
) -> None:
    whole = rtp.serialise(packet, padding=padding)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        rtp.parse(cut)
    except BadInput:
        return
    assert len(cut) >= rtp.HEADER_BYTES


def opus(**changes: object) -> RtpPacket:
    """A packet as a browser sends it: audio level 16 below full scale, voice bit set."""
    fields: dict[str, object] = {
        "payload_type": 111, "sequence": 7, "timestamp": 960, "ssrc": 3, "payload": b"opus",
        "extensions": ((4, b"0"), (1, bytes([0x80 | 16]))),
    }  # fmt: skip
    return RtpPacket(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_sound_of_a_packet() -> None:
    data = rtp.serialise(opus(), padding=8)
    packet = rtp.media(data, payload_type=111, level_id=1, now_ns=5)
    assert packet == MediaPacket(7, 960, b"opus", 16, 5)
    assert rtp.media(data, payload_type=111, level_id=None, now_ns=5).level is None
    assert rtp.media(data, payload_type=111, level_id=2, now_ns=5).level is None


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (opus(payload_type=13), "payload type 111"),
        (opus(payload=b""), "bytes of payload"),
        (opus(payload=bytes(limits.OPUS_PACKET_BYTES + 1)), "bytes of payload"),
    ],
)
def test_what_is_no_sound_is_refused(packet: RtpPacket, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        rtp.media(rtp.serialise(packet), payload_type=111, level_id=1, now_ns=0)


def test_the_header_alone() -> None:
    head = rtp.header(payload_type=111, sequence=7, timestamp=960, ssrc=3)
    assert head + b"x" == rtp.serialise(opus(extensions=(), payload=b"x"))
    assert rtp.ssrc_of(head) == 3
    assert not rtp.is_rtcp(head)
    assert rtp.is_rtcp(b"\x80\xc8")
