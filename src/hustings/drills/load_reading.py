"""What a listener of a load test makes of the bytes it gets: framing, boxes, numbers, times. Pure.

Thousands of listeners get the same bytes, so every distinct piece of a body is taken apart once,
and for all others a comparison with it is enough: each byte is checked, at the price of a memcmp.
The boxes are read without the code that wrote them, so that a mistake there is not shared here.

A piece is one chunk of a chunked body (RFC 9112 section 7.1). It holds whole boxes: header, events,
and any number of programme chunks in order.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hustings.errors import BadInput

CHUNK_SAMPLES: Final = 15_360
CHUNK_S: Final = 0.32
CHUNK_MS: Final = 320
SEGMENT_CHUNKS: Final = 6

_OFFSETS: Final = {"opus": 1_736, "aac": 0}  # of the first decode time, in samples
_FRAMES: Final = {"opus": 16, "aac": 15}
_SILENCE: Final = {"opus": b"\xf8\xff\xfe" * 16, "aac": b"\x01\x18\x20\x07" * 15}
_HEX: Final = b"0123456789abcdefABCDEF"
_KNOWN: Final = 2_500  # chunks kept to compare with: more than a resume reaches back
_PIECES: Final = 512  # pieces kept that begin with no expected number: headers with their burst
_EVENT_CHUNKS: Final = 6  # an event takes effect within a frame of the slowest cadence


@dataclass(frozen=True, slots=True)
class Piece:
    """What one piece holds. `framed` are its bytes as they travel; `first` to `after` - 1 are its
    chunks, `first` is -1 where there are none. `missing` numbers lie between them. `move_ms` is
    how soon listeners are asked to leave, or -1."""

    framed: bytes
    first: int = -1
    after: int = -1
    chunks: int = 0
    missing: int = 0
    opening: bool = False
    end: bool = False
    move_ms: int = -1


class Library:
    """All that was heard in one codec: what later listeners' bytes are compared with.

    `mismatches` counts chunks that did not equal the first copy, `filled` those that differ because
    an edge had put silence in the place of one that was late. `fresh` are new chunks' checksums,
    until they are taken.
    """

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.mismatches = 0
        self.filled = 0
        self.distinct = 0
        self.fresh: dict[int, int] = {}
        self._at: dict[int, tuple[Piece, ...]] = {}
        self._others: dict[bytes, Piece] = {}
        self._chunks: dict[int, bytes] = {}
        self._opening: bytes | None = None

    def at(self, n: int) -> tuple[Piece, ...]:
        """Known pieces that begin with chunk `n`."""
        return self._at.get(n, ())

    def piece(self, framed: bytes, start: int, stop: int) -> Piece:
        """The piece that travels as `framed`, with its content from `start` to `stop`.

        Raises `BadInput` if the content is not what a listener can use.
        """
        known = self._others.get(framed)
        if known is None:
            known = self.examine(framed, start, stop)
            self.distinct += 1
            if known.first >= 0 and not known.opening:
                self._at[known.first] = (*self.at(known.first), known)
                if len(self._at) > _KNOWN:
                    del self._at[next(iter(self._at))]
            else:
                self._others[framed] = known
                if len(self._others) > _PIECES:
                    del self._others[next(iter(self._others))]
        return known

    def examine(self, framed: bytes, start: int, stop: int) -> Piece:
        """Take a piece apart, and hold its chunks against what is known of them."""
        found = _Found()
        at = start
        while at < stop:
            kind, end = _box(framed, at, stop)
            if kind == b"moof":
                after_moof = end
                kind, end = _box(framed, after_moof, stop)
                if kind != b"mdat":
                    raise BadInput("fragment", expected="mdat after moof", got=repr(kind))
                n = _number(framed, at, after_moof, end, self.codec)
                self._chunk(n, framed[at:end], framed[after_moof + 8 : end])
                found.chunk(n)
            elif kind == b"emsg":
                found.event(framed[at + 8 : end])
            elif kind == b"ftyp" and at == start:
                _, end = _box(framed, end, stop, expected=b"moov")
                self._open(framed[at:end])
                found.opening = True
            elif kind == b"styp" and at == start:
                pass
            else:
                raise BadInput("stream", expected="ftyp, emsg, moof", got=repr(kind))
            at = end
        return found.piece(framed)

    def take_fresh(self) -> dict[int, int]:
        """Checksums of chunks heard for the first time since the last call."""
        fresh, self.fresh = self.fresh, {}
        return fresh

    def _open(self, opening: bytes) -> None:
        if self._opening is None:
            self._opening = opening
        elif self._opening != opening:
            self.mismatches += 1

    def _chunk(self, n: int, data: bytes, sound: bytes) -> None:
        known = self._chunks.get(n)
        silent = sound == _SILENCE[self.codec]
        if known is None:
            self._chunks[n] = data
            if not silent:
                self.fresh[n] = zlib.crc32(data)
            if len(self._chunks) > _KNOWN:
                del self._chunks[next(iter(self._chunks))]
        elif known != data:
            if silent:
                self.filled += 1
            elif known.endswith(_SILENCE[self.codec]):
                self.filled += 1
                self._chunks[n] = data
                self.fresh[n] = zlib.crc32(data)
            else:
                self.mismatches += 1


class Unframing:
    """Cuts a chunked body into pieces. `feed` per read; `next` is the chunk number expected."""

    __slots__ = ("_buffer", "_library")

    def __init__(self, library: Library) -> None:
        self._library = library
        self._buffer = b""

    @property
    def clean(self) -> bool:
        """Whether what was fed ends with a whole piece."""
        return not self._buffer

    def feed(self, data: bytes, expected: int) -> list[Piece]:
        """The pieces that `data` completes; `BadInput` when framing or content is broken."""
        if self._buffer:
            data = self._buffer + data
        found = []
        at = 0
        while at < len(data):
            for piece in self._library.at(expected):
                if data.startswith(piece.framed, at):
                    break
            else:
                cut = self._cut(data, at)
                if cut is None:
                    break
                piece = cut
            found.append(piece)
            at += len(piece.framed)
            if piece.first >= 0:
                expected = piece.after
        self._buffer = data[at:]
        return found

    def _cut(self, data: bytes, at: int) -> Piece | None:
        line = size_line(data, at)
        if line is None:
            return None
        start, stop = line
        if len(data) < stop + 2:
            return None
        if data[stop : stop + 2] != b"\r\n":
            raise BadInput("chunked body", expected="CR LF after a chunk")
        if start == stop:
            return Piece(data[at : stop + 2], end=True)
        framed = data[at : stop + 2]
        return self._library.piece(framed, start - at, stop - at)


def size_line(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the content begins and ends of the body's chunk that begins at `at`."""
    end = data.find(b"\r\n", at, at + 18)
    if end < 0:
        if len(data) - at >= 18:
            raise BadInput("chunked body", expected="a chunk's size", got=repr(data[at : at + 18]))
        return None
    line = data[at:end]
    if not line or line.translate(None, _HEX):
        raise BadInput("chunked body", expected="a chunk's size", got=repr(line))
    size = int(line, 16)
    return end + 2, end + 2 + size


