"""Where the replay comes from: live spans of the programme, the gaps in them, and the clock. Pure.

programme   ───────[ first_n … count ]────held────[ first_n … count ]───▶  chunk numbers
replay             [ index 0 …       ]            [ index …         ]      slots of 320 ms
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from hustings.archive.slots import Slot
from hustings.chunk import Chunk
from hustings.clock import CHUNK_MS, CHUNK_NS, ms_of


@dataclass(frozen=True, slots=True)
class Span:
    """`count` slots in a row, from number `first_n` in the programme and `index` in the replay."""

    first_n: int
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class Reign:
    """The slots of one epoch: a stage's hold on the lease."""

    epoch: int
    first_n: int
    count: int


class Spans:
    """The fold from slots to spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.gaps: list[Span] = []
        self.reigns: list[Reign] = []
        self._clock_ns = 0
        self._remixed: set[int] = set()  # slots of gaps that were mixed from the stems
        self._clocked: list[tuple[Slot, Slot]] = []  # first and last slot with a chunk, by span

    @property
    def slots(self) -> int:
        """Slots of the replay."""
        return self.spans[-1].index + self.spans[-1].count if self.spans else 0

    @property
    def chunks(self) -> int:
        """Slots that hold a chunk."""
        return self.slots - sum(gap.count for gap in self.gaps)

    @property
    def clock_ms(self) -> int:
        """How long the live spans took by the machine's clock.

        From the making of a span's first chunk to that of its last: by boot time where one boot
        made both, by the log server's stamps otherwise; edges without a chunk count as they should.
        """
        total = 0
        for span, ends in zip(self.spans, self._clocked, strict=True):
            first, last = ends
            between = last.index - first.index
            total += _elapsed_ns(first, last) if between else 0
            total += (span.count - between) * CHUNK_NS
        return round(total / 1_000_000)

    def add(self, slot: Slot, *, remixed: bool = False) -> None:
        """Take the next slot. `remixed`: it is a gap, and the stems have its sound."""
        if remixed:
            self._remixed.add(slot.index)
        if slot.opens:
            self.spans.append(Span(slot.n, slot.index, 0))
            self._clocked.append((slot, slot))
        self.spans[-1] = _longer(self.spans[-1])
        first = self._clocked[-1][0]
        if slot.chunk is None:
            self._add_gap(slot)
            return
        self._clocked[-1] = (first if first.chunk else slot, slot)
        if not self.reigns or self.reigns[-1].epoch != slot.chunk.epoch:
            self.reigns.append(Reign(slot.chunk.epoch, slot.n, 0))
        reign = self.reigns[-1]
        self.reigns[-1] = replace(reign, count=reign.count + 1)

    def parts(self, gap: Span) -> Iterator[tuple[Span, bool]]:
        """A gap in stretches that were mixed from the stems, and those that are silence."""
        slots = range(gap.index, gap.index + gap.count)
        for remixed, some in groupby(slots, key=self._remixed.__contains__):
            indexes = list(some)
            first_n = gap.first_n + indexes[0] - gap.index
            yield Span(first_n, indexes[0], len(indexes)), remixed

    def position_ms(self, n: int) -> int:
        """Replay time at which programme number `n` begins; off air, where the replay goes on."""
        at = bisect_right(self.spans, n, key=lambda span: span.first_n) - 1
        if at < 0:
            return 0
        span = self.spans[at]
        return ms_of(span.index + min(n - span.first_n, span.count))

    def live(self, n: int) -> bool:
        """Whether number `n` is in the replay."""
        at = bisect_right(self.spans, n, key=lambda span: span.first_n) - 1
        return at >= 0 and n < self.spans[at].first_n + self.spans[at].count

    def _add_gap(self, slot: Slot) -> None:
        last = self.gaps[-1] if self.gaps else None
        if last and not slot.opens and last.first_n + last.count == slot.n:
            self.gaps[-1] = _longer(last)
        else:
            self.gaps.append(Span(slot.n, slot.index, 1))


def _longer(span: Span) -> Span:
    return replace(span, count=span.count + 1)


def _elapsed_ns(first: Slot, last: Slot) -> int:
    one: Chunk | None = first.chunk
    other: Chunk | None = last.chunk
    assert one is not None
    assert other is not None
    if one.boot_id == other.boot_id:
        return other.boottime_ns - one.boottime_ns
    return last.stamp_ns - first.stamp_ns


def duration_ms(slots: int) -> int:
    """Length of so many slots."""
    return slots * CHUNK_MS
