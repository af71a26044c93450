"""Slots: the replay's places of 320 ms, in order, from chunks and marks as they stand in the log.

The log holds chunks of every epoch, hold sound included, now and then one twice or out of order. A
chunk becomes a slot when it is flagged live. `OnAir` marks say where a live span begins and ends;
inside a span a missing number is a gap: a slot without a chunk, silence of known length. Of two
chunks with one number the greater epoch counts; after a chunk or a takeover of one epoch nothing of
a lower epoch does.

Numbers are decided once they lie `limits.LOG_ORDER_CHUNKS` behind the newest, so that an append
that was repeated late still finds its place. The result depends on the log's content alone: read
again after a crash, it gives the same slots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from hustings import limits
from hustings.chunk import Chunk, Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place of the replay.

    `index` counts from 0 in the replay, `n` is the number in the programme. `chunk` is None in a
    gap. `after` is the chunk that follows in the programme, live or not, if it is there. `opens`
    and `closes` mark the first and the last slot of a live span. `stamp_ns` is the log server's
    time of the chunk, 0 in a gap.
    """

    index: int
    n: int
    chunk: Chunk | None
    after: Chunk | None
    opens: bool
    closes: bool
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    chunk: Chunk
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class _Pending:
    """A live number that is decided, and given out as soon as its successor is."""

    n: int
    candidate: _Candidate | None
    opens: bool


class Slots:
    """The fold from entries of the log to slots. Nothing here waits or reads a clock."""

    def __init__(self) -> None:
        self.unplaced = 0  # live chunks that came too late, or were numbered out of all bounds
        self.doubles = 0  # chunks that gave way to another of their number or to a newer epoch
        self.newest = -1  # greatest chunk number seen
        self._chunks: dict[int, _Candidate] = {}
        self._marks: dict[int, bool] = {}
        self._taken: dict[int, int] = {}
        self._next: int | None = None  # the first number that is not decided
        self._live = False
        self._epoch = 0
        self._index = 0
        self._pending: _Pending | None = None
        self._live_newest = -1
        self._off_newest = -1

    @property
    def on_air(self) -> bool:
        """Whether the programme is live as far as it is known: more live chunks are expected."""
        return self._live_newest > self._off_newest

    def add(self, chunk: Chunk, stamp_ns: int) -> list[Slot]:
        """Take a chunk from the log; returns the slots that are certain now."""
        n = chunk.n
        if self._past(n) or self._beyond(n):
            self.unplaced += chunk.programme is Programme.LIVE
            return []
        held = self._chunks.get(n)
        if held is not None:
            self.doubles += 1
        if held is None or held.chunk.epoch < chunk.epoch:
            self._chunks[n] = _Candidate(chunk, stamp_ns)
        self.newest = max(self.newest, n)
        self._heard(n, live=chunk.programme is Programme.LIVE)
        return list(self._decide(self.newest - limits.LOG_ORDER_CHUNKS))

    def mark(self, n: int, *, live: bool) -> None:
        """Take an `OnAir` observation: from number `n` on the programme is live, or is not."""
        if not self._past(n) and not self._beyond(n):
            self._marks[n] = live
        self._heard(n, live=live)

    def taken(self, n: int, epoch: int) -> None:
        """Take a `StageTaken` observation: from number `n` on, lower epochs do not count."""
        self._taken[n] = max(epoch, self._taken.get(n, 0))

    def finish(self) -> list[Slot]:
        """The recording is over: all slots that were still uncertain."""
        ends = [n for n, live in self._marks.items() if not live]
        slots = list(self._decide(max([self.newest + 1, *ends])))
        slots += self._give(after=None, goes_on=False)
        return slots

    def _past(self, n: int) -> bool:
        return self._next is not None and n < self._next

    def _beyond(self, n: int) -> bool:
        return self.newest >= 0 and n > self.newest + limits.GAP_CHUNKS

    def _heard(self, n: int, *, live: bool) -> None:
        if live:
            self._live_newest = max(self._live_newest, n)
        else:
            self._off_newest = max(self._off_newest, n)

    def _decide(self, before: int) -> Iterator[Slot]:
        """Decide the numbers below `before`."""
        while (n := self._following(before)) < before:
            yield from self._decide_one(n)
            self._next = n + 1

    def _following(self, before: int) -> int:
        if self._live and self._next is not None:
            return self._next
        # Off air, missing numbers mean nothing: go on where the log has something.
        return min(chain(self._chunks, self._marks), default=before)

    def _decide_one(self, n: int) -> Iterator[Slot]:
        for at in sorted(at for at in self._taken if at <= n):
            self._epoch = max(self._epoch, self._taken.pop(at))
        if n in self._marks:
            self._live = self._marks.pop(n)
        candidate = self._chunks.pop(n, None)
        if candidate is not None and candidate.chunk.epoch < self._epoch:
            self.doubles += 1
            candidate = None
        if candidate is not None:
            self._epoch = candidate.chunk.epoch
            self._live = candidate.chunk.programme is Programme.LIVE
        yield from self._give(after=candidate.chunk if candidate else None, goes_on=self._live)
        if self._live:
            self._pending = _Pending(n, candidate, opens=self._pending is None)

    def _give(self, *, after: Chunk | None, goes_on: bool) -> Iterator[Slot]:
        if self._pending is None:
            return
        n, candidate, opens = self._pending.n, self._pending.candidate, self._pending.opens
        if not goes_on:
            self._pending = None
        yield Slot(
            index=self._index,
            n=n,
            chunk=candidate.chunk if candidate else None,
            after=after,
            opens=opens,
            closes=not goes_on,
            stamp_ns=candidate.stamp_ns if candidate else 0,
        )
        self._index += 1
