"""The broadcast: how the programme of one space follows what was decided, and what leaves with it.

Real-time contract: runs in the 20 ms tick and for each packet; it does not block, log or allocate
without bound. What was said before the decision to go on air is not let in, and after a cut nothing
leaves of what was said before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.space import Space, Status
from hustings.stage.belated import Belated
from hustings.stage.programme import ProgrammeFeed
from hustings.stage.rtp import MediaPacket
from hustings.stage.seat import Seat
from hustings.stem import StemPacket

Frame = NDArray[np.float32]

_SETTLE_TICKS: Final = 2  # the packet being filled, and one that comes a little late


class Broadcast:
    """The programme of one space and, through `belated`, the stems and the floor that go with it.

    Slots are those of the stage; the audience hears them later by the programme's delay.
    """

    def __init__(self, programme: ProgrammeFeed, belated: Belated) -> None:
        self.programme = programme
        self._belated = belated
        self._opening = False  # the mix is to be let in, and is not yet
        self._is_cut = False

    def follow(self, space: Space, seats: Sequence[Seat], *, slot: int, at_ms: int) -> None:
        """Do what the state asks for from `slot` on, the next one that comes; does nothing when it
        is done already. `seats` are the connected ones, `at_ms` is Unix time."""
        # A cut silences at once; so does a stage that will not live to play what the delay holds.
        cut = space.cut or space.held_by_system
        if cut and not self._is_cut:
            self.programme.cut(slot)
            self._belated.cut(slot, at_ms=at_ms)
        self._is_cut = cut
        self._want(space.status is Status.LIVE, seats, slot=slot)

    def heard(self, seat: Seat, packet: MediaPacket, *, enters: int) -> None:
        """A packet that enters the mix in slot `enters`: it goes to the stems if it is on air."""
        if self.programme.air.on_air(enters):
            enters += self.programme.delay.slots
            self._belated.packet(seat.stem(packet, enters=enters), slot=enters)

    def open(self, slot: int, seats: Sequence[Seat]) -> None:
        """Before the seats are mixed: where the mix is let in, it begins with what is said now."""
        if self._opening and self.programme.air.on_air(slot):
            self._opening = False
            for seat in seats:
                seat.play_from_mark()

    def tick(self, slot: int, mix: Frame, *, stems: Callable[[StemPacket], None]) -> bool:
        """Feed one slot; the packets that are heard with it go to `stems`. Returns whether what
        was mixed now is on air."""
        self.programme.tick(slot, mix)
        self._belated.played(slot, stems)
        air = self.programme.air
        return air.live and air.on_air(slot)

    def _want(self, live: bool, seats: Sequence[Seat], *, slot: int) -> None:
        air = self.programme.air
        if live and not air.wanted:
            self._opening = True
            for seat in seats:
                seat.mark(time.monotonic_ns())
        waiting = [seat.depth_ticks + _SETTLE_TICKS for seat in seats]
        air.want(live, slot=slot, settle=max(waiting, default=0))
        if not live:
            self._belated.drop_packets(air.closes + self.programme.delay.slots)
