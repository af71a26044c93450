"""One recording being made: the log's entries in, the replay, the stems and the receipt out.

Everything is written while the conversation goes on; finishing costs a rewrite of the MP4's index
and reading the files once for their hashes. The folder may be deleted at any time before the end:
the log gives the same files again. Nothing here waits for anything but the disk.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hustings import chunk, limits, stem
from hustings.archive import receipt, replay, stems, timeline
from hustings.archive.journal import Journal
from hustings.archive.receipt import Count, StoredFile
from hustings.archive.reel import INDEX_NAME, ReelFiles
from hustings.archive.replay import Replay
from hustings.archive.slots import Slot, Slots
from hustings.archive.spans import Spans, duration_ms
from hustings.archive.stems import Stems
from hustings.errors import BadInput
from hustings.log.contract import Entry
from hustings.log.subjects import Kind
from hustings.space import Space, decode
from hustings.space import event as e
from hustings.store.reel import Pack

log = logging.getLogger("hustings.archive")

TIMELINE_NAME: Final = "timeline.json"
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
    """The recording of one space in a folder of its own, which is emptied first.

    Ends with `finish()` or `abandon()`.
    """

    def __init__(self, space: str, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.seq = 0  # the last entry taken
        self._id = space
        self._folder = folder
        self._journal = Journal(space)
        self._slots = Slots()
        self._spans = Spans()
        self._stems = Stems(folder, space=space)
        self._replay: Replay | None = None
        self._reel = ReelFiles(folder)
        self._given = 0  # packs of the reel that were handed on
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

    def apply(self, entry: Entry) -> None:
        """Take the next entry of the log. What cannot be read is counted and passed over."""
        self.seq = entry.seq
        try:
            match entry.kind:
                case Kind.MIX:
                    one = chunk.unpack(entry.data)
                    self._write(self._slots.add(one, entry.stamp_ns))
                    self._reel.add(one, entry.data)
                    self._stems.forget(self._slots.newest - 2 * limits.LOG_ORDER_CHUNKS)
                case Kind.STEM:
                    self._stems.add(stem.unpack(entry.data))
                case Kind.EV | Kind.OBS:
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

    def finish(
        self, *, counts: Mapping[str, Count], beside: Mapping[str, bytes] | None = None
    ) -> Finished | None:
        """Close all files and describe them; None if nothing was ever on air.

        `beside` are files by name that do not come from the log.
        """
        with self._closing:
            self._write(self._slots.finish())
            self._close()
        if self._replay is None:
            return None
        written = {TIMELINE_NAME: timeline.build(self._journal, self._spans), **(beside or {})}
        for name, data in written.items():
            (self._folder / name).write_bytes(data)
        self._reel.finish()
        length_ms = duration_ms(self._spans.slots)
        sounds = [replay.AAC_NAME, replay.OPUS_NAME]
        sounds += [f"{stems.FOLDER}/{seat}.opus" for seat in self._stems.packets]
        files = [
            receipt.stored(name, self._folder / name, duration_ms=length_ms) for name in sounds
        ]
        files += [receipt.stored(name, self._folder / name) for name in (*written, INDEX_NAME)]
        described = receipt.build(
            self._journal, self._spans, files=files, counts={**self._counts(), **counts}
        )
        return Finished(self._folder, tuple(files), described, length_ms)

    def abandon(self) -> None:
        """Close and delete all files: they will be made again from the log."""
        with self._closing:
            # A full disk refuses the last bytes of files that are deleted next.
            with contextlib.suppress(OSError):
                self._close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._stems.close(self._spans.slots)
        finally:
            if self._replay is not None:
                self._replay.close(timeline.chapters(self._spans))

    def _happened(self, event: e.Decided | e.Observed) -> None:
        self._journal.add(event, newest_n=self._slots.newest)
        match event:
            case e.OnAir():
                self._slots.mark(event.n, live=event.live)
            case e.StageTaken():
                self._slots.taken(event.n, event.epoch)

    def _write(self, slots: list[Slot]) -> None:
        for slot in slots:
            if self._replay is None:
                self._replay = Replay(
                    self._folder, space=self._id, title=self.space.title, artist=self.space.host
                )
            self._spans.add(slot)
            self._replay.add(slot)
            self._stems.advance(slot)

    def _counts(self) -> dict[str, Count]:
        seats = "seats granted in this space, those taken away included"
        return {
            "seats": Count(len(self._journal.seats), seats),
            "stem_packets": Count(
                sum(self._stems.packets.values()),
                "Opus packets in the stems, doubles and those off air left out",
            ),
            "stem_packets_late": Count(
                self._stems.late, "Opus packets that came to the log too late for their place"
            ),
            "chunks_double": Count(
                self._slots.doubles, "chunks that gave way to another one of their number"
            ),
            "chunks_unplaced": Count(
                self._slots.unplaced, "live chunks that came to the log too late for their place"
            ),
            "entries_unreadable": Count(
                self._unreadable + self._stems.unreadable,
                "entries and packets of the log that could not be read",
            ),
        }
