"""What is decided about a recording: its chapters while it is made, and all that comes after.

Times are milliseconds on the clock of the recording as it was first posted.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from hustings.space.happening import Decision
from hustings.space.replay import ChangeKind, ClipShape


class Correction(msgspec.Struct, frozen=True, array_like=True):
    """A sentence of the transcript is `text`, and was `before`; an empty one is left out."""

    cue: str
    before: str
    text: str


class Chapter(msgspec.Struct, frozen=True, array_like=True):
    """Where a chapter begins, and its title."""

    at_ms: int
    title: str


class ChapterMarked(Decision, frozen=True, kw_only=True, tag="chapter_marked"):
    """A chapter begins here, while the space is live."""

    title: str


class ChaptersSet(Decision, frozen=True, kw_only=True, tag="chapters_set"):
    """The chapters of the recording are these; None makes the automatic ones again."""

    chapters: tuple[Chapter, ...] | None


class SpanEdited(Decision, frozen=True, kw_only=True, tag="span_edited"):
    """A stretch is cut out, silenced, or all that is left. The original is kept."""

    edit: str
    kind: ChangeKind
    from_ms: int
    to_ms: int
    reason: str = ""


class EditUndone(Decision, frozen=True, kw_only=True, tag="edit_undone"):
    """It is as it was before this edit."""

    edit: str


class Erased(Decision, frozen=True, kw_only=True, tag="erased"):
    """A stretch is destroyed everywhere, of one seat or of all. This cannot be undone."""

    erasure: str
    from_ms: int
    to_ms: int
    seat: str = ""


class Transcribed(Decision, frozen=True, kw_only=True, tag="transcribed"):
    """What was said has been written down: a draft with this hash is in the store."""

    sha256: str
    engine: str
    language: str


class Corrected(Decision, frozen=True, kw_only=True, tag="corrected"):
    """Sentences of the transcript were put right."""

    corrections: tuple[Correction, ...]


class ClipMade(Decision, frozen=True, kw_only=True, tag="clip_made"):
    """A stretch gets an address of its own, or another title or videos of other shapes."""

    clip: str
    from_ms: int
    to_ms: int
    title: str
    shapes: tuple[ClipShape, ...] = ("square",)


class ClipRemoved(Decision, frozen=True, kw_only=True, tag="clip_removed"):
    """The clip is gone."""

    clip: str


class Revised(Decision, frozen=True, kw_only=True, tag="revised"):
    """The archive has done what was asked up to wish `through`: receipt `number` says what is there
    now. Empty `sha256`: the receipt is as it was. `failed` is why a wish could not be done. Of
    the sentences `redacted` something was erased: corrections of them do not count any more."""

    number: int
    sha256: str
    version: int
    through: int
    recording_seconds: float
    kept_bytes: int
    unfinished: bool = False
    failed: str = ""
    redacted: tuple[str, ...] = ()


class Redacted(Decision, frozen=True, kw_only=True, tag="redacted"):
    """Corrections of what was erased are taken out of the log: they held the words. So that this
    loses no count, it is told how many wishes there were."""

    asked: int


class Expiring(Decision, frozen=True, kw_only=True, tag="expiring"):
    """The recording will be deleted at `expires_at_ms`; None: it will not."""

    expires_at_ms: int | None


class Expired(Decision, frozen=True, kw_only=True, tag="expired"):
    """The recording was deleted, because its time was over."""


ReplayDecided: TypeAlias = (
    ChapterMarked
    | ChaptersSet
    | SpanEdited
    | EditUndone
    | Erased
    | Transcribed
    | Corrected
    | ClipMade
    | ClipRemoved
    | Revised
    | Redacted
    | Expiring
    | Expired
)
