"""RTCP: what is written is read, by us and by an independent parser; noise is BadInput."""

from __future__ import annotations

import pytest
from aiortc import rtp as other
from hypothesis import example, given
from hypothesis import strategies as st

from hustings.errors import BadInput
from hustings.stage import rtcp
from hustings.stage.rtcp import (
    Goodbye,
    Nack,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)
from tests.stage.peers import unhurried

word = st.integers(0, 0xFFFFFFFF)
blocks = st.lists(
    st.builds(
        ReportBlock,
        ssrc=word,
        fraction_lost=st.integers(0, 255),
        lost=st.integers(-0x800000, 0x7FFFFF),
        highest=word,
        jitter=word,
        last_sr=word,
        delay=word,
    ),
    max_size=3,
).map(tuple)
reports = st.one_of(
    st.builds(
        SenderReport,
        ssrc=word,
        ntp=st.integers(0, 2**64 - 1),
        timestamp=word,
        packets=word,
        octets=word,
        blocks=blocks,
    ),
    st.builds(ReceiverReport, ssrc=word, blocks=blocks),
    st.builds(SourceDescription, word, st.text("abc/1", max_size=40)),
    st.builds(Goodbye, st.lists(word, min_size=1, max_size=31).map(tuple)),
)


@unhurried
@given(st.lists(reports, min_size=1, max_size=4))
def test_written_and_read_back(compound: list[rtcp.Report]) -> None:
    assert rtcp.parse(rtcp.serialise(compound)) == compound


@unhurried
@given(st.lists(reports, min_size=1, max_size=4))
def test_an_independent_parser_reads_them(compound: list[rtcp.Report]) -> None:
    parsed = other.RtcpPacket.parse(rtcp.serialise(compound))
    assert len(parsed) == len(compound)
    for theirs, ours in zip(parsed, compound, strict=True):
        match ours:
            case SenderReport():
                assert isinstance(theirs, other.RtcpSrPacket)
                assert theirs.ssrc == ours.ssrc
                assert theirs.sender_info.ntp_timestamp == ours.ntp
                assert theirs.sender_info.rtp_timestamp == ours.timestamp
                assert [r.packets_lost for r in theirs.reports] == [b.lost for b in ours.blocks]
                assert [r.dlsr for r in theirs.reports] == [b.delay for b in ours.blocks]
            case ReceiverReport():
                assert isinstance(theirs, other.RtcpRrPacket)
                assert [r.jitter for r in theirs.reports] == [b.jitter for b in ours.blocks]
            case SourceDescription():
                assert isinstance(theirs, other.RtcpSdesPacket)
                assert theirs.chunks[0].items == [(1, ours.cname.encode())]
            case Goodbye():
                assert isinstance(theirs, other.RtcpByePacket)
                assert tuple(theirs.sources) == ours.ssrcs


@unhurried
@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=3), word, word)
@example([65_530], 1, 2)
def test_lost_packets_are_named(starts: list[int], sender: int, source: int) -> None:
    lost = tuple((start + step) & 0xFFFF for start in starts for step in (0, 1, 5, 16, 17))
    data = rtcp.serialise([Nack(sender, source, lost)])
    (nack,) = rtcp.parse(data)
    assert isinstance(nack, Nack)
    assert set(nack.sequences) == set(lost)
    (theirs,) = other.RtcpPacket.parse(data)
    assert isinstance(theirs, other.RtcpRtpfbPacket)
    assert {number & 0xFFFF for number in theirs.lost} == set(lost)
    assert (theirs.fmt, theirs.ssrc, theirs.media_ssrc) == (1, sender, source)


@unhurried
@given(st.binary(max_size=120))
def test_noise_is_reports_or_bad_input(data: bytes) -> None:
    for kind in range(198, 208):
        words = len(data) // 4
        for datagram in (data, bytes([0x81, kind, 0, words]) + data[: 4 * words]):
            try:
                rtcp.parse(datagram)
            except BadInput:
                continue


@unhurried
@given(st.lists(reports, min_size=1, max_size=3), st.data())
def test_cut_compounds_are_bad_input(compound: list[rtcp.Report], data: st.DataObject) -> None:
    whole = rtcp.serialise(compound)
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    try:
        assert len(rtcp.parse(cut)) < len(compound)
    except BadInput:
        return


def test_a_nack_of_thousands_is_refused() -> None:
    with pytest.raises(BadInput, match="lost packets"):
        rtcp.parse(rtcp.serialise([Nack(1, 2, tuple(range(0, 60_000, 30)))]))


def test_unknown_packets_are_skipped() -> None:
    unknown = bytes([0x80, 207, 0, 1]) + bytes(4)
    bye = rtcp.serialise([Goodbye((9,))])
    assert rtcp.parse(unknown + bye) == [Goodbye((9,))]


def test_the_clock_of_reports() -> None:
    assert rtcp.ntp_of(0) == 2_208_988_800 << 32
    assert rtcp.ntp_of(1_500_000_000) == (2_208_988_801 << 32) + (1 << 31)
    assert rtcp.middle_of(0x1122_3344_5566_7788) == 0x3344_5566
