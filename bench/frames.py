"""What a listener's bytes must be, form by form: cut into frames, each checked. Pure.

Every listener of a stream gets the same frames, so each is taken apart once: `Form.known` keeps
the newest ones with their numbers, and a read that is exactly one known frame is verified by one
look-up. Numbers count upward without a hole; what unit they count is the form's business.
"""

from __future__ import annotations

import abc
from collections import OrderedDict
from typing import Final

from hustings.chunk import decode_time_opus
from hustings.formats import ogg
from hustings.formats.boxes import walk

_KNOWN: Final = 96
_OPUS_PACKET: Final = b"OpusHead", b"OpusTags"

# First and last number in a frame; None for one that carries no sound, such as a header.
Numbers = tuple[int, int] | None


class Broken(Exception):
    """Bytes that are not what they must be."""


class Form(abc.ABC):
    """A form of endless answer; one object serves all listeners of a stream."""

    chunked = False

    def __init__(self) -> None:
        self.known: OrderedDict[bytes, Numbers] = OrderedDict()

    def cut(self, data: bytes) -> tuple[list[tuple[int, Numbers]], bytes]:
        """The whole frames at the start of `data`, each as its size and numbers; and the rest."""
        out: list[tuple[int, Numbers]] = []
        at = 0
        while (size := self.size(data, at)) and at + size <= len(data):
            frame = data[at : at + size]
            if frame not in self.known:
                self.known[frame] = self.numbers(frame)
                while len(self.known) > _KNOWN:
                    self.known.popitem(last=False)
            out.append((size, self.known[frame]))
            at += size
        return out, data[at:]

    @abc.abstractmethod
    def size(self, data: bytes, at: int) -> int:
        """Size of the frame that begins at `at`; 0 while that cannot be told."""

    @abc.abstractmethod
    def numbers(self, frame: bytes) -> Numbers:
        """The numbers in a frame; `Broken` if it is not as it must be."""


class Push(Form):
    """Our endless fMP4 with Opus in a chunked body. Numbers are chunks' numbers."""

    def size(self, data: bytes, at: int) -> int:
        """One chunk of the body (RFC 9112 section 7.1)."""
        end = data.find(b"\r\n", at, at + 10)
        if end < 0:
            if len(data) - at >= 10:
                raise Broken("no size of a body's chunk")
            return 0
        return end - at + 2 + int(data[at:end], 16) + 2

    def numbers(self, frame: bytes) -> Numbers:
        """The chunks in it: sequence, decode time and sizes agree, none is left out."""
        found: list[int] = []
        sizes = 0
        begin = frame.index(b"\r\n") + 2
        if begin == len(frame) - 2:
            raise Broken("the stream was ended")
        for kind, body in walk(frame[begin:-2]):
            if kind == b"moof":
                boxes = dict(walk(body))
                track = dict(walk(boxes[b"traf"]))
                n = int.from_bytes(boxes[b"mfhd"][4:8], "big") - 1
                if int.from_bytes(track[b"tfdt"][4:12], "big") != decode_time_opus(n):
                    raise Broken(f"the decode time of chunk {n}")
                if found and n != found[-1] + 1:
                    raise Broken(f"chunk {n} after {found[-1]}")
                run = track[b"trun"]
                count = int.from_bytes(run[4:8], "big")
                sizes = sum(
                    int.from_bytes(run[12 + 4 * i : 16 + 4 * i], "big") for i in range(count)
                )
                found.append(n)
            elif kind == b"mdat" and len(body) != sizes:
                raise Broken(f"the size of chunk {found[-1:]}")
        return (found[0], found[-1]) if found else None


class Ogg(Form):
    """Ogg Opus, a page after the other. Numbers are page numbers."""

    def size(self, data: bytes, at: int) -> int:
        """One page (RFC 3533 section 6)."""
        if len(data) - at < 27:
            return 0
        if data[at : at + 4] != b"OggS":
            raise Broken("no page begins where one must")
        segments = data[at + 26]
        if len(data) - at < 27 + segments:
            return 0
        return 27 + segments + sum(data[at + 27 : at + 27 + segments])

    def numbers(self, frame: bytes) -> Numbers:
        """The page's number, once its checksum is right; header pages carry no sound."""
        blank = frame[:22] + bytes(4) + frame[26:]
        if ogg.crc(blank) != int.from_bytes(frame[22:26], "little"):
            raise Broken("a page's checksum")
        if frame[27 + frame[26] :].startswith(_OPUS_PACKET):
            return None
        number = int.from_bytes(frame[18:22], "little")
        return number, number


class Floor(Form):
    """What `floor.c` sends: frames of one size, each beginning with its number."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def size(self, data: bytes, at: int) -> int:
        """All are of one size."""
        return self._size

    def numbers(self, frame: bytes) -> Numbers:
        """The number, once the filling is right."""
        if frame[8:].strip(b"x"):
            raise Broken("a frame's filling")
        number = int.from_bytes(frame[:8], "big")
        return number, number


def form(name: str, *, size: int = 0) -> Form:
    """A form by its name: push, ogg or floor (of frames of `size` bytes)."""
    match name:
        case "push":
            return Push()
        case "ogg":
            return Ogg()
        case _:
            return Floor(size)
