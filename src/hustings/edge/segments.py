"""Segments and parts of one space: six chunks and one, made of logged chunks and logged gaps only.

What the live path brings can be wrong (a replaced stage's last chunk) or missing; what the log
holds is final, and a number that it skips is a gap for good. A part is there once the log has its
chunk; a segment is settled once the log is past it, or is known to be whole. Both are then the same
bytes for ever, on every edge: fit for any cache.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk, Programme, segment_of
from hustings.edge.connection import Connection
from hustings.edge.past import Lost, Past
from hustings.edge.reply import NO_STORE, Edition, Reply, problem
from hustings.edge.spool import Spool
from hustings.edge.stored import Stored
from hustings.edge.waiting import Waiting
from hustings.formats import fmp4
from hustings.formats.fmp4 import Codec
from hustings.log.contract import Log
from hustings.store.reel import Reel

_EDITION_S: Final = 60.0  # what is asked for is new: later it is not asked for so often
FOR_EVER: Final = (("Cache-Control", "public, max-age=31536000, immutable"),)


class Segments:
    """`settled` is the number of segments that are final: all below it can be had. `over` is set
    once nothing follows. `reel` is what this edge knows of the log's numbers. `caught_up` is set
    once the log's recent past is read; `changed` is called whenever there is more."""

    def __init__(
        self,
        space: str,
        *,
        log: Log,
        spool: Spool,
        tasks: asyncio.TaskGroup,
        stored: Stored | None = None,
    ) -> None:
        self.past = Past(
            space,
            log=log,
            spool=spool,
            stored=stored,
            tasks=tasks,
            settled=lambda k: k < self.settled,
        )
        self.reel = Reel()
        self.settled = 0
        self.over = False
        self.caught_up = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None
        self.edition = Edition(_EDITION_S)
        self.begun = 0  # the first segment that is read from the log chunk by chunk
        self._making: list[Chunk] = []
        self._recent: OrderedDict[int, Chunk] = OrderedDict()
        self._parts: OrderedDict[tuple[Codec, int], bytes] = OrderedDict()
        self._memory: OrderedDict[tuple[Codec, int], bytes] = OrderedDict()
        self._held: Waiting[Codec] = Waiting(late=never())
        self._held_parts: Waiting[Codec] = Waiting(late=never())

    def begin(self, n: int) -> None:
        """The log will be read from chunk `n` on, a segment's first: what is before is final."""
        self.settled = self.begun = max(self.settled, segment_of(n))
        self._making = []

    async def put(self, one: Chunk) -> None:
        """Take the next chunk of the log."""
        k = segment_of(one.n)
        if k < self.settled or not self.reel.add(one.n, live=one.programme is Programme.LIVE):
            return
        due = []
        if self._making and segment_of(self._making[0].n) < k:
            due.append(self._settle())
        self._advance(k)
        self._making.append(one)
        self._recent[one.n] = one
        while len(self._recent) > limits.PARTS_COUNT:
            self._recent.popitem(last=False)
        if one.n % SEGMENT_CHUNKS == SEGMENT_CHUNKS - 1:
            due.append(self._settle())
        self._held_parts.release(one.n + 1, self._part_reply)
        self.changed()
        # Whoever waits has it by now: a slow disk delays nobody.
        for chunks in due:
            await self.past.keep(segment_of(chunks[0].n), chunks)

    async def finish(self) -> None:
        """The log is whole and has been read: the last segment is as long as it is."""
        due = self._settle() if self._making else ()
        self.over = True
        self.caught_up.set()
        self._let_go(never())
        self.changed()
        if due:
            await self.past.keep(segment_of(due[0].n), due)

    async def catch_up(self) -> bool:
        """Wait until the log's recent past is read; False if that takes too long."""
        try:
            async with asyncio.timeout(limits.REQUEST_S):
                await self.caught_up.wait()
        except TimeoutError:
            return False
        return True

    def withdraw(self) -> None:
        """What was given out may not be given out without asking any more."""
        self.edition.over = True
        self.edition = Edition(_EDITION_S)

    def cut(self) -> None:
        """Let go of those who wait: this edge leaves."""
        self._let_go(LEAVING)

    async def chunks(self, k: int) -> tuple[Chunk, ...]:
        """The chunks of a settled segment; `LogError` or `StoreError` where they cannot be had."""
        return await self.past.chunks(k)

    async def body(self, codec: Codec, k: int) -> bytes | None:
        """The bytes of a settled segment; None if they are kept nowhere any more."""
        known = self._memory.get((codec, k))
        if known is not None:
            self._memory.move_to_end((codec, k))
            return known
        try:
            return self._made(codec, k, await self.chunks(k))
        except Lost:
            return None

    async def part(self, codec: Codec, n: int) -> bytes | None:
        """The bytes of a chunk of a settled segment; None if there is no such chunk."""
        try:
            return self._made_part(codec, await self.past.chunk(n))
        except Lost:
            return None

    def has(self, k: int) -> bool:
        """Whether a segment can be had: it is settled, or the spool has it from before."""
        return k < self.settled or self.past.has(k)

    def has_part(self, n: int) -> bool:
        """Whether a chunk can be had from a settled segment, if it is no gap."""
        return self.has(segment_of(n))

    def is_there(self, n: int) -> bool:
        """Whether a chunk is logged, or lies in a settled segment and is not known to be a gap."""
        if self.reel.logged(n) is not None:
            return True
        return self.has_part(n) and not self.is_gap(n)

    def is_gap(self, n: int) -> bool:
        """Whether the log is known to have skipped a number."""
        first = self.reel.first
        return first is not None and first <= n <= self.reel.newest and not self.reel.logged(n)

    def is_next(self, k: int, *, newest: int | None) -> bool:
        """Whether a segment is worth waiting for, while `newest` is the newest chunk heard."""
        return not self.over and k <= max(self.settled, segment_of(newest or 0))

    def is_next_part(self, n: int, *, newest: int | None) -> bool:
        """Whether a part is worth waiting for: it is hinted at, or heard and not logged yet."""
        return not self.over and n <= max(self.reel.newest, newest or 0) + 1

    def at_hand(self, codec: Codec, k: int) -> bytes | None:
        """The bytes of a segment if they are in memory."""
        return self._memory.get((codec, k))

    def part_at_hand(self, codec: Codec, n: int) -> bytes | None:
        """The bytes of a chunk if it is in memory."""
        made = self._parts.get((codec, n))
        if made is not None:
            return made
        one = self._recent.get(n)
        return None if one is None else self._made_part(codec, one)

    def hold(self, codec: Codec, k: int, connection: Connection) -> None:
        """Answer the connection once a segment is settled, or when its time is up."""
        self._held.hold(k, codec, connection)

    def hold_part(self, codec: Codec, n: int, connection: Connection) -> None:
        """Answer the connection once a chunk is logged, or when its time is up."""
        self._held_parts.hold(n, codec, connection)

    def _let_go(self, answer: Reply) -> None:
        self._held.let_go(answer)
        self._held_parts.let_go(answer)

    def _settle(self) -> tuple[Chunk, ...]:
        chunks = tuple(self._making)
        self._making = []
        k = segment_of(chunks[0].n)
        for codec in fmp4.CODECS:
            self._made(codec, k, chunks)
        self._advance(k + 1)
        return chunks

    def _advance(self, settled: int) -> None:
        self.settled = max(self.settled, settled)
        self._held.release(self.settled, self._reply)

    def _reply(self, k: int, codec: Codec) -> Reply:
        if k < self.begun:
            return never()  # asked for before it was known that it is older than what is read here
        # A segment that is all gap has no chunks and therefore was never made.
        return found(codec, self._made(codec, k, ()), f'"{k}"', self.edition)

    def _part_reply(self, n: int, codec: Codec) -> Reply:
        body = self.part_at_hand(codec, n)
        return never() if body is None else found(codec, body, f'"p{n}"', self.edition)

    def _made(self, codec: Codec, k: int, chunks: tuple[Chunk, ...]) -> bytes:
        known = self._memory.get((codec, k))
        if known is not None:
            return known
        body = fmp4.segment(codec, [(one.n, _frames(codec, one)) for one in chunks])
        self._memory[codec, k] = body
        while len(self._memory) > limits.SEGMENTS_COUNT:
            self._memory.popitem(last=False)
        return body

    def _made_part(self, codec: Codec, one: Chunk) -> bytes:
        body = self._parts[codec, one.n] = fmp4.fragment(codec, one.n, _frames(codec, one))
        while len(self._parts) > limits.PARTS_COUNT:
            self._parts.popitem(last=False)
        return body


LEAVING: Final = problem(503, "stopping", "This server is being stopped.", retry_after_s=1)


def found(codec: Codec, body: bytes, etag: str, edition: Edition | None = None) -> Reply:
    """A settled segment, a logged chunk or a header: the same for ever."""
    fields = (("Content-Type", fmp4.mime(codec)), *FOR_EVER, ("ETag", etag))
    return Reply(fields=fields, body=body, edition=edition)


def never() -> Reply:
    """A segment that is not there, and nothing that a cache should remember."""
    return problem(404, "segment", "There is no such segment yet.", fields=NO_STORE)


def _frames(codec: Codec, one: Chunk) -> tuple[bytes, ...]:
    return one.opus if codec == "opus" else one.aac
