"""RTCP: what a transport reports about its streams, and what it is told (RFC 3550 section 6).

Pure. Compound packets of sender and receiver reports, source description, goodbye, and the generic
negative acknowledgement that asks for lost packets again (RFC 4585 section 6.2.1). Other packets
inside a compound are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Final, TypeAlias

from hustings import limits
from hustings.errors import BadInput

SR: Final = 200
RR: Final = 201
SDES: Final = 202
BYE: Final = 203
FEEDBACK: Final = 205  # transport layer feedback; format 1 is the generic NACK
NTP_EPOCH_S: Final = 2_208_988_800  # from 1900 to 1970
_HEAD: Final = Struct("!BBH")
_SENDER: Final = Struct("!IQIII")
_BLOCK: Final = Struct("!IIIIII")
_WORD: Final = Struct("!I")
_PAIR: Final = Struct("!HH")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlock:
    """What a receiver says of one source (RFC 3550 section 6.4.1).

    `fraction_lost` in 1/256 since the last report, `lost` in all (signed, 24 bit), `highest` the
    extended sequence number, `jitter` in timestamp units, `last_sr` the middle 32 bits of the NTP
    time of the last sender report, `delay` since then in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderReport:
    """A sender's clock and counters; `ntp` is 64 bit, 32 of them a fraction of a second."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReport:
    """What somebody who does not send says of those it hears."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """The canonical name of a source."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """These sources leave."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """The receiver `sender` misses these packets of `source`."""

    sender: int
    source: int
    sequences: tuple[int, ...]


Report: TypeAlias = SenderReport | ReceiverReport | SourceDescription | Goodbye | Nack


def ntp_of(unix_ns: int) -> int:
    """Wall time in nanoseconds as a 64-bit NTP timestamp."""
    return ((unix_ns << 32) // 1_000_000_000 + (NTP_EPOCH_S << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def middle_of(ntp: int) -> int:
    """The middle 32 bits of an NTP timestamp, by which a receiver refers to a report."""
    return (ntp >> 16) & 0xFFFF_FFFF


def serialise(reports: Iterable[Report]) -> bytes:
    """The reports as one compound packet."""
    return b"".join(_serialise(report) for report in reports)


def parse(data: bytes) -> list[Report]:
    """The reports in a decrypted compound packet, or `BadInput`."""
    out: list[Report] = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise _bad("a cut header")
        first, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise _bad(f"version {first >> 6}, {words} words, {len(data) - at} bytes")
        body = data[at + 4 : end]
        if first & 0x20:
            if not body or not 4 <= body[-1] <= len(body):
                raise _bad("impossible padding")
            body = body[: -body[-1]]
        report = _parse(kind, first & 31, body)
        if report is not None:
            out.append(report)
        at = end
    return out


def _serialise(report: Report) -> bytes:
    match report:
        case SenderReport():
            body = _SENDER.pack(
                report.ssrc, report.ntp, report.timestamp, report.packets, report.octets
            )
            return _packet(SR, len(report.blocks), body + _pack_blocks(report.blocks))
        case ReceiverReport():
            blocks = _pack_blocks(report.blocks)
            return _packet(RR, len(report.blocks), _WORD.pack(report.ssrc) + blocks)
        case SourceDescription():
            name = report.cname.encode()[:255]
            item = _WORD.pack(report.ssrc) + bytes([1, len(name)]) + name
            return _packet(SDES, 1, item + bytes(4 - len(item) % 4))
        case Goodbye():
            return _packet(BYE, len(report.ssrcs), b"".join(_WORD.pack(s) for s in report.ssrcs))
        case Nack():
            body = _WORD.pack(report.sender) + _WORD.pack(report.source)
            return _packet(FEEDBACK, 1, body + _pack_nack(report.sequences))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(0x80 | count, kind, len(body) // 4) + body


def _pack_blocks(blocks: Iterable[ReportBlock]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            b.ssrc, b.fraction_lost << 24 | b.lost & 0xFF_FFFF, b.highest, b.jitter, b.last_sr,
            b.delay,
        )
        for b in blocks
    )  # fmt: skip


def _pack_nack(sequences: Iterable[int]) -> bytes:
    """Pairs of a first lost number and a mask of the sixteen that follow it."""
    pairs: list[list[int]] = []
    for sequence in sequences:
        after = (sequence - pairs[-1][0] - 1) & 0xFFFF if pairs else 16
        if after < 16:
            pairs[-1][1] |= 1 << after
        else:
            pairs.append([sequence, 0])
    return b"".join(_PAIR.pack(first, mask) for first, mask in pairs)


def _parse(kind: int, count: int, body: bytes) -> Report | None:
    if kind == SR:
        if len(body) < _SENDER.size:
            raise _bad("a cut sender report")
        ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
        return SenderReport(
            ssrc=ssrc, ntp=ntp, timestamp=timestamp, packets=packets, octets=octets,
            blocks=_unpack_blocks(body, _SENDER.size, count),
        )  # fmt: skip
    if kind == RR:
        return ReceiverReport(ssrc=_word(body, 0), blocks=_unpack_blocks(body, 4, count))
    if kind == SDES:
        return _source(body) if count else None
    if kind == BYE:
        if len(body) < 4 * count:
            raise _bad("a cut goodbye")
        return Goodbye(tuple(_word(body, 4 * i) for i in range(count)))
    if kind == FEEDBACK and count == 1:
        return Nack(_word(body, 0), _word(body, 4), _unpack_nack(body))
    return None


def _unpack_blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    if at + count * _BLOCK.size > len(body):
        raise _bad("cut report blocks")
    out = []
    for i in range(count):
        ssrc, loss, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, at + i * _BLOCK.size)
        lost = loss & 0xFF_FFFF
        out.append(
            ReportBlock(
                ssrc=ssrc, fraction_lost=loss >> 24, lost=lost - (lost >> 23 << 24),
                highest=highest, jitter=jitter, last_sr=last_sr, delay=delay,
            )
        )  # fmt: skip
    return tuple(out)


def _unpack_nack(body: bytes) -> tuple[int, ...]:
    out: list[int] = []
    for at in range(8, len(body) - 3, 4):
        first, mask = _PAIR.unpack_from(body, at)
        out.append(first)
        out += [(first + 1 + i) & 0xFFFF for i in range(16) if mask >> i & 1]
        if len(out) > limits.NACK_COUNT:
            raise _bad(f"more than {limits.NACK_COUNT} lost packets")
    return tuple(out)


def _source(body: bytes) -> SourceDescription | None:
    """The name in the first chunk; None when it has none."""
    at = 4
    while at + 2 <= len(body) and body[at] != 0:
        kind, size = body[at], body[at + 1]
        if at + 2 + size > len(body):
            raise _bad("a cut source description")
        if kind == 1:
            name = body[at + 2 : at + 2 + size].decode(errors="replace")
            return SourceDescription(_word(body, 0), name)
        at += 2 + size
    return None


def _word(body: bytes, at: int) -> int:
    if at + 4 > len(body):
        raise _bad("a cut packet")
    return int.from_bytes(body[at : at + 4], "big")


def _bad(got: str) -> BadInput:
    return BadInput("RTCP packet", expected="a compound of whole packets, version 2", got=got)
