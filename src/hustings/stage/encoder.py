"""The programme's encoders: ticks of sound in, finished chunks out, in order.

Runs in the 20 ms tick: `feed`, `skip_tick` and `take` never wait. Opus is encoded inside the call;
AAC on one helper thread, which is handed the sound of a whole chunk at its end and delivers both
codecs a few milliseconds later. `take` is polled by the tick, so a chunk may come out one tick
after its last frame went in.

Every chunk stands alone: its first Opus packet, like the first after a skipped tick, is not
predicted from the one before. So it decodes the same after any other chunk, after silence that
fills a gap, and for a listener who has just come. AAC frames always stand alone, but for the
overlap of one frame with the next.

A new encoder starts on a chunk's border, after a takeover too. What its first chunk n decodes to:
programme time is input time + 2,048 samples, so the first 2,048 samples (43 ms) of the chunk are
not its own input but the end of what came before. The encoder that was replaced never wrote them:
they decode to the fade-out of the last frame before and then silence in AAC (its first frame is the
priming one), to silence that the new stream fades in from in Opus. From sample n x 15360 + 2048 on
the programme is whole in both codecs.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusEncoder
from hustings.chunk import (
    AAC_FRAME_SAMPLES,
    SILENT_AAC_FRAME,
    SILENT_OPUS_FRAME,
)
from hustings.clock import CHUNK_SAMPLES, TICK_SAMPLES, TICKS_PER_CHUNK

Frame = NDArray[np.float32]

_AAC_FRAMES: Final = CHUNK_SAMPLES // AAC_FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class Encoded:
    """One chunk's frames: 16 of Opus, 15 of AAC."""

    opus: tuple[bytes, ...]
    aac: tuple[bytes, ...]


class ProgrammeEncoder:
    """Encodes the programme of one space, from a chunk's border on.

    The thread ends with `close()`, which loses what has not been taken.
    """

    def __init__(self, *, opus_bps: int, aac_bps: int, opus_complexity: int) -> None:
        self._opus = OpusEncoder(
            bitrate_bps=opus_bps, complexity=opus_complexity, application="audio", fec=False
        )
        self._aac = AacEncoder(bitrate_bps=aac_bps)
        self._alone = True  # the next Opus packet must not lean on the one before it
        self._packets: list[bytes] = []
        self._pcm = np.empty(CHUNK_SAMPLES, np.float32)
        self._work: queue.SimpleQueue[tuple[tuple[bytes, ...], Frame | None] | None]
        self._work = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Encoded | BaseException] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="aac", daemon=True)
        self._thread.start()

    @property
    def ticks(self) -> int:
        """Ticks of the current chunk that have been fed: 0 on a chunk's border."""
        return len(self._packets)

    def feed(self, frame: Frame) -> None:
        """The next 20 ms of the programme: 960 float32 samples."""
        at = len(self._packets) * TICK_SAMPLES
        self._pcm[at : at + TICK_SAMPLES] = frame
        if self._alone:
            self._alone = False
            self._advance(self._opus.encode_alone(frame))
        else:
            self._advance(self._opus.encode(frame))

    def skip_tick(self) -> None:
        """Fill the slot of a tick that did not happen with silence, at no cost."""
        at = len(self._packets) * TICK_SAMPLES
        self._pcm[at : at + TICK_SAMPLES] = 0.0
        self._advance(SILENT_OPUS_FRAME)
        self._alone = True

    def take(self) -> Encoded | None:
        """The oldest finished chunk not taken yet, or None. Raises what the thread died of."""
        try:
            done = self._done.get_nowait()
        except queue.Empty:
            return None
        if isinstance(done, BaseException):
            raise done
        return done

    def close(self) -> None:
        """End the thread. Afterwards only `take` may be called."""
        self._work.put(None)
        self._thread.join()

    def _advance(self, packet: bytes) -> None:
        self._packets.append(packet)
        if len(self._packets) < TICKS_PER_CHUNK:
            return
        # A thread that cannot follow gets no more work, and its chunks silence in AAC, until it
        # has caught up: the programme keeps its time, and what waits is packets, not sound.
        behind = self._work.qsize() >= limits.AAC_BEHIND_CHUNKS
        self._work.put((tuple(self._packets), None if behind else self._pcm))
        self._packets = []
        self._pcm = np.empty(CHUNK_SAMPLES, np.float32)
        self._alone = True

    def _run(self) -> None:
        try:
            while work := self._work.get():
                opus, pcm = work
                if pcm is None:
                    aac = (SILENT_AAC_FRAME,) * _AAC_FRAMES
                else:
                    frames = pcm.reshape(_AAC_FRAMES, AAC_FRAME_SAMPLES)
                    aac = tuple(self._aac.encode(frame) for frame in frames)
                self._done.put(Encoded(opus=opus, aac=aac))
        except BaseException as error:
            self._done.put(error)
