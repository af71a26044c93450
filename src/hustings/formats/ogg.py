"""Ogg Opus: packets into pages (RFC 3533) as RFC 7845 lays down for Opus. Pure.

    OpusHead | OpusTags | page | page | … | last page

A page holds up to a second of sound. Its granule position counts the samples (48 kHz) that can be
decoded up to its last packet, pre-skip included; that of the last page says how many of them count,
so that a file ends on the exact sample. The bytes depend on nothing but what is passed in.

A live stream has a page per chunk. Its number and its granule position follow from the chunk's
number, so one page is the same for all listeners of all edges: whoever joins gets the headers and
then the running pages, as RFC 7845 section 4 allows, and the stream's time is programme time.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hustings.chunk import OPUS_OFFSET_SAMPLES
from hustings.clock import sample_of
from hustings.errors import BadInput

MIME: Final = "audio/ogg; codecs=opus"
PAGE_PACKETS: Final = 50  # a second of 20 ms packets: 0.3 % overhead at 32 kbit/s, seeks to 1 s
SEGMENTS: Final = 255  # a page's segment table, RFC 3533 section 6
PAGE_BYTES: Final = SEGMENTS * 255 - 1  # the longest packet that fits into one page
PRE_SKIP: Final = 312  # samples by which libopus lags in its usual mode at 48 kHz
RATE: Final = 48_000

_FIRST: Final = 0x02  # begins a logical stream
_LAST: Final = 0x04
_HEADER: Final = struct.Struct("<4sBBqIIIB")
_CRC_AT: Final = 22

# RFC 6716 section 3.1: samples of one frame at 48 kHz by the 5 configuration bits.
_SILK: Final = (480, 960, 1920, 2880)
_HYBRID: Final = (480, 960)
_CELT: Final = (120, 240, 480, 960)
_FRAME_SAMPLES: Final = _SILK * 3 + _HYBRID * 2 + _CELT * 4
PACKET_SAMPLES_MAX: Final = 5_760  # 120 ms, RFC 6716 section 3.2.5

# Mono fullband CELT frames that say "silence", longest first: (samples, packet).
SILENCE: Final = tuple(
    (samples, bytes((config << 3, 0xFF, 0xFE)))
    for samples, config in ((960, 31), (480, 30), (240, 29), (120, 28))
)


def samples_of(packet: bytes) -> int:
    """Duration of an Opus packet in samples at 48 kHz (RFC 6716 section 3); `BadInput` if none."""
    if not packet:
        raise BadInput("Opus packet", expected="at least one byte", got="0 bytes")
    code = packet[0] & 3
    if code == 0:
        return _FRAME_SAMPLES[packet[0] >> 3]
    if code < 3:
        frames = 2
    elif len(packet) > 1:
        frames = packet[1] & 0x3F
    else:
        frames = 0
    samples = _FRAME_SAMPLES[packet[0] >> 3] * frames
    if not 0 < samples <= PACKET_SAMPLES_MAX:
        raise BadInput("Opus packet", expected="2.5 to 120 ms of sound", got=f"{frames} frames")
    return samples


def crc(data: bytes) -> int:
    """The checksum of RFC 3533 section 6: polynomial 0x04C11DB7, first bit first, from zero.

    The CRC-32 that zlib computes at the speed of C has the same polynomial with all bits the other
    way round, and begins and ends with ones. So the bits of each byte are mirrored on the way in,
    those of the result on the way out, and both inversions are undone.
    """
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def head(*, channels: int = 1, pre_skip: int = PRE_SKIP) -> bytes:
    """The identification packet, RFC 7845 section 5.1, channel mapping family 0."""
    return struct.pack("<8sBBHIhB", b"OpusHead", 1, channels, pre_skip, RATE, 0, 0)


def tags(*, vendor: str, comments: Iterable[tuple[str, str]] = ()) -> bytes:
    """The comment packet, RFC 7845 section 5.2: names such as TITLE, and their texts."""
    texts = [f"{name}={text}".encode() for name, text in comments]
    fields = [vendor.encode(), *texts]
    packed = [struct.pack("<I", len(field)) + field for field in fields]
    return b"OpusTags" + packed[0] + struct.pack("<I", len(texts)) + b"".join(packed[1:])


class Stream:
    """One logical stream being written: every method returns the bytes that come next.

    `samples` counts what the packets added so far decode to, pre-skip included. `serial` (32 bits)
    names the stream. Order: `begin`, any number of `add`, `end`.
    """

    def __init__(self, *, serial: int) -> None:
        self.samples = 0
        self._serial = serial
        self._number = 0
        self._lacing = bytearray()
        self._body: list[bytes] = []

    def begin(self, head_packet: bytes, tags_packet: bytes) -> bytes:
        """The two header packets, each beginning a page."""
        first = self._page(_FIRST, 0, _laced(head_packet), head_packet)
        out = [first]
        # Tags may be longer than a page: then the packet continues, section 6 of RFC 3533.
        lacing, flags, at = _laced(tags_packet), 0, 0
        while lacing:
            table, lacing = lacing[:SEGMENTS], lacing[SEGMENTS:]
            length = sum(table)
            ends = any(value < 255 for value in table)
            granule = 0 if ends else -1
            out.append(self._page(flags, granule, table, tags_packet[at : at + length]))
            at, flags = at + length, 1
        return b"".join(out)

    def add(self, packet: bytes, samples: int) -> bytes:
        """Add a packet that decodes to `samples`. Returns the pages that became full."""
        lacing = _laced(packet)
        out = b""
        if len(self._body) >= PAGE_PACKETS or len(self._lacing) + len(lacing) > SEGMENTS:
            out = self._flush(0, self.samples)
        self._body.append(packet)
        self._lacing += lacing
        self.samples += samples
        return out

    def add_page(self, page: Page, samples: int) -> bytes:
        """Add all packets of a page as they stand there; they decode to `samples`."""
        out = self._flush(0, self.samples) if self._body else b""
        self.samples += samples
        return out + self._page(0, self.samples, page.lacing, page.body)

    def end(self, samples: int) -> bytes:
        """The last page. The stream's sound is `samples` long, pre-skip included: no more than was
        added; what the last packet has beyond is cut by the player (RFC 7845 section 4.4)."""
        assert samples <= self.samples, "a stream ends within its last packet"
        return self._flush(_LAST, samples)

    def _flush(self, flags: int, granule: int) -> bytes:
        page = self._page(flags, granule, bytes(self._lacing), b"".join(self._body))
        self._lacing.clear()
        self._body.clear()
        return page

    def _page(self, flags: int, granule: int, lacing: bytes, body: bytes) -> bytes:
        page = page_of(
            flags=flags,
            granule=granule,
            serial=self._serial,
            number=self._number,
            lacing=lacing,
            body=body,
        )
        self._number += 1
        return page


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read. Its packets are whole, as those of every file of ours."""

    granule: int
    lacing: bytes
    body: bytes

    @property
    def sizes(self) -> list[int]:
        """The lengths of its packets."""
        out, size = [], 0
        for value in self.lacing:
            size += value
            if value < 255:
                out.append(size)
                size = 0
        return out

    @property
    def packets(self) -> list[bytes]:
        """Its packets."""
        out, at = [], 0
        for size in self.sizes:
            out.append(self.body[at : at + size])
            at += size
        return out


