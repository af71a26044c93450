"""Stretches of speech: a seat's sound cut where nobody speaks, short enough to be heard at once.

       onset                              pause
 ───────┤███████ ██████ ████████ ████─────────├──────
    lead│<------------ a stretch ------------>│tail

Sound is kept only while somebody speaks, and a little before: in silence this holds a fifth of a
second.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from hustings.captions.engine import RATE, Sound
from hustings.captions.voice import FRAME, FRAME_MS, Voice

_LEAD_FRAMES: Final = 240 // FRAME_MS  # kept in front: the breath before a word
_ONSET_FRAMES: Final = 4  # of voice among the last
_ONSET_WITHIN: Final = 6  # so many: a click is shorter
_QUIETEST_FRAMES: Final = 6  # where speech without a pause is cut: 100 ms with the least sound


@dataclass(frozen=True, slots=True)
class Bounds:
    """How stretches end: after `pause_ms` without voice; once longer than `long_ms`, at a pause of
    `breath_ms`; and at `most_ms` wherever it is quietest. Less voice than `least_ms` is none."""

    pause_ms: int
    long_ms: int
    breath_ms: int
    most_ms: int
    least_ms: int = 130


@dataclass(slots=True, eq=False)
class Stretch:
    """One stretch, as long as it is by now. `at` is its first sample and `voice_end` the one behind
    its last voice, both counted by the seat's ear. `enough`: there is voice enough for a word."""

    at: int
    least_ms: int = 0
    pieces: list[Sound] = field(default_factory=list)
    samples: int = 0
    voiced: int = 0  # frames
    voice_end: int = 0

    @property
    def end(self) -> int:
        """The sample behind its last."""
        return self.at + self.samples

    @property
    def enough(self) -> bool:
        """Whether it may hold a word."""
        return self.voiced * FRAME_MS >= self.least_ms

    def add(self, frame: Sound, *, voice: bool) -> None:
        """Take the next frame."""
        self.pieces.append(frame)
        self.samples += len(frame)
        if voice:
            self.voiced += 1
            self.voice_end = self.end

    def sound(self) -> Sound:
        """All of its sound in one array."""
        if len(self.pieces) > 1:
            self.pieces = [np.concatenate(self.pieces)]
        return self.pieces[0]


class Stretches:
    """The cutter of one seat."""

    def __init__(self, bounds: Bounds) -> None:
        self.open: Stretch | None = None
        self._bounds = bounds
        self._voice = Voice()
        self._rest: Sound = np.zeros(0, np.float32)
        self._at = 0  # the sample that follows what was looked at
        self._lead: deque[tuple[Sound, bool]] = deque(maxlen=_LEAD_FRAMES)

    def feed(self, sound: Sound, *, at: int) -> list[Stretch]:
        """Take sound that begins with sample `at`, and give the stretches that end in it. Where it
        does not follow what came before, everything before it ends."""
        ended = []
        if at != self._at + len(self._rest):
            ended = self.flush()
            self._at = at
        sound = np.concatenate((self._rest, sound)) if len(self._rest) else sound
        for i, voice in enumerate(self._voice.frames(sound)):
            frame = sound[i * FRAME : (i + 1) * FRAME]
            if (one := self._step(frame, voice=bool(voice))) is not None:
                ended.append(one)
        self._rest = sound[len(sound) // FRAME * FRAME :].copy()
        return ended

    def flush(self) -> list[Stretch]:
        """End what is open: no more comes, or not from there."""
        ended = self._ended()
        self._lead.clear()
        self._rest = self._rest[:0]
        self._voice.reset()
        return [ended] if ended is not None else []

    def _step(self, frame: Sound, *, voice: bool) -> Stretch | None:
        self._at += FRAME
        if self.open is None:
            self._lead.append((frame, voice))
            recent = [spoken for _, spoken in self._lead][-_ONSET_WITHIN:]
            if sum(recent) >= _ONSET_FRAMES:
                self._begin()
            return None
        self.open.add(frame, voice=voice)
        length_ms = self.open.samples * 1000 // RATE
        silent_ms = (self.open.end - self.open.voice_end) * 1000 // RATE
        long = length_ms >= self._bounds.long_ms
        if silent_ms >= (self._bounds.breath_ms if long else self._bounds.pause_ms):
            return self._ended()
        return self._cut() if length_ms >= self._bounds.most_ms else None

    def _begin(self) -> None:
        self.open = Stretch(self._at - len(self._lead) * FRAME, self._bounds.least_ms)
        for frame, voice in self._lead:
            self.open.add(frame.copy(), voice=voice)
        self._lead.clear()

    def _ended(self) -> Stretch | None:
        ended, self.open = self.open, None
        return ended if ended is not None and ended.enough else None

    def _cut(self) -> Stretch | None:
        """End where the last quarter is quietest; what follows is a stretch of its own."""
        whole = self.open
        assert whole is not None
        sound = whole.sound()
        frames = sound.reshape(-1, FRAME)
        energy = np.convolve((frames**2).mean(axis=1), np.ones(_QUIETEST_FRAMES), "same")
        first = len(frames) * 3 // 4
        cut = (first + int(energy[first:].argmin())) * FRAME
        voice_end = min(whole.voice_end, whole.at + cut)
        least = whole.least_ms
        head = Stretch(whole.at, least, [sound[:cut]], cut, whole.voiced, voice_end)
        rest = sound[cut:].copy()
        # Who spoke that long without a pause speaks on.
        spoken = max(0, whole.voice_end - whole.at - cut) // FRAME
        self.open = Stretch(whole.at + cut, least, [rest], len(rest), spoken, whole.voice_end)
        return head
