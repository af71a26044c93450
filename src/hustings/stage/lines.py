"""The line watch: how good each speaker's line is, and whose is in trouble. Pure.

Called once a second with what the transports count; runs in the tick: plain arithmetic over the
seats that are connected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from hustings import limits
from hustings.space.line import LOSS_FAIR, LOSS_POOR, Line
from hustings.space.troubles import GONE
from hustings.stage.alarm import Alarm, Notice
from hustings.stage.transport import TransportStats

LOSS: Final = "line_loss"
LATE: Final = "line_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of a seat's line at one moment; `join` counts its transports."""

    seat: str
    join: int
    stats: TransportStats
    buffer_ms: float


@dataclass(slots=True)
class _LineWatch:
    join: int
    readings: deque[tuple[int, int]] = field(
        default_factory=lambda: deque(maxlen=limits.LINE_WINDOW_S + 1)
    )  # packets received and lost, the oldest first
    backs: deque[float] = field(default_factory=lambda: deque(maxlen=limits.LINE_WINDOW_S))
    loss: Alarm = field(default_factory=lambda: Alarm(limit=2, fall=1))
    late: Alarm = field(default_factory=lambda: Alarm(limit=limits.LINE_WINDOW_S, fall=1))
    gone: Alarm = field(default_factory=lambda: Alarm(limit=limits.SEAT_GONE_S, fall=2))

    def read(self, reading: Reading) -> Line:
        stats = reading.stats
        self.readings.append((stats.packets_received, stats.packets_lost))
        self.backs.append(stats.remote_loss)
        received = stats.packets_received - self.readings[0][0]
        lost = max(0, stats.packets_lost - self.readings[0][1])
        return Line(
            loss=round(lost / (lost + received), 4) if lost else 0.0,
            loss_back=round(sum(self.backs) / len(self.backs), 4),
            jitter_ms=round(stats.jitter_ms, 1),
            rtt_ms=round(stats.rtt_ms, 1) if stats.rtt_ms is not None else None,
            buffer_ms=round(reading.buffer_ms, 1),
        )

    @property
    def silent(self) -> bool:
        """Whether nothing has come since the reading before."""
        return len(self.readings) > 1 and self.readings[-1][0] == self.readings[-2][0]


class LineWatch:
    """The watch over the lines of one space."""

    def __init__(self) -> None:
        self._seats: dict[str, _LineWatch] = {}
        self._lost: set[str] = set()  # seats told to be gone whose transport is closed by now

    def read(self, readings: Iterable[Reading]) -> tuple[dict[str, Line], list[Notice]]:
        """The lines of the seats that are connected, and what has to be told."""
        lines, found, present = {}, [], {}
        for reading in readings:
            watch = self._seats.get(reading.seat)
            if watch is None:
                watch = _LineWatch(reading.join)
            elif watch.join != reading.join:  # another transport counts from 0
                watch.join = reading.join
                watch.readings.clear()
                watch.backs.clear()
            present[reading.seat] = watch
            line = lines[reading.seat] = watch.read(reading)
            found += _told(reading.seat, watch, line)
        self._seats = present
        return lines, found

    def left(self, seat: str, cause: str) -> list[Notice]:
        """A seat has no transport any more. One that was lost is about to come back."""
        watch = self._seats.pop(seat, None)
        if cause != "lost":
            self._lost.discard(seat)
            return []
        self._lost.add(seat)
        known = watch is not None and watch.gone.told
        return [] if known else [Notice(GONE, seat)]

    def joined(self, seat: str) -> list[Notice]:
        """A seat has a transport."""
        if seat not in self._lost:
            return []
        self._lost.discard(seat)
        return [Notice(GONE, seat, over=True)]


def _told(seat: str, watch: _LineWatch, line: Line) -> list[Notice]:
    worst = max(line.loss, line.loss_back)
    # Told at what is hard to follow, over at what is hardly heard: it does not come and go.
    lossy = worst > (LOSS_FAIR if watch.loss.told else LOSS_POOR)
    changes = {
        GONE: watch.gone.update(watch.silent),
        LOSS: watch.loss.update(lossy and not watch.silent),
        LATE: watch.late.update(line.late),
    }
    return [Notice(code, seat, over=not on) for code, on in changes.items() if on is not None]
