"""The stems: one Ogg Opus file per seat, all on the replay's clock, from the packets in the log.

A packet's place is its RTP timestamp, counted on from an anchor: the programme time that the stage
noted for one packet of the same transport, less the 2,048 samples by which programme time is behind
the mixer's input, which the replay's clock counts. Timestamps are the speaker's own: the stem has
the speaker's rhythm, whatever the network did. When they run away from the mix for longer than a
few packets, or the transport is a new one, the anchor is set anew. Where nothing was sent there is
silence. What lies in no slot of the replay (held time, the green room) is left out, and so is a
packet that reaches over the end of a live span.

Packets are kept until the slot they belong to is certain, as chunks are, and some slots longer: a
gap in the mix is filled from them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedWriter
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

from hustings import limits
from hustings.archive.label import MADE_BY
from hustings.archive.slots import Slot
from hustings.chunk import PROGRAMME_DELAY_SAMPLES
from hustings.clock import CHUNK_SAMPLES, SAMPLE_RATE, sample_of
from hustings.errors import BadInput
from hustings.formats import ogg
from hustings.stem import StemBatch, StemPacket

FOLDER: Final = "stems"
# More than the decoder's lag, and a whole number of 2.5 ms, in which silence comes: whatever
# entered the mix on a tick stands in the stem to the sample.
PRE_SKIP: Final = 360

_DRIFT: Final = limits.STEM_DRIFT_MS * SAMPLE_RATE // 1000
_JUMP: Final = limits.STEM_JUMP_MS * SAMPLE_RATE // 1000
_SHORTEST: Final = ogg.SILENCE[-1][0]
_NEVER: Final = 1 << 62
_SEAT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it becomes part of a file's name

Placed: TypeAlias = tuple[int, int, bytes]  # sample of the mixer's input, length, payload
_SAMPLE: Final = itemgetter(0)


class Anchor:
    """Turns RTP timestamps of one seat into samples of the mixer's input."""

    __slots__ = ("_join", "_off", "_sample", "_timestamp")

    def __init__(self) -> None:
        self._join = -1
        self._timestamp = 0
        self._sample = 0
        self._off = 0  # packets in a row that were off by more than the drift allowed

    def place(self, packet: StemPacket) -> int:
        """The sample of the mixer's input with which the packet's sound begins."""
        noted = packet.sample - PROGRAMME_DELAY_SAMPLES
        timestamp = packet.timestamp
        # Signed difference of 32-bit timestamps, RFC 3550 section 5.1: they wrap after 24.8 hours.
        step = ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        sample = self._sample + step
        off = abs(sample - noted)
        self._off = self._off + 1 if off > _DRIFT else 0
        if packet.join != self._join or off > _JUMP or self._off >= limits.STEM_DRIFT_PACKETS:
            self._join, self._off, sample = packet.join, 0, noted
        self._timestamp, self._sample = timestamp, sample
        return sample


class Stems:
    """All stems of one recording in a folder. Ends with `close()`."""

    def __init__(self, folder: Path, *, space: str) -> None:
        self.late = 0  # packets that came when their slot was decided already
        self.unreadable = 0  # packets that are no Opus, or of an impossible seat
        self._folder = folder / FOLDER
        self._space = space
        self._seats: dict[str, _Seat] = {}
        self._decided = 0

    @property
    def packets(self) -> dict[str, int]:
        """Packets in each stem, by seat. A seat that was never on air has none and no file."""
        return {name: seat.packets for name, seat in sorted(self._seats.items()) if seat.open}

    def path(self, seat: str) -> Path:
        """The file of a seat."""
        return self._folder / f"{seat}.opus"

    def add(self, batch: StemBatch) -> None:
        """Take a batch from the log."""
        for packet in batch.packets:
            seat = self._seats.get(packet.seat) or self._new(packet.seat)
            try:
                length = ogg.samples_of(packet.payload)
            except BadInput:
                length = 0
            if seat is None or not length:
                self.unreadable += 1
                continue
            sample = seat.anchor.place(packet)
            n = sample // CHUNK_SAMPLES
            if n < self._decided:
                self.late += 1
                continue
            here = seat.placed.get(n)
            if here is None:
                here = seat.placed[n] = []
            here.append((sample, length, packet.payload))

    def sounds(self, n: int) -> bool:
        """Whether any seat has sent something in number `n`, which is not written yet."""
        return any(n in seat.placed for seat in self._seats.values())

    def heard(self, first_n: int, end_n: int) -> Iterator[tuple[str, list[Placed]]]:
        """Each seat's packets of the numbers `first_n` to `end_n` (exclusive), in their order."""
        for name, seat in sorted(self._seats.items()):
            found = [
                packet
                for n in range(first_n, end_n)
                for packet in seat.placed.get(n) or seat.recent.get(n) or ()
            ]
            if found:
                yield name, sorted(found, key=_SAMPLE)

    def advance(self, slot: Slot) -> None:
        """Write what belongs to a slot. Slots come in the order of their index, none missing."""
        self.forget(slot.n)
        self._decided = slot.n + 1
        for seat in self._seats.values():
            if packets := seat.placed.pop(slot.n, None):
                packets.sort(key=_SAMPLE)
                seat.write(slot, packets)
                seat.recent[slot.n] = packets
            for n in [n for n in seat.recent if n < slot.n - limits.REMIX_HISTORY_SLOTS]:
                del seat.recent[n]

    def forget(self, before_n: int) -> None:
        """Drop what lies before number `before_n`: it was off air."""
        for seat in self._seats.values():
            if seat.placed and min(seat.placed) < before_n:
                seat.placed = {n: packets for n, packets in seat.placed.items() if n >= before_n}

    def close(self, slots: int) -> None:
        """Finish all files: each is as long as the replay of so many slots."""
        for seat in self._seats.values():
            seat.close(slots)

    def _new(self, name: str) -> _Seat | None:
        if not _SEAT.fullmatch(name) or len(self._seats) >= limits.STEMS_COUNT:
            return None
        serial = zlib.crc32(f"{self._space}/{name}".encode())
        self._seats[name] = _Seat(self.path(name), serial=serial)
        return self._seats[name]


