"""What leaves the stage together with the sound that it is about, and not before: stems, the floor.

Packets are noted when they arrive and let go once the programme has played their place, and so is
who speaks. What has not been let go when the programme is cut never leaves.

Real-time contract: called for each packet and in every tick; it does not block, log or allocate
without bound.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

from hustings import limits
from hustings.clock import TICKS_PER_CHUNK
from hustings.space import Observed
from hustings.space.event import Spoke
from hustings.space.line import Line
from hustings.stage.outlet import Outlet
from hustings.stem import StemPacket


class Belated:
    """An outlet for reports in which the floor waits `slots` for its sound; the rest does not.

    Slots are those of the programme: what enters the mix in slot `s` is played in `s + slots`.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.slots = 0
        self._outlet = outlet
        self._slot = 0
        # A heap by slot, and by when they came: one seat's late packets hold nobody else's up.
        self._packets: list[tuple[int, int, StemPacket]] = []
        self._came = 0
        self._floor: deque[tuple[int, Spoke]] = deque()
        self._speaking: set[str] = set()  # as far as it was told

    def packet(self, packet: StemPacket, *, slot: int) -> None:
        """Hold a packet until `slot` was played. What exceeds the bound is a flood."""
        if len(self._packets) < limits.STEMS_HELD_COUNT:
            self._came += 1
            heapq.heappush(self._packets, (slot, self._came, packet))

    def observe(self, event: Observed) -> None:
        """The stage noticed something in this tick."""
        if isinstance(event, Spoke):
            self._floor.append((self._slot + self.slots, event))
            self._tell()
        else:
            self._outlet.observe(event)

    def stems(self, packets: tuple[StemPacket, ...]) -> None:
        """As `Outlet.stems`."""
        self._outlet.stems(packets)

    def levels(self, n: int, levels: dict[str, float], lines: dict[str, Line] | None) -> None:
        """As `Outlet.levels`: the desk sees those on stage as they are. What is told with them is
        the chunk that is played now, up to which the floor has been told; `n` is the one in which
        they will be heard."""
        self._outlet.levels(max(0, n - self.slots // TICKS_PER_CHUNK), levels, lines)

    def played(self, slot: int, to: Callable[[StemPacket], None]) -> None:
        """The programme has played `slot`: let go what came out with it, packets to `to`."""
        self._slot = slot
        held = self._packets
        while held and held[0][0] <= slot:
            to(heapq.heappop(held)[2])
        self._tell()

    def drop_packets(self, slot: int) -> None:
        """What would be played in `slot` or later is off air."""
        self._packets = [one for one in self._packets if one[0] < slot]
        heapq.heapify(self._packets)

    def cut(self, slot: int, *, at_ms: int) -> None:
        """From `slot` on nothing is played: nobody is heard any more, nor was anybody since."""
        self.drop_packets(slot)
        self._floor.clear()
        n, tick = divmod(slot, TICKS_PER_CHUNK)
        for seat in sorted(self._speaking):
            self._outlet.observe(Spoke(at_ms=at_ms, seat=seat, speaking=False, n=n, tick=tick))
        self._speaking.clear()

    def _tell(self) -> None:
        while self._floor and self._floor[0][0] <= self._slot:
            event = self._floor.popleft()[1]
            if event.speaking is not (event.seat in self._speaking):
                self._speaking ^= {event.seat}
                self._outlet.observe(event)
