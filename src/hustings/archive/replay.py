"""The replay's two files, written as the slots come: AAC in MP4 for everybody, and Ogg Opus.

Nothing is encoded: the frames that the audience heard are copied. Both files last exactly 320 ms a
slot and agree with each other to the sample (see `splice`). The same slots give the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from hustings import __version__
from hustings.archive import splice
from hustings.archive.slots import Slot
from hustings.chunk import (
    AAC_FRAME_SAMPLES,
    OPUS_FRAME_SAMPLES,
    SILENT_AAC_FRAME,
    SILENT_OPUS_FRAME,
)
from hustings.clock import CHUNK_SAMPLES, SAMPLE_RATE
from hustings.formats import ogg

AAC_NAME: Final = "replay.m4a"
OPUS_NAME: Final = "replay.opus"
VENDOR: Final = f"hustings {__version__}"

_SAMPLE: Final = Fraction(1, SAMPLE_RATE)
_MS: Final = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of the replay with a name, from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    title: str


class Replay:
    """The two files of one recording in a folder. Ends with `close()`."""

    def __init__(self, folder: Path, *, space: str, title: str, artist: str) -> None:
        self._aac = _AacFile(folder / AAC_NAME, title=title, artist=artist)
        self._opus = _OpusFile(folder / OPUS_NAME, space=space, title=title, artist=artist)

    def add(self, slot: Slot) -> None:
        """Append a slot. Slots come in the order of their index, none missing."""
        self._aac.add(slot)
        self._opus.add(slot)

    def close(self, chapters: Sequence[Chapter] = ()) -> None:
        """Finish both files. The MP4 is rewritten with its index in front: seconds at most."""
        try:
            self._opus.close()
        finally:
            self._aac.close(chapters)


class _AacFile:
    def __init__(self, path: Path, *, title: str, artist: str) -> None:
        self._container: OutputContainer = av.open(
            str(path), "w", format="ipod", options={"movflags": "+faststart"}
        )
        # The stream's encoder is never used: it provides the description of AAC-LC in the header.
        self._stream: AudioStream = self._container.add_stream("aac", rate=SAMPLE_RATE)
        self._stream.layout = "mono"
        self._stream.time_base = _SAMPLE
        self._container.metadata.update(title=title, artist=artist)
        self._pts = -splice.AAC_PRIMING_SAMPLES

    def add(self, slot: Slot) -> None:
        if self._pts < 0:
            self._write(splice.aac_priming(slot))
        for frame in splice.aac_frames(slot):
            self._write(frame)

    def close(self, chapters: Sequence[Chapter]) -> None:
        # Set only now: where the chapters are is known at the end, and the muxer asks at the end.
        self._container.set_chapters(
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
        self._container.close()

    def _write(self, frame: bytes) -> None:
        packet = av.Packet(frame or SILENT_AAC_FRAME)  # an empty one would be refused
        packet.stream = self._stream
        packet.time_base = _SAMPLE
        packet.pts = packet.dts = self._pts
        packet.duration = AAC_FRAME_SAMPLES
        packet.is_keyframe = True
        self._container.mux_one(packet)
        self._pts += AAC_FRAME_SAMPLES


class _OpusFile:
    def __init__(self, path: Path, *, space: str, title: str, artist: str) -> None:
        self._stream = ogg.Stream(serial=zlib.crc32(space.encode()))
        self._slots = 0
        self._file = path.open("wb")
        comments = [("TITLE", title), ("ARTIST", artist)]
        tags = ogg.tags(vendor=VENDOR, comments=[c for c in comments if c[1]])
        self._file.write(self._stream.begin(ogg.head(), tags))

    def add(self, slot: Slot) -> None:
        self._slots += 1
        for packet in splice.opus_packets(slot):
            self._file.write(self._stream.add(packet, OPUS_FRAME_SAMPLES))

    def close(self) -> None:
        with self._file:
            self._file.write(self._stream.add(SILENT_OPUS_FRAME, OPUS_FRAME_SAMPLES))
            self._file.write(self._stream.end(ogg.PRE_SKIP + self._slots * CHUNK_SAMPLES))
