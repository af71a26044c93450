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
from hustings.space import Space, Status
from hustings.space.event import Spoke, Warned
from hustings.stage.belated import Belated
from hustings.stage.floor import Change, Floor
from hustings.stage.seat import Seat
from hustings.stage.watch import Watch, advice
from hustings.stem import BATCH_MS, StemPacket

Frame = NDArray[np.float32]

log = logging.getLogger("hustings.stage")

_BATCH_TICKS: Final = BATCH_MS // TICK_MS
_LEVEL_TICKS: Final = 10  # 5 Hz


class Reports:
    """The reports of one space. `now_ms` gives Unix time, for people."""

    def __init__(self, outlet: Belated, *, now_ms: Callable[[], int]) -> None:
        self._outlet = outlet
        self._now_ms = now_ms
        self._floor = Floor()
        self._watch = Watch()
        self._packets: list[StemPacket] = []
        self._levels: dict[str, float] = {}
        self._troubles: set[str] = set()  # of the log, told and not over yet
        self._ticks = 0

    def heard(self, packet: StemPacket) -> None:
        """A packet that will be on air. What exceeds the batch's bound is a flood."""
        if len(self._packets) < limits.STEM_PACKETS_COUNT:
            self._packets.append(packet)

    def tick(self, space: Space, seats: list[Seat], *, slot: int, live: bool, mix: Frame) -> None:
        """After a tick whose sound reaches the programme in `slot`: `seats` are the connected ones,
        `live` is whether the audience hears `mix`."""
        n = slot // TICKS_PER_CHUNK
        self._ticks += 1
        for change in self._floor.update(seats, slot=slot, live=live):
            self._outlet.observe(self._spoke(change))
        for notice in self._watch.update(seats, live=live, mix_dbfs=rms_dbfs(mix)):
            if space.status is not Status.SCHEDULED:
                self.warn(space, notice.code, notice.seat, n=n)
        if self._ticks % _BATCH_TICKS == 0:
            self.flush()
        for seat in seats:
            loudest = max(seat.level_dbfs, self._levels.get(seat.id, seat.level_dbfs))
            self._levels[seat.id] = loudest
        if self._ticks % _LEVEL_TICKS == 0 and self._levels:
            self._outlet.levels(n, {name: round(x, 1) for name, x in self._levels.items()})
            self._levels = {}

    def log_waits(self, space: Space, waiting_s: float, *, n: int) -> None:
        """The oldest entry for the log has waited `waiting_s`."""
        if waiting_s <= limits.LOG_AWAY_TOLD_S:
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
