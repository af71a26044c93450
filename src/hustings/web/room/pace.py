"""Paces: how often one person may do one thing, with a bound on how many persons are remembered.

Times come from what was admitted here and from what the log tells of other web nodes, so that a
person who goes from node to node is still one person. Pure: `now_ms` is passed in.
"""

from __future__ import annotations

from collections import OrderedDict, deque


class Pace:
    """At most `count` times within `span_ms`, for each of the newest `persons` persons."""

    def __init__(self, *, count: int, span_ms: int, persons: int) -> None:
        self._count = count
        self._span_ms = span_ms
        self._persons = persons
        self._times: OrderedDict[str, deque[int]] = OrderedDict()

    def wait_ms(self, person: str, *, now_ms: int, apart_ms: int = 0) -> int:
        """How long this person has to wait; 0: not at all. `apart_ms` is the least distance from
        the time before."""
        times = self._times.get(person)
        if not times:
            return 0
        wait = times[-1] + apart_ms - now_ms
        if len(times) >= self._count:
            wait = max(wait, times[-self._count] + self._span_ms - now_ms)
        return max(0, wait)

    def note(self, person: str, at_ms: int) -> None:
        """It was done at this time. The same time told twice is one time."""
        times = self._times.get(person)
        if times is None:
            times = self._times[person] = deque(maxlen=self._count)
            while len(self._times) > self._persons:
                self._times.popitem(last=False)
        else:
            self._times.move_to_end(person)
        if at_ms not in times:
            times.append(at_ms)

    def undo(self, person: str, at_ms: int) -> None:
        """It was not done after all."""
        times = self._times.get(person)
        if times and at_ms in times:
            times.remove(at_ms)
