"""How often a sentence that goes on is heard anew: the captions' ladder. Pure.

    0  every 0.5 s   1  every second   2  every two   3  only when it has ended

What tells is how long work waited for its turn: with time to spare nothing waits for longer than
one piece of work takes. One rung down is quick, up is slow, and slower each time that it was in
vain. Beyond the last rung sentences that have waited too long are left out, and counted.
"""

from __future__ import annotations

from typing import Final

from hustings import limits

_DOWN_AGAIN_S: Final = 2.0  # a rung shows what it is worth within this
_CALM_S_MAX: Final = 160.0
_VAIN_S: Final = 20.0  # a rung that was left again so soon was climbed in vain


class Pace:
    """The rung, from what the work tells. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self.rung = 0
        self.changes = 0
        self._changed_at = -_DOWN_AGAIN_S
        self._climbed_at = -_VAIN_S
        self._calm_since: float | None = None
        self._calm_s = limits.CAPTION_CALM_S

    @property
    def interval_s(self) -> float | None:
        """How much more must have been said before a sentence is heard again; None: not at all."""
        intervals = limits.CAPTION_INTERVALS_S
        return intervals[self.rung] if self.rung < len(intervals) else None

    def waited(self, wait_s: float, *, now: float) -> None:
        """A piece of work has waited so long for its turn."""
        if wait_s > limits.CAPTION_LATE_S:
            self._calm_since = None
            if now - self._changed_at >= _DOWN_AGAIN_S and self.interval_s is not None:
                if now - self._climbed_at < _VAIN_S:
                    self._calm_s = min(self._calm_s * 2, _CALM_S_MAX)
                self._move(1, now)
            return
        if wait_s > limits.CAPTION_LATE_S / 2:
            self._calm_since = None
            return
        if self._calm_since is None:
            self._calm_since = now
        if self.rung and now - self._calm_since >= self._calm_s:
            self._move(-1, now)
            self._climbed_at, self._calm_since = now, now
        elif not self.rung and now - self._climbed_at > _CALM_S_MAX:
            self._calm_s = limits.CAPTION_CALM_S

    def _move(self, by: int, now: float) -> None:
        self.rung += by
        self.changes += 1
        self._changed_at = now
