"""The replay's two files and the stems of a new version, copied from those of the original.

Pages of the Ogg files that are kept whole are copied whole; that is most of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from hustings.archive.rebuilding import reading
from hustings.archive.rebuilding.joins import Joins
from hustings.archive.rebuilding.plan import Fate, Fates, Plan
from hustings.archive.replay import AacFile, OpusFile
from hustings.archive.stems import PRE_SKIP, StemFile
from hustings.chunk import AAC_FRAMES, OPUS_FRAMES, SILENT_AAC_FRAME, SILENT_OPUS_FRAME
from hustings.clock import CHUNK_SAMPLES, sample_of
from hustings.formats import ogg

_QUIET_OPUS = (SILENT_OPUS_FRAME,) * OPUS_FRAMES
_QUIET_AAC = (SILENT_AAC_FRAME,) * AAC_FRAMES
_REACH = 120  # samples by which a packet's sound reaches into the next one's (RFC 6716, 4.3.7)


def opus(
    source: Path,
    plan: Plan,
    out: OpusFile,
    *,
    fates: Fates,
    joins: Joins,
    heard: Callable[[tuple[bytes, ...]], None],
) -> None:
    """Copy the Opus replay; `heard` is given the packets of each new slot."""
    waiting: list[bytes] = []

    def give(packet: bytes) -> None:
        waiting.append(packet)
        if len(waiting) == OPUS_FRAMES:
            heard(tuple(waiting))
            waiting.clear()

    number, end = 0, plan.slots * OPUS_FRAMES
    for page in reading.pages(source):
        packets = page.packets
        last = number + len(packets) - 1
        if last < end and fates.untouched(number // OPUS_FRAMES, last // OPUS_FRAMES + 1):
            out.page(page)
            for packet in packets:
                give(packet)
            number = last + 1
            continue
        for packet in packets:
            slot, place = divmod(number, OPUS_FRAMES)
            number += 1
            made = _opus_packet(slot, place, packet, fates, joins)
            if made is not None:
                out.add((made,))
                give(made)


def _opus_packet(slot: int, place: int, packet: bytes, fates: Fates, joins: Joins) -> bytes | None:
    match fates.of(slot):
        case Fate.DROPPED:
            return None
        case Fate.SILENT:
            return SILENT_OPUS_FRAME
        case Fate.MIXED:
            return joins.mixed[slot].opus[place]
        case Fate.KEPT:
            again = joins.entered.get(slot)
            return packet if again is None else again[place]


def aac(
    source: Path,
    out: AacFile,
    *,
    fates: Fates,
    joins: Joins,
    progress: Callable[[int], None],
) -> None:
    """Copy the AAC replay; `progress` is told how many slots of the original are done."""
    slots = reading.aac_slots(source)
    (priming,) = next(slots)
    begun = False
    for slot, frames in enumerate(slots):
        made = aac_frames(slot, frames, fates, joins)
        if made is None:
            continue
        if not begun:
            out.prime(priming if slot == 0 and fates.of(0) is Fate.KEPT else SILENT_AAC_FRAME)
            begun = True
        out.add(made)
        progress(slot + 1)


def aac_frames(
    slot: int, frames: tuple[bytes, ...], fates: Fates, joins: Joins
) -> tuple[bytes, ...] | None:
    """The frames of a slot in a new version; None if it is not in it."""
    match fates.of(slot):
        case Fate.DROPPED:
            return None
        case Fate.SILENT:
            return _QUIET_AAC
        case Fate.MIXED:
            return joins.mixed[slot].aac
        case Fate.KEPT:
            if lead := joins.leads.get(slot):
                return frames[: -len(lead)] + lead
            return (*frames[:-1], SILENT_AAC_FRAME) if fates.left(slot) else frames


def stem(source: Path, seat: str, plan: Plan, path: Path) -> bool:
    """Copy a seat's stem; False if nothing of it is left."""
    out = StemFile(path, serial=zlib.crc32(f"{plan.space}/{seat}".encode()))
    kept = Fates(plan, spoken=())  # for a stem, what the others say makes no difference
    at, some = -reading.pre_skip(source), False
    for page in reading.pages(source):
        lengths = [ogg.samples_of(packet) for packet in page.packets]
        samples = sum(lengths)
        first, last = at // CHUNK_SAMPLES, (at + samples + _REACH) // CHUNK_SAMPLES
        whole = all(_stays(kept, plan, slot, seat) for slot in range(max(first, 0), last + 1))
        if whole and first >= 0 and last < plan.slots:
            _fill(out, plan, at)
            out.page(page, samples)
            some = some or any(map(_audible, page.packets))
        else:
            place = at
            for packet, length in zip(page.packets, lengths, strict=True):
                some = (
                    _place(out, plan, kept, seat=seat, packet=packet, at=place, length=length)
                    or some
                )
                place += length
        at += samples
    out.close(plan.before[plan.slots])
    if not some:
        path.unlink()
    return some


def _place(
    out: StemFile, plan: Plan, kept: Fates, *, seat: str, packet: bytes, at: int, length: int
) -> bool:
    """Copy a packet if all of its sound stays."""
    first, last = max(at, 0) // CHUNK_SAMPLES, (at + length + _REACH - 1) // CHUNK_SAMPLES
    if not _audible(packet) or first >= plan.slots:
        return False
    if not all(
        _stays(kept, plan, slot, seat) for slot in range(first, min(last, plan.slots - 1) + 1)
    ):
        return False
    new = at + sample_of(plan.before[first] - first) + PRE_SKIP
    end = sample_of(plan.before[plan.slots]) + PRE_SKIP + CHUNK_SAMPLES
    return out.place(packet, at=new, length=length, end=end)


def _fill(out: StemFile, plan: Plan, at: int) -> None:
    slot = at // CHUNK_SAMPLES
    out.fill(at + sample_of(plan.before[slot] - slot) + PRE_SKIP)


def _stays(kept: Fates, plan: Plan, slot: int, seat: str) -> bool:
    return kept.of(slot) is Fate.KEPT and not plan.quiet(slot, seat)


def _audible(packet: bytes) -> bool:
    return packet not in reading.SILENCES
