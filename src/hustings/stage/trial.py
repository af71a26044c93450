"""A seat's round trip: three seconds of what arrives are kept, played back to it, and measured.

Real-time contract: `tick` is called in the 20 ms tick; it does not block or log, and allocates
nothing that stays: the sound has its room from the beginning. Pure: what the line does is asked of
`line`.

    recording ──3 s──▶ playing ──3 s and a tail──▶ done
        └─────────────────┴──▶ stopped

Echo is looked for where only the stage can: while it plays, it knows what the speaker's loudspeaker
says, and hears what their microphone sends. If the one follows the other's ups and downs, at one
delay, the sound has come back through the room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.audio.level import SILENCE_DBFS
from hustings.clock import TICK_MS, TICK_SAMPLES
from hustings.signal import TrialFigures, TrialReport

Frame = NDArray[np.float32]

TICKS: Final = round(limits.TRIAL_S * 1000) // TICK_MS
TAIL_TICKS: Final = round(limits.TRIAL_TAIL_S * 1000) // TICK_MS
CLIPPED: Final = 0.99  # of full scale: after coding, a peak cut by the microphone lies about here
_SPEECH: Final = 0.9  # the share of frames that are not louder than speech is said to be
_FLOOR: Final = 0.1
_REPORTED_PACKETS_MIN: Final = 25  # half a second: fewer say little about a share

_ECHO_LAGS: Final = 61  # up to 1.2 s from the stage to the ear and back
_ECHO_DBFS_MIN: Final = -70.0  # quieter is as good as silence
_ECHO_RISE_DB: Final = 3.0  # standard deviation: an even sound has no ups and downs to be known by
_ECHO_LIKENESS: Final = 0.8  # echoes have 0.95; of 400 pairs of unrelated speech the best has 0.74
_ECHO_ABOVE_DB: Final = 6.0  # the room's own noise, at least

_RISE: Final[Frame] = np.linspace(0, 1, TICK_SAMPLES, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """A seat's line at one moment; packets are counted from its beginning.

    `remote_highest` and `remote_lost` are what the speaker has reported of our packets, None before
    the first report. `concealed` counts frames made up by the jitter buffer, `depth_ms` is the
    sound that it holds.
    """

    received: int
    lost: int
    jitter_ms: float
    rtt_ms: float | None
    remote_highest: int | None
    remote_lost: int
    concealed: int
    depth_ms: float


class Trial:
    """One round trip. `line` tells how the seat's line is now."""

    __slots__ = ("_at", "_begun", "_clipped", "_depths_ms", "_ended", "_figures", "_heard_dbfs",
                 "_levels_dbfs", "_line", "_peak_dbfs", "_sound", "_state")  # fmt: skip

    def __init__(self, line: Callable[[], LineState]) -> None:
        self._line = line
        self._begun = line()
        self._ended = self._begun
        self._state: Literal["recording", "playing", "done", "stopped"] = "recording"
        self._at = 0  # ticks in this state
        self._sound = np.zeros(TICKS * TICK_SAMPLES, np.float32)
        self._levels_dbfs = np.full(TICKS, SILENCE_DBFS, np.float32)
        self._heard_dbfs = np.full(TICKS + TAIL_TICKS, SILENCE_DBFS, np.float32)
        self._peak_dbfs = SILENCE_DBFS
        self._clipped = 0
        self._depths_ms = 0.0
        self._figures: TrialFigures | None = None

    @property
    def running(self) -> bool:
        """Whether the seat is kept out of the mix for it."""
        return self._state in ("recording", "playing")

    @property
    def report(self) -> TrialReport:
        """How far it is."""
        left = {"recording": TICKS, "playing": TICKS + TAIL_TICKS}.get(self._state, self._at)
        return TrialReport(
            state=self._state, left_ms=(left - self._at) * TICK_MS, figures=self._figures
        )

    def stop(self) -> None:
        """Break it off; what was kept is forgotten."""
        if self.running:
            self._state = "stopped"
            self._sound = self._sound[:0]

    def tick(self, frame: Frame | None, *, level_dbfs: float, peak_dbfs: float) -> Frame | None:
        """Take this tick's frame as it came in, with its levels; returns what the seat is to hear
        of itself now, or None."""
        if self._state == "recording":
            self._record(frame, level_dbfs, peak_dbfs)
            return None
        if self._state != "playing":
            return None
        at, self._at = self._at, self._at + 1
        self._heard_dbfs[at] = level_dbfs
        if self._at == TICKS + TAIL_TICKS:
            self._finish()
            return None
        if at >= TICKS:
            return None
        return self._sound[at * TICK_SAMPLES : (at + 1) * TICK_SAMPLES]

    def _record(self, frame: Frame | None, level_dbfs: float, peak_dbfs: float) -> None:
        at, self._at = self._at, self._at + 1
        if frame is not None:
            self._sound[at * TICK_SAMPLES : self._at * TICK_SAMPLES] = frame
            self._levels_dbfs[at] = level_dbfs
            self._peak_dbfs = max(self._peak_dbfs, peak_dbfs)
            if peak_dbfs > -0.1:
                self._clipped += int(np.count_nonzero(np.abs(frame) >= CLIPPED))
        self._depths_ms += self._line().depth_ms
        if self._at == TICKS:
            self._ended = self._line()
            self._sound[:TICK_SAMPLES] *= _RISE
            self._sound[-TICK_SAMPLES:] *= _RISE[::-1]
            self._state, self._at = "playing", 0

    def _finish(self) -> None:
        before, after, now = self._begun, self._ended, self._line()
        levels = np.sort(self._levels_dbfs)
        lost = max(0, after.lost - before.lost)
        expected = lost + max(0, after.received - before.received)
        self._figures = TrialFigures(
            speech_dbfs=_rounded(levels[round(_SPEECH * (TICKS - 1))]),
            floor_dbfs=_rounded(levels[round(_FLOOR * (TICKS - 1))]),
            peak_dbfs=_rounded(self._peak_dbfs),
            clipped=round(self._clipped / len(self._sound), 5),
            concealed=round(min(1.0, max(0, after.concealed - before.concealed) / TICKS), 4),
            loss_up=round(lost / expected, 4) if expected else 1.0,
            jitter_ms=_rounded(after.jitter_ms),
            buffer_ms=_rounded(self._depths_ms / TICKS),
            rtt_ms=None if now.rtt_ms is None else _rounded(now.rtt_ms),
            loss_down=_loss_down(before, now),
            echo_db=echo_db(self._levels_dbfs, self._heard_dbfs),
        )
        self._state, self._at = "done", 0
        self._sound = self._sound[:0]