class _Found:
    """What a piece was found to hold so far."""

    def __init__(self) -> None:
        self.opening = False
        self._numbers: list[int] = []
        self._event_n = -1
        self._move_ms = -1

    def chunk(self, n: int) -> None:
        if self._numbers and n <= self._numbers[-1]:
            raise BadInput("chunks", expected=f"one after {self._numbers[-1]}", got=str(n))
        if self._event_n >= 0 and abs(self._event_n - n) > _EVENT_CHUNKS:
            raise BadInput("event", expected=f"the time of chunk {n}", got=str(self._event_n))
        self._event_n = -1
        self._numbers.append(n)

    def event(self, body: bytes) -> None:
        self._event_n, told = _event(body)
        for one in told:
            if one.get("type") == "move":
                self._move_ms = int(one.get("within_ms", 0))

    def piece(self, framed: bytes) -> Piece:
        numbers = self._numbers
        if not numbers:
            return Piece(framed, opening=self.opening, move_ms=self._move_ms)
        after = numbers[-1] + 1
        return Piece(
            framed,
            first=numbers[0],
            after=after,
            chunks=len(numbers),
            missing=after - numbers[0] - len(numbers),
            opening=self.opening,
            move_ms=self._move_ms,
        )


def _box(data: bytes, at: int, stop: int, *, expected: bytes = b"") -> tuple[bytes, int]:
    """Kind and end of the box at `at`."""
    if at + 8 > stop:
        raise BadInput("box", expected="8 bytes of head", got=f"{stop - at}")
    size = int.from_bytes(data[at : at + 4], "big")
    kind = data[at + 4 : at + 8]
    if size < 8 or at + size > stop:
        raise BadInput("box", expected=f"{kind!r} that fits", got=f"{size} bytes, {stop - at} left")
    if expected and kind != expected:
        raise BadInput("box", expected=repr(expected), got=repr(kind))
    return kind, at + size


