"""What a stage tells about a space while it ticks: who speaks, what is wrong, levels, and stems.

Real-time contract: runs in the 20 ms tick and for each packet; it does not block, log or allocate
without bound. In a space that is only scheduled nothing but levels leaves; stems and who speaks
leave only on air.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.audio.level import rms_dbfs
from hustings.clock import TICK_MS, TICKS_PER_CHUNK
from hustings.space import ON_STAGE, Space
from hustings.space.event import Cleared, Spoke, Warned
from hustings.space.line import Line
from hustings.space.troubles import GONE
from hustings.stage.alarm import Notice
from hustings.stage.belated import Belated
from hustings.stage.floor import Change, Floor
from hustings.stage.lines import LineWatch, Reading
from hustings.stage.seat import Seat
from hustings.stage.watch import SILENT, Watch, advice
from hustings.stem import BATCH_MS, StemPacket

Frame = NDArray[np.float32]

log = logging.getLogger("hustings.stage")

_BATCH_TICKS: Final = BATCH_MS // TICK_MS
_LEVEL_TICKS: Final = 10  # 5 Hz
_LINE_TICKS: Final = 50  # 1 Hz


class Reports:
    """The reports of one space. `now_ms` gives Unix time, for people."""

    def __init__(self, outlet: Belated, *, now_ms: Callable[[], int]) -> None:
        self._outlet = outlet
        self._now_ms = now_ms
        self._floor = Floor()
        self._watch = Watch()
        self._line_watch = LineWatch()
        self._lines: dict[str, Line] | None = None  # read, and not told yet
        self._told: set[tuple[str, str]] = set()  # warnings that are not over
        self._untold: dict[tuple[str, str], None] = {}  # what is wrong and could not be told yet
        self._packets: list[StemPacket] = []
        self._levels: dict[str, float] = {}
        self._troubles: set[str] = set()  # of the log, told and not over yet
        self._ticks = 0

    def heard(self, packet: StemPacket) -> None:
        """A packet that is on air. Several seats' lines may come back in one moment: a batch that
        is full is followed by another. Floods are bounded where they come in."""
        if len(self._packets) >= limits.STEM_PACKETS_COUNT:
            self.flush()
        self._packets.append(packet)

    def tick(self, space: Space, seats: list[Seat], *, slot: int, live: bool, mix: Frame) -> None:
        """After a tick whose sound reaches the programme in `slot`: `seats` are the connected ones,
        `live` is whether the audience hears `mix`."""
        n = slot // TICKS_PER_CHUNK
        self._ticks += 1
        for change in self._floor.update(seats, slot=slot, live=live):
            self._outlet.observe(self._spoke(change))
        for notice in self._watch.update(seats, live=live, mix_dbfs=rms_dbfs(mix)):
            self._tell(space, notice, n=n)
        self._catch_up(space, n=n)
        if self._ticks % _BATCH_TICKS == 0:
            self.flush()
        for seat in seats:
            loudest = max(seat.level_dbfs, self._levels.get(seat.id, seat.level_dbfs))
            self._levels[seat.id] = loudest
        if self._ticks % _LEVEL_TICKS == 0 and self._levels:
            levels = {name: round(x, 1) for name, x in self._levels.items()}
            self._outlet.levels(n, levels, self._lines)
            self._levels, self._lines = {}, None

    def lines(self, space: Space, read: Callable[[], list[Reading]], *, n: int) -> None:
        """After a tick: once a second what the transports count is read."""
        if self._ticks % _LINE_TICKS:
            return
        self._lines, notices = self._line_watch.read(read())
        for notice in notices:
            self._tell(space, notice, n=n)

    def joined(self, space: Space | None, seat: str, *, n: int) -> None:
        """A seat has a transport."""
        for notice in self._line_watch.joined(seat):
            self._tell(space, notice, n=n)

    def left(self, space: Space | None, seat: str, cause: str, *, n: int) -> None:
        """A seat has no transport any more: what troubled it is over, but for that."""
        self._told = {one for one in self._told if one[1] != seat or one[0] == GONE}
        self._untold = {one: None for one in self._untold if one[1] != seat}
        for notice in self._line_watch.left(seat, cause):
            self._tell(space, notice, n=n)

    def log_waits(self, space: Space, waiting_s: float, *, n: int) -> None:
        """The oldest entry for the log has waited `waiting_s`."""
        if waiting_s <= limits.LOG_AWAY_TOLD_S:
            if "log_away" in self._troubles:
                self._outlet.observe(Cleared(at_ms=self._now_ms(), code="log_away", n=n))
            self._troubles.clear()
        else:
            self._once(space, "log_away", n=n)

    def log_lost(self, space: Space, *, n: int) -> None:
        """An entry with sound was given up."""
        self._once(space, "log_lost", n=n)

    def warn(self, space: Space, code: str, seat: str = "", *, n: int) -> None:
        """Tell the host."""
        name = space.seats[seat].name if seat in space.seats else seat
        text = advice(code, name)
        self._outlet.observe(Warned(at_ms=self._now_ms(), code=code, advice=text, n=n, seat=seat))

    def _catch_up(self, space: Space, *, n: int) -> None:
        """Tell what can be told by now and is not over."""
        for what in [one for one in self._untold if _tellable(space, *one)]:
            del self._untold[what]
            self._told.add(what)
            self.warn(space, *what, n=n)

    def _tell(self, space: Space | None, notice: Notice, *, n: int) -> None:
        """Pass a notice on, as soon as it can be. A seat that is gone is told of now or never: it
        may have left the green room hours ago."""
        what = notice.code, notice.seat
        if not notice.over:
            if space is not None and _tellable(space, *what):
                self._told.add(what)
                self.warn(space, *what, n=n)
            elif notice.code != GONE:
                self._untold[what] = None
            return
        self._untold.pop(what, None)
        if what in self._told:
            self._told.discard(what)
            self._outlet.observe(Cleared(at_ms=self._now_ms(), code=what[0], n=n, seat=what[1]))

    def _spoke(self, change: Change) -> Spoke:
        n, tick = divmod(change.slot, TICKS_PER_CHUNK)
        return Spoke(
            at_ms=self._now_ms(), seat=change.seat, speaking=change.speaking, n=n, tick=tick
        )

    def _once(self, space: Space, code: str, *, n: int) -> None:
        if code not in self._troubles:
            self._troubles.add(code)
            log.warning("space %s: %s", space.id, code)
            self.warn(space, code, n=n)

    def flush(self) -> None:
        """Append the stems that wait."""
        if self._packets:
            self._outlet.stems(tuple(self._packets))
            self._packets = []


def _tellable(space: Space, code: str, seat: str) -> bool:
    """Whether this is news to anybody: before the doors open it may mend itself, and who is away
    for a moment is known to be silent."""
    held = space.seats.get(seat)
    if space.status not in ON_STAGE or (seat and held is None):
        return False
    return code != SILENT or held is None or not held.away
