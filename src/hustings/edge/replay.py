"""The replay's files, from the store, whole or by byte range (RFC 9110 section 14).

Served only while the space is posted: a recording that was withheld is not handed out by whoever
knows its address.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Final

from hustings import limits
from hustings.edge.head import Request
from hustings.edge.reply import NO_STORE, Fields, Reply, problem, unless_known
from hustings.space import Space
from hustings.store import layout
from hustings.store.objects import Objects

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_STEM: Final = re.compile(r"([A-Za-z0-9_-]{1,64})\.opus")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_BLOCKS: Final = 4  # sent in one turn of the loop: a millisecond that the live programme waits
_TYPES: Final = {"m4a": "audio/mp4", "opus": "audio/ogg; codecs=opus", "json": "application/json"}


class Replay:
    """Answers for the files of posted spaces."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._reading = 0
        self._turn = asyncio.Semaphore(_BLOCKS)

    async def answer(self, request: Request, space: Space, names: tuple[str, ...]) -> Reply:
        """A file of a posted space. `names` is the path below `/live/<space>/`."""
        path = _path(space.id, names)
        size = None if path is None else await self._objects.size(path)
        if path is None or size is None:
            return problem(404, "file", "The recording has no such file.")
        version = space.receipt_sha256 if _HASH.fullmatch(space.receipt_sha256) else ""
        etag = f'"{version[:16]}-{size}"'
        fields: Fields = (
            ("Content-Type", _TYPES[path.rsplit(".", 1)[1]]),
            ("Cache-Control", "public, max-age=60"),
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

    async def stems(self, space: str) -> dict[str, str]:
        """Address of each seat's own track, by seat."""
        folder = layout.stem(space, "")[: -len(".opus")]
        names = [path.removeprefix(folder) for path in await self._objects.list(folder)]
        return {
            match[1]: f"/live/{space}/stems/{match[0]}"
            for match in map(_STEM.fullmatch, names)
            if match
        }

    def _if_room(self, answer: Reply) -> Reply:
        if answer.stream is not None and self._reading >= limits.DOWNLOADS_COUNT:
            return problem(503, "busy", "Too many are loading recordings.", retry_after_s=3)
        return answer

    async def _read(self, path: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        self._reading += 1
        try:
            while start < end:
                stop = min(end, start + limits.RANGE_READ_BYTES)
                block = await self._objects.get(path, start, stop)
                if not block:
                    return
                async with self._turn:
                    await asyncio.sleep(0)
                yield block
                start += len(block)
        finally:
            self._reading -= 1


def _path(space: str, names: tuple[str, ...]) -> str | None:
    match names:
        case ("replay.m4a",):
            return layout.replay_aac(space)
        case ("replay.opus",):
            return layout.replay_opus(space)
        case ("crowd.json",):
            return layout.crowd(space)
        case ("receipt.json",):
            return layout.receipt(space)
        case ("timeline.json",):
            return layout.timeline(space)
        case ("stems", name) if match := _STEM.fullmatch(name):
            return layout.stem(space, match[1])
    return None


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
