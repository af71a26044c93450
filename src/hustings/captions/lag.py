"""How far behind the log somebody reads, from the stamps of what they read. Pure."""

from __future__ import annotations


class Lag:
    """The log server's clock and ours need not agree: what counts is how much later than in the
    best moment entries come."""

    def __init__(self) -> None:
        self._least_ns: int | None = None

    def seconds(self, stamp_ns: int, *, now_ns: int) -> float:
        """How late an entry is; `now_ns` is monotonic."""
        apart = now_ns - stamp_ns
        if self._least_ns is None or apart < self._least_ns:
            self._least_ns = apart
        return (apart - self._least_ns) / 1e9