def echo_db(played_dbfs: Frame, heard_dbfs: Frame) -> float | None:
    """How much louder than it was played a sound came back, in dB; None where none is recognised.

    Both are levels of 20 ms frames from one moment on; `heard_dbfs` is the longer one.
    """
    size = len(heard_dbfs) - _ECHO_LAGS + 1
    said = np.maximum(played_dbfs[:size], _ECHO_DBFS_MIN)
    back = np.lib.stride_tricks.sliding_window_view(
        np.maximum(heard_dbfs, _ECHO_DBFS_MIN), size
    ).astype(np.float32)
    said_even = said - said.mean()
    if said.std() < _ECHO_RISE_DB:
        return None
    even = back - back.mean(axis=1, keepdims=True)
    power = np.sqrt((even * even).sum(axis=1) * np.dot(said_even, said_even))
    likeness = even @ said_even / np.maximum(power, 1e-6)
    lag = int(np.argmax(likeness))
    loud = said_even > 0
    level = float(back[lag][loud].mean())
    room = float(np.quantile(heard_dbfs, _FLOOR))
    if likeness[lag] < _ECHO_LIKENESS or level < max(room, _ECHO_DBFS_MIN) + _ECHO_ABOVE_DB:
        return None
    return _rounded(level - float(said[loud].mean()))


def _loss_down(before: LineState, now: LineState) -> float | None:
    if before.remote_highest is None or now.remote_highest is None:
        return None
    sent = now.remote_highest - before.remote_highest
    if sent < _REPORTED_PACKETS_MIN:
        return None
    return round(min(1.0, max(0, now.remote_lost - before.remote_lost) / sent), 4)


def _rounded(value: float) -> float:
    return round(float(value), 1)
