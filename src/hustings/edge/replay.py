"""The replay's files, from the store: whole, by byte range (RFC 9110 section 14), or all in one.

Served only while the space is posted: a recording that was withheld is not handed out by whoever
knows its address. What is public, and what refuses it, says `files`.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import quote

from hustings import limits
from hustings.edge import bundle, files
from hustings.edge.bundle import Bundle, Member
from hustings.edge.head import Request
from hustings.edge.reply import NO_STORE, Fields, Reply, problem, unless_known
from hustings.edge.taken import without
from hustings.space import Space
from hustings.store import layout
from hustings.store.objects import Objects

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_BLOCKS: Final = 4  # sent in one turn of the loop: a millisecond that the live programme waits
_KEPT: Final = ("Cache-Control", "public, max-age=60")
_TALK: Final = "talk.json"
_NO_FILE: Final = problem(404, "file", "The recording has no such file.")


class Replay:
    """Answers for the files of posted spaces."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._reading = 0
        self._turn = asyncio.Semaphore(_BLOCKS)
        # Of which receipt, and the sizes of all public files by name.
        self._listed: OrderedDict[str, tuple[str, dict[str, int]]] = OrderedDict()

    async def answer(self, request: Request, space: Space, names: tuple[str, ...]) -> Reply:
        """A file of a posted space. `names` is the path below `/live/<space>/`."""
        name = "/".join(names)
        if (refusal := files.refusal(space, name)) is not None:
            return refusal
        if name == files.ALL:
            return await self._all(space)
        path = files.path(space, name)
        size = None if path is None else await self._objects.size(path)
        if path is None or size is None:
            return _NO_FILE
        etag = f'"{edition(space)}-{size}"'
        fields: Fields = (
            ("Content-Type", files.kind(name)),
            _KEPT,
            ("Accept-Ranges", "bytes"),
        )
        span = _span(request, size, etag)
        if span is None:
            whole = Reply(fields=fields, stream=self._read(path, 0, size), length=size)
            return self._if_room(unless_known(whole, etag, request.headers.get("if-none-match")))
        start, end = span
        if start >= end:
            return problem(
                416,
                "range",
                f"The file has {size} bytes.",
                # Not for caches: to whoever asks for another part it would be wrong.
                fields=(*NO_STORE, *fields[2:], ("Content-Range", f"bytes */{size}")),
            )
        part = (
            *fields,
            ("Content-Range", f"bytes {start}-{end - 1}/{size}"),
            ("ETag", etag),
        )
        return self._if_room(
            Reply(
                status=206,
                fields=part,
                stream=self._read(path, start, end),
                length=end - start,
            )
        )

    async def sizes(self, space: Space) -> dict[str, int]:
        """Sizes in bytes of all public files by name; the store is asked once for each receipt."""
        of = f"{space.version} {space.receipt_sha256}"
        known = self._listed.get(space.id)
        if known is None or known[0] != of:
            stored = await self._objects.sizes(layout.folder(space.id))
            known = self._listed[space.id] = (of, files.public(space, stored))
            while len(self._listed) > limits.REELS_COUNT:
                self._listed.popitem(last=False)
        return known[1]

    async def text(self, space: Space, name: str) -> bytes | None:
        """A small file whole; None where there is none, or none that may be shown."""
        path = files.path(space, name)
        if path is None or files.refusal(space, name) is not None:
            return None
        size = await self._objects.size(path)
        if size is None or size > limits.RECORDING_TEXT_BYTES:
            return None
        return await self._objects.get(path, 0, size)

    async def _all(self, space: Space) -> Reply:
        sizes, talk = await self.sizes(space), b""
        if _TALK in sizes:
            data = await self.text(space, _TALK)
            talk = (data and without(data, space.removed)) or b""
            sizes = {**sizes, _TALK: len(talk)}
        held = [one for one in bundle.members(space, sizes) if one.name != _TALK or talk]
        if not held:
            return _NO_FILE
        made = Bundle(held)
        title = bundle.plain(space.title) or space.id
        fields = (
            ("Content-Type", "application/zip"),
            ("Content-Disposition", f"attachment; filename*=UTF-8''{quote(title, safe='')}.zip"),
            _KEPT,
        )

        def read(member: Member) -> AsyncGenerator[bytes, None]:
            if member.name == _TALK:
                return _whole(talk)
            path = files.path(space, member.name)
            assert path is not None, "only public files are listed"
            return self._blocks(path, 0, member.size)

        return self._if_room(
            Reply(fields=fields, stream=self._counted(made.blocks(read)), length=len(made))
        )

    def _if_room(self, answer: Reply) -> Reply:
        if answer.stream is not None and self._reading >= limits.DOWNLOADS_COUNT:
            return problem(503, "busy", "Too many are loading recordings.", retry_after_s=3)
        return answer

    def _read(self, path: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        return self._counted(self._blocks(path, start, end))

    async def _counted(self, blocks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._reading += 1
        try:
            async with aclosing(blocks):
                async for block in blocks:
                    yield block
        finally:
            self._reading -= 1

    async def _blocks(self, path: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        while start < end:
            stop = min(end, start + limits.RANGE_READ_BYTES)
            block = await self._objects.get(path, start, stop)
            if not block:
                return
            async with self._turn:
                await asyncio.sleep(0)
            yield block
            start += len(block)


async def _whole(data: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), limits.RANGE_READ_BYTES):
        yield data[start : start + limits.RANGE_READ_BYTES]


def edition(space: Space) -> str:
    """Which edition of the recording it is, for ETags: another one with every receipt."""
    return space.receipt_sha256[:16] if _HASH.fullmatch(space.receipt_sha256) else ""


def _span(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole file. Empty: not satisfiable.

    Several ranges at once, and what is no range, are ignored (RFC 9110 section 14.2).
    """
    asked = request.headers.get("range")
    if asked is None or request.headers.get("if-range", etag) != etag:
        return None
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size if int(match[2]) else 0
    start, end = int(match[1]), int(match[2]) + 1 if match[2] else size
    if match[2] and end <= start:
        return None
    return min(start, size), min(end, size)
