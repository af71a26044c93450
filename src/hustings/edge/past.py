"""Where old sound comes from: the chunks of settled segments, from the spool, the store or the log.

    spool   what this edge has had in hands before
    store   the reel of a posted space (`store.reel`): the log may be gone by then
    log     everything else, a few segments at a time: the log is the stage's, too

One read serves all who wait for the same segment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from hustings import chunk, limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk, segment_of
from hustings.edge.spool import Spool
from hustings.edge.stored import Stored
from hustings.errors import BadInput, HustingsError, LogAway, LogError, StoreError
from hustings.log.contract import Log
from hustings.log.seek import seek_chunk
from hustings.log.subjects import Kind
from hustings.store.reel import Index, Reel, Run

_log: Final = logging.getLogger("hustings.edge")

_READS: Final = 4  # segments of one space read from the log at once
_BREATH_ENTRIES: Final = 64  # read in a row while the programme waits: 3 ms


class Lost(LogError):
    """It was never there, or is kept nowhere any more."""


class Past:
    """Old sound of one space. `posted` says that the store has the recording; `settled` tells
    whether a segment is final: of one that is not, no copy is kept."""

    def __init__(
        self,
        space: str,
        *,
        log: Log,
        spool: Spool,
        stored: Stored | None,
        tasks: asyncio.TaskGroup,
        settled: Callable[[int], bool],
    ) -> None:
        self.posted = False
        self._space = space
        self._log = log
        self._spool = spool
        self._stored = stored
        self._tasks = tasks
        self._settled = settled
        self._hints: dict[int, int] = {}  # sequence of a segment's first chunk, where known
        self._loading: dict[int, asyncio.Future[tuple[Chunk, ...]]] = {}
        self._turn = asyncio.Semaphore(_READS)

    def has(self, k: int) -> bool:
        """Whether the spool has a segment."""
        return self._spool.has(self._space, k)

    async def keep(self, k: int, chunks: tuple[Chunk, ...]) -> None:
        """Take in a settled segment."""
        await self._spool.keep_chunks(self._space, k, chunks)

    async def chunks(self, k: int) -> tuple[Chunk, ...]:
        """The chunks of a segment as the log has them; `Lost` where they cannot be had any more."""
        found = await self._spool.chunks(self._space, k)
        if found is not None:
            return found
        loading = self._loading.get(k)
        if loading is None:
            loading = self._loading[k] = asyncio.get_running_loop().create_future()
            self._tasks.create_task(self._load(k, loading))
        # One of those who wait may leave: that must not end it for the others.
        return await asyncio.shield(loading)

    async def chunk(self, n: int) -> Chunk:
        """One chunk of a settled segment; `Lost` where it is a gap, or cannot be had any more."""
        if self._stored is not None and self.posted and not self.has(segment_of(n)):
            # At the ends of a live span the store has chunks of a segment, and not all of it.
            try:
                kept = await self._stored.chunk(self._space, n)
            except StoreError:
                kept = None
            if kept is not None:
                return kept
        for one in await self.chunks(segment_of(n)):
            if one.n == n:
                return one
        raise Lost(f"space {self._space}: there is no chunk {n}")

    async def runs(self, first: int, end: int) -> list[Run]:
        """Which numbers from `first` to `end` (exclusive) the log holds, as it can be known."""
        known = Reel()
        index, refused = None, None
        try:
            index = await self._index()
        except StoreError as error:
            refused = error  # the programme does not depend on the store as long as there is a log
        if index is not None:
            known = Reel(Reel(index.runs).before(min(end, index.through)))
            first = max(first, index.through)
            if index.whole:
                return known.runs
        if first < end:
            try:
                await self._follow(known, first, end)
            except LogAway:
                raise
            except LogError as error:
                if refused is None:
                    raise
                raise refused from error
        return known.runs

    async def newest(self) -> int | None:
        """The last number of a space whose log is complete; None if there is no sound.

        `LogAway` or `StoreError` when it cannot be known at the moment.
        """
        try:
            last = await self._log.last(self._space, Kind.MIX)
            if last is not None:
                return chunk.unpack(last.data).n
        except BadInput:
            return None
        except LogAway:
            raise
        except LogError:
            pass  # deleted; or it has given up its sound, which the store has
        index = await self._index()
        return Reel(index.runs).newest if index is not None and index.runs else None

    async def _index(self) -> Index | None:
        return None if self._stored is None else await self._stored.index(self._space)

    async def _follow(self, known: Reel, first: int, end: int) -> None:
        """Fold what the log holds of the numbers from `first` to `end`."""
        seq = await self._seek(first)
        if seq is None:
            return
        async for entry in self._log.read(self._space, {Kind.MIX}, after=seq - 1):
            try:
                one = chunk.unpack(entry.data)
            except BadInput:
                continue
            if one.n >= end:
                return
            known.add(one.n, live=one.programme is chunk.Programme.LIVE)
            if entry.seq % _BREATH_ENTRIES == 0:
                await asyncio.sleep(0)

    async def _load(self, k: int, loading: asyncio.Future[tuple[Chunk, ...]]) -> None:
        try:
            chunks = await self._read(k)
            if self._settled(k):
                await self.keep(k, chunks)
        except Exception as error:
            if not isinstance(error, HustingsError):
                _log.error("space %s: segment %d cannot be loaded", self._space, k, exc_info=error)
            loading.set_exception(error)
            loading.exception()  # whoever asked may have left
        else:
            loading.set_result(chunks)
        finally:
            self._loading.pop(k, None)
            loading.cancel()

    async def _read(self, k: int) -> tuple[Chunk, ...]:
        refused: StoreError | None = None
        if self._stored is not None and self.posted:
            try:
                kept = await self._stored.segment(self._space, k)
            except StoreError as error:
                kept, refused = None, error
            if kept is not None:
                return kept
        async with self._turn:
            try:
                if refused is not None and await self._log.last(self._space, Kind.MIX) is None:
                    # It has given up its sound: that it has nothing of a segment means nothing.
                    raise refused
                return await self._read_log(k)
            except LogAway:
                raise
            except LogError as error:
                if await self._log.exists(self._space):
                    raise
                if refused is not None:
                    raise refused from error
                raise Lost(f"space {self._space}: segment {k} is kept nowhere") from error

    async def _read_log(self, k: int) -> tuple[Chunk, ...]:
        """The chunks of a segment from the log, one question each, once the first is found."""
        chunks: list[Chunk] = []
        seq = self._hints.pop(k, None)
        if seq is None:
            seq = await self._seek(k * SEGMENT_CHUNKS)
        while seq is not None:
            entry = await self._log.next(self._space, Kind.MIX, seq=seq)
            if entry is None:
                # What is given out as a segment is never taken back: whether this is the log's end
                # is for its leader to say, not for a copy that may lag behind.
                last = await self._log.last(self._space, Kind.MIX)
                if last is not None and last.seq >= seq:
                    raise LogAway(f"space {self._space}: a copy of the log ends before {seq}")
                break
            seq = entry.seq + 1
            try:
                one = chunk.unpack(entry.data)
            except BadInput as error:
                _log.warning("space %s: a chunk is passed over: %s", self._space, error)
                continue
            if segment_of(one.n) > k:
                self._hints[segment_of(one.n)] = entry.seq
                break
            if segment_of(one.n) == k and (not chunks or one.n > chunks[-1].n):
                chunks.append(one)
        while len(self._hints) > limits.SEGMENTS_COUNT:
            del self._hints[next(iter(self._hints))]
        return tuple(chunks)

    async def _seek(self, n: int) -> int | None:
        try:
            return await seek_chunk(self._log, self._space, n)
        except BadInput as error:
            raise LogError(f"space {self._space}: chunk {n} cannot be found: {error}") from error
