"""The reel: the logged chunks of a space's live spans, as they rest in the store, and their index.

    spaces/<space>/reel/<first>.pack    the live chunks among `PACK_CHUNKS` numbers from `first` on
    spaces/<space>/reel.json            which numbers the log held, and the packs with their hashes

A pack is a MessagePack list of packed chunks, byte for byte as they were logged, so that segments
made of it are the same for ever. The archive writes packs while the space is live, and the index
after each; edges read them when the log is gone. What was off air is not in a pack: of the hold
sound only its numbers stand in the index. Pure.

Numbers rise in the log, because a stage appends in order and a replaced one is fenced off. Should
one not rise all the same, it does not count: whatever was made without it is out already.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from hustings.chunk import SEGMENT_CHUNKS
from hustings.errors import BadInput

PACK_CHUNKS: Final = 192  # 61 s: 0.75 MB at the usual bit rates, one read for 32 segments
VERSION: Final = 1


class Run(msgspec.Struct, frozen=True, array_like=True):
    """Numbers `first` to `end` (exclusive) are in the log without a gap, all live or all not."""

    first: int
    end: int
    live: bool


class Pack(msgspec.Struct, frozen=True):
    """One object of a reel: its first number, a multiple of `PACK_CHUNKS`, its length and hash."""

    first: int
    bytes: int
    sha256: str


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """What a reel holds. Everything below number `through` is final and in the packs; `whole` says
    that nothing follows."""

    version: int = VERSION
    through: int
    whole: bool
    runs: tuple[Run, ...]
    packs: tuple[Pack, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry of the whole programme's playlist: `count` numbers from `n` on, a segment or a
    single chunk. `gap`: the log holds nothing of it. `opens`: a live span begins here."""

    n: int
    count: int
    gap: bool
    opens: bool


class Reel:
    """The fold of a space's logged chunks, in the log's order, to the numbers that exist.

    `newest` is the last number, -1 before there is one.
    """

    def __init__(self, runs: Sequence[Run] = ()) -> None:
        self.runs: list[Run] = list(runs)

    @property
    def newest(self) -> int:
        """The last number that the log holds."""
        return self.runs[-1].end - 1 if self.runs else -1

    @property
    def first(self) -> int | None:
        """The first number that is known of."""
        return self.runs[0].first if self.runs else None

    def add(self, n: int, *, live: bool) -> bool:
        """Take the next chunk of the log; False if its number does not rise."""
        if n <= self.newest:
            return False
        last = self.runs[-1] if self.runs else None
        if last is not None and last.end == n and last.live == live:
            self.runs[-1] = Run(last.first, n + 1, live)
        else:
            self.runs.append(Run(n, n + 1, live))
        return True

    def prepend(self, older: Sequence[Run]) -> None:
        """Take the runs of the numbers before the first one."""
        runs = Reel(older).before(self.runs[0].first) if self.runs else list(older)
        if runs and self.runs and runs[-1].end == self.runs[0].first:
            last, first = runs[-1], self.runs[0]
            if last.live == first.live:
                runs[-1] = Run(last.first, first.end, first.live)
                self.runs = self.runs[1:]
        self.runs = runs + self.runs

    def before(self, end: int) -> list[Run]:
        """The runs of the numbers below `end`."""
        return [Run(run.first, min(run.end, end), run.live) for run in self.runs if run.first < end]

    def logged(self, n: int) -> Run | None:
        """The run that holds a number, or None if the log skips it."""
        at = bisect_right(self.runs, n, key=lambda run: run.first) - 1
        return self.runs[at] if at >= 0 and n < self.runs[at].end else None

    def empty(self, first: int, end: int) -> bool:
        """Whether the log holds none of the numbers from `first` to `end` (exclusive)."""
        at = bisect_right(self.runs, first, key=lambda run: run.first) - 1
        if at >= 0 and first < self.runs[at].end:
            return False
        return at + 1 >= len(self.runs) or self.runs[at + 1].first >= end

    def live_only(self, first: int, end: int) -> bool:
        """Whether the numbers from `first` to `end` (exclusive) lie within one live span, which
        gaps do not interrupt and hold sound does."""
        span = next(self._spans(first), None)
        return span is not None and span[0].first <= first and end <= span[0].end

    def pieces(self, start: int, *, whole: bool) -> Iterator[Piece]:
        """The live spans from number `start` on, segment by segment, and chunk by chunk where a
        span begins or ends within a segment.

        What was given once is given again in the same way, however the programme goes on. `whole`:
        it does not go on.
        """
        for span, closed in self._spans(start):
            n = max(span.first, start)
            while n < span.end:
                opens = n == span.first
                grid = n + SEGMENT_CHUNKS - n % SEGMENT_CHUNKS
                if grid - n == SEGMENT_CHUNKS:
                    if grid <= span.end:
                        yield Piece(n, SEGMENT_CHUNKS, self.empty(n, grid), opens)
                        n = grid
                        continue
                    if not (closed or whole):
                        return
                yield Piece(n, 1, self.empty(n, n + 1), opens)
                n += 1

    def spans(self) -> Iterator[tuple[int, int]]:
        """First number and the one after the last of each live span, gaps included."""
        for span, _ in self._spans(self.runs[0].first if self.runs else 0):
            yield span.first, span.end

    def _spans(self, start: int) -> Iterator[tuple[Run, bool]]:
        """The live spans that reach beyond `start`, gaps included, and whether each is closed."""
        span: Run | None = None
        for run in self.runs[self._at(start) :]:
            if run.live:
                span = Run(span.first, run.end, True) if span else run
            elif span is not None:
                if span.end > start:
                    yield span, True
                span = None
        if span is not None and span.end > start:
            yield span, False

    def _at(self, n: int) -> int:
        """Where in the runs the live span begins that number `n` may lie in."""
        at = max(0, bisect_right(self.runs, n, key=lambda run: run.first) - 1)
        while at > 0 and self.runs[at].live and self.runs[at - 1].live:
            at -= 1
        return at


def numbers(index: Index, pack: Pack) -> list[int]:
    """The numbers of a pack's chunks, in their order."""
    end = pack.first + PACK_CHUNKS
    return [
        n
        for run in index.runs
        if run.live
        for n in range(max(run.first, pack.first), min(run.end, end))
    ]


def encode(index: Index) -> bytes:
    """The index as a file."""
    return msgspec.json.encode(index)


def decode(data: bytes) -> Index:
    """The index in `data`; `BadInput` when it is none."""
    try:
        index = msgspec.json.decode(data, type=Index)
    except msgspec.MsgspecError as error:
        raise BadInput("reel", expected="the index of a reel", got=str(error)) from error
    if index.version != VERSION:
        raise BadInput("reel", expected=f"version {VERSION}", got=str(index.version))
    return index


def pack(chunks: Sequence[bytes]) -> bytes:
    """Packed chunks as an object."""
    return msgspec.msgpack.encode(chunks)


def unpack(data: bytes) -> list[bytes]:
    """The packed chunks of an object; `BadInput` when it is none."""
    try:
        return msgspec.msgpack.decode(data, type=list[bytes])
    except msgspec.MsgspecError as error:
        raise BadInput("pack", expected="a pack of a reel", got=str(error)) from error
