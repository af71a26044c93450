"""The remix: the mix again, from the stems, where the log has none.

The mixing stage died or could not write, and what the seats sent rests in the log all the same:
then a slot of the replay is mixed from that, on the same clock and by the same rules as on the
stage (`audio/`: gain, sum, limiter), and encoded for both files. Only there: where there is a
chunk, or nothing was on air, nothing is made.

A run of slots is mixed by one pair of encoders. They begin a little before the run, in sound that
the chunk before it has too, so that what overlaps where they meet is the same sound; the AAC frames
of the 43 ms in front of the run, which were in the missing chunk, are made as well (`lead`).

The same log gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.archive.splice import Mixed
from hustings.archive.stems import Placed
from hustings.audio.aac import AacEncoder
from hustings.audio.gain import SpeakerGain
from hustings.audio.level import SILENCE_DBFS, VoiceActivity, rms_dbfs
from hustings.audio.limiter import Limiter
from hustings.audio.mixer import mix
from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.chunk import AAC_FRAME_SAMPLES, PROGRAMME_DELAY_SAMPLES, Chunk
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES, TICK_SAMPLES, TICKS_PER_CHUNK, sample_of
from hustings.errors import BadInput

Frame = NDArray[np.float32]

_OPUS_BPS: Final = (16_000, 32_000, 256_000)  # least, usual, most
_AAC_BPS: Final = (32_000, 64_000, 192_000)
_COMPLEXITY: Final = 5
_QUIET: Final = 1e-6  # -60 dBFS: below it, what is louder than what says nothing
_MATCH_MAX: Final = 4.0  # 12 dB
_LEAD_TICKS: Final = 3  # 60 ms: more than AAC's two frames
_LEAD_FRAMES: Final = PROGRAMME_DELAY_SAMPLES // AAC_FRAME_SAMPLES
_FADE_IN: Final[Frame] = np.linspace(0.0, 1.0, TICK_SAMPLES, dtype=np.float32)
_FADE_OUT: Final[Frame] = _FADE_IN[::-1].copy()


class Heard(Protocol):
    """Where the packets of the seats come from."""

    def heard(self, first_n: int, end_n: int) -> Iterable[tuple[str, list[Placed]]]:
        """Each seat's packets of the numbers `first_n` to `end_n` (exclusive), in their order."""


class Rates:
    """The bit rates of a mix, as far as one chunk of it tells."""

    def __init__(self, like: Chunk | None = None) -> None:
        self.opus_bps = _rate(() if like is None else like.opus, _OPUS_BPS)
        self.aac_bps = _rate(() if like is None else like.aac, _AAC_BPS)


class Voice:
    """One seat: packets in, the frame of each tick out, at the gain that the stage would use."""

    def __init__(self, *, at: int) -> None:
        self._decoder = OpusDecoder()
        self._gain = SpeakerGain()
        self._activity = VoiceActivity()
        self._sound = np.zeros(0, np.float32)
        self._at = at  # the sample of the mixer's input with which `_sound` begins
        self._sounded = False
        self._last = 0.0

    def hear(self, packets: Iterable[Placed]) -> None:
        """Packets that follow, in their order."""
        for sample, length, payload in packets:
            end = self._at + len(self._sound)
            if sample + length <= self._at or sample < end - length // 2:
                continue  # a double, or too early
            try:
                sound = self._decoder.decode(payload)
            except BadInput:
                continue
            lost = np.zeros(max(0, sample - end), np.float32)
            self._sound = np.concatenate((self._sound, lost, sound[max(0, end - sample) :]))

    def learn(self, ticks: int) -> list[float]:
        """Listen to so many ticks without being heard, to know how loud this voice is; the mean
        squares of all of them, at the gain that comes of it."""
        powers = []
        for _ in range(ticks):
            raw = self._next()
            powers.append(0.0 if raw is None else float(np.dot(raw, raw)) / TICK_SAMPLES)
            level = SILENCE_DBFS if raw is None else rms_dbfs(raw)
            speaking = self._activity.update(level)
            self._sounded = raw is not None
            if raw is not None:
                self._gain.process(raw, level_dbfs=level, speaking=speaking)
        self._gain.settle()
        factor = 10 ** (self._gain.gain_db / 10)
        return [power * factor for power in powers]

    def tick(self) -> Frame | None:
        """The next 20 ms for the mix, or None where nothing was sent."""
        raw = self._next()
        level = SILENCE_DBFS if raw is None else rms_dbfs(raw)
        speaking = self._activity.update(level)
        before, self._sounded = self._sounded, raw is not None
        if raw is None:
            # The sound broke off: lead its last sample to zero instead of clicking.
            return np.float32(self._last) * _FADE_OUT if before else None
        frame = self._gain.process(raw, level_dbfs=level, speaking=speaking)
        if not before:
            frame = frame * _FADE_IN
        self._last = float(frame[-1])
        return frame

    def _next(self) -> Frame | None:
        there = self._sound[:TICK_SAMPLES]
        self._sound = self._sound[TICK_SAMPLES:]
        self._at += TICK_SAMPLES
        if not len(there):
            return None
        if len(there) == TICK_SAMPLES:
            return there
        return np.concatenate((there, np.zeros(TICK_SAMPLES - len(there), np.float32)))


