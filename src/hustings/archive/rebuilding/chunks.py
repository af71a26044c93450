"""The reel of a new original: chunks that hold what is to be heard no more are made anew, or go.

A chunk whose slot is silent goes: the programme has a gap there, as if it had never been logged. Of
one that stays behind such a slot, or is mixed anew, the frames are those of the new replay. Packs
without any such chunk are copied as they are.

Each chunk says itself which it is: of a reel that was being replaced when everything stopped, some
packs are new already, with fewer chunks than the index of before has.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import msgspec

from hustings import chunk
from hustings.archive.rebuilding import reading, sound
from hustings.archive.rebuilding.joins import Joins
from hustings.archive.rebuilding.plan import Fate, Fates
from hustings.archive.reel import FOLDER, INDEX_NAME
from hustings.chunk import AAC_FRAMES, PROGRAMME_DELAY_SAMPLES, SILENT_AAC_FRAME
from hustings.clock import CHUNK_MS
from hustings.store import reel
from hustings.store.reel import Pack, Reel

_LAG = PROGRAMME_DELAY_SAMPLES // chunk.AAC_FRAME_SAMPLES

Frames = tuple[bytes, ...]


def remade(
    source: Path, folder: Path, fates: Fates, joins: Joins, spans: list[dict[str, Any]]
) -> list[str]:
    """Make the reel of a recording on the original's clock; the names of its files. `spans` are
    those of the timeline."""
    index = reel.decode((source / INDEX_NAME).read_bytes())
    slots = {
        one["first_chunk"] + i: one["at_ms"] // CHUNK_MS + i
        for one in spans
        for i in range(one["chunks"])
    }
    touched = {n for n, slot in slots.items() if not fates.untouched(slot, slot + 1)}
    frames = _frames(source, fates, joins, {slots[n] for n in touched})
    gone = {n for n in touched if fates.of(slots[n]) is not Fate.MIXED}
    gone -= {n for n in touched if fates.of(slots[n]) is Fate.KEPT}
    runs = Reel()
    for run in index.runs:
        for n in range(run.first, run.end):
            if n not in gone:
                runs.add(n, live=run.live)
    packs, names = [], [INDEX_NAME]
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for pack in index.packs:
        name = f"{FOLDER}/{pack.first}.pack"
        numbers = reel.numbers(index, pack)
        if touched.isdisjoint(numbers):
            shutil.copyfile(source / name, folder / name)
            packs.append(pack)
            names.append(name)
            continue
        left = [
            _anew(data, slots[n], fates, joins, frames) if n in touched else data
            for data in reel.unpack((source / name).read_bytes())
            if (n := chunk.unpack(data).n) not in gone
        ]
        if left:
            data = reel.pack(left)
            (folder / name).write_bytes(data)
            packs.append(Pack(pack.first, len(data), hashlib.sha256(data).hexdigest()))
            names.append(name)
    made = msgspec.structs.replace(index, runs=tuple(runs.runs), packs=tuple(packs))
    (folder / INDEX_NAME).write_bytes(reel.encode(made))
    return names


def _frames(source: Path, fates: Fates, joins: Joins, slots: set[int]) -> dict[int, Frames]:
    """The AAC frames that the new replay has in some slots and those before them."""
    wanted = slots | {slot - 1 for slot in slots}
    found: dict[int, Frames] = {}
    frames = reading.aac_slots(source / "replay.m4a")
    next(frames, None)
    for slot, original in enumerate(frames):
        if slot in wanted:
            found[slot] = sound.aac_frames(slot, original, fates, joins) or ()
    return found


def _anew(data: bytes, slot: int, fates: Fates, joins: Joins, frames: dict[int, Frames]) -> bytes:
    """A chunk with the frames of the new replay: its first two end the slot before."""
    before = frames.get(slot - 1) or (SILENT_AAC_FRAME,) * AAC_FRAMES
    opus = joins.mixed[slot].opus if fates.of(slot) is Fate.MIXED else joins.entered[slot]
    return chunk.pack(
        msgspec.structs.replace(
            chunk.unpack(data),
            opus=opus,
            aac=(*before[-_LAG:], *frames[slot][: AAC_FRAMES - _LAG]),
        )
    )
