"""Importing a space: a parcel is checked whole, then stored, then its log is made again.

Nothing is stored of a parcel that is not as its receipts say, or of another space under an id that
is taken. What is begun again is done again: the last that is stored are the receipt and what was
decided, so a space that was imported by half is served by nobody.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from hustings import limits
from hustings.archive import receipt, revival, signer
from hustings.archive.export import SIZES, listed
from hustings.archive.parcel import FILES, KEYS, PICTURES, Parcel, opened
from hustings.errors import BadInput, StoreError
from hustings.log.contract import Log
from hustings.space import Space
from hustings.store import decided, layout
from hustings.store.decided import Decision
from hustings.store.objects import Objects

_EVENTS: Final = f"{FILES}events.json"
_RECEIPT: Final = f"{FILES}receipt.json"
_LAST: Final = (_RECEIPT, _EVENTS)
_SHARED: Final = (KEYS, PICTURES)  # they lie in folders of all spaces

Progress = Callable[[int, int], None]  # bytes that are stored, of how many


class Taken(StoreError):
    """The id is another space's here, or this space has gone on here."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A parcel that is as its receipts say; `key` is the id of the key that signed the newest."""

    parcel: Parcel
    space: Space
    decisions: tuple[Decision, ...]
    key: str


def check(path: Path, *, key_pem: bytes | None = None) -> Checked:
    """Read a parcel whole. With `key_pem` the newest receipt has to be signed with that key, else
    with one that is in the parcel: then it is whole, and as whoever has that key made it.

    `BadInput` names what is wrong.
    """
    parcel = opened(path)
    for name in parcel.places:
        _place(parcel.space, name)
        _key(parcel, name)
    newest = _needed(parcel, _RECEIPT)
    key = signer.signer(newest)
    if key_pem is not None and signer.key_id(key_pem) != key:
        raise BadInput(
            "receipt", expected=f"one signed with the key {signer.key_id(key_pem)}", got=key
        )
    for name in parcel.names(FILES):
        if name == _RECEIPT or name.startswith(f"{FILES}receipts/"):
            _signed(parcel, name)
    decisions = decided.decode(_needed(parcel, _EVENTS))
    for one in decisions:
        one.read()  # of a newer version: it would be passed over, and the space be another
    space = decided.fold(parcel.space, decisions)
    if space is None or not space.recording_ready:
        raise BadInput("events.json", expected="a space with a finished recording")
    if hashlib.sha256(newest).hexdigest() != space.receipt_sha256:
        raise BadInput("receipt.json", expected="the receipt that was announced", got="another")
    if not space.gone:
        _as_signed(parcel, newest)
    for name in parcel.names(PICTURES):
        if name not in _pictures(space):
            raise BadInput(name, expected="the picture of the space and no other")
    return Checked(parcel, space, decisions, key)


async def bring(
    checked: Checked,
    *,
    objects: Objects,
    log: Log,
    progress: Progress = lambda _done, _whole: None,
) -> None:
    """Store a parcel and make the space's log.

    `Taken` when the id is in use here for something else.
    """
    parcel, space = checked.parcel, checked.space.id
    await _free(checked, objects, log)
    sizes = {name: length for name, (_, length) in parcel.places.items()}
    whole, done = sum(sizes.values()), 0
    names = sorted(parcel.places, key=lambda name: (name in _LAST, name == _EVENTS, name))
    with parcel.path.open("rb") as file:
        for name in names:
            start, length = parcel.places[name]
            place = _place(space, name)
            # What others have here under that name is not replaced.
            if not name.startswith(_SHARED) or await objects.size(place) is None:
                window = io.BufferedReader(_Window(file, start, length), limits.RANGE_READ_BYTES)
                await objects.put(place, window)
            done += length
            progress(done, whole)
    await revival.revive(log, space, checked.decisions)


class _Window(io.RawIOBase):
    """A part of an open file, as a file of its own."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._length = length
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Have the next read begin elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        into = memoryview(buffer)
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(into), self._length - self._at)))
        into[: len(data)] = data
        self._at += len(data)
        return len(data)


def _key(parcel: Parcel, name: str) -> None:
    """A file among the keys is one, and the one that it is called after."""
    if not name.startswith(KEYS):
        return
    try:
        found = signer.key_id(_needed(parcel, name))
    except BadInput:
        found = "none"
    if name != f"{KEYS}{found}.pem":
        raise BadInput(name, expected="the key of that name", got=found)


def _pictures(space: Space) -> frozenset[str]:
    """The pictures that a space may bring along."""
    return frozenset(f"{PICTURES}{space.picture}/{size}.webp" for size in SIZES if space.picture)


def _signed(parcel: Parcel, name: str) -> None:
    """A receipt of the parcel is signed with a key of the parcel."""
    data = _needed(parcel, name)
    pem = _needed(parcel, f"{KEYS}{signer.signer(data)}.pem")
    for problem in receipt.verify(data, pem, {}):
        raise BadInput(name.removeprefix(FILES), expected="a receipt as signed", got=problem)


def _as_signed(parcel: Parcel, newest: bytes) -> None:
    for entry in listed(newest):
        name = str(entry["name"])
        if f"{FILES}{name}" == _EVENTS:
            continue
        place = FILES + name
        if place not in parcel.places:
            raise BadInput(name, expected="a file that the receipt lists", got="none")
        if parcel.sha256(place) != entry["sha256"]:
            raise BadInput(name, expected="what the receipt says of it", got="something else")


async def _free(checked: Checked, objects: Objects, log: Log) -> None:
    """Whether the id is free, or the same space's."""
    space = checked.space.id
    data = await objects.whole(layout.events(space))
    kept = decided.decode(data) if data else ()
    there = decided.joined(kept, await revival.logged(log, space))
    if there and not _alike(there[:1], checked.decisions):
        raise Taken(f"there is another space {space} here")
    if not _alike(there, checked.decisions):
        raise Taken(f"space {space} has gone on here since it was exported")


def _alike(first: Sequence[Decision], all_: Sequence[Decision]) -> bool:
    """Whether `all_` begins with `first`."""
    return len(first) <= len(all_) and decided.joined(first, all_) == (
        *first,
        *all_[len(first) :],
    )


def _place(space: str, name: str) -> str:
    """Where a file of a parcel stands in the store."""
    for folder, place in ((FILES, layout.folder(space)), (KEYS, "keys/"), (PICTURES, "pictures/")):
        if name.startswith(folder):
            return place + name.removeprefix(folder)
    raise BadInput("parcel", expected=f"files in {FILES}, {KEYS} and {PICTURES}", got=name)


def _needed(parcel: Parcel, name: str) -> bytes:
    data = parcel.read(name)
    if data is None:
        raise BadInput(name, expected="a file in the parcel", got="none")
    return data
