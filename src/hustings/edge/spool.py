"""The spool: an edge's local copy of what it would otherwise have to ask the log for.

    data/edge-<index>/<space>/state.json    the newest state of a space, for when the log is away
    data/edge-<index>/<space>/<k>.chunks    the logged chunks of a settled segment
    data/edge-<index>/<space>/talk.json     of a space that is over, what its crowd wrote
    data/edge-<index>/<space>/reel.json     of a posted space, the index of its reel (`stored`)
    data/edge-<index>/<space>/<n>.pack      a pack of that reel

Bounded by `limits.SPOOL_BYTES`; what was used longest ago goes first. Files appear whole or not at
all (written beside and renamed) and are not synced: what a power cut takes is in log or store. The
index is used on the loop's thread only; files are read and written on another, so that a slow disk
never holds up the sound.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Final

import msgspec

from hustings import chunk, limits
from hustings.chunk import Chunk
from hustings.errors import BadInput
from hustings.log.subjects import checked
from hustings.space import Space

STATE: Final = "state.json"

_log: Final = logging.getLogger("hustings.edge")


class Spool:
    """The folder of one edge. Losing it costs time, never sound."""

    def __init__(self, folder: Path, *, bytes_max: int = limits.SPOOL_BYTES) -> None:
        self.bytes = 0
        self._folder = folder
        self._bytes_max = bytes_max
        self._sizes: OrderedDict[tuple[str, str], int] = OrderedDict()
        folder.mkdir(parents=True, exist_ok=True)
        self._scan()

    def spaces(self) -> list[str]:
        """Ids of the spaces of which a state is here."""
        return sorted(space for space, name in self._sizes if name == STATE)

    def holding(self) -> list[str]:
        """Ids of the spaces of which anything is here."""
        return sorted({space for space, _ in self._sizes})

    def has(self, space: str, segment: int) -> bool:
        """Whether a segment is here."""
        return (space, _name(segment)) in self._sizes

    async def state(self, space: str) -> Space | None:
        """The newest state that was kept of a space, or None."""
        data = await self._read(space, STATE)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Space)
        except msgspec.MsgspecError as error:
            _log.warning("the kept state of space %s cannot be read: %s", space, error)
            return None

    async def keep_state(self, state: Space) -> None:
        """Keep the state of a space."""
        await self._write(state.id, STATE, msgspec.json.encode(state))

    async def chunks(self, space: str, segment: int) -> tuple[Chunk, ...] | None:
        """The logged chunks of a segment, in order, or None if it is not here."""
        data = await self._read(space, _name(segment))
        if data is None:
            return None
        try:
            packed = msgspec.msgpack.decode(data, type=list[bytes])
            return tuple(chunk.unpack(one) for one in packed)
        except (msgspec.MsgspecError, BadInput) as error:
            _log.warning("segment %d of space %s cannot be read: %s", segment, space, error)
            return None

    async def keep_chunks(self, space: str, segment: int, chunks: tuple[Chunk, ...]) -> None:
        """Keep the logged chunks of a settled segment."""
        data = msgspec.msgpack.encode([chunk.pack(one) for one in chunks])
        await self._write(space, _name(segment), data)

    async def object(self, space: str, name: str) -> bytes | None:
        """A copy of an object of the store, or None if it is not here."""
        return await self._read(space, name)

    async def keep_object(self, space: str, name: str, data: bytes) -> None:
        """Keep a copy of an object of the store."""
        await self._write(space, name, data)

    async def drop(self, space: str) -> int:
        """Delete everything of a space but its state; how many files that were."""
        keys = [key for key in self._sizes if key[0] == space and key[1] != STATE]
        for key in keys:
            self._forget(key)
            try:
                await asyncio.to_thread(_remove, self._folder / key[0] / key[1])
            except OSError as error:
                _log.error("the spool cannot delete %s of space %s: %s", key[1], space, error)
        return len(keys)

    async def _read(self, space: str, name: str) -> bytes | None:
        key = (checked(space), name)
        if key not in self._sizes:
            return None
        self._sizes.move_to_end(key)
        try:
            return await asyncio.to_thread((self._folder / space / name).read_bytes)
        except OSError:
            self._forget(key)
            return None

    async def _write(self, space: str, name: str, data: bytes) -> None:
        key = (checked(space), name)
        try:
            await asyncio.to_thread(_replace, self._folder / space / name, data)
        except OSError as error:
            _log.warning("the spool cannot keep %s of space %s: %s", name, space, error)
            return
        self.bytes += len(data) - self._sizes.get(key, 0)
        self._sizes[key] = len(data)
        self._sizes.move_to_end(key)
        while self.bytes > self._bytes_max and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            self._forget(oldest)
            try:
                await asyncio.to_thread(_remove, self._folder / oldest[0] / oldest[1])
            except OSError as error:
                _log.warning("the spool cannot give up %s of space %s: %s", *oldest[::-1], error)

    def _forget(self, key: tuple[str, str]) -> None:
        self.bytes -= self._sizes.pop(key, 0)

    def _scan(self) -> None:
        found = []
        for path in self._folder.glob("*/*"):
            if path.suffix == ".new":
                _remove(path)
                continue
            status = path.stat()
            found.append((status.st_mtime, (path.parent.name, path.name), status.st_size))
        for _, key, size in sorted(found):
            self._sizes[key] = size
            self.bytes += size


def _name(segment: int) -> str:
    return f"{segment}.chunks"


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(path.suffix + ".new")
    beside.write_bytes(data)
    beside.replace(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
