"""An alarm: goes off when something has been wrong long enough, and says when it is over. Pure.

Real-time contract: called in the tick.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """Something for the host: `code` begins to matter, or is `over`. `seat` is empty where it
    concerns the whole space."""

    code: str
    seat: str = ""
    over: bool = False


class Alarm:
    """Goes off when its score reaches `limit`; is over, and armed again, when the score is 0.

    The score rises by `rise` at each look at which the matter is ill, and falls by `fall`.
    """

    __slots__ = ("_armed", "_fall", "_limit", "_rise", "_score", "told")

    def __init__(self, *, limit: int, rise: int = 1, fall: int) -> None:
        self._limit, self._rise, self._fall = limit, rise, fall
        self._score = 0
        self._armed = True
        self.told = False

    def update(self, ill: bool) -> bool | None:
        """True when it goes off now, False when it is over now, else None."""
        self._score += self._rise if ill else -min(self._fall, self._score)
        self._score = min(self._score, self._limit)
        if self._score == 0:
            self._armed = True
            return self._calm()
        if self._score < self._limit or not self._armed:
            return None
        self._armed = False
        self.told = True
        return True

    def calm(self) -> bool | None:
        """It does not matter now; but it is armed again only as ever. False if it is over now."""
        self._score -= min(self._fall, self._score)
        self._armed = self._armed or self._score == 0
        return self._calm()

    def _calm(self) -> bool | None:
        was, self.told = self.told, False
        return False if was else None
