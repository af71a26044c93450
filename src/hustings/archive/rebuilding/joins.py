"""Joins: the few slots of a new version that have to be encoded again. Everything else is copied.

- Where somebody is not to be heard, the slot is mixed anew from the other stems (`remix`).
- Where sound goes on behind a cut, its first 6.5 ms would decode to what was cut out, because Opus
  looks ahead: the slot is decoded, fades in over 5 ms, and is encoded again. In AAC the last frame
  before a cut gives way to silence, which fades both sides over 21 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.archive.rebuilding import reading
from hustings.archive.rebuilding.plan import Fate, Fates, Plan
from hustings.archive.rebuilding.reading import Track
from hustings.archive.remix import Rates, Run
from hustings.archive.splice import Mixed
from hustings.archive.stems import Placed
from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.chunk import OPUS_FRAME_SAMPLES, OPUS_FRAMES
from hustings.clock import CHUNK_SAMPLES, TICK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import ogg

Frame = NDArray[np.float32]

_COMPLEXITY: Final = 5
_FADE_SAMPLES: Final = 240
_RISE: Final[Frame] = np.linspace(0, 1, _FADE_SAMPLES, dtype=np.float32)


class Joins:
    """What is encoded again, by slot of the original: `mixed` and the `leads` in front of them, and
    the Opus packets of slots that are `entered`."""

    def __init__(self) -> None:
        self.mixed: dict[int, Mixed] = {}
        self.leads: dict[int, tuple[bytes, ...]] = {}  # by the slot before
        self.entered: dict[int, tuple[bytes, ...]] = {}
        self._ends: dict[int, Frame] = {}  # the last 60 ms of a run, by the slot after

    @classmethod
    def made(cls, plan: Plan, fates: Fates, source: Path, stems: Mapping[str, Path]) -> Joins:
        """All that a plan needs."""
        joins = cls()
        rates = Rates()
        if any(True for _ in fates.runs(Fate.MIXED)):
            others = _Others(plan, stems)
            for run in fates.runs(Fate.MIXED):
                joins._mix(run, fates, others, rates)
        wanted = {slot for slot in range(plan.slots) if fates.entered(slot)}
        packets = _packets(source, wanted | {slot + 1 for slot in wanted})
        for slot in sorted(wanted):
            following = packets.get(slot + 1, ())
            joins.entered[slot] = _again(packets[slot], following, joins._ends.get(slot))
        return joins

    def _mix(self, run: range, fates: Fates, others: _Others, rates: Rates) -> None:
        opens = fates.of(run.start - 1) is not Fate.KEPT
        made = Run(others, run.start, opens=opens, rates=rates)
        if not opens:
            self.leads[run.start - 1] = made.lead
        for slot in run:
            closes = slot == run.stop - 1 and fates.of(run.stop) is not Fate.KEPT
            self.mixed[slot] = made.slot(slot, closes=closes)
        if fates.of(run.stop) is Fate.KEPT:
            self._ends[run.stop] = made.end


class _Others:
    """The stems without those who are not to be heard; slots are the numbers of their packets."""

    def __init__(self, plan: Plan, stems: Mapping[str, Path]) -> None:
        self._plan = plan
        self._tracks = {seat: Track(path) for seat, path in sorted(stems.items())}

    def heard(self, first_n: int, end_n: int) -> Iterator[tuple[str, list[Placed]]]:
        """Each seat's packets of some slots."""
        for seat, track in self._tracks.items():
            found = [
                packet for packet in track.of(first_n, end_n) if not self._hushed(seat, packet)
            ]
            if found:
                yield seat, found

    def _hushed(self, seat: str, packet: Placed) -> bool:
        at, samples, _ = packet
        return any(
            self._plan.quiet(slot, seat)
            for slot in {at // CHUNK_SAMPLES, (at + samples - 1) // CHUNK_SAMPLES}
        )


def _packets(path: Path, slots: set[int]) -> dict[int, list[bytes]]:
    """The Opus packets of some slots of a replay."""
    found: dict[int, list[bytes]] = {}
    if not slots:
        return found
    number = 0
    for page in reading.pages(path):
        sizes = len(page.sizes)
        touched = range(number // OPUS_FRAMES, (number + sizes - 1) // OPUS_FRAMES + 1)
        if not slots.isdisjoint(touched):
            for at, packet in enumerate(page.packets, number):
                if at // OPUS_FRAMES in slots:
                    found.setdefault(at // OPUS_FRAMES, []).append(packet)
        number += sizes
    return found


def _again(
    packets: Sequence[bytes], following: Sequence[bytes], before: Frame | None
) -> tuple[bytes, ...]:
    """The packets of a slot whose past is another one: silence, or `before`."""
    decoder = OpusDecoder()
    ahead = [*packets, *following[:1]]
    sound = np.concatenate([_decoded(decoder, packet) for packet in ahead])
    pcm = np.zeros(CHUNK_SAMPLES, np.float32)
    heard = sound[ogg.PRE_SKIP : ogg.PRE_SKIP + CHUNK_SAMPLES]
    pcm[: len(heard)] = heard
    bps = sum(map(len, packets)) * 8 * 50 // OPUS_FRAMES
    encoder = OpusEncoder(
        bitrate_bps=min(max(bps, 16_000), 256_000),
        complexity=_COMPLEXITY,
        application="audio",
        fec=False,
    )
    if before is None:
        pcm[:_FADE_SAMPLES] *= _RISE
    else:
        for frame in before.reshape(-1, TICK_SAMPLES):
            encoder.encode(frame)
    ticks = pcm.reshape(-1, TICK_SAMPLES)
    return (encoder.encode_alone(ticks[0]), *map(encoder.encode, ticks[1:]))


def _decoded(decoder: OpusDecoder, packet: bytes) -> Frame:
    try:
        sound = decoder.decode(packet)
    except BadInput:
        return np.zeros(OPUS_FRAME_SAMPLES, np.float32)
    return np.resize(sound, OPUS_FRAME_SAMPLES)
