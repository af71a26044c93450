"""How much room a stage process has, and which spaces wait for some. Pure.

What counts is the share of a core that the process's one loop uses: a space of thirteen speakers
weighs as much as ten of one. A process that is nearly busy leaves new spaces to others; one that is
busy, or holds as many spaces as it may, refuses them, says so, and remembers them until there is
room again.
"""

from __future__ import annotations

from typing import Final

from hustings import limits

RACE_MS: Final = 8  # head start of a process with one space less,
_BUSY_MS: Final = 400  # of one that is idle, before one whose loop is busy all the time,
_INDEX_MS: Final = 4  # and of the process before, where all else is equal
_SPAN_S: Final = 5.0  # the share is an average of about this long
_FULL_RELEASE: Final = 0.1  # below the bound, until there is room again


class Room:
    """The room of one process that may hold `spaces_max` spaces."""

    def __init__(self, *, spaces_max: int, index: int) -> None:
        self.spaces_max = spaces_max
        self.busy = 0.0  # share of a core, 0 to 1
        self._index = index
        self._exhausted = False
        self._measured: tuple[float, float] | None = None
        self._waiting: dict[str, float] = {}  # spaces refused here, and when last; oldest first

    def measure(self, *, now_s: float, used_s: float) -> None:
        """Take the loop's use of its core so far, at a time of the monotonic clock."""
        if self._measured is not None and now_s > self._measured[0]:
            span_s = now_s - self._measured[0]
            share = min(1.0, (used_s - self._measured[1]) / span_s)
            self.busy += (share - self.busy) * min(1.0, span_s / _SPAN_S)
        self._measured = now_s, used_s
        bound = limits.STAGE_BUSY_MAX - (_FULL_RELEASE if self._exhausted else 0.0)
        self._exhausted = self.busy > bound

    def free(self, spaces: int) -> bool:
        """Whether one more than `spaces` can be held."""
        return spaces < self.spaces_max and not self._exhausted

    def head_start_ms(self, spaces: int) -> float:
        """How long to leave a new space to others."""
        return RACE_MS * spaces + _BUSY_MS * self.busy + _INDEX_MS * self._index

    @property
    def waiting(self) -> int:
        """How many spaces were refused and wait."""
        return len(self._waiting)

    def refuse(self, space: str, *, now_s: float) -> bool:
        """A space finds no room. True when it did not wait before."""
        fresh = self._waiting.pop(space, None) is None
        self._waiting[space] = now_s
        while len(self._waiting) > limits.STAGE_WAITING_COUNT:
            del self._waiting[next(iter(self._waiting))]
        return fresh

    def served(self, space: str) -> None:
        """A space has a stage, or needs none any more."""
        self._waiting.pop(space, None)

    def next_waiting(self, count: int) -> list[str]:
        """Up to `count` spaces that have waited longest."""
        return list(self._waiting)[: max(0, count)]

    def stale(self, *, now_s: float) -> list[str]:
        """Waiting spaces that nobody asked for lately; they count as asked for with this."""
        found = [s for s, at_s in self._waiting.items() if now_s - at_s > limits.STAGE_WAITING_S]
        for space in found:
            self._waiting[space] = now_s
        return found
