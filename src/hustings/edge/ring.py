"""The newest chunks of one space in order, without holes: what is pushed, and where one may resume.

Chunks come from two sources, the live path and the log, so most come twice. They are ordered by
(epoch, n): one of a lower epoch than was seen is a replaced stage's and is refused. A number that
is missing is filled with silence when a later one has arrived, or when it is overdue; what is
filled is for push and plain streams only, and never becomes part of a segment. Pure: `now_s` is
passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hustings import limits
from hustings.chunk import Chunk, silent
from hustings.clock import CHUNK_MS

_PERIOD_S: Final = CHUNK_MS / 1000
_FILL_AFTER_S: Final = limits.FILL_AFTER_MS / 1000


@dataclass(slots=True, eq=False)
class Slot:
    """One number's place. `filled` says that silence stands in; `made` keeps its bytes per form."""

    chunk: Chunk
    filled: bool
    made: dict[str, bytes] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """The chunk's number."""
        return self.chunk.n

    def bytes_in(self, form: str, make: Callable[[Chunk], bytes]) -> bytes:
        """The chunk's bytes in a form, made once."""
        made = self.made.get(form)
        if made is None:
            made = self.made[form] = make(self.chunk)
        return made


@dataclass(slots=True)
class Ring:
    """The newest `limits.RING_CHUNKS` chunks; `newest` is the number given out last."""

    newest: int | None = None
    epoch: int = 0
    refused: int = 0
    late: int = 0
    filled: int = 0
    _slots: dict[int, Slot] = field(default_factory=dict)
    _heard_n: int = 0
    _heard_s: float = 0.0

    def put(self, chunk: Chunk, *, now_s: float) -> list[Slot]:
        """Take a chunk in; the slots that are to be given out now, in order."""
        if chunk.epoch < self.epoch:
            self.refused += 1
            return []
        if self.newest is not None and chunk.n <= self.newest:
            self._amend(chunk)
            if chunk.n > self._heard_n:
                # The way here has become longer: wait longer, or all that follows is late as well.
                self._heard_n, self._heard_s = chunk.n, now_s
            return []
        self.epoch = chunk.epoch
        given = []
        if self.newest is not None:
            # A longer hole is not worth sending as silence: the decode time jumps instead.
            first = max(self.newest + 1, chunk.n - limits.RING_CHUNKS)
            given = [self._fill(n) for n in range(first, chunk.n)]
        given.append(self._place(Slot(chunk, filled=False)))
        self._heard_n, self._heard_s = chunk.n, now_s
        return given

    def fill(self, *, now_s: float) -> list[Slot]:
        """Silence for every number that is overdue, in order."""
        given = []
        while (due := self.due_s()) is not None and due <= now_s:
            assert self.newest is not None
            given.append(self._fill(self.newest + 1))
        return given

    def due_s(self) -> float | None:
        """When the next number is overdue, or None: nothing was heard yet, or too long ago.

        A stage that comes back continues at most `limits.CHUNKS_SKIP_MAX` numbers further on. The
        edge stops well before, for its own numbers must not run ahead of the stage's.
        """
        if self.newest is None or self.newest - self._heard_n >= limits.CHUNKS_SKIP_MAX - 50:
            return None
        return self._heard_s + (self.newest + 1 - self._heard_n) * _PERIOD_S + _FILL_AFTER_S

    def oldest(self) -> int | None:
        """The oldest number that can be had from here."""
        return next(iter(self._slots), None)

    def since(self, n: int) -> list[Slot] | None:
        """All slots from number `n` on; None if the ring does not reach back so far."""
        oldest = self.oldest()
        if oldest is None or self.newest is None or n < oldest:
            return None
        return [self._slots[i] for i in range(n, self.newest + 1) if i in self._slots]

    def get(self, n: int) -> Slot | None:
        """The slot of a number, if it is here."""
        return self._slots.get(n)

    def _amend(self, chunk: Chunk) -> None:
        """A chunk that was filled has come: for whoever resumes, it is the true one."""
        slot = self._slots.get(chunk.n)
        if slot is None or (not slot.filled and slot.chunk.epoch >= chunk.epoch):
            return
        if slot.filled:
            self.late += 1
        self.epoch = chunk.epoch
        self._slots[chunk.n] = Slot(chunk, filled=False)

    def _fill(self, n: int) -> Slot:
        self.filled += 1
        return self._place(Slot(silent(n, epoch=self.epoch), filled=True))

    def _place(self, slot: Slot) -> Slot:
        self._slots[slot.n] = slot
        self.newest = slot.n
        while len(self._slots) > limits.RING_CHUNKS:
            del self._slots[next(iter(self._slots))]
        return slot
