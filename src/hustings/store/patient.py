"""A store that is asked again, for as long as it takes: for work that nothing else waits for.

What a store refuses for good (a wrong key, no bucket) looks like an outage from here. So whoever
begins asks the plain store once, and goes on with this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, TypeVar

from hustings import limits
from hustings.errors import StoreError
from hustings.store.objects import Objects

T = TypeVar("T")


class Patient(Objects):
    """`objects`, asked again; `tell` is given the sentence, once for each that differs."""

    def __init__(self, objects: Objects, *, tell: Callable[[str], None]) -> None:
        super().__init__(objects._store, place=objects.place)
        self._tell = tell
        self._told = ""

    async def put(self, path: str, source: bytes | Path | IO[bytes]) -> None:
        """Store an object; a file that is open is read from where it stands now."""
        start = 0 if isinstance(source, bytes | Path) else source.tell()

        async def attempt() -> None:
            if not isinstance(source, bytes | Path):
                source.seek(start)
            await Objects.put(self, path, source)

        await self._until_done(attempt)

    async def get(self, path: str, start: int, end: int) -> bytes:
        """Bytes of an object."""
        return await self._until_done(lambda: Objects.get(self, path, start, end))

    async def whole(self, path: str) -> bytes | None:
        """All of an object that fits into memory."""
        return await self._until_done(lambda: Objects.whole(self, path))

    async def size(self, path: str) -> int | None:
        """An object's length."""
        return await self._until_done(lambda: Objects.size(self, path))

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Lengths of all objects below a folder."""
        return await self._until_done(lambda: Objects.sizes(self, prefix))

    async def delete(self, path: str) -> None:
        """Delete an object."""
        await self._until_done(lambda: Objects.delete(self, path))

    async def _until_done(self, attempt: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                done = await attempt()
            except StoreError as error:
                if self._told != str(error):
                    self._told = str(error)
                    self._tell(self._told)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)
                continue
            self._told = ""
            return done
