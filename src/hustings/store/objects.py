"""The object store: a local folder by default, S3 or another service by setting.

Alone imports obstore. Objects appear whole or not at all: a reader never sees half of one. Paths
come from `layout`. What a store refuses comes as `StoreError` with a sentence that says what to do;
neither it nor anything else here holds a secret.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError as ObstoreError
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store, from_url

from hustings import limits
from hustings.config import Settings
from hustings.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

FOLDER: Final = "store"  # in the data folder, where no other store is set

_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3}[\w ]*)")
_SAID: Final = {
    "InvalidAccessKeyId": "the store does not know this key (store_key)",
    "SignatureDoesNotMatch": "the secret does not belong to the key (store_secret)",
    "AccessDenied": "the key has no right to this (store_key)",
    "NoSuchBucket": "there is no such bucket (store_url)",
    "PermanentRedirect": "the bucket is in another region (store_region)",
    "AuthorizationHeaderMalformed": "the bucket is in another region (store_region)",
    "RequestTimeTooSkewed": "the clocks of store and machine differ by too much",
}
_REST_S: Final = 0.1
_PROBE: Final = "probe"  # an object that `check` writes and deletes


class Objects:
    """A store of immutable objects under paths such as `spaces/abcdefghij/replay.m4a`.

    All methods raise `StoreError` when the store refuses or fails. `place` names it for people.
    """

    def __init__(self, store: ObjectStore, *, place: str = "memory") -> None:
        self.place = place
        self._store = store
        self._folder = store.prefix if isinstance(store, LocalStore) else None
        self._met = not isinstance(store, S3Store)  # the bucket is known to exist

    @classmethod
    def open(cls, settings: Settings) -> Objects:
        """The store that the settings name; a local folder is made when it is missing.

        Nothing is asked of a store elsewhere: `check` does that. Raises `ConfigError` when
        `store_url` is no address of a store.
        """
        if not settings.store_url:
            folder = settings.folder.absolute() / FOLDER
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(folder), place=str(folder))
        try:
            place = settings.store_url
            if place.startswith("file:"):
                return cls(LocalStore.from_url(place, mkdir=True), place=place)
            if place.startswith("s3:"):
                return cls(_s3(settings), place=place)
            return cls(from_url(place), place=place)
        except (ObstoreError, ValueError, OSError) as error:
            raise ConfigError(
                "store_url",
                settings.store_url,
                allowed=f"s3://, file:// or the like: {_line(error)}",
            ) from error

    async def check(self) -> None:
        """Write, read and delete a small object; `StoreError` says what is wrong."""
        path = f"{_PROBE}/{os.getpid()}"
        await self.list(f"{_PROBE}/")  # the only question that a missing bucket answers clearly
        await self.put(path, b"hustings")
        if await self.get(path, 0, 99) != b"hustings":
            raise StoreError(f"{self.place}: what was stored is not what comes back")
        await self.delete(path)

    async def close(self) -> None:
        """Let the library's threads come to rest before the process ends: one that is still about
        to let go of an answer aborts a Python that is shutting down."""
        await asyncio.sleep(_REST_S)

    async def put(self, path: str, source: bytes | Path | IO[bytes]) -> None:
        """Store an object, or replace it: from memory, or from a file of any length.

        It survives a power cut from when this returns.
        """
        with _failing(path):
            await obstore.put_async(
                self._store,
                path,
                source,
                chunk_size=limits.STORE_PART_BYTES,
                max_concurrency=limits.STORE_PARTS_COUNT,
            )
            if self._folder is not None:
                await asyncio.to_thread(_sync, Path(self._folder) / path)
            self._met = True

    async def get(self, path: str, start: int, end: int) -> bytes:
        """Bytes `start` to `end` (exclusive) of an object; fewer if it ends before."""
        if end <= start:
            return b""
        with _failing(path):
            return bytes(await obstore.get_range_async(self._store, path, start=start, end=end))

    async def whole(self, path: str) -> bytes | None:
        """All of an object that fits into memory, None when it is absent: in one question, so
        that it is never of two objects, should it be replaced meanwhile."""
        with _failing(path):
            try:
                found = await obstore.get_async(self._store, path)
                return bytes(await found.bytes_async())
            except (NotFoundError, FileNotFoundError):
                pass
        await self._meet()
        return None

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """All of an object of any length, piece by piece."""
        size = await self.size(path)
        if size is None:
            raise StoreError(f"{path}: is not in the store")
        for start in range(0, size, limits.STORE_READ_BYTES):
            yield await self.get(path, start, min(size, start + limits.STORE_READ_BYTES))

    async def size(self, path: str) -> int | None:
        """An object's length in bytes, or None when it is absent."""
        with _failing(path):
            try:
                found = (await obstore.head_async(self._store, path))["size"]
            except (NotFoundError, FileNotFoundError):
                found = None
        if found is None:
            await self._meet()
        self._met = True
        return found

    async def _meet(self) -> None:
        """Make sure that there is a bucket: S3 says the same of one and of an object that are not
        there, at first at least."""
        if not self._met:
            await self.list(f"{_PROBE}/")
            self._met = True

    async def list(self, prefix: str) -> list[str]:
        """Paths of all objects below a folder (`prefix` ends with a slash), sorted."""
        return sorted(await self.sizes(prefix))

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Lengths in bytes of all objects below a folder (`prefix` ends with a slash)."""
        found: dict[str, int] = {}
        with _failing(prefix):
            async for batch in obstore.list(self._store, prefix):
                found.update((meta["path"], meta["size"]) for meta in batch)
        return found

    async def folders(self, prefix: str) -> tuple[str, ...]:
        """Names of the folders right below a folder (`prefix` ends with a slash), sorted."""
        with _failing(prefix):
            found = await obstore.list_with_delimiter_async(self._store, prefix)
        paths = sorted(found["common_prefixes"])
        return tuple(path.rstrip("/").rpartition("/")[2] for path in paths)

    async def delete(self, path: str) -> None:
        """Delete an object; does nothing if it is absent."""
        with _failing(path):
            try:
                await obstore.delete_async(self._store, path)
            except (NotFoundError, FileNotFoundError):
                return


def _s3(settings: Settings) -> S3Store:
    """The bucket that `store_url` names. What is not set comes from the environment, under the
    names that all S3 programs know (AWS_ACCESS_KEY_ID and so on)."""
    address = urlsplit(settings.store_url)
    given: dict[str, Any] = {
        "endpoint": settings.store_endpoint.rstrip("/"),
        "region": settings.store_region,
        "access_key_id": settings.store_key,
        "secret_access_key": settings.store_secret,
    }
    client: ClientConfig = {
        "allow_http": settings.store_endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=limits.STORE_CONNECT_S),
        "timeout": timedelta(seconds=limits.STORE_REQUEST_S),
    }
    retry: RetryConfig = {
        "max_retries": limits.STORE_RETRIES_COUNT,
        "retry_timeout": timedelta(seconds=limits.STORE_REQUEST_S),
        "backoff": {"init_backoff": timedelta(seconds=0.05), "max_backoff": timedelta(seconds=0.5)},
    }
    if not address.netloc:
        raise ValueError("an address such as s3://bucket/folder")
    return S3Store(
        address.netloc,
        prefix=address.path.strip("/") or None,
        client_options=client,
        retry_config=retry,
        virtual_hosted_style_request=settings.store_virtual_host,
        disable_bulk_delete=True,  # not every store has it, and nothing here deletes by thousands
        **{name: value for name, value in given.items() if value},
    )


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
    """The sentence for people: what else a store says is its own debugging output."""
    text = str(error)
    if (code := _CODE.search(text)) is not None:
        return _SAID.get(code[1], f"the store says {code[1]}")
    if (status := _STATUS.search(text)) is not None:
        refused = status[1].startswith(("401", "403"))
        return f"the store answers {status[1].strip()}" + (" (store_key)" if refused else "")
    if "HTTP error" in text:
        return "the store cannot be reached (store_endpoint)"
    return text.partition("\n")[0]
