"""The fuzz targets: what a stage reads from the network, given any bytes.

Each target takes the bytes and returns, whatever they are. `BadInput` is the answer of a parser to
what it cannot use and is swallowed here; any other error, and any property that does not hold, is a
finding. What is read is also written and read again, where there is a writer.
"""

from __future__ import annotations

import binascii
import functools
import re
from collections.abc import Callable
from typing import Final

import numpy as np
from aioice import stun

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import dtls, fragment, framing, ice, rtcp, rtp, sdp, srtp
from hustings.stage.candidate import Candidate
from hustings.stage.jitter import JitterBuffer

Target = Callable[[bytes], None]

_OURS: Final = ice.Credentials("aabbccdd", "00112233445566778899aabbccddeeff")
_LINE: Final = re.compile(r"[a-z]=[^\x00-\x1f\x7f]*")
_PORT: Final = 5004


def parse_stun(data: bytes) -> None:
    """A connectivity check: never verified without our password, and its answer can be read."""
    for message in (data, _sealed(data)):
        _check(message)


def _check(data: bytes) -> None:
    try:
        check = ice.parse(data)
    except BadInput:
        return
    signed = ice.verified(check, ours=_OURS, theirs="browser")
    assert not signed or check.ours == _OURS.ufrag
    answer = stun.parse_message(ice.response(check, address=("192.0.2.7", _PORT), ours=_OURS))
    assert answer.check_message_integrity(_OURS.pwd.encode())
    assert answer.transaction_id == check.message.transaction_id


def _sealed(data: bytes) -> bytes:
    """The message with the length and the FINGERPRINT that it should have: no guess finds them."""
    body = data[20:]
    body = body[: len(body) - len(body) % 4]
    head = data[:2] + (len(body) + 8).to_bytes(2, "big") + data[4:20]
    crc = binascii.crc32(head + body) ^ stun.FINGERPRINT_XOR
    return head + body + b"\x80\x28\x00\x04" + crc.to_bytes(4, "big")


def parse_sdp(data: bytes) -> None:
    """An offer: the answer to it holds whole lines, and nothing that the offer smuggled in."""
    try:
        offer = sdp.parse(data.decode(errors="replace"))
    except BadInput:
        return
    text = sdp.answer(
        offer,
        ufrag=_OURS.ufrag,
        pwd=_OURS.pwd,
        fingerprint=sdp.Fingerprint("sha-256", bytes(32)),
        candidates=[Candidate("192.0.2.1", _PORT), Candidate("2001:db8::1", _PORT, tcp=True)],
        ssrc=1,
        session=1,
    )
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert all(_LINE.fullmatch(line) for line in lines)
    sections = [line for line in lines if line.startswith("m=")]
    assert len(sections) == len(offer.sections) <= limits.SDP_SECTIONS_COUNT
    assert lines.count(f"a=ice-pwd:{_OURS.pwd}") == 1


def parse_fragment(data: bytes) -> None:
    """What a WHIP PATCH carries: its credentials, if there are any, are of the form ICE has."""
    try:
        said = fragment.parse(data.decode(errors="replace"))
    except BadInput:
        return
    if said.credentials is not None:
        assert sdp.UFRAG.fullmatch(said.credentials.ufrag)
        assert sdp.PWD.fullmatch(said.credentials.pwd)


def deframe(data: bytes) -> None:
    """A TCP connection's bytes, in pieces of any size: the frames do not depend on the pieces.

    The first byte of `data` says how long the pieces are.
    """
    if not data:
        return
    step, stream = data[0] + 1, data[1:]
    whole = _deframed([stream])
    pieces = _deframed([stream[at : at + step] for at in range(0, len(stream), step)])
    # A frame that is too long ends the connection: only what came before it in that piece differs.
    if whole is not None and pieces is not None:
        assert whole == pieces
        assert b"".join(framing.frame(one) for one in whole) == stream[: _length(whole)] or (
            b"\x00\x00" in stream
        )
    else:
        assert whole is None
        assert pieces is None


def _deframed(pieces: list[bytes]) -> list[bytes] | None:
    """All datagrams, or None when the connection is to be closed."""
    deframer, found = framing.Deframer(), list[bytes]()
    try:
        for piece in pieces:
            found += deframer.feed(piece)
    except BadInput:
        return None
    assert all(0 < len(one) <= limits.DATAGRAM_BYTES for one in found)
    return found


