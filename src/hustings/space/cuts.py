"""Cuts: how the clock of a recording as it was first posted maps to that of an edited version.

    original   ├──── kept ────┤ dropped ├──── kept ────┤ dropped
    published  ├──── kept ────┼──── kept ────┤

Everything is cut at slots of 320 ms, so that nothing has to be encoded again. What is silenced
keeps its place. Pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hustings.clock import CHUNK_MS

Span = tuple[int, int]  # first slot, and the one after the last


def widened(from_ms: int, to_ms: int) -> Span:
    """The slots that a stretch of time touches."""
    return from_ms // CHUNK_MS, -(-to_ms // CHUNK_MS)


@dataclass(frozen=True, slots=True)
class Cuts:
    """The slots of the original that are `kept`, in order, and those of them that are `silenced`.

    Neither list has touching or overlapping spans.
    """

    kept: tuple[Span, ...]
    silenced: tuple[Span, ...] = ()

    @classmethod
    def of(cls, slots: int, *, dropped: Iterable[Span], silenced: Iterable[Span] = ()) -> Cuts:
        """The cuts of a recording of so many slots."""
        kept: list[Span] = []
        at = 0
        for first, end in merged(dropped, slots):
            if first > at:
                kept.append((at, first))
            at = end
        if at < slots:
            kept.append((at, slots))
        quiet = [
            (max(first, low), min(end, high))
            for first, end in merged(silenced, slots)
            for low, high in kept
            if first < high and low < end
        ]
        return cls(tuple(kept), tuple(quiet))

    @property
    def slots(self) -> int:
        """How many slots the edited version has."""
        return sum(end - first for first, end in self.kept)

    @property
    def duration_ms(self) -> int:
        """How long the edited version is."""
        return self.slots * CHUNK_MS

    def changes(self, slots: int) -> bool:
        """Whether anything differs from an original of so many slots."""
        return bool(self.silenced) or self.slots != slots

    def position(self, at_ms: int) -> int | None:
        """Where a moment of the original is in the edited version; None where it was dropped."""
        before = 0
        for first, end in self.kept:
            if at_ms < first * CHUNK_MS:
                return None
            if at_ms < end * CHUNK_MS or (
                at_ms == end * CHUNK_MS and (first, end) == self.kept[-1]
            ):
                return before + at_ms - first * CHUNK_MS
            before += (end - first) * CHUNK_MS
        return None

    def nearest(self, at_ms: int) -> int:
        """Where a moment of the original is, or the next one that was kept."""
        before = 0
        for first, end in self.kept:
            if at_ms < end * CHUNK_MS:
                return before + max(0, at_ms - first * CHUNK_MS)
            before += (end - first) * CHUNK_MS
        return before

    def begun(self, moments: Sequence[int], slots: int) -> list[int | None]:
        """Where stretches of the original begin in the edited version: one from each of these
        moments, which are in order, to the next; None for one of which nothing is left."""
        places = [self.nearest(at_ms) for at_ms in (*moments, slots * CHUNK_MS)]
        return [place if place < after else None for place, after in itertools.pairwise(places)]

    def original(self, at_ms: int, *, ends: bool = False) -> int:
        """Where a moment of the edited version was in the original. Of a moment at which two kept
        stretches meet, `ends` chooses the end of the first instead of the beginning of the next."""
        before = 0
        for first, end in self.kept:
            length = (end - first) * CHUNK_MS
            if at_ms < before + length or (ends and at_ms == before + length):
                return first * CHUNK_MS + at_ms - before
            before += length
        return self.kept[-1][1] * CHUNK_MS if self.kept else 0

    def silent(self, slot: int) -> bool:
        """Whether a slot of the original is silenced."""
        return any(first <= slot < end for first, end in self.silenced)


def merged(spans: Iterable[Span], slots: int) -> list[Span]:
    """Spans in order within a recording of so many slots, those that touch made one."""
    out: list[Span] = []
    for first, end in sorted((max(0, first), min(slots, end)) for first, end in spans):
        if first >= end:
            continue
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((first, end))
    return out
