"""A recording made anew from its own files: what was cut out, silenced, or said by somebody who is
not to be heard any more, is not in it.

Only the files are read, not the log, which may be long gone. Nothing is encoded again but the slots
at which something begins or is mixed anew. The same files and the same plan give the same bytes.

    source   replay.m4a replay.opus stems/ timeline.json talk.json [reel.json reel/]
    folder   all of these, chapters.json and waveform.json, made anew

It runs for seconds, and belongs into a process of its own.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hustings.archive import chapters, receipt, stems, waveform
from hustings.archive.chapters import Chapter
from hustings.archive.minutes import NAME as TALK_NAME
from hustings.archive.rebuilding import chunks, papers, reading, sound
from hustings.archive.rebuilding.joins import Joins
from hustings.archive.rebuilding.plan import Fates, Plan, Without
from hustings.archive.receipt import StoredFile
from hustings.archive.recording import CHAPTERS_NAME, TIMELINE_NAME, WAVEFORM_NAME
from hustings.archive.replay import AAC_NAME, OPUS_NAME, AacFile, OpusFile
from hustings.archive.waveform import Waveform
from hustings.archive.works import Works
from hustings.audio.loudness import Loudness
from hustings.errors import BadInput

__all__ = ["Plan", "Rebuilt", "Without", "rebuild"]

_SOUND: Final = 0.7  # of all the work
_BEHIND: Final = 500  # slots that wait to be measured

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The files of the new version, under the names that they have within its folder, the reel's
    packs left out: the index names those."""

    files: tuple[StoredFile, ...]
    loudness: Loudness
    duration_ms: int


def rebuild(
    source: Path, folder: Path, plan: Plan, *, progress: Progress = lambda part: None
) -> Rebuilt:
    """Make a version in `folder`, which is emptied first. `progress` is told 0 to 1.

    Raises `BadInput` when the files are not those of a recording of so many slots, and `OSError`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if reading.duration_slots(source / OPUS_NAME) != plan.slots:
        raise BadInput("replay", expected=f"{plan.slots} slots")
    if plan.reel and plan.cuts.slots != plan.slots:
        raise BadInput("plan", expected="a new original that is as long as the old one")
    tracks = _tracks(source)
    fates = Fates(plan, spoken=_spoken(plan, tracks))
    joins = Joins.made(plan, fates, source / OPUS_NAME, tracks)
    told = (source / TIMELINE_NAME).read_bytes()
    heads = papers.heads(told) if plan.heads is None else plan.heads
    found = papers.chaptered(plan, heads)
    peaks, loudness = _replay(
        source, folder, plan, fates=fates, joins=joins, found=found, progress=progress
    )
    seats = _stems(plan, tracks, folder, progress)
    written = {
        TIMELINE_NAME: papers.timeline(told, plan, found),
        CHAPTERS_NAME: chapters.document(found, title=plan.label.title),
        WAVEFORM_NAME: waveform.document(peaks, loudness),
    }
    if (source / TALK_NAME).exists():
        written[TALK_NAME] = papers.talk((source / TALK_NAME).read_bytes(), plan)
    for name, data in written.items():
        (folder / name).write_bytes(data)
    names = [*written]
    if plan.reel:
        names += chunks.remade(source, folder, fates, joins, papers.spans(told))[:1]
    length_ms = plan.cuts.duration_ms
    sounds = [AAC_NAME, OPUS_NAME, *(f"{stems.FOLDER}/{seat}.opus" for seat in seats)]
    files = [receipt.stored(name, folder / name, duration_ms=length_ms) for name in sounds]
    files += [receipt.stored(name, folder / name) for name in names]
    progress(1.0)
    return Rebuilt(tuple(files), loudness, length_ms)


def _tracks(source: Path) -> dict[str, Path]:
    found = sorted((source / stems.FOLDER).glob("*.opus"))
    return {path.stem: path for path in found}


def _spoken(plan: Plan, tracks: dict[str, Path]) -> set[int]:
    """The slots in which somebody is heard who is not to be."""
    slots: set[int] = set()
    for one in plan.without:
        if one.seat in tracks:
            slots |= reading.spoken(tracks[one.seat], one.first, min(one.end, plan.slots))
    return slots


def _replay(
    source: Path,
    folder: Path,
    plan: Plan,
    *,
    fates: Fates,
    joins: Joins,
    found: list[Chapter],
    progress: Progress,
) -> tuple[bytes, Loudness]:
    """Write the two replay files; peaks and loudness of the sound. A second thread measures."""
    measure, works = Waveform(), Works("waveform")
    opus = OpusFile(folder / OPUS_NAME, serial=zlib.crc32(plan.space.encode()))
    aac = AacFile(folder / AAC_NAME)
    try:

        def heard(packets: tuple[bytes, ...]) -> None:
            works.give(lambda: measure.add(packets))
            if works.behind > _BEHIND:
                works.rest()

        def told(slot: int) -> None:
            if slot % 256 == 0:
                progress(_SOUND * slot / plan.slots)

        sound.opus(source / OPUS_NAME, plan, opus, fates=fates, joins=joins, heard=heard)
        sound.aac(source / AAC_NAME, aac, fates=fates, joins=joins, progress=told)
        works.rest()
    finally:
        works.close()
    loudness = measure.finish()
    label = replace(plan.label, chapters=found, loudness=loudness)
    opus.close(label)
    aac.close(label)
    return measure.peaks, loudness


def _stems(plan: Plan, tracks: dict[str, Path], folder: Path, progress: Progress) -> list[str]:
    """Write the stems; the seats of which something is left."""
    left = []
    for number, (seat, path) in enumerate(tracks.items(), 1):
        target = folder / stems.FOLDER / f"{seat}.opus"
        if sound.stem(path, seat, plan, target):
            left.append(seat)
        progress(_SOUND + (1 - _SOUND) * number / len(tracks))
    return left
