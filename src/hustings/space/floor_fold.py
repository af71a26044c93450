"""The fold from a space's log to its floor: what the stage observed, on the programme's clock.

Pure. Speech is placed by chunk and tick of the programme, never by a wall clock, so every reader of
the log arrives at the same figures.
"""

from __future__ import annotations

from hustings.clock import CHUNK_MS, TICK_MS
from hustings.space import event as e
from hustings.space.floor import Floor, FloorTime


class FloorFold:
    """The floor of one space, event by event in the log's order."""

    def __init__(self) -> None:
        self._floor = Floor()
        self._newest_ms = 0  # the latest moment that any event was about
        self._on_air_ms = 0  # of the spans that are over
        self._live_from: int | None = None

    @property
    def live(self) -> bool:
        """Whether the programme is on air."""
        return self._live_from is not None

    def take(self, event: e.Event) -> None:
        """Take an event; those that are not about the floor change nothing."""
        match event:
            case e.Spoke(seat=seat, speaking=True):
                self._floor.begin(seat, self._moment(event))
            case e.Spoke(seat=seat):
                self._floor.end(seat, self._moment(event))
            case e.OnAir(n=n, live=live):
                self._turned(n * CHUNK_MS, live)
            case e.StageTaken():
                self._taken(event)

    def figures(self, n: int) -> FloorTime:
        """The figures when chunk `n` begins, or at the latest event, whichever is later."""
        now_ms = max(n * CHUNK_MS, self._newest_ms)
        on_air_ms = self._on_air_ms
        if self._live_from is not None:
            on_air_ms += max(0, now_ms - self._live_from)
        return self._floor.figures(now_ms, on_air_ms=on_air_ms)

    def _moment(self, spoke: e.Spoke) -> int:
        at_ms = spoke.n * CHUNK_MS + spoke.tick * TICK_MS
        self._newest_ms = max(self._newest_ms, at_ms)
        return at_ms

    def _turned(self, at_ms: int, live: bool) -> None:
        self._newest_ms = max(self._newest_ms, at_ms)
        if live:
            self._live_from = at_ms if self._live_from is None else self._live_from
        elif self._live_from is not None:
            self._on_air_ms += max(0, at_ms - self._live_from)
            self._live_from = None
            self._floor.rest(at_ms)

    def _taken(self, taken: e.StageTaken) -> None:
        """A stage that has died does not say who stopped. Whoever spoke did so until another took
        over; where all were stopped for who knows how long, until the last that is known."""
        at_ms = taken.n * CHUNK_MS if taken.cause == "takeover" else self._newest_ms
        for seat in self._floor.speaking:
            self._floor.end(seat, at_ms)
        self._newest_ms = max(self._newest_ms, at_ms)
