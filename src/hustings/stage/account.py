"""A session's account of itself: who is there, what waits for the log, and running totals.

Read every few seconds beside the tick, which only counts.
"""

from __future__ import annotations

import logging

from hustings.log.appender import Appender
from hustings.stage.conference import Conference
from hustings.stage.metrics import LATE_BOUNDS_S, Totals, labelled, late_totals
from hustings.stage.outlet import Outlet
from hustings.stage.pacer import Lateness
from hustings.stage.seat import Seat
from hustings.stage.seats import Seats

log = logging.getLogger("hustings.stage")


class Account:
    """The account of one space's session. `seats` is set once there are any."""

    def __init__(self, *, conference: Conference, outlet: Outlet, appender: Appender) -> None:
        self.lateness = Lateness(bounds_ns=tuple(round(s * 1e9) for s in LATE_BOUNDS_S))
        self.seats: Seats | None = None
        self._conference = conference
        self._outlet = outlet
        self._appender = appender

    @property
    def connected(self) -> list[Seat]:
        """The seats whose speakers are connected."""
        return self.seats.connected if self.seats is not None else []

    @property
    def log_waits(self) -> tuple[int, float]:
        """What waits for the log: bytes, and the seconds that the oldest has waited."""
        return self._appender.buffered_bytes, self._appender.buffered_s

    def totals(self) -> Totals:
        """What has been counted so far."""
        totals = late_totals(self.lateness.buckets, self.lateness.total_ns)
        totals["ticks_skipped_total"] = self.lateness.skipped
        totals["chunks_left_out_total"] = self.lateness.gaps
        totals[labelled("encodes_total", "encoder", "own")] = self._conference.encodes_own
        totals[labelled("encodes_total", "encoder", "shared")] = self._conference.encodes_shared
        for code, count in self._outlet.warnings.items():
            totals[labelled("warnings_total", "code", code)] = count
        if self.seats is not None:
            totals.update(self.seats.totals())
        return totals

    def log_lateness(self, space_id: str) -> None:
        """Say how the schedule was kept, at the end."""
        kept = self.lateness
        log.debug(
            "space %s: %d ticks, %d skipped, %d chunks left out, latest %.1f ms",
            space_id,
            kept.ticks,
            kept.skipped,
            kept.gaps,
            kept.worst_ns / 1e6,
        )
