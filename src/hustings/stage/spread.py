"""How unevenly a sender's packets arrive, and how much sound to hold back for that. Pure.

A packet's relative delay is its arrival minus its timestamp; what counts is how far apart the
delays of recent packets lie. One path, one sender: the clocks need not agree, and their drift is
too slow to matter within the span looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import Final

from hustings import limits

_PACKETS: Final = 400  # 8 s of 20 ms packets: a burst is remembered that long
_EVERY: Final = 10  # packets between two looks
_SHARE: Final = 0.98  # of packets that should be in time; waiting for the last costs too much
_MARGIN_MS: Final = 20.0  # one frame: arrival and tick are not in step
_FEC_MS: Final = 40.0  # two packets: one to play, and the next with its copy of one that is lost
_LOSSY_PACKETS: Final = 1_000  # 20 s: a line that loses once loses again
_SHRINK: Final = 0.02  # of the way at each look: 10 s to forget two thirds of a bad spell


class Spread:
    """Follows the arrivals of one sender; `target_ms` is the sound to hold back, 20 to 240 ms.

    It grows at once and shrinks over tens of seconds.
    """

    __slots__ = ("_count", "_delays", "_lossy", "_sorted", "target_ms")

    def __init__(self, *, target_ms: float) -> None:
        self.target_ms = target_ms
        self._delays: deque[float] = deque()
        self._sorted: list[float] = []  # the same, the least first
        self._count = 0
        self._lossy = 0  # packets until the line counts as whole again

    @property
    def least_ms(self) -> float | None:
        """The relative delay of the fastest packet lately; None when there was none."""
        return self._sorted[0] if self._sorted else None

    def clear(self) -> None:
        """Forget the arrivals (the timestamps start anew), keep the target."""
        self._delays.clear()
        self._sorted.clear()
        self._count = 0

    def lose(self) -> None:
        """A packet was missing when its turn came. Its copy is in the next one, so from now on two
        are to be held: with one the next would come after the guess."""
        self._lossy = _LOSSY_PACKETS

    def add(self, *, arrived_ms: float, sent_ms: float) -> None:
        """A packet that arrived at `arrived_ms` was stamped `sent_ms` on the sender's clock."""
        delays = self._sorted
        if len(self._delays) == _PACKETS:
            del delays[bisect_left(delays, self._delays.popleft())]
        self._delays.append(arrived_ms - sent_ms)
        insort(delays, arrived_ms - sent_ms)
        self._count += 1
        if self._count % _EVERY:
            return
        # What comes later than any target could wait for is an outage, not jitter.
        count = bisect_right(delays, delays[0] + limits.JITTER_TARGET_MS_MAX)
        late = delays[min(count - 1, int(count * _SHARE))]
        self._lossy = max(0, self._lossy - _EVERY)
        least = _FEC_MS if self._lossy else limits.JITTER_TARGET_MS_MIN
        wanted = min(max(late - delays[0] + _MARGIN_MS, least), limits.JITTER_TARGET_MS_MAX)
        if wanted > self.target_ms:
            self.target_ms = wanted
        else:
            self.target_ms += (wanted - self.target_ms) * _SHRINK
