"""The other stage processes, as far as their heartbeats tell: who lives, and what each holds.

Pure: `now_ns` is a reading of the monotonic clock. A process that holds a space beats every 250 ms
and names what it holds; three beats missed, or the supervisor's word, and its spaces are free.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hustings import limits

SILENCE_NS: Final = limits.STAGE_BEAT_MS * limits.STAGE_BEATS_MISSED_COUNT * 1_000_000
_GONE_COUNT: Final = 64  # processes remembered as gone; their names are never used again


@dataclass(frozen=True, slots=True)
class _Beat:
    spaces: frozenset[str]
    at_ns: int


class Rivals:
    """What one stage process knows of the others. It listens since `since_ns`."""

    def __init__(self, *, since_ns: int) -> None:
        self._since_ns = since_ns
        self._beats: dict[str, _Beat] = {}
        self._gone: deque[str] = deque(maxlen=_GONE_COUNT)

    @property
    def any(self) -> bool:
        """Whether another process is known to hold a space."""
        return bool(self._beats)

    def beat(self, instance: str, spaces: Collection[str], *, now_ns: int) -> None:
        """`instance` says that it holds `spaces`."""
        if instance in self._gone:
            return
        if spaces:
            self._beats[instance] = _Beat(frozenset(spaces), now_ns)
        else:
            self._beats.pop(instance, None)

    def gone(self, instance: str) -> frozenset[str]:
        """The supervisor saw `instance` end: the spaces it held."""
        if instance not in self._gone:
            self._gone.append(instance)
        beat = self._beats.pop(instance, None)
        return beat.spaces if beat is not None else frozenset()

    def silent(self, *, now_ns: int) -> frozenset[str]:
        """The spaces of processes that have missed their beats; they are forgotten with this."""
        found: set[str] = set()
        for instance, beat in list(self._beats.items()):
            if now_ns - beat.at_ns >= SILENCE_NS:
                del self._beats[instance]
                found |= beat.spaces
        return frozenset(found)

    def held_for_ns(self, space: str, *, by: str, taken_ns: int, now_ns: int) -> int | None:
        """How long to wait before the lease that `by` took may be taken over: 0 for not at all.

        None means that its holder is alive and holds it. `taken_ns` is when the lease was taken, on
        our clock: a holder's first beat needs a moment, and so do we after our start.
        """
        if by in self._gone:
            return 0
        beat = self._beats.get(by)
        if beat is not None and space in beat.spaces and now_ns - beat.at_ns < SILENCE_NS:
            return None
        known_ns = max(self._since_ns, taken_ns)
        if beat is not None:
            # It beats without this space: it has let it go, or has taken it only now.
            known_ns = taken_ns
        return max(0, known_ns + SILENCE_NS - now_ns)
