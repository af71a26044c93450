"""The tape: all sound of one recording, written slot by slot: replay, stems and waveform.

It is worked by one thread (`works`), which decodes and writes; whoever reads the log never waits
for it. What is written depends on nothing but the order of the calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from hustings import limits, stem
from hustings.archive import splice
from hustings.archive.label import Label
from hustings.archive.remix import Rates, Run
from hustings.archive.replay import Replay
from hustings.archive.slots import Slot
from hustings.archive.spans import Spans
from hustings.archive.splice import Mixed
from hustings.archive.stems import Stems
from hustings.archive.walls import Walls
from hustings.archive.waveform import Waveform
from hustings.audio.loudness import Loudness
from hustings.errors import BadInput


class Tape:
    """One recording's, in a folder. Ends with `close()` or `abandon()`."""

    def __init__(self, folder: Path, *, space: str) -> None:
        self.spans = Spans()
        self.walls = Walls()
        self.stems = Stems(folder, space=space)
        self.unreadable = 0  # batches of stems that are none
        self.peaks = b""
        self.loudness = Loudness()
        self._folder = folder
        self._space = space
        self._replay: Replay | None = None
        self._waveform: Waveform | None = None
        self._held: Slot | None = None  # the newest: how it ends depends on what follows
        self._rates = Rates()  # of the newest chunk
        self._run: Run | None = None
        self._known = 0
        self._over = False

    @property
    def empty(self) -> bool:
        """Whether nothing was ever on air."""
        return self._replay is None

    def hear(self, data: bytes) -> None:
        """A batch of stems, as it stands in the log."""
        try:
            self.stems.add(stem.unpack(data))
        except BadInput:
            self.unreadable += 1

    def take(self, slots: list[Slot], *, newest_n: int) -> None:
        """The slots that are certain now that number `newest_n` is in the log."""
        for slot in slots:
            held, self._held = self._held, slot
            if held is not None:
                self._write(held, following=slot)
        self.stems.forget(newest_n - 2 * limits.LOG_ORDER_CHUNKS)

    def close(self, label: Callable[[Spans, Loudness], Label]) -> None:
        """Nothing follows: finish all files, the replay with the label that is made for it."""
        if self._over:
            return
        if self._held is not None:
            self._write(self._held, following=None)
        self._over = True
        self.stems.close(self.spans.slots)
        if self._replay is not None and self._waveform is not None:
            self.loudness = self._waveform.finish()
            self.peaks = self._waveform.peaks
            self._replay.close(label(self.spans, self.loudness))

    def abandon(self) -> None:
        """Close all files as they are: they will be deleted."""
        if self._over:
            return
        self._over = True
        # A full disk refuses the last bytes of files that are deleted next.
        with contextlib.suppress(OSError):
            self.stems.close(self.spans.slots)
        if self._replay is not None:
            with contextlib.suppress(OSError):
                self._replay.abandon()

    def _write(self, slot: Slot, *, following: Slot | None) -> None:
        if self._replay is None or self._waveform is None:
            self._replay = Replay(self._folder, space=self._space)
            self._waveform = Waveform()
        mixed = self._mixed(slot)
        if slot.chunk is not None:
            self._rates = Rates(slot.chunk)
        self._waveform.add(splice.opus_packets(slot, mixed=mixed))
        # The newest slots that the mix itself has, one after the other.
        self._known = self._known + 1 if slot.chunk is not None and not slot.opens else 0
        lead = self._lead(slot, following)
        self._replay.add(slot, mixed=mixed, lead=lead)
        self.spans.add(slot, remixed=mixed is not None)
        self.walls.add(slot)
        self.stems.advance(slot)

    def _mixed(self, slot: Slot) -> Mixed | None:
        """What a gap sounds like by its stems; None where there is a chunk, or nothing."""
        if slot.chunk is not None or not self.stems.sounds(slot.n):
            self._run = None
            return None
        if self._run is None:
            self._run = Run(self.stems, slot.n, opens=True, rates=self._rates)
        mixed = self._run.slot(slot.n, closes=slot.closes)
        if slot.closes:
            self._run = None
        return mixed

    def _lead(self, slot: Slot, following: Slot | None) -> tuple[bytes, ...]:
        """The end of a slot behind which a run begins: it was in the chunk that is missing."""
        if slot.chunk is None or slot.closes or following is None or following.chunk is not None:
            return ()
        if not self.stems.sounds(following.n):
            return ()
        assert self._waveform is not None
        # Of the newest slot the last 6.5 ms are not decoded yet.
        heard = self._waveform.powers[-self._known :] if self._known else ()
        self._run = Run(self.stems, following.n, opens=False, rates=self._rates, heard=heard)
        return self._run.lead
