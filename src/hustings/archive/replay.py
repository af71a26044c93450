"""The replay's two files, written as the slots come: AAC in MP4 for everybody, and Ogg Opus.

Nothing is encoded: the frames that the audience heard are copied. Both files last exactly 320 ms a
slot and agree with each other to the sample (see `splice`). The same slots give the same bytes.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Sequence
from fractions import Fraction
from io import BufferedReader, BufferedWriter
from pathlib import Path
from struct import Struct
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from hustings.archive import splice
from hustings.archive.chapters import Chapter
from hustings.archive.label import MADE_BY, Label
from hustings.archive.slots import Slot
from hustings.archive.splice import Mixed
from hustings.chunk import (
    AAC_FRAME_SAMPLES,
    OPUS_FRAME_SAMPLES,
    SILENT_AAC_FRAME,
    SILENT_OPUS_FRAME,
)
from hustings.clock import SAMPLE_RATE
from hustings.formats import m4a, ogg

AAC_NAME: Final = "replay.m4a"
OPUS_NAME: Final = "replay.opus"

_LENGTH: Final = Struct(">I")  # in front of each frame that waits
_SAMPLE: Final = Fraction(1, SAMPLE_RATE)
_MS: Final = Fraction(1, 1000)
_COPIED: Final = 1 << 20  # bytes at a time


class Replay:
    """The two files of one recording in a folder. Ends with `close()` or `abandon()`."""

    def __init__(self, folder: Path, *, space: str) -> None:
        self._aac = AacFile(folder / AAC_NAME)
        self._opus = OpusFile(folder / OPUS_NAME, serial=zlib.crc32(space.encode()))

    def add(self, slot: Slot, *, mixed: Mixed | None = None, lead: tuple[bytes, ...] = ()) -> None:
        """Append a slot. Slots come in the order of their index, none missing."""
        if slot.index == 0:
            self._aac.prime(splice.aac_priming(slot))
        self._aac.add(splice.aac_frames(slot, mixed=mixed, lead=lead))
        self._opus.add(splice.opus_packets(slot, mixed=mixed))

    def close(self, label: Label) -> None:
        """Finish both files. Each is copied once, with what is known at the end in front."""
        try:
            self._opus.close(label)
        finally:
            self._aac.close(label)

    def abandon(self) -> None:
        """Close both files as they are: they will be deleted."""
        self._opus.abandon()
        self._aac.abandon()


class AacFile:
    """AAC frames in MP4. Order: `prime`, any number of `add`, `close` or `abandon`.

    Until the end they wait in a file beside it. A muxer keeps an index of them in memory: 12 MiB an
    hour, for as long as a conversation goes on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting = path.with_suffix(".frames")
        self._frames = self._waiting.open("w+b")

    def prime(self, frame: bytes) -> None:
        """The frame that is decoded and cut."""
        self.add((frame,))

    def add(self, frames: Sequence[bytes]) -> None:
        """The frames that follow."""
        for frame in frames:
            self._frames.write(_LENGTH.pack(len(frame)) + frame)

    def close(self, label: Label) -> None:
        """Nothing follows: the file is written, then written anew with its index in front."""
        try:
            self._mux(label)
        finally:
            self.abandon()
        finish_m4a(self._path, label)

    def abandon(self) -> None:
        """Forget the frames."""
        try:
            self._frames.close()
        finally:
            self._waiting.unlink(missing_ok=True)

    def _mux(self, label: Label) -> None:
        with av.open(str(self._path), "w", format="ipod") as container:
            # The stream's encoder is never used: it provides the description of AAC-LC.
            stream: AudioStream = container.add_stream("aac", rate=SAMPLE_RATE)
            stream.layout = "mono"
            stream.time_base = _SAMPLE
            pts = -splice.AAC_PRIMING_SAMPLES
            self._frames.seek(0)
            while head := self._frames.read(_LENGTH.size):
                frame = self._frames.read(_LENGTH.unpack(head)[0])
                packet = av.Packet(frame or SILENT_AAC_FRAME)  # an empty one would be refused
                packet.stream = stream
                packet.time_base = _SAMPLE
                packet.pts = packet.dts = pts
                packet.duration = AAC_FRAME_SAMPLES
                packet.is_keyframe = True
                container.mux_one(packet)
                pts += AAC_FRAME_SAMPLES
            set_chapters(container, label.chapters)


def set_chapters(container: OutputContainer, chapters: Sequence[Chapter]) -> None:
    """Give an MP4 that is being written its chapters."""
    container.set_chapters(
        [
            {
                "id": number,
                "start": chapter.start_ms,
                "end": chapter.end_ms,
                "time_base": _MS,
                "metadata": {"title": chapter.title},
            }
            for number, chapter in enumerate(chapters, 1)
        ]
    )


def finish_m4a(path: Path, label: Label) -> None:
    """Put a written file's index in front, with the label in it."""
    made = path.with_suffix(".new")
    with path.open("rb") as old, made.open("wb") as new:
        places = dict(m4a.places(lambda at: _read(old, at, 16), path.stat().st_size))
        (first, end), (index, index_end) = places[b"ftyp"], places[b"moov"]
        new.write(_read(old, first, end - first))
        new.write(m4a.finished(_read(old, index, index_end - index), items=label.items()))
        old.seek(end)
        _copy(old, new, index - end)
    made.replace(path)


class OpusFile:
    """Opus packets of 20 ms in Ogg. The headers are written at the end, in a page of their own."""

    def __init__(self, path: Path, *, serial: int) -> None:
        self._path = path
        self._serial = serial
        self._stream = ogg.Stream(serial=serial)
        self._packets = 0
        self._file = path.open("wb")
        self._file.write(self._stream.begin(ogg.head(), ogg.tags(vendor=MADE_BY)))
        self._head = self._file.tell()

    def add(self, packets: Sequence[bytes]) -> None:
        """The packets that follow."""
        self._packets += len(packets)
        for packet in packets:
            self._file.write(self._stream.add(packet, OPUS_FRAME_SAMPLES))

    def page(self, page: ogg.Page) -> None:
        """A page that follows whole, its packets 20 ms each."""
        self._packets += len(page.sizes)
        self._file.write(self._stream.add_page(page, len(page.sizes) * OPUS_FRAME_SAMPLES))

    def close(self, label: Label) -> None:
        """Nothing follows: the file is written anew with its label."""
        with self._file:
            self._file.write(self._stream.add(SILENT_OPUS_FRAME, OPUS_FRAME_SAMPLES))
            samples = self._packets * OPUS_FRAME_SAMPLES
            self._file.write(self._stream.end(ogg.PRE_SKIP + samples))
        made = self._path.with_suffix(".new")
        with self._path.open("rb") as old, made.open("wb") as new:
            new.write(self._begin(label))
            old.seek(self._head)
            shutil.copyfileobj(old, new, _COPIED)
        made.replace(self._path)

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _begin(self, label: Label) -> bytes:
        # One page, however long the label: the numbers of those that follow are fixed.
        comments = label.comments()
        while len(tags := ogg.tags(vendor=MADE_BY, comments=comments)) > ogg.PAGE_BYTES:
            comments.pop()
        return ogg.Stream(serial=self._serial).begin(ogg.head(), tags)


def _read(file: BufferedReader, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _copy(old: BufferedReader, new: BufferedWriter, count: int) -> None:
    while count > 0 and (data := old.read(min(_COPIED, count))):
        new.write(data)
        count -= len(data)
