"""The reels of recorded spaces (`store.reel`), read from the store through the spool.

A pack is read whole and checked against its hash; the newest ones stay in memory, because a crowd
that plays a recording moves through it in order. Reading and checking happen once for all who wait,
away from the loop's thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from typing import Final

from hustings import chunk, limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk
from hustings.edge.spool import Spool
from hustings.errors import BadInput, HustingsError, StoreError
from hustings.space import Space
from hustings.store import decided, layout, reel
from hustings.store.objects import Objects
from hustings.store.reel import PACK_CHUNKS, Index, Pack, Reel

_log: Final = logging.getLogger("hustings.edge")

_INDEX: Final = "reel.json"  # in the spool

_Chunks = dict[int, bytes]  # packed, by number


class Stored:
    """All spaces' reels. `tasks` is the role's group."""

    def __init__(self, objects: Objects, *, spool: Spool, tasks: asyncio.TaskGroup) -> None:
        self._objects = objects
        self._spool = spool
        self._tasks = tasks
        self._indexes: OrderedDict[str, Index] = OrderedDict()  # the whole ones
        self._packs: OrderedDict[tuple[str, int], _Chunks] = OrderedDict()
        self._loading: dict[tuple[str, int], asyncio.Future[_Chunks]] = {}

    async def index(self, space: str) -> Index | None:
        """The index of a reel as it is now; None where there is none, or none that is readable.

        `StoreError` when the store does not say in `limits.REQUEST_S`.
        """
        known = self._indexes.get(space)
        if known is not None:
            return known
        kept = _index(space, await self._spool.object(space, _INDEX))
        if kept is not None:
            self._remember(space, kept)
            return kept
        try:
            async with asyncio.timeout(limits.REQUEST_S):
                data = await self._get(layout.reel_index(space))
        except TimeoutError:
            raise StoreError(f"space {space}: the store does not answer") from None
        found = _index(space, data)
        if found is not None and found.whole and data is not None:
            self._remember(space, found)
            await self._spool.keep_object(space, _INDEX, data)
        return found

    def forget(self, space: str) -> None:
        """Let go of everything of a space."""
        self._indexes.pop(space, None)
        for key in [key for key in self._packs if key[0] == space]:
            del self._packs[key]

    async def state(self, space: str) -> Space | None:
        """A space that is over, as the store knows it; None where it has none.

        `StoreError` when the store does not say in `limits.REQUEST_S`.
        """
        try:
            async with asyncio.timeout(limits.REQUEST_S):
                data = await self._objects.whole(layout.events(space))
        except TimeoutError:
            raise StoreError(f"space {space}: the store does not answer") from None
        try:
            return None if data is None else decided.fold(space, decided.decode(data))
        except BadInput as error:
            raise StoreError(f"space {space}: {error}") from error

    def _remember(self, space: str, index: Index) -> None:
        self._indexes[space] = index
        while len(self._indexes) > limits.REELS_COUNT:
            self._indexes.popitem(last=False)

    async def segment(self, space: str, k: int) -> tuple[Chunk, ...] | None:
        """The chunks of a segment, if the reel has all that the log had of it."""
        index = await self.index(space)
        if index is None:
            return None
        held, first = Reel(index.runs), k * SEGMENT_CHUNKS
        end = first + SEGMENT_CHUNKS
        if index.whole:
            end = min(end, held.newest + 1)
        elif end > index.through:
            return None
        if end <= first or not held.live_only(first, end):
            return None
        numbers = [n for n in range(first, end) if held.logged(n) is not None]
        if not numbers:
            return ()
        packed = await self._chunks(space, index, first)
        return tuple(_unpacked(packed, n) for n in numbers)

    async def chunk(self, space: str, n: int) -> Chunk | None:
        """One chunk, if the reel has it."""
        index = await self.index(space)
        run = None if index is None else Reel(index.runs).logged(n)
        if index is None or run is None or not run.live or n >= index.through:
            return None
        return _unpacked(await self._chunks(space, index, n), n)

    async def _chunks(self, space: str, index: Index, n: int) -> _Chunks:
        """The pack that number `n` lies in."""
        key = (space, n - n % PACK_CHUNKS)
        known = self._packs.get(key)
        if known is not None:
            self._packs.move_to_end(key)
            return known
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.get_running_loop().create_future()
            self._tasks.create_task(self._load(key, index, loading))
        return await asyncio.shield(loading)

    async def _load(
        self, key: tuple[str, int], index: Index, loading: asyncio.Future[_Chunks]
    ) -> None:
        try:
            found = await self._read(key[0], index, key[1])
        except Exception as error:
            if not isinstance(error, HustingsError):
                _log.error("space %s: a pack cannot be loaded", key[0], exc_info=error)
            loading.set_exception(error)
            loading.exception()  # whoever asked may have left
        else:
            self._packs[key] = found
            while len(self._packs) > limits.PACKS_COUNT:
                self._packs.popitem(last=False)
            loading.set_result(found)
        finally:
            del self._loading[key]
            loading.cancel()

    async def _read(self, space: str, index: Index, first: int) -> _Chunks:
        pack = next((one for one in index.packs if one.first == first), None)
        if pack is None:
            raise StoreError(f"space {space}: the reel has no pack {first}")
        name = f"{first}.pack"
        data = await self._spool.object(space, name)
        if data is not None:
            try:
                return await asyncio.to_thread(_opened, index, pack, data)
            except StoreError as error:
                _log.warning("space %s: a pack in the spool is read anew: %s", space, error)
        data = await self._get(layout.reel_pack(space, first))
        if data is None:
            raise StoreError(f"space {space}: pack {first} is not in the store")
        opened = await asyncio.to_thread(_opened, index, pack, data)
        await self._spool.keep_object(space, name, data)
        return opened

    async def _get(self, path: str) -> bytes | None:
        size = await self._objects.size(path)
        return None if size is None else await self._objects.get(path, 0, size)


def _index(space: str, data: bytes | None) -> Index | None:
    if data is None:
        return None
    try:
        return reel.decode(data)
    except BadInput as error:
        _log.warning("space %s: the reel's index cannot be read: %s", space, error)
        return None


def _opened(index: Index, pack: Pack, data: bytes) -> _Chunks:
    """The chunks of a pack by number; `StoreError` when it is not the one that was recorded."""
    if hashlib.sha256(data).hexdigest() != pack.sha256:
        raise StoreError(f"pack {pack.first} is not as it was recorded")
    try:
        return dict(zip(reel.numbers(index, pack), reel.unpack(data), strict=True))
    except (BadInput, ValueError) as error:
        raise StoreError(f"pack {pack.first} cannot be read: {error}") from error


def _unpacked(packed: _Chunks, n: int) -> Chunk:
    try:
        return chunk.unpack(packed[n])
    except (KeyError, BadInput) as error:
        raise StoreError(f"chunk {n} of a pack cannot be read: {error}") from error
