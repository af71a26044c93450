"""What has become of a recording after the end: its versions, edits, chapters, clips and keeping.

What hosts ask for is numbered (`asked`), and the archive says up to which number it is done. So
what is published is known at every moment, and what is still to be done as well.

All times are milliseconds on the clock of the recording as it was first posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hustings.clock import CHUNK_MS
from hustings.space.cuts import Cuts, Span, widened

ClipShape = Literal["square", "wide", "tall"]
ChangeKind = Literal["trim", "cut", "silence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stretch that was cut out or silenced; of `trim` everything around it was cut off.

    `number` is that of the wish, `undone` that of the wish to take it back, 0 while there is none.
    """

    id: str
    kind: ChangeKind
    from_ms: int
    to_ms: int
    reason: str
    by: str
    at_ms: int
    number: int
    undone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A stretch that was destroyed for good: everything, or what one seat said (`seat`)."""

    id: str
    from_ms: int
    to_ms: int
    seat: str
    at_ms: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A stretch of the replay with an address of its own; `number` is that of the wish, `shapes`
    are those of its videos."""

    id: str
    from_ms: int
    to_ms: int
    title: str
    shapes: tuple[ClipShape, ...]
    by: str
    at_ms: int
    number: int


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a chapter begins, and its title."""

    at_ms: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`revision` is the number of the newest receipt, 0 before there is one; `version` is what is
    published of the sound, 0 as it was first posted. `asked` wishes were made and `done` of them
    carried out; `failed` is a sentence about the last that could not be. `unfinished`: the archive
    still makes something that nobody had to ask for, such as the mastered version.

    `chapters` are the host's, None while they are the automatic ones. `transcript` is the hash of
    the newest draft; `redact` are sentences whose corrections are still to be taken out of the log.
    `keep_days` is how long the recording is kept, 0 for ever, None as the installation does; it
    goes at `expires_at_ms`, and went at `expired_at_ms`.
    """

    original_ms: int = 0
    revision: int = 0
    version: int = 0
    asked: int = 0
    done: int = 0
    unfinished: bool = False
    failed: str = ""
    changes: tuple[Change, ...] = ()
    erasures: tuple[Erasure, ...] = ()
    chapters: tuple[Heading, ...] | None = None
    clips: Mapping[str, Clip] = field(default_factory=dict)
    corrections: int = 0
    redact: tuple[str, ...] = ()
    transcript: str = ""
    transcript_language: str = ""
    kept_bytes: int = 0
    keep_days: int | None = None
    expires_at_ms: int | None = None
    expired_at_ms: int | None = None

    @property
    def slots(self) -> int:
        """How many slots the recording had when it was first posted."""
        return self.original_ms // CHUNK_MS

    def in_force(self, number: int) -> tuple[Change, ...]:
        """The changes that stand once so many wishes are done."""
        return tuple(
            change
            for change in self.changes
            if change.number <= number and not 0 < change.undone <= number
        )

    def cuts(self, number: int) -> Cuts:
        """How the recording is cut once so many wishes are done."""
        dropped: list[Span] = []
        silenced: list[Span] = []
        for change in self.in_force(number):
            first, end = widened(change.from_ms, change.to_ms)
            match change.kind:
                case "trim":
                    dropped += [(0, first), (end, self.slots)]
                case "cut":
                    dropped.append((first, end))
                case "silence":
                    silenced.append((first, end))
        for erasure in self.erasures:
            if not erasure.seat and erasure.number <= number:
                dropped.append(widened(erasure.from_ms, erasure.to_ms))
        return Cuts.of(self.slots, dropped=dropped, silenced=silenced)

    @property
    def shown(self) -> Cuts:
        """How what is published is cut."""
        return self.cuts(self.done)
