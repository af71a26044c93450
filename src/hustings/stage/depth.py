"""When the sound held back in a jitter buffer is too much or too little, and when to correct it.

Pure, for the 20 ms tick. The depth should lie between the target and 40 ms above it. What counts is
the greatest depth of half a second: that of the packets that came fastest, which does not swing
with the jitter. A correction is made of splices of 7 to 20 ms, at least three ticks apart, each
in a quiet moment if one comes within 0.2 s; large corrections do not wait for one.
"""

from __future__ import annotations

from typing import Final

_BAND_MS: Final = 40.0  # a frame, and as much again against going to and fro
_LOOK_TICKS: Final = 25
_REST_TICKS: Final = 2
_PATIENCE_TICKS: Final = 10
_HURRY_MS: Final = 100.0  # a correction this large does not wait
_QUIET_POWER: Final = 1e-4  # -40 dBFS: a splice is not heard
_LEAST_MS: Final = 10.0  # less is not worth a splice


class DepthControl:
    """Decides on splices for one jitter buffer.

    `wanted_ms` is the sound to add (> 0) or to leave out (< 0); 0 when the depth is as it should
    be.
    """

    __slots__ = ("_peak_ms", "_ticks", "_waited", "wanted_ms")

    def __init__(self) -> None:
        self.wanted_ms = 0.0
        self._ticks = 0
        self._peak_ms = 0.0
        self._waited = 0

    def clear(self) -> None:
        """Playing stopped, or was cut: what was seen so far says nothing any more."""
        self.wanted_ms = self._peak_ms = 0.0
        self._ticks = 0

    def due(self, *, power: float) -> bool:
        """Whether to splice in this tick. `power` is the mean power of the last frame."""
        if not self.wanted_ms:
            return False
        self._waited += 1
        if self._waited <= _REST_TICKS:
            return False
        patient = self._waited <= _PATIENCE_TICKS and abs(self.wanted_ms) < _HURRY_MS
        return power < _QUIET_POWER or not patient

    def spliced(self, change_ms: float) -> None:
        """A splice added this much (left it out, if negative)."""
        left_ms = self.wanted_ms - change_ms
        done = left_ms * self.wanted_ms <= 0 or abs(left_ms) < _LEAST_MS
        self.wanted_ms = 0.0 if done else left_ms
        self._waited = 0

    def look(self, *, depth_ms: float, target_ms: float) -> None:
        """Take the depth at the beginning of a tick."""
        self._ticks += 1
        self._peak_ms = max(self._peak_ms, depth_ms)
        if self._ticks < _LOOK_TICKS:
            return
        if not self.wanted_ms:
            self._waited = 0
            if self._peak_ms < target_ms:
                self.wanted_ms = target_ms + _BAND_MS / 4 - self._peak_ms
            elif self._peak_ms > target_ms + _BAND_MS:
                self.wanted_ms = target_ms + _BAND_MS / 2 - self._peak_ms
        self._ticks = 0
        self._peak_ms = 0.0
