"""Sending a reel to the store while it grows, beside the recording and never in its way.

Packs go up in order, each before an index that names it. A store that refuses is asked again for
as long as it takes: everything is in the log meanwhile. After a crash the same packs are made
again, and those that the store's own index names with the same hash are not sent twice.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from hustings import limits
from hustings.errors import BadInput, StoreError
from hustings.store import layout, reel
from hustings.store.objects import Objects
from hustings.store.reel import Pack

log: Final = logging.getLogger("hustings.archive")


class Upload:
    """The way of one space's reel to the store, open while the context is."""

    def __init__(self, space: str, objects: Objects) -> None:
        self._space = space
        self._objects = objects
        self._queue: asyncio.Queue[tuple[Pack, Path, bytes]] = asyncio.Queue()
        self._there: set[Pack] | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Upload:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def give(self, packs: list[tuple[Pack, Path, bytes]]) -> None:
        """Take packs that are written, each with its path and an index that names it."""
        for one in packs:
            self._queue.put_nowait(one)

    async def done(self) -> None:
        """Wait until the store has all that was given."""
        assert self._task is not None
        joined = asyncio.create_task(self._queue.join())
        await asyncio.wait((joined, self._task), return_when=asyncio.FIRST_COMPLETED)
        if not joined.done():
            joined.cancel()
            self._task.result()

    async def put(self, path: str, source: bytes | Path) -> None:
        """Store, however long the store refuses: the recording is safe in the log meanwhile."""
        while True:
            try:
                await self._objects.put(path, source)
            except StoreError as error:
                log.error("space %s: the store refused: %s", self._space, error)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)
                continue
            return

    async def _run(self) -> None:
        while True:
            pack, path, index = await self._queue.get()
            if not await self._has(pack):
                await self.put(layout.reel_pack(self._space, pack.first), path)
                await self.put(layout.reel_index(self._space), index)
            self._queue.task_done()

    async def _has(self, pack: Pack) -> bool:
        if self._there is None:
            self._there = await self._stored()
        return pack in self._there

    async def _stored(self) -> set[Pack]:
        """The packs that the store's index names."""
        path = layout.reel_index(self._space)
        try:
            size = await self._objects.size(path)
            if size is None:
                return set()
            return set(reel.decode(await self._objects.get(path, 0, size)).packs)
        except (StoreError, BadInput):
            return set()
