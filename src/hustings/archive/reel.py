"""The reel of one recording, written as the log is read: packs of live chunks, and their index.

What `store.reel` describes, in a folder: `reel/<first>.pack` and, at the end, `reel.json`. It
depends on the log alone: made again after a crash, it is the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from hustings.chunk import Chunk, Programme
from hustings.store import reel
from hustings.store.reel import PACK_CHUNKS, Index, Pack, Reel

INDEX_NAME: Final = "reel.json"
FOLDER: Final = "reel"


class ReelFiles:
    """The fold from logged chunks to files in a folder. `packs` are those that are written."""

    def __init__(self, folder: Path) -> None:
        self.packs: list[Pack] = []
        self._folder = folder
        self._reel = Reel()
        self._chunks: list[bytes] = []
        self._first = 0

    def add(self, one: Chunk, packed: bytes) -> bool:
        """Take the next chunk of the log, as it stands there; True if a pack is finished."""
        if not self._reel.add(one.n, live=one.programme is Programme.LIVE):
            return False
        finished = one.n >= self._first + PACK_CHUNKS and self._write()
        if not self._chunks:
            self._first = one.n - one.n % PACK_CHUNKS
        if one.programme is Programme.LIVE:
            self._chunks.append(packed)
        return finished

    def path(self, pack: Pack) -> Path:
        """Where a pack lies."""
        return self._folder / FOLDER / f"{pack.first}.pack"

    def index(self) -> bytes:
        """The index as far as packs are written: what follows is not in it."""
        return self._index(self._first, whole=False)

    def finish(self) -> None:
        """Nothing follows: write the last pack and the index."""
        self._write()
        data = self._index(self._reel.newest + 1, whole=True)
        (self._folder / INDEX_NAME).write_bytes(data)

    def _write(self) -> bool:
        if not self._chunks:
            return False
        data = reel.pack(self._chunks)
        pack = Pack(self._first, len(data), hashlib.sha256(data).hexdigest())
        path = self.path(pack)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.packs.append(pack)
        self._chunks = []
        return True

    def _index(self, through: int, *, whole: bool) -> bytes:
        runs = tuple(self._reel.before(through))
        return reel.encode(Index(through=through, whole=whole, runs=runs, packs=tuple(self.packs)))
