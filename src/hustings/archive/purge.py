"""Letting the sound of a space go from its log, once the store is known to have it byte for byte.

Compared is what the store gives back, not what was sent to it: every file of the receipt with its
hash, and every live chunk of the log with the packs of the reel. What does not agree is told and
kept; so is everything that came to the log after the recording was finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hustings import chunk, limits
from hustings.archive import receipt
from hustings.chunk import Programme
from hustings.errors import BadInput, LogAway, LogError
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind
from hustings.space import Space
from hustings.space.event import Posted, Withheld
from hustings.store import layout, reel
from hustings.store.decided import Decision
from hustings.store.objects import Objects
from hustings.store.reel import PACK_CHUNKS, Index, Reel

SOUND: Final = (Kind.MIX, Kind.STEM)
_RECEIPT_BYTES: Final = 16 * 1024 * 1024  # of a receipt, hundreds of times what the largest has
# Rewritten with each decision, so no receipt can vouch for it.
_MOVING: Final = frozenset({"events.json"})


@dataclass(slots=True)
class Comparison:
    """What was found: sentences about what is unlike, and whether the crowd's talk is stored."""

    unlike: list[str] = field(default_factory=list)
    talk_stored: bool = False

    @property
    def full(self) -> bool:
        """Whether enough is unlike to stop looking."""
        return len(self.unlike) >= limits.UNLIKE_TOLD_COUNT


async def purge(log: Log, space: str, *, talk: bool) -> None:
    """Let the sound go, and with it what the crowd wrote (`talk`). What was decided stays."""
    await log.purge(space, (*SOUND, Kind.TALK) if talk else SOUND)


async def is_bare(log: Log, space: str) -> bool:
    """Whether the log has neither sound nor talk."""
    for kind in (*SOUND, Kind.TALK):
        try:
            if await log.last(space, kind) is not None:
                return False
        except LogAway:
            raise
        except LogError:
            continue  # no stream, no entry
    return True


async def compare(
    space: Space, decisions: Sequence[Decision], *, log: Log, objects: Objects
) -> Comparison:
    """Compare log and store; `StoreError` or `LogAway` when one of them does not answer.

    Of a space of which nothing is recorded, the log may have no live sound.
    """
    found = Comparison()
    index = Index(through=0, whole=True, runs=(), packs=())
    if space.recording_ready:
        await _files(space, objects, found)
        data = await objects.whole(layout.reel_index(space.id))
        try:
            index = reel.decode(data or b"")
        except BadInput:
            found.unlike.append("The index of the reel is missing, or cannot be read.")
            return found
        if not index.whole:
            found.unlike.append("The reel in the store is not whole.")
    finished = finished_seq(decisions)
    packs = _Packs(space.id, index, objects)
    reeled = Reel()
    async for entry in log.read(space.id, SOUND):
        if found.full:
            break
        if finished is not None and entry.seq > finished:
            found.unlike.append("Sound came to the log after the recording was finished.")
            break
        if entry.kind is Kind.MIX:
            await _chunk(entry, reeled, packs, found)
    return found


async def _files(space: Space, objects: Objects, found: Comparison) -> None:
    """Every file that the newest receipt lists, and the receipt itself."""
    path = layout.receipt(space.id)
    data = await objects.get(path, 0, _RECEIPT_BYTES) if await objects.size(path) else b""
    if hashlib.sha256(data).hexdigest() != space.receipt_sha256:
        found.unlike.append("The receipt in the store is not the one that was announced.")
        return
    try:
        receipt.names(data)
    except BadInput as error:
        found.unlike.append(f"The receipt cannot be read: {error}.")
        return
    for entry in json.loads(data)["receipt"]["files"]:
        await _file(layout.folder(space.id) + str(entry["name"]), entry, objects, found)


async def _file(path: str, entry: Mapping[str, Any], objects: Objects, found: Comparison) -> None:
    name = str(entry["name"])
    if name in _MOVING or found.full:
        return
    if await objects.size(path) is None:
        found.unlike.append(f"{name} is not in the store.")
        return
    digest = hashlib.sha256()
    async for piece in objects.read(path):
        digest.update(piece)
    if digest.hexdigest() != entry["sha256"]:
        found.unlike.append(f"{name} in the store is not as the receipt says.")
    elif name == "talk.json":
        found.talk_stored = True


def finished_seq(decisions: Sequence[Decision]) -> int | None:
    """The entry that said that the recording is finished."""
    for one in decisions:
        try:
            event = one.read()
        except BadInput:
            continue
        if isinstance(event, Posted | Withheld) and event.receipt_sha256:
            return one.seq
    return None


async def _chunk(entry: Entry, reeled: Reel, packs: _Packs, found: Comparison) -> None:
    try:
        one = chunk.unpack(entry.data)
    except BadInput:
        return  # the archive could not read it either, and the receipt counts it
    live = one.programme is Programme.LIVE
    if not reeled.add(one.n, live=live) or not live:
        return  # what is off air is kept nowhere; what comes out of order does not count
    try:
        kept = await packs.chunk(one.n)
    except BadInput as error:
        found.unlike.append(str(error))
        return
    if kept != entry.data:
        found.unlike.append(f"Chunk {one.n} of the log is not in the store as it was logged.")


class _Packs:
    """The reel as the store gives it, a pack at a time: chunks are asked for in order."""

    def __init__(self, space: str, index: Index, objects: Objects) -> None:
        self._space = space
        self._index = index
        self._objects = objects
        self._first = -1
        self._chunks: dict[int, bytes] = {}

    async def chunk(self, n: int) -> bytes | None:
        """A chunk, None if the reel has not got it."""
        first = n - n % PACK_CHUNKS
        if first != self._first:
            self._chunks = await self._load(first)
            self._first = first
        return self._chunks.get(n)

    async def _load(self, first: int) -> dict[int, bytes]:
        pack = next((pack for pack in self._index.packs if pack.first == first), None)
        if pack is None:
            return {}
        data = await self._objects.whole(layout.reel_pack(self._space, first))
        if data is None or hashlib.sha256(data).hexdigest() != pack.sha256:
            raise BadInput(f"reel/{first}.pack", expected="what the index says of it")
        try:
            numbers = reel.numbers(self._index, pack)
            return dict(zip(numbers, reel.unpack(data), strict=True))
        except ValueError as error:
            raise BadInput(f"reel/{first}.pack", expected="what the index says of it") from error
