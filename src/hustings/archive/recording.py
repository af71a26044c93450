"""One recording being made: the log's entries in, the replay, the stems and the receipt out.

Everything is written while the conversation goes on, by a thread; finishing costs a copy of the two
replay files, with what is known at the end in front, and reading all files once for their hashes.
The folder may be deleted at any time before the end: the log gives the same files again.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from hustings import chunk
from hustings.archive import chapters, receipt, replay, stems, timeline, waveform
from hustings.archive.chapters import Chapter
from hustings.archive.journal import Journal
from hustings.archive.label import Label
from hustings.archive.minutes import Minutes, Reactions, Tallies
from hustings.archive.receipt import Count, StoredFile
from hustings.archive.reel import INDEX_NAME, ReelFiles
from hustings.archive.slots import Slots
from hustings.archive.spans import Spans, duration_ms
from hustings.archive.tape import Tape
from hustings.archive.works import Works
from hustings.audio.loudness import Loudness
from hustings.errors import BadInput
from hustings.log.contract import Entry
from hustings.log.subjects import Kind
from hustings.space import Space, decode
from hustings.space import event as e
from hustings.store import decided
from hustings.store.decided import Decision
from hustings.store.reel import Pack

log = logging.getLogger("hustings.archive")

TIMELINE_NAME: Final = "timeline.json"
CHAPTERS_NAME: Final = "chapters.json"
WAVEFORM_NAME: Final = "waveform.json"
KINDS: Final = (Kind.MIX, Kind.STEM, Kind.EV, Kind.OBS)


@dataclass(frozen=True, slots=True)
class Finished:
    """A recording's files, in a folder under the names that the receipt lists, and the receipt
    itself, still unsigned."""

    folder: Path
    files: tuple[StoredFile, ...]
    receipt: dict[str, Any]
    duration_ms: int


class Recording:
    """The recording of one space in a folder of its own, which is emptied first. `address` is where
    the recording will be at home.

    Ends with `finish()` or `abandon()`.
    """

    def __init__(self, space: str, folder: Path, *, address: str = "") -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.seq = 0  # the last entry taken
        self._id = space
        self._folder = folder
        self._address = address
        self._journal = Journal(space)
        self._slots = Slots()
        self._tape = Tape(folder, space=space)
        self._works = Works(f"tape {space}")
        self._reel = ReelFiles(folder)
        self._given = 0  # packs of the reel that were handed on
        self._decided: list[Decision] = []
        self._unreadable = 0
        # Finishing runs in a thread that a cancelled recorder does not wait for.
        self._closing = threading.Lock()
        self._closed = False

    @property
    def space(self) -> Space:
        """The space's state as far as it was read."""
        return self._journal.space

    @property
    def ended(self) -> bool:
        """Whether the conversation is over."""
        return self._journal.ended

    @property
    def on_air(self) -> bool:
        """Whether more live chunks are expected."""
        return self._slots.on_air

    @property
    def behind(self) -> int:
        """How many entries were taken that are not worked off: `rest` waits for them."""
        return self._works.behind

    def apply(self, entry: Entry) -> None:
        """Take the next entry of the log. What cannot be read is counted and passed over.

        Raises `OSError` when the disk has refused something before.
        """
        self.seq = entry.seq
        try:
            match entry.kind:
                case Kind.MIX:
                    one = chunk.unpack(entry.data)
                    slots, newest = self._slots.add(one, entry.stamp_ns), self._slots.newest
                    self._works.give(partial(self._tape.take, slots, newest_n=newest))
                    self._reel.add(one, entry.data)
                case Kind.STEM:
                    self._works.give(partial(self._tape.hear, entry.data))
                case Kind.EV:
                    self._decided.append(decided.decision(entry.seq, entry.stamp_ns, entry.data))
                    self._happened(decode(entry.data))
                case Kind.OBS:
                    self._happened(decode(entry.data))
        except BadInput as error:
            self._unreadable += 1
            log.warning("space %s: entry %d is passed over: %s", self._id, entry.seq, error)

    def packs(self) -> list[tuple[Pack, Path, bytes]]:
        """The reel's packs that were written since this was asked last, each with its path and an
        index that names it."""
        fresh = self._reel.packs[self._given :]
        self._given += len(fresh)
        return [(pack, self._reel.path(pack), self._reel.index()) for pack in fresh]

    def rest(self) -> None:
        """Wait until everything that was taken is worked off."""
        self._works.rest()

    def close(self, *, picture: bytes = b"") -> bool:
        """Nothing follows: finish all sound. False if nothing was ever on air. `picture` (JPEG)
        goes into the file."""
        with self._closing:
            if not self._closed:
                self._closed = True
                last = partial(self._tape.take, self._slots.finish(), newest_n=self._slots.newest)
                self._works.give(last)
                label = partial(self._label, picture)
                self._works.give(partial(self._tape.close, label))
                self._works.rest()
                self._works.close()
        return not self._tape.empty

    def finish(
        self, *, counts: Mapping[str, Count], beside: Mapping[str, bytes] | None = None
    ) -> Finished | None:
        """Describe all files, sound being closed; None if nothing was ever on air.

        `beside` are files by name that do not come from the log of the stage.
        """
        if not self.close():
            return None
        tape, spans = self._tape, self._tape.spans
        found = chapters.chapters(self._journal, spans)
        written = {
            TIMELINE_NAME: timeline.build(self._journal, spans, found),
            CHAPTERS_NAME: chapters.document(found, title=self.space.title),
            WAVEFORM_NAME: waveform.document(tape.peaks, tape.loudness),
            **(beside or {}),
        }
        for name, data in written.items():
            (self._folder / name).write_bytes(data)
        self._reel.finish()
        length_ms = duration_ms(spans.slots)
        sounds = [replay.AAC_NAME, replay.OPUS_NAME]
        sounds += [f"{stems.FOLDER}/{seat}.opus" for seat in tape.stems.packets]
        files = [
            receipt.stored(name, self._folder / name, duration_ms=length_ms) for name in sounds
        ]
        files += [receipt.stored(name, self._folder / name) for name in (*written, INDEX_NAME)]
        described = receipt.build(
            self._journal,
            spans,
            files=files,
            counts={**self._counts(), **counts},
            loudness=tape.loudness,
        )
        return Finished(self._folder, tuple(files), described, length_ms)

    def decisions(self) -> bytes:
        """What was decided in the space, as it stands in its log."""
        return decided.encode(self._decided)

    def minutes(self, minutes: Minutes, *, tallies: Tallies, reactions: Reactions) -> bytes:
        """What the audience wrote, on the clock of the replay. Sound is closed."""
        tape = self._tape
        return minutes.document(
            self._journal, tape.spans, tape.walls, tallies=tallies, reactions=reactions
        )

    def abandon(self) -> None:
        """Close and delete all files: they will be made again from the log."""
        with self._closing:
            self._closed = True
            self._works.close()
            self._tape.abandon()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _label(self, picture: bytes, spans: Spans, loudness: Loudness) -> Label:
        found: list[Chapter] = chapters.chapters(self._journal, spans)
        return Label.of(
            self.space, address=self._address, picture=picture, chapters=found, loudness=loudness
        )

    def _happened(self, event: e.Decided | e.Observed) -> None:
        self._journal.add(event, newest_n=self._slots.newest)
        match event:
            case e.OnAir():
                self._slots.mark(event.n, live=event.live)
            case e.StageTaken():
                self._slots.taken(event.n, event.epoch)

    def _counts(self) -> dict[str, Count]:
        tape = self._tape
        seats = "seats granted in this space, those taken away included"
        return {
            "seats": Count(len(self._journal.seats), seats),
            "stem_packets": Count(
                sum(tape.stems.packets.values()),
                "Opus packets in the stems, doubles and those off air left out",
            ),
            "stem_packets_late": Count(
                tape.stems.late, "Opus packets that came to the log too late for their place"
            ),
            "chunks_double": Count(
                self._slots.doubles, "chunks that gave way to another one of their number"
            ),
            "chunks_unplaced": Count(
                self._slots.unplaced, "live chunks that came to the log too late for their place"
            ),
            "entries_unreadable": Count(
                self._unreadable + tape.unreadable + tape.stems.unreadable,
                "entries and packets of the log that could not be read",
            ),
        }
