"""RTP: one packet of a speaker's sound, as it stands in a datagram (RFC 3550 section 5.1).

Pure, and on the hot path (50 packets a second and seat, each way): `parse` copies the payload once
and nothing else. Two nouns: `RtpPacket` is the packet with all its fields; `MediaPacket` is what a
transport hands to the mixer, stamped with its time of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from hustings import limits
from hustings.errors import BadInput

HEADER_BYTES: Final = 12
ONE_BYTE_PROFILE: Final = 0xBEDE  # RFC 8285 section 4.2
_FIXED: Final = Struct("!BBHII")
_EXTENSION: Final = Struct("!HH")
_HEAD: Final = "12 bytes of RTP version 2, then what the header announces"


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One Opus packet from a speaker.

    `sequence` (16 bit) and `timestamp` (32 bit, 48 kHz) are the sender's and wrap. `level` is the
    loudness that the sender claims, in dB below full scale (RFC 6464: 0 loudest, 127 silence), or
    None: a hint, because a client can lie. `arrived_ns` is on the monotonic clock.
    """

    sequence: int
    timestamp: int
    payload: bytes
    level: int | None
    arrived_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpPacket:
    """An RTP packet. `extensions` holds one-byte header extensions by id (RFC 8285)."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extensions: tuple[tuple[int, bytes], ...] = ()


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram that begins as RTP is RTCP (RFC 5761 section 4). Two bytes at least."""
    return 192 <= data[1] <= 223


def header(*, payload_type: int, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The fixed header of a packet without marker, CSRCs and extensions."""
    return _FIXED.pack(0x80, payload_type, sequence, timestamp, ssrc)


def ssrc_of(data: bytes) -> int:
    """The sender's SSRC; `data` holds at least a fixed header. Readable before decryption."""
    return int.from_bytes(data[8:12], "big")


def parse(data: bytes) -> RtpPacket:
    """The packet in a decrypted datagram, or `BadInput`."""
    payload_type, sequence, timestamp, ssrc, start, end, extension = _layout(data)
    count = data[0] & 15
    return RtpPacket(
        payload_type=payload_type,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=data[start:end],
        marker=bool(data[1] & 0x80),
        csrcs=tuple(int.from_bytes(data[i : i + 4], "big") for i in range(12, 12 + 4 * count, 4)),
        extensions=tuple(_elements(data, extension, start)) if extension else (),
    )


def media(data: bytes, *, payload_type: int, level_id: int | None, now_ns: int) -> MediaPacket:
    """The sound in a decrypted datagram; `BadInput` when it is not the agreed payload type, or is
    empty (padding only), or larger than an Opus packet can be."""
    kind, sequence, timestamp, _, start, end, extension = _layout(data)
    if kind != payload_type:
        raise BadInput("RTP packet", expected=f"payload type {payload_type}", got=str(kind))
    if not 0 < end - start <= limits.OPUS_PACKET_BYTES:
        raise BadInput("RTP packet", expected=f"1 to {limits.OPUS_PACKET_BYTES} bytes of payload")
    level = None
    if extension and level_id is not None:
        for number, value in _elements(data, extension, start):
            if number == level_id:
                level = value[0] & 0x7F  # the V bit above it is 1 even in silence: not used
                break
    return MediaPacket(sequence, timestamp, data[start:end], level, now_ns)


def serialise(packet: RtpPacket, *, padding: int = 0) -> bytes:
    """The packet as bytes, with `padding` bytes (0 to 255) at the end."""
    first = 0x80 | (0x20 if padding else 0) | (0x10 if packet.extensions else 0)
    out = [
        _FIXED.pack(
            first | len(packet.csrcs),
            packet.payload_type | (0x80 if packet.marker else 0),
            packet.sequence,
            packet.timestamp,
            packet.ssrc,
        )
    ]
    out += [csrc.to_bytes(4, "big") for csrc in packet.csrcs]
    if packet.extensions:
        block = b"".join(
            bytes([number << 4 | len(value) - 1]) + value for number, value in packet.extensions
        )
        block += bytes(-len(block) % 4)
        out += [_EXTENSION.pack(ONE_BYTE_PROFILE, len(block) // 4), block]
    out.append(packet.payload)
    if padding:
        out.append(bytes(padding - 1) + bytes([padding]))
    return b"".join(out)


def _layout(data: bytes) -> tuple[int, int, int, int, int, int, int]:
    """Payload type, sequence, timestamp, SSRC, where the payload starts and ends, and where the
    one-byte extensions start (0: there are none; they end where the payload starts)."""
    size = len(data)
    if size < HEADER_BYTES:
        raise BadInput("RTP packet", expected=_HEAD, got=f"{size} bytes")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        raise BadInput("RTP packet", expected=_HEAD, got=f"version {first >> 6}")
    start = HEADER_BYTES + 4 * (first & 15)
    extension = 0
    if first & 0x10:
        if start + 4 > size:
            raise BadInput("RTP packet", expected=_HEAD, got="a cut extension")
        profile, words = _EXTENSION.unpack_from(data, start)
        if profile == ONE_BYTE_PROFILE:
            extension = start + 4
        start += 4 + 4 * words
    end = size
    if first & 0x20:
        if not 1 <= data[-1] <= size - HEADER_BYTES:
            raise BadInput("RTP packet", expected=_HEAD, got="impossible padding")
        end -= data[-1]
    if start > end:
        raise BadInput("RTP packet", expected=_HEAD, got="a cut header")
    return second & 0x7F, sequence, timestamp, ssrc, start, end, extension


def _elements(data: bytes, start: int, end: int) -> list[tuple[int, bytes]]:
    """One-byte header extensions (RFC 8285 section 4.2); a cut one ends the list."""
    out = []
    at = start
    while at < end:
        head = data[at]
        if head == 0:  # padding
            at += 1
            continue
        number, size = head >> 4, (head & 15) + 1
        if number == 15 or at + 1 + size > end:
            break
        out.append((number, data[at + 1 : at + 1 + size]))
        at += 1 + size
    return out
