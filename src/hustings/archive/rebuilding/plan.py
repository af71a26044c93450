"""What is to become of a recording: the fate of each of its slots, and of each seat in it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from hustings.archive.label import Label
from hustings.space.cuts import Cuts


class Fate(IntEnum):
    """What becomes of a slot."""

    DROPPED = 0
    KEPT = 1
    SILENT = 2
    MIXED = 3  # anew, from the stems, without those who are not to be heard


@dataclass(frozen=True, slots=True)
class Without:
    """A seat that is not to be heard from slot `first` to `end` (exclusive)."""

    seat: str
    first: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a recording of so many `slots` is made anew. All is on the original's clock.

    `heads` are the chapters' beginnings (milliseconds) and titles; None keeps those that there are.
    Of `label` everything is taken but chapters and loudness. `reel`: the new recording takes the
    original's place, so its chunks are made anew as well.
    """

    space: str
    slots: int
    cuts: Cuts
    label: Label
    without: tuple[Without, ...] = ()
    heads: Sequence[tuple[int, str]] | None = None
    reel: bool = False

    @cached_property
    def before(self) -> list[int]:
        """How many slots of the new recording lie before each slot of the original, and in all."""
        out, count = [0] * (self.slots + 1), 0
        kept = iter(self.cuts.kept)
        first, end = next(kept, (self.slots, self.slots))
        for slot in range(self.slots):
            out[slot] = count
            if slot >= end:
                first, end = next(kept, (self.slots, self.slots))
            count += first <= slot < end
        out[self.slots] = count
        return out

    def quiet(self, slot: int, seat: str) -> bool:
        """Whether a seat is not to be heard in a slot, whatever the others are."""
        return any(one.seat == seat and one.first <= slot < one.end for one in self.without)


class Fates:
    """The fate of each slot. `spoken` are those in which somebody is heard who is not to be."""

    def __init__(self, plan: Plan, *, spoken: Collection[int]) -> None:
        self.all = bytearray(plan.slots)
        for first, end in plan.cuts.kept:
            self.all[first:end] = bytes((Fate.KEPT,)) * (end - first)
        for slot in spoken:
            if self.all[slot] == Fate.KEPT:
                self.all[slot] = Fate.MIXED
        for first, end in plan.cuts.silenced:
            for slot in range(first, end):
                if self.all[slot] != Fate.DROPPED:
                    self.all[slot] = Fate.SILENT

    def of(self, slot: int) -> Fate:
        """The fate of a slot; what lies outside is dropped."""
        return Fate(self.all[slot]) if 0 <= slot < len(self.all) else Fate.DROPPED

    def entered(self, slot: int) -> bool:
        """Whether a slot is kept, and what was before it is not."""
        return slot > 0 and self.of(slot) is Fate.KEPT and self.of(slot - 1) is not Fate.KEPT

    def left(self, slot: int) -> bool:
        """Whether a slot is kept, and what was after it is not. The last one has nothing after."""
        last = slot == len(self.all) - 1
        return not last and self.of(slot) is Fate.KEPT and self.of(slot + 1) is not Fate.KEPT

    def untouched(self, first: int, end: int) -> bool:
        """Whether the slots from `first` to `end` (exclusive) are all kept as they are, joins
        included."""
        return all(
            self.of(slot) is Fate.KEPT and not self.entered(slot) for slot in range(first, end)
        )

    def runs(self, fate: Fate) -> Iterator[range]:
        """The stretches of one fate."""
        first: int | None = None
        for slot in range(len(self.all) + 1):
            here = self.of(slot) is fate
            if here and first is None:
                first = slot
            elif not here and first is not None:
                yield range(first, slot)
                first = None
