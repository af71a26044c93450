"""The object store: a local folder by default, S3 or another service by setting.

Alone imports obstore. Objects appear whole or not at all: a reader never sees half of one. Paths
come from `layout`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError as ObstoreError
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from hustings.config import Settings
from hustings.errors import ConfigError, StoreError

FOLDER: Final = "store"  # in the data folder, where no other store is set


class Objects:
    """A store of immutable objects under paths such as `spaces/abcdefghij/replay.m4a`.

    All methods raise `StoreError` when the store refuses or fails.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._folder = store.prefix if isinstance(store, LocalStore) else None

    @classmethod
    def open(cls, settings: Settings) -> Objects:
        """The store that the settings name; a local folder is made when it is missing.

        Raises `ConfigError` when `store_url` is no address of a store.
        """
        if not settings.store_url:
            folder = settings.folder.absolute() / FOLDER
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(folder))
        try:
            if settings.store_url.startswith("file:"):
                return cls(LocalStore.from_url(settings.store_url, mkdir=True))
            return cls(from_url(settings.store_url))
        except (ObstoreError, ValueError, OSError) as error:
            raise ConfigError(
                "store_url",
                settings.store_url,
                allowed=f"s3://, file:// or the like: {_line(error)}",
            ) from error

    async def put(self, path: str, source: bytes | Path) -> None:
        """Store an object, or replace it: from memory, or from a file of any length.

        It survives a power cut from when this returns.
        """
        with _failing(path):
            await obstore.put_async(self._store, path, source)
            if self._folder is not None:
                await asyncio.to_thread(_sync, Path(self._folder) / path)

    async def get(self, path: str, start: int, end: int) -> bytes:
        """Bytes `start` to `end` (exclusive) of an object; fewer if it ends before."""
        if end <= start:
            return b""
        with _failing(path):
            return bytes(await obstore.get_range_async(self._store, path, start=start, end=end))

    async def size(self, path: str) -> int | None:
        """An object's length in bytes, or None when it is absent."""
        with _failing(path):
            try:
                return (await obstore.head_async(self._store, path))["size"]
            except (NotFoundError, FileNotFoundError):
                return None

    async def list(self, prefix: str) -> list[str]:
        """Paths of all objects below a folder (`prefix` ends with a slash), sorted."""
        paths: list[str] = []
        with _failing(prefix):
            async for batch in obstore.list(self._store, prefix):
                paths += [meta["path"] for meta in batch]
        return sorted(paths)

    async def delete(self, path: str) -> None:
        """Delete an object; does nothing if it is absent."""
        with _failing(path):
            try:
                await obstore.delete_async(self._store, path)
            except (NotFoundError, FileNotFoundError):
                return


def _sync(path: Path) -> None:
    """Wait until a file and its name are on the disk, which a local store leaves to the system.

    Its folder may be new: then that one's name is waited for too.
    """
    for place in (path, path.parent, path.parent.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _failing(path: str) -> Iterator[None]:
    try:
        yield
    except (ObstoreError, OSError, ValueError) as error:
        raise StoreError(f"{path}: {_line(error)}") from error


def _line(error: Exception) -> str:
    """The sentence for people: what follows it is the store's own debugging output."""
    return str(error).partition("\n")[0]
