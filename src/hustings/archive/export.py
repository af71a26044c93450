"""Exporting a space: everything that the store has of it, and all that was decided, as one parcel.

Read is the store alone; the log is asked only whether it knows of newer decisions. What the receipt
vouches for is compared on the way: an export is never made of files that are not as they were.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import IO, Any, Final

from hustings.archive import receipt, revival, signer
from hustings.archive.parcel import FILES, KEYS, PICTURES, Writer
from hustings.errors import BadInput, StoreError
from hustings.log.contract import Log
from hustings.space import Space
from hustings.store import decided, layout
from hustings.store.objects import Objects

SIZES: Final = ("square", "wide")  # of a picture
_EVENTS: Final = f"{FILES}events.json"

Progress = Callable[[int, int], None]  # bytes that are written, of how many


class Unfinished(StoreError):
    """There is nothing to export, or not yet."""


class Moved(StoreError):
    """Something was decided or made meanwhile: what was written is of two minds."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A file of the parcel: from memory, or an object of the store with its length."""

    data: bytes | None = None
    path: str = ""
    length: int = 0


async def export(
    space: str,
    out: IO[bytes],
    *,
    objects: Objects,
    log: Log,
    public_pem: bytes,
    progress: Progress = lambda _done, _whole: None,
) -> Space:
    """Write a space to an open file. `public_pem` is this installation's receipt key.

    `Unfinished` when it has no finished recording, `Moved` when it has changed meanwhile: then the
    file is worth nothing, and it is to be done again. `BadInput` names a file that is not as the
    receipt says.
    """
    decisions = await _decided(space, objects, log)
    state = decided.fold(space, decisions)
    if state is None:
        raise Unfinished(f"there is no space {space} in the store")
    if not state.recording_ready:
        raise Unfinished(f"the recording of space {space} is not finished yet")
    sources = await _sources(state, decisions, objects, public_pem)
    whole, done = sum(one.length for one in sources.values()), 0
    hashes: dict[str, str] = {}
    writer = Writer(out, space=space, at_s=(state.ended_at_ms or 0) // 1000)
    for name in sorted(sources):
        writer.begin(name, sources[name].length)
        async for piece in _pieces(sources[name], objects):
            writer.write(piece)
            done += len(piece)
            progress(done, whole)
        hashes[name] = writer.end()
    writer.close()
    if await _decided(space, objects, log) != decisions:
        raise Moved(f"space {space} has changed meanwhile")
    await _compare(state, hashes, objects)
    return state


async def _decided(space: str, objects: Objects, log: Log) -> tuple[decided.Decision, ...]:
    data = await objects.whole(layout.events(space))
    kept = decided.decode(data) if data else ()
    return decided.joined(kept, await revival.logged(log, space))


async def _sources(
    space: Space, decisions: tuple[decided.Decision, ...], objects: Objects, public_pem: bytes
) -> dict[str, _Source]:
    folder, keys = layout.folder(space.id), set()
    sources = {}
    for path, length in (await objects.sizes(folder)).items():
        name = path.removeprefix(folder)
        sources[FILES + name] = _Source(path=path, length=length)
        if name == "receipt.json" or name.startswith("receipts/"):
            keys.add(signer.signer(await objects.get(path, 0, length)))
    sources[_EVENTS] = _in_memory(decided.encode(decisions))
    for key in keys:
        pem = public_pem if key == signer.key_id(public_pem) else None
        pem = pem or await objects.whole(layout.receipt_key(key))
        if pem is None:
            raise Unfinished(f"the public key {key}, which signed a receipt, is not in the store")
        sources[f"{KEYS}{key}.pem"] = _in_memory(pem)
    for size in SIZES if space.picture else ():
        path = layout.picture(space.picture, size)
        if (found := await objects.size(path)) is not None:
            name = f"{PICTURES}{space.picture}/{size}.webp"
            sources[name] = _Source(path=path, length=found)
    return sources


async def _pieces(source: _Source, objects: Objects) -> AsyncIterator[bytes]:
    if source.data is not None:
        yield source.data
        return
    async for piece in objects.read(source.path):
        yield piece


async def _compare(space: Space, hashes: dict[str, str], objects: Objects) -> None:
    """What was written with what the newest receipt says."""
    if space.gone:
        return  # nothing but its receipts is left
    data = await objects.whole(layout.receipt(space.id)) or b""
    for entry in listed(data):
        name = str(entry["name"])
        written = hashes.get(FILES + name)
        if written is None:
            raise BadInput(name, expected="a file in the store, as the receipt says", got="none")
        if written != entry["sha256"] and f"{FILES}{name}" != _EVENTS:
            raise BadInput(name, expected="what the receipt says of it", got="something else")


def listed(data: bytes) -> list[dict[str, Any]]:
    """The files that a receipt lists; `BadInput` when it is none."""
    receipt.names(data)
    files: list[dict[str, Any]] = json.loads(data)["receipt"]["files"]
    return files


def _in_memory(data: bytes) -> _Source:
    return _Source(data=data, length=len(data))
