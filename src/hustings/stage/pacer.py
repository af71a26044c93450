"""The tick's pacing: which 20 ms slot of a space is due, which are skipped, and how late it was.

Real-time contract: called in every tick; it does not block, log or allocate without bound. It never
reads a clock: `now_ns` is a reading of the monotonic clock.

The schedule is absolute. Slot `i` lasts from `origin + i x 20 ms` to `origin + (i + 1) x 20 ms`,
and its tick is due at its end, when all that could arrive within it has arrived. Sixteen slots are
a chunk, so chunk `n` is complete at `origin + (n + 1) x 320 ms`, whatever happened on the way: the
chunk number stays tied to the clock.

After a stall of a few ticks the late ones are run one after the other. After a longer stall ticks
are skipped, never burst: a burst would stay as delay in every speaker's ear. A skipped slot is
filled with silence where its chunk is made anyway; chunks that lie wholly inside the stall are left
out, and their missing numbers are gaps.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

from hustings import clock, limits

TICK_NS: Final = clock.TICK_MS * 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now: the slots `fill` with silence, then the tick of slot `run`.

    `missed` counts all slots that passed without a tick since the last one, those in chunks that
    are left out included.
    """

    fill: tuple[int, ...]
    run: int
    missed: int


@dataclass(slots=True)
class Lateness:
    """How well the schedule was kept: ticks run, slots and chunks skipped, time behind.

    `buckets[i]` counts ticks at most `bounds_ns[i]` late, and more than the bound before; the last
    counts those later than all bounds.
    """

    ticks: int = 0
    skipped: int = 0
    gaps: int = 0
    worst_ns: int = 0
    total_ns: int = 0
    bounds_ns: tuple[int, ...] = ()
    buckets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.buckets = [0] * (len(self.bounds_ns) + 1)

    def __str__(self) -> str:
        return (
            f"{self.ticks} ticks, {self.skipped} skipped, {self.gaps} chunks left out, "
            f"latest {self.worst_ns / 1e6:.1f} ms"
        )


class Pacer:
    """The schedule of one space.

    `origin_ns` is where slot 0 begins on the monotonic clock (it may lie in the past, before this
    process lived); `chunk` is the first chunk that is this stage's to make. Slots of it that have
    passed already are skipped ones. `lateness` goes on counting where it stands.
    """

    def __init__(self, *, origin_ns: int, chunk: int = 0, lateness: Lateness | None = None) -> None:
        self.origin_ns = origin_ns
        self.next = chunk * clock.TICKS_PER_CHUNK
        self.lateness = lateness or Lateness()

    def due_in_ns(self, now_ns: int) -> int:
        """Time until the next tick; 0 if it is due."""
        return max(0, self._end_ns(self.next) - now_ns)

    def plan(self, now_ns: int) -> Plan | None:
        """What to do at `now_ns`, or None if nothing is due. What it returns counts as done."""
        due = (now_ns - self.origin_ns) // TICK_NS - 1
        if due < self.next:
            return None
        run = self.next if due - self.next <= limits.TICKS_CATCH_UP_COUNT else due
        fill = self._fill(run)
        missed = run - self.next
        late_ns = now_ns - self._end_ns(run)
        lateness = self.lateness
        lateness.ticks += 1
        lateness.total_ns += late_ns
        lateness.worst_ns = max(lateness.worst_ns, late_ns)
        lateness.buckets[bisect_left(lateness.bounds_ns, late_ns)] += 1
        lateness.skipped += missed
        lateness.gaps += (missed - len(fill)) // clock.TICKS_PER_CHUNK
        self.next = run + 1
        return Plan(fill, run, missed)

    def chunk_end_ns(self, n: int) -> int:
        """When chunk `n` is complete, on the monotonic clock."""
        return self.origin_ns + (n + 1) * clock.CHUNK_NS

    def _fill(self, run: int) -> tuple[int, ...]:
        """Skipped slots before `run` that must be filled: their chunk has begun, or is `run`'s."""
        per_chunk = clock.TICKS_PER_CHUNK
        begun_until = -(-self.next // per_chunk) * per_chunk
        chunk = run - run % per_chunk
        if chunk < begun_until:
            return tuple(range(self.next, run))
        return (*range(self.next, begun_until), *range(chunk, run))

    def _end_ns(self, slot: int) -> int:
        return self.origin_ns + (slot + 1) * TICK_NS