class Run:
    """The slots of one gap in a row, from number `n` on. `opens`: a live span begins with them, so
    that nothing before them may be heard. `heard` are the mean squares of the mix in the slots
    before, but for the very last: the run is as loud as they are, by what the stems have there.

    `lead` are the AAC frames of the 43 ms in front.
    """

    def __init__(
        self, stems: Heard, n: int, *, opens: bool, rates: Rates, heard: Sequence[float] = ()
    ) -> None:
        self._stems = stems
        self._n = n
        self._voices: dict[str, Voice] = {}
        self._limiter = Limiter()
        self._opus = OpusEncoder(
            bitrate_bps=rates.opus_bps, complexity=_COMPLEXITY, application="audio", fec=False
        )
        self._aac = AacEncoder(bitrate_bps=rates.aac_bps)
        self._pcm = np.zeros(0, np.float32)  # from the next AAC frame on
        self._ahead: list[Frame] = []  # ticks of the next slot that AAC has taken already
        self._last = np.zeros(_LEAD_TICKS * TICK_SAMPLES, np.float32)
        self._tick = sample_of(n) - _LEAD_TICKS * TICK_SAMPLES  # where the next tick begins
        self._from = n if opens else n - limits.REMIX_HISTORY_SLOTS
        self._heard = tuple(heard)[-(limits.REMIX_HISTORY_SLOTS - 1) :]
        self._scale = np.float32(1.0)
        self.lead = self._begin(opens=opens)

    @property
    def end(self) -> Frame:
        """The last 60 ms of what was mixed."""
        return self._last

    def slot(self, n: int, *, closes: bool) -> Mixed:
        """The frames of the next slot of the run; `closes`: nothing that follows may be heard."""
        assert n == self._n, "a run has no holes"
        ticks = self._ahead + self._mixed(TICKS_PER_CHUNK - len(self._ahead), before_n=n + 1)
        if closes:
            ticks[-1] = ticks[-1] * _FADE_OUT
        packets = [self._opus.encode_alone(ticks[0]), *map(self._opus.encode, ticks[1:])]
        self._pcm = np.concatenate((self._pcm, *ticks[len(self._ahead) :]))
        self._n += 1
        self._last = np.concatenate(ticks[-_LEAD_TICKS:])
        if closes:
            self._ahead = [np.zeros(TICK_SAMPLES, np.float32)] * _LEAD_TICKS
        else:
            self._ahead = self._mixed(_LEAD_TICKS, before_n=n + 2)
        self._pcm = np.concatenate((self._pcm, *self._ahead))
        frames = self._encoded(CHUNK_SAMPLES // AAC_FRAME_SAMPLES)
        return Mixed(tuple(frames), tuple(packets))

    def _begin(self, *, opens: bool) -> tuple[bytes, ...]:
        if opens:
            before = [np.zeros(TICK_SAMPLES, np.float32)] * _LEAD_TICKS
            self._tick += _LEAD_TICKS * TICK_SAMPLES
        else:
            before = self._mixed(_LEAD_TICKS, before_n=self._n)
        for frame in before:
            self._opus.encode(frame)
        heard = np.concatenate(before)
        self._pcm = heard[len(heard) - _LEAD_FRAMES * AAC_FRAME_SAMPLES :]
        self._encoded(_LEAD_FRAMES)
        self._ahead = self._mixed(_LEAD_TICKS, before_n=self._n + 1)
        self._pcm = np.concatenate((self._pcm, *self._ahead))
        return tuple(self._encoded(_LEAD_FRAMES))

    def _mixed(self, count: int, *, before_n: int) -> list[Frame]:
        """The next ticks, which lie in numbers below `before_n`."""
        learnt: list[list[float]] = []
        for name, packets in self._stems.heard(self._from, before_n):
            if name in self._voices:
                self._voices[name].hear(packets)
            else:
                at, since = self._tick, sample_of(self._from)
                self._voices[name], powers = _known(packets, at=at, since=since)
                learnt.append(powers)
        self._match(learnt)
        self._from = before_n - 1
        self._tick += count * TICK_SAMPLES
        out = []
        for _ in range(count):
            frames = {}
            for name, voice in self._voices.items():
                if (frame := voice.tick()) is not None:
                    frames[name] = frame
            out.append(self._limiter.process(mix(frames)[0] * self._scale))
        return out

    def _match(self, learnt: list[list[float]]) -> None:
        """Once, when all who spoke before are known: take over the level of the mix."""
        slots, self._heard = self._heard, ()
        if not slots or not learnt:
            return
        end = (limits.REMIX_HISTORY_SLOTS - 1) * TICKS_PER_CHUNK
        voices = np.sum(learnt, axis=0)[:end][-len(slots) * TICKS_PER_CHUNK :]
        ours, theirs = float(np.mean(voices)), float(np.mean(slots))
        if min(ours, theirs) > _QUIET:
            ratio = (theirs / ours) ** 0.5
            self._scale = np.float32(min(max(ratio, 1 / _MATCH_MAX), _MATCH_MAX))

    def _encoded(self, count: int) -> list[bytes]:
        size = AAC_FRAME_SAMPLES
        frames = [self._aac.encode(self._pcm[i * size : (i + 1) * size]) for i in range(count)]
        self._pcm = self._pcm[count * size :]
        return frames


def _known(packets: list[Placed], *, at: int, since: int) -> tuple[Voice, list[float]]:
    """A voice whose next tick begins at sample `at`, and that was listened to since `since`, and
    how loud it was."""
    voice = Voice(at=since)
    voice.hear(packet for packet in packets if packet[0] < at)
    powers = voice.learn((at - since) // TICK_SAMPLES)
    voice.hear(packet for packet in packets if packet[0] >= at)
    return voice, powers


def _rate(frames: Sequence[bytes], bounds: tuple[int, int, int]) -> int:
    least, usual, most = bounds
    if not frames:
        return usual
    return min(max(sum(map(len, frames)) * 8 // CHUNK_MS * 1000, least), most)