def pages(read: Callable[[int], bytes]) -> Iterator[Page]:
    """The pages of a file that this module has written, but for the headers; `read` gives the bytes
    that follow. `BadInput` where they are no pages, or were changed."""
    number = 0
    while head := read(_HEADER.size):
        if len(head) < _HEADER.size:
            raise BadInput("Ogg", expected="a whole page", got=f"{len(head)} bytes")
        magic, version, _, granule, _, found, checked, count = _HEADER.unpack(head)
        lacing = read(count)
        body = read(sum(lacing))
        blank = head[:_CRC_AT] + bytes(4) + head[_CRC_AT + 4 :] + lacing + body
        if (magic, version, found) != (b"OggS", 0, number) or crc(blank) != checked:
            raise BadInput("Ogg", expected=f"page {number} as it was written")
        if number > 1:
            yield Page(granule, lacing, body)
        number += 1


def live_opening(title: str) -> bytes:
    """The header pages of a live stream."""
    comments = [("TITLE", title)] if title else []
    return Stream(serial=_LIVE_SERIAL).begin(head(), tags(vendor="Hustings", comments=comments))


def live_page(n: int, packets: Sequence[bytes]) -> bytes:
    """Chunk `n` of a live stream."""
    return _live(0, n, b"".join(map(_laced, packets)), b"".join(packets))


def live_end(newest: int) -> bytes:
    """The end of a live stream after chunk `newest`: a page without packets."""
    return _live(_LAST, newest + 1, b"", b"")


def _live(flags: int, n: int, lacing: bytes, body: bytes) -> bytes:
    # Two header pages come first. The granule position counts the pre-skip, as decode time does
    # not: with both, the first sample that is heard of a chunk has the programme time that it has
    # in fMP4 (see `chunk`).
    end = sample_of(n if flags else n + 1) + OPUS_OFFSET_SAMPLES + PRE_SKIP
    return page_of(
        flags=flags,
        granule=end,
        serial=_LIVE_SERIAL,
        number=(n + 2) & 0xFFFFFFFF,
        lacing=lacing,
        body=body,
    )


# Streams of different spaces are never joined to one file by us, so one number serves all.
_LIVE_SERIAL: Final = 0x48555354


def page_of(
    *, flags: int, granule: int, serial: int, number: int, lacing: bytes, body: bytes
) -> bytes:
    """One page, RFC 3533 section 6: `lacing` is the segment table of the packets in `body`."""
    fields = _HEADER.pack(b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    blank = fields + lacing + body
    return b"".join((blank[:_CRC_AT], crc(blank).to_bytes(4, "little"), blank[_CRC_AT + 4 :]))


def _laced(packet: bytes) -> bytes:
    length = len(packet)
    if length < 255:
        return _SHORT[length]
    return b"\xff" * (length // 255) + _SHORT[length % 255]


_SHORT: Final = tuple(bytes((length,)) for length in range(255))
