"""The workshop: one space's files on the local disk, while they are made anew.

What is in it is worth nothing: it is emptied before each use, and all of it came from the store.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path

from hustings.archive import receipt
from hustings.archive.receipt import StoredFile
from hustings.errors import StoreError
from hustings.store import layout
from hustings.store.objects import Objects


class Workshop:
    """A folder for the files of one space. `name`s are paths within the space's folder."""

    def __init__(self, space: str, folder: Path, objects: Objects) -> None:
        self.folder = folder
        self._space = layout.folder(space)
        self._objects = objects

    async def empty(self) -> None:
        """Begin anew."""
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
        await asyncio.to_thread(self.folder.mkdir, parents=True)

    async def close(self) -> None:
        """Give the room back."""
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    def place(self, room: str) -> Path:
        """A folder in the workshop, made if it is missing."""
        path = self.folder / room
        path.mkdir(parents=True, exist_ok=True)
        return path

    async def names(self) -> list[str]:
        """What the store has of the space."""
        return [path.removeprefix(self._space) for path in await self._objects.list(self._space)]

    async def bytes_kept(self) -> int:
        """How many bytes the store has of the space."""
        return sum((await self._objects.sizes(self._space)).values())

    async def fetch(self, names: Iterable[str], room: str, *, below: str = "") -> Path:
        """Copy files out of the store into a folder; those that are absent are left out.

        Of names that begin with `below`, that beginning is left away.
        """
        folder = self.place(room)
        for name in names:
            if await self._objects.size(self._space + name) is None:
                continue
            target = folder / name.removeprefix(below)
            await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
            with target.open("wb") as file:
                async for piece in self._objects.read(self._space + name):
                    await asyncio.to_thread(file.write, piece)
        return folder

    async def whole(self, name: str) -> bytes | None:
        """A file that fits into memory, None when it is absent."""
        return await self._objects.whole(self._space + name)

    async def picture(self, picture: str, size: str) -> bytes | None:
        """A picture that hosts gave, `wide` or `square`."""
        return await self._objects.whole(layout.picture(picture, size))

    async def keep(self, name: str, source: Path | bytes) -> StoredFile:
        """Store a file, and describe it for the receipt."""
        if isinstance(source, bytes):
            path = self.place("written") / name.replace("/", "-")
            await asyncio.to_thread(path.write_bytes, source)
            source = path
        described = await asyncio.to_thread(receipt.stored, name, source)
        await self._objects.put(self._space + name, source)
        return described

    async def keep_all(self, folder: Path, *, below: str = "") -> list[StoredFile]:
        """Store all files of a folder, with `below` in front of their names."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return [
            await self.keep(f"{below}{path.relative_to(folder).as_posix()}", path) for path in paths
        ]

    async def drop(self, names: Iterable[str]) -> None:
        """Delete files from the store."""
        for name in names:
            await self._objects.delete(self._space + name)

    async def newest_receipt(self) -> bytes:
        """The newest receipt; `StoreError` if it is missing."""
        data = await self.whole("receipt.json")
        if data is None:
            raise StoreError(f"{self._space}receipt.json: is missing")
        return data
