"""Pictures of spaces and people, from the store, with the newest ones in memory.

A picture's address never changes and neither do its bytes: they were made by the studio, never by
whoever sent them, and are served as if they were not. A crowd that asks for the same one costs one
reading; what is not there is not asked for again at once.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Final

from hustings import limits
from hustings.edge.head import Request
from hustings.edge.http import Outcome
from hustings.edge.reply import Edition, Fields, Reply, problem, unless_known
from hustings.errors import StoreError
from hustings.store import layout
from hustings.store.objects import Objects

WIDE: Final = (1200, 630)

_ID: Final = re.compile(f"[0-9a-f]{{{limits.PICTURE_ID_CHARS}}}")
_SIZES: Final = {"wide.webp": "wide", "square.webp": "square"}
_EDITION_S: Final = 60.0
_AT_ONCE: Final = 8  # read from the store side by side
_MISSING_COUNT: Final = 1_000
_FIELDS: Final[Fields] = (
    ("Content-Type", "image/webp"),
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
)
_NONE: Final = problem(404, "picture", "There is no such picture.")
_AWAY: Final = problem(503, "store", "Pictures cannot be read right now.", retry_after_s=5)


def address(picture: str, size: str) -> str:
    """The path of a picture on the listen origin."""
    return f"/pictures/{picture}/{size}.webp"


class Pictures:
    """All pictures of the installation."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._missing: dict[str, float] = {}  # until when it is believed
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._locks: dict[str, asyncio.Lock] = {}
        self._edition = Edition(_EDITION_S)

    def answer(self, request: Request, picture: str, name: str) -> Outcome | Awaitable[Outcome]:
        """The picture."""
        size = _SIZES.get(name)
        if size is None or not _ID.fullmatch(picture):
            return _NONE
        path = layout.picture(picture, size)
        data = self._kept.get(path)
        if data is None:
            return self._loaded(request, path)
        self._kept.move_to_end(path)
        return self._given(request, path, data)

    async def _loaded(self, request: Request, path: str) -> Outcome:
        now_s = asyncio.get_running_loop().time()
        if self._missing.get(path, 0.0) > now_s:
            return _NONE
        lock = self._locks.setdefault(path, asyncio.Lock())
        try:
            async with lock:
                data = self._kept.get(path) or await self._read(path)
        except (StoreError, TimeoutError):
            return _AWAY
        finally:
            if not lock.locked():
                self._locks.pop(path, None)
        if data is None:
            if len(self._missing) >= _MISSING_COUNT:
                self._missing.clear()
            self._missing[path] = now_s + limits.PICTURE_MISSING_S
            return _NONE
        return self._given(request, path, data)

    async def _read(self, path: str) -> bytes | None:
        async with asyncio.timeout(limits.REQUEST_S), self._turn:
            size = await self._objects.size(path)
            if size is None or size > limits.PICTURES_BYTES:
                return None
            data = await self._objects.get(path, 0, size)
        if path not in self._kept:
            self._kept[path] = data
            self._bytes += len(data)
        while self._bytes > limits.PICTURES_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone)
        return data

    def _given(self, request: Request, path: str, data: bytes) -> Reply:
        made = Reply(fields=_FIELDS, body=data, edition=self._edition)
        # The address stands for the bytes: it is their version, too.
        return unless_known(made, f'"{path}"', request.headers.get("if-none-match"))