def _inside(data: bytes, at: int, stop: int) -> dict[bytes, tuple[int, int]]:
    """Where the content of each box within a box begins and ends."""
    found = {}
    while at < stop:
        kind, end = _box(data, at, stop)
        found[kind] = (at + 8, end)
        at = end
    return found


def _number(data: bytes, at: int, moof_end: int, mdat_end: int, codec: str) -> int:
    """The chunk number of a fragment (ISO/IEC 14496-12, 8.8), once all that is in it agrees."""
    moof = _inside(data, at + 8, moof_end)
    traf = _inside(data, *moof[b"traf"]) if b"traf" in moof else {}
    if b"mfhd" not in moof or not {b"tfhd", b"tfdt", b"trun"} <= traf.keys():
        raise BadInput("moof", expected="mfhd and traf with tfhd, tfdt, trun")
    sequence: int = struct.unpack_from(">I", data, moof[b"mfhd"][0] + 4)[0]
    time: int = struct.unpack_from(">Q", data, traf[b"tfdt"][0] + 4)[0]
    n, rest = divmod(time - _OFFSETS[codec], CHUNK_SAMPLES)
    if rest:
        raise BadInput("tfdt", expected="the decode time of a chunk", got=str(time))
    if sequence != (n + 1) & 0xFFFFFFFF:
        raise BadInput("mfhd", expected=f"sequence {n + 1}", got=str(sequence))
    run = traf[b"trun"][0]
    flags, count, offset = struct.unpack_from(">IIi", data, run)
    if flags & 0xFFFFFF != 0x000201 or count != _FRAMES[codec]:
        raise BadInput("trun", expected=f"{_FRAMES[codec]} sizes", got=f"{count}, {flags:#x}")
    sizes = struct.unpack_from(f">{count}I", data, run + 12)
    if offset != moof_end - at + 8 or sum(sizes) != mdat_end - moof_end - 8 or not all(sizes):
        raise BadInput("trun", expected="offset and sizes of the mdat", got=f"{offset}, {sizes}")
    return n


def _event(body: bytes) -> tuple[int, list[dict[str, Any]]]:
    """Number and payloads of an `emsg` of version 1 (ISO/IEC 23009-1, 5.10.3.3)."""
    if len(body) < 24 or body[0] != 1:
        raise BadInput("emsg", expected="version 1")
    scale, time, _, number = struct.unpack_from(">IQII", body, 4)
    names = body[24:].split(b"\0", 2)
    if scale != 48_000 or time != number * CHUNK_SAMPLES or len(names) != 3:
        raise BadInput("emsg", expected="the time of a chunk", got=f"{time} of {scale}, {number}")
    return number, payloads(names[2])


def payloads(data: bytes) -> list[dict[str, Any]]:
    """The payloads of a JSON array, each an object with a type."""
    try:
        told = msgspec.json.decode(data, type=list[dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise BadInput("event", expected="a JSON array of objects", got=str(error)) from error
    if not all(isinstance(one.get("type"), str) for one in told):
        raise BadInput("event", expected="a type in every payload")
    return told