def _length(datagrams: list[bytes]) -> int:
    return sum(framing.HEAD_BYTES + len(one) for one in datagrams)


def parse_rtp(data: bytes) -> None:
    """A decrypted RTP packet: what is read is written and read again."""
    if len(data) >= rtp.HEADER_BYTES:
        rtp.is_rtcp(data)
        rtp.ssrc_of(data)
    try:
        packet = rtp.parse(data)
    except BadInput:
        return
    if not any(number == 0 for number, _ in packet.extensions):
        assert rtp.parse(rtp.serialise(packet)) == packet
    try:
        media = rtp.media(data, payload_type=packet.payload_type, level_id=1, now_ns=0)
    except BadInput:
        return
    assert media.payload == packet.payload
    assert media.level is None or 0 <= media.level <= 127


def parse_rtcp(data: bytes) -> None:
    """A decrypted compound of reports: what is read is written and read again."""
    try:
        reports = rtcp.parse(data)
    except BadInput:
        return
    for report in reports:
        if isinstance(report, rtcp.Nack):
            assert len(report.sequences) <= limits.NACK_COUNT
        if isinstance(report, rtcp.SourceDescription) and not _plain(report.cname):
            return
    again = rtcp.parse(rtcp.serialise(reports))
    assert [_sorted(report) for report in again] == [_sorted(report) for report in reports]


def _sorted(report: rtcp.Report) -> rtcp.Report:
    """A report whose lost packets stand in order: it does not matter, and is not kept."""
    if isinstance(report, rtcp.Nack):
        return rtcp.Nack(report.sender, report.source, tuple(sorted(set(report.sequences))))
    return report


def play(data: bytes) -> None:
    """Packets in any order, of any content, and ticks between them: each frame is 20 ms of finite
    sound, and what is held stays bounded.

    Each packet stands in `data` as step of the sequence number, step of the timestamp in 2.5 ms,
    ticks after it, length of the payload, and the payload.
    """
    buffer = JitterBuffer()
    sequence = timestamp = at = 0
    now_ns = 1_000_000_000
    while at + 4 <= len(data):
        step, jump, ticks, size = data[at : at + 4]
        sequence = (sequence + step - 8) & 0xFFFF
        timestamp = (timestamp + (jump - 64) * 120) & 0xFFFF_FFFF
        payload = data[at + 4 : at + 4 + size]
        at += 4 + size
        buffer.push(sequence=sequence, timestamp=timestamp, payload=payload, now_ns=now_ns)
        for _ in range(min(ticks, 8)):
            now_ns += 20_000_000
            frame = buffer.pull()
            assert frame is None or (frame.shape == (960,) and bool(np.isfinite(frame).all()))
        assert buffer.depth_ms >= 0
        assert buffer.target_ms <= limits.JITTER_TARGET_MS_MAX


def shake(data: bytes) -> None:
    """DTLS from a stranger whose address has passed a check: no keys, and a bounded answer.

    Each datagram stands in `data` after its length in two bytes.
    """
    association = dtls.Association(
        _identity(), active=False, fingerprints=(sdp.Fingerprint("sha-256", bytes(32)),)
    )
    at, sent, received = 0, 0, 0
    while at + 2 <= len(data):
        size = int.from_bytes(data[at : at + 2], "big") % 1_500
        datagram = data[at + 2 : at + 2 + size]
        at += 2 + size
        if not datagram or not 20 <= datagram[0] <= 63:
            continue  # the port lets nothing else through (RFC 7983)
        received += 1
        sent += sum(len(out) for out in association.receive(datagram, now=float(at)))
        assert association.keying is None
    assert sent <= received * limits.DTLS_DATAGRAM_BYTES * 8
    association.tick(1e6)
    association.close()


@functools.cache
def _identity() -> dtls.Identity:
    return dtls.Identity([(p.name, srtp.material_length(p.name)) for p in srtp.PROFILES])


def _plain(name: str) -> bool:
    """Whether a name comes back as it is: not if bytes of it were no UTF-8, or it grew by that."""
    return "�" not in name and len(name.encode()) <= 255


TARGETS: Final[dict[str, Target]] = {
    "stun": parse_stun,
    "sdp": parse_sdp,
    "fragment": parse_fragment,
    "framing": deframe,
    "rtp": parse_rtp,
    "rtcp": parse_rtcp,
    "jitter": play,
    "dtls": shake,
}
