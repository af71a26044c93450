"""The frames of a slot: what is copied into the replay so that both codecs begin at one instant.

The replay's clock is that of the mixer's input: slot i holds the sound that went in during its
chunk, so going live is at 0 and the stems need no other clock. The codecs lag differently behind
the input (see `hustings.chunk`), and each is put right in its own way:

- AAC lags 2,048 samples, exactly two frames. Of chunk n, frames 2 to 14 belong to slot n; the
  last two of slot n are frames 0 and 1 of chunk n + 1. A decoder needs the frame before the first
  one: frame 1 of the first live chunk stands in front and is cut by the file's edit list.
- Opus lags 312 samples: the pre-skip. All 16 packets of chunk n belong to slot n, and one packet of
  silence stands behind the last, so that the last 312 samples come out.

Where the programme goes off air, frame 0 of the next chunk still decodes to live sound; frame 1
overlaps with the hold sound, so silence stands in its place. Nothing of a hold chunk but that one
frame is ever copied. At a gap, and at the border between two encoders, silence stands in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hustings.archive.slots import Slot
from hustings.chunk import (
    AAC_FRAME_SAMPLES,
    AAC_FRAMES,
    OPUS_FRAMES,
    PROGRAMME_DELAY_SAMPLES,
    SILENT_AAC_FRAME,
    SILENT_OPUS_FRAME,
)

# Frames at the head of a chunk that decode to the end of the chunk before.
_LAG: Final = PROGRAMME_DELAY_SAMPLES // AAC_FRAME_SAMPLES

AAC_PRIMING_SAMPLES: Final = AAC_FRAME_SAMPLES  # one frame is decoded and cut


@dataclass(frozen=True, slots=True)
class Mixed:
    """The frames of a slot that was mixed from the stems, placed as those of any slot are."""

    aac: tuple[bytes, ...]
    opus: tuple[bytes, ...]


def aac_priming(first: Slot) -> bytes:
    """The frame in front of the first slot's."""
    return first.chunk.aac[_LAG - 1] if first.chunk else SILENT_AAC_FRAME


def aac_frames(
    slot: Slot, *, mixed: Mixed | None = None, lead: tuple[bytes, ...] = ()
) -> tuple[bytes, ...]:
    """The 15 AAC frames of a slot. `lead` is what stands in front of a mixed one that follows."""
    if mixed is not None:
        return mixed.aac
    if slot.chunk is None:
        return (SILENT_AAC_FRAME,) * AAC_FRAMES
    return slot.chunk.aac[_LAG:] + (lead or _tail(slot))


def opus_packets(slot: Slot, *, mixed: Mixed | None = None) -> tuple[bytes, ...]:
    """The 16 Opus packets of a slot."""
    if mixed is not None:
        return mixed.opus
    if slot.chunk is None:
        return (SILENT_OPUS_FRAME,) * OPUS_FRAMES
    return slot.chunk.opus


def _tail(slot: Slot) -> tuple[bytes, ...]:
    assert slot.chunk is not None
    if slot.after is None or slot.after.epoch != slot.chunk.epoch:
        return (SILENT_AAC_FRAME,) * _LAG
    if slot.closes:
        return (*slot.after.aac[: _LAG - 1], SILENT_AAC_FRAME)
    return slot.after.aac[:_LAG]