class _Seat:
    """One seat and its file."""

    def __init__(self, path: Path, *, serial: int) -> None:
        self.anchor = Anchor()
        self.placed: dict[int, list[Placed]] = {}  # by programme number
        self.recent: dict[int, list[Placed]] = {}  # the newest of those that are written
        self.packets = 0
        self._path = path
        self._serial = serial
        self._file: StemFile | None = None

    @property
    def open(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def write(self, slot: Slot, packets: Iterable[Placed]) -> None:
        """Append packets of a slot, in order."""
        if self._file is None:
            self._file = StemFile(self._path, serial=self._serial)
        start = sample_of(slot.index) + PRE_SKIP
        shift = start - sample_of(slot.n)
        end = start + CHUNK_SAMPLES if slot.closes else _NEVER
        for sample, length, payload in packets:
            self.packets += self._file.place(payload, at=sample + shift, length=length, end=end)

    def close(self, slots: int) -> None:
        """Finish the file, if there is one."""
        if self._file is not None:
            self._file.close(slots)


class StemFile:
    """A stem being written: an Ogg Opus file that has silence where nothing is placed.

    Positions in it are samples of the decoded stream, pre-skip included. A packet is placed where
    the stage had what it decodes to, so the decoder's lag is in both: what entered the mix at x of
    the replay stands at x + pre-skip.
    """

    def __init__(self, path: Path, *, serial: int) -> None:
        path.parent.mkdir(exist_ok=True)
        self._stream = ogg.Stream(serial=serial)
        self._file: BufferedWriter = path.open("wb")
        self._file.write(self._stream.begin(ogg.head(pre_skip=PRE_SKIP), ogg.tags(vendor=MADE_BY)))

    def place(self, payload: bytes, *, at: int, length: int, end: int = _NEVER) -> bool:
        """Add a packet of so many samples at a position; False if it cannot be there: it is a
        double, overlaps too much with what is written to be moved behind it, or passes `end`."""
        behind = at - self._stream.samples
        if behind < -(length // 2) or at - min(behind, 0) + length > end:
            return False
        if behind >= _SHORTEST:
            self.fill(at)
        if page := self._stream.add(payload, length):
            self._file.write(page)
        return True

    def page(self, page: ogg.Page, samples: int) -> None:
        """Add a page as it is; its packets decode to so many samples."""
        self._file.write(self._stream.add_page(page, samples))

    def fill(self, until: int) -> None:
        """Silence up to a position, to less than 2.5 ms."""
        for samples, packet in ogg.SILENCE:
            while self._stream.samples + samples <= until:
                self._file.write(self._stream.add(packet, samples))

    def close(self, slots: int) -> None:
        """Finish the file: it is as long as a replay of so many slots."""
        end = sample_of(slots) + PRE_SKIP
        with self._file:
            self.fill(end)
            if self._stream.samples < end:
                samples, packet = ogg.SILENCE[-1]
                self._file.write(self._stream.add(packet, samples))
            self._file.write(self._stream.end(end))
