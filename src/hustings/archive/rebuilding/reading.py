"""Reading a recording's own files again, packet by packet; none is ever held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av

from hustings.archive.stems import Placed
from hustings.chunk import AAC_FRAMES
from hustings.clock import CHUNK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import ogg

SILENCES: Final = frozenset(packet for _, packet in ogg.SILENCE)
_HEAD_AT: Final = 28  # behind the page's own header and one segment
_HEAD_BYTES: Final = _HEAD_AT + 19
_ENOUGH_SLOTS: Final = 8  # kept behind the newest that was asked for


def pages(path: Path) -> Iterator[ogg.Page]:
    """The pages of an Ogg file of ours, headers left out."""
    with path.open("rb") as file:
        yield from ogg.pages(file.read)


def aac_slots(path: Path) -> Iterator[tuple[bytes, ...]]:
    """First the frame that primes the decoder, alone, then the 15 frames of each slot."""
    frames: list[bytes] = []
    wanted = 1
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            if packet.size:
                frames.append(bytes(packet))
            if len(frames) == wanted:
                yield tuple(frames)
                frames, wanted = [], AAC_FRAMES


def pre_skip(path: Path) -> int:
    """The samples with which an Ogg Opus file begins that do not count (RFC 7845 section 5.1)."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES or head[_HEAD_AT : _HEAD_AT + 8] != b"OpusHead":
        raise BadInput("Ogg", expected="an Opus file", got=path.name)
    return int.from_bytes(head[_HEAD_AT + 10 : _HEAD_AT + 12], "little")


def placed(path: Path) -> Iterator[Placed]:
    """The packets of a stem, with the sample of the replay with which each begins. What was filled
    in as silence is left out."""
    at = -pre_skip(path)
    for page in pages(path):
        for packet in page.packets:
            samples = ogg.samples_of(packet)
            if packet not in SILENCES:
                yield at, samples, packet
            at += samples


def spoken(path: Path, first: int, end: int) -> set[int]:
    """The slots from `first` to `end` (exclusive) in which a stem has anything to be heard."""
    found: set[int] = set()
    for at, samples, _ in placed(path):
        if at >= end * CHUNK_SAMPLES:
            break
        found.update(range(at // CHUNK_SAMPLES, (at + samples - 1) // CHUNK_SAMPLES + 1))
    return {slot for slot in found if first <= slot < end}


class Track:
    """A stem, read forward: the packets of a few slots at a time."""

    def __init__(self, path: Path) -> None:
        self._source = placed(path)
        self._slots: dict[int, list[Placed]] = {}
        self._newest = -1

    def of(self, first: int, end: int) -> list[Placed]:
        """The packets of the slots `first` to `end` (exclusive), which do not go back far."""
        while self._newest < end:
            packet = next(self._source, None)
            if packet is None:
                self._newest = 1 << 62
                break
            self._newest = packet[0] // CHUNK_SAMPLES
            self._slots.setdefault(self._newest, []).append(packet)
            if len(self._slots) > _ENOUGH_SLOTS * 4:
                old = [slot for slot in self._slots if slot < first - _ENOUGH_SLOTS]
                for slot in old:
                    del self._slots[slot]
        return [packet for n in range(first, end) for packet in self._slots.get(n, ())]


def duration_slots(path: Path) -> int:
    """How many slots a replay in Ogg has; `BadInput` if it is no whole number of them."""
    last = None
    for page in pages(path):
        last = page
    samples = -1 if last is None else last.granule - ogg.PRE_SKIP
    if samples < 0 or samples % CHUNK_SAMPLES:
        raise BadInput("replay", expected="whole slots of 320 ms", got=f"{samples} samples")
    return samples // CHUNK_SAMPLES
