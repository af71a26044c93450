"""Segments of one space: six chunks each, made of logged chunks and logged gaps only.

What the live path brings can be wrong (a replaced stage's last chunk) or missing; what the log
holds is final, and a number that it skips is a gap for good. A segment is settled once the log is
past it, and is then the same bytes for ever, on every edge: fit for any cache.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from hustings import chunk, limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk, segment_of
from hustings.edge.connection import Connection
from hustings.edge.reply import NO_STORE, Reply, problem
from hustings.edge.spool import Spool
from hustings.errors import BadInput, HustingsError, LogError
from hustings.formats import fmp4
from hustings.formats.fmp4 import Codec
from hustings.log.contract import Log
from hustings.log.seek import seek_chunk
from hustings.log.subjects import Kind

_log: Final = logging.getLogger("hustings.edge")

_READS: Final = 4  # segments of one space read from the log at once: it is the stage's, too


class Segments:
    """`settled` is the number of segments that are final: all below it can be had. `over` is set
    once no further segment follows."""

    def __init__(self, space: str, *, log: Log, spool: Spool, tasks: asyncio.TaskGroup) -> None:
        self.space = space
        self.settled = 0
        self.over = False
        self._tasks = tasks
        self._hints: dict[int, int] = {}  # sequence of a segment's first chunk, where known
        self._log = log
        self._spool = spool
        self._making: list[Chunk] = []
        self._loading: dict[int, asyncio.Future[tuple[Chunk, ...]]] = {}
        self._memory: OrderedDict[tuple[Codec, int], bytes] = OrderedDict()
        self._held: dict[int, list[tuple[Codec, Connection]]] = {}
        self._turn = asyncio.Semaphore(_READS)

    def begin(self, n: int) -> None:
        """The log will be read from chunk `n` on, a segment's first: what is before is final."""
        self.settled = max(self.settled, segment_of(n))
        self._making = []

    async def put(self, one: Chunk) -> None:
        """Take the next chunk of the log."""
        k = segment_of(one.n)
        if k < self.settled:
            return
        if self._making and segment_of(self._making[0].n) < k:
            await self._settle()
        self._advance(k)
        self._making.append(one)
        if one.n % SEGMENT_CHUNKS == SEGMENT_CHUNKS - 1:
            await self._settle()

    async def finish(self) -> None:
        """The programme is over: the last segment is as long as it is."""
        if self._making:
            await self._settle()
        self.over = True
        self._let_go(never())

    def cut(self) -> None:
        """Let go of those who wait: this edge leaves."""
        self._let_go(_LEAVING)

    async def chunks(self, k: int) -> tuple[Chunk, ...]:
        """The chunks of a settled segment: from the spool, else from the log."""
        found = await self._spool.chunks(self.space, k)
        if found is not None:
            return found
        loading = self._loading.get(k)
        if loading is None:
            loading = self._loading[k] = asyncio.get_running_loop().create_future()
            self._tasks.create_task(self._load(k, loading))
        # One read serves all who wait; one of them leaving must not end it for the others.
        return await asyncio.shield(loading)

    async def body(self, codec: Codec, k: int) -> bytes:
        """The bytes of a settled segment."""
        known = self._memory.get((codec, k))
        if known is not None:
            self._memory.move_to_end((codec, k))
            return known
        return self._made(codec, k, await self.chunks(k))

    def has(self, k: int) -> bool:
        """Whether a segment can be had: it is settled, or the spool has it from before."""
        return k < self.settled or self._spool.has(self.space, k)

    def is_next(self, k: int, *, newest: int | None) -> bool:
        """Whether a segment is worth waiting for, while `newest` is the newest chunk heard."""
        return not self.over and k <= max(self.settled, segment_of(newest or 0))

    def at_hand(self, codec: Codec, k: int) -> bytes | None:
        """The bytes of a segment if they are in memory."""
        return self._memory.get((codec, k))

    def hold(self, codec: Codec, k: int, connection: Connection) -> None:
        """Answer the connection once the next segment is settled, or when its time is up."""
        connection.wait(limits.SEGMENT_WAIT_S, late=never())
        waiting = self._held.setdefault(k, [])
        waiting[:] = [(c, one) for c, one in waiting if not one.gone]
        waiting.append((codec, connection))

    def _let_go(self, answer: Reply) -> None:
        # An answer may be followed at once by the connection's next request, and that one wait.
        held, self._held = self._held, {}
        for waiting in held.values():
            for _, connection in waiting:
                connection.respond(answer)

    async def _settle(self) -> None:
        chunks = tuple(self._making)
        self._making = []
        k = segment_of(chunks[0].n)
        await self._spool.keep_chunks(self.space, k, chunks)
        for codec in fmp4.CODECS:
            self._made(codec, k, chunks)
        self._advance(k + 1)

    def _advance(self, settled: int) -> None:
        self.settled = max(self.settled, settled)
        for k in [k for k in self._held if k < self.settled]:
            for codec, connection in self._held.pop(k):
                # A segment that is all gap has no chunks and therefore was never made.
                connection.respond(found(codec, self._made(codec, k, ())))

    def _made(self, codec: Codec, k: int, chunks: tuple[Chunk, ...]) -> bytes:
        known = self._memory.get((codec, k))
        if known is not None:
            return known
        body = fmp4.segment(codec, [(c.n, c.opus if codec == "opus" else c.aac) for c in chunks])
        self._memory[codec, k] = body
        while len(self._memory) > limits.SEGMENTS_COUNT:
            self._memory.popitem(last=False)
        return body

    async def _load(self, k: int, loading: asyncio.Future[tuple[Chunk, ...]]) -> None:
        try:
            async with self._turn:
                chunks = await self._read(k)
            if k < self.settled:
                await self._spool.keep_chunks(self.space, k, chunks)
        except HustingsError as error:
            loading.set_exception(error)
            loading.exception()  # whoever asked may have left
        else:
            loading.set_result(chunks)
        finally:
            self._loading.pop(k, None)
            loading.cancel()

    async def _read(self, k: int) -> tuple[Chunk, ...]:
        """The chunks of a segment from the log, one question each, once the first is found."""
        chunks: list[Chunk] = []
        seq = self._hints.pop(k, None)
        if seq is None:
            seq = await self._seek(k * SEGMENT_CHUNKS)
        while seq is not None:
            entry = await self._log.next(self.space, Kind.MIX, seq=seq)
            if entry is None:
                break
            seq = entry.seq + 1
            try:
                one = chunk.unpack(entry.data)
            except BadInput as error:
                _log.warning("space %s: a chunk is passed over: %s", self.space, error)
                continue
            if segment_of(one.n) > k:
                self._hints[segment_of(one.n)] = entry.seq
                break
            chunks.append(one)
        while len(self._hints) > limits.SEGMENTS_COUNT:
            del self._hints[next(iter(self._hints))]
        return tuple(chunks)

    async def _seek(self, n: int) -> int | None:
        try:
            return await seek_chunk(self._log, self.space, n)
        except BadInput as error:
            raise LogError(f"space {self.space}: chunk {n} cannot be found: {error}") from error


_LEAVING: Final = problem(503, "stopping", "This server is being stopped.", retry_after_s=1)


def found(codec: Codec, body: bytes) -> Reply:
    """A settled segment, or a header: the same for ever."""
    return Reply(
        fields=(
            ("Content-Type", fmp4.mime(codec)),
            ("Cache-Control", "public, max-age=31536000, immutable"),
        ),
        body=body,
    )


def never() -> Reply:
    """A segment that is not there, and nothing that a cache should remember."""
    return problem(404, "segment", "There is no such segment yet.", fields=NO_STORE)
