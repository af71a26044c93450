"""What can be asked of a recording: see `replay_event` for what each leads to.

Times are milliseconds on the clock of the replay as it is published, at the revision that the asker
has seen (`revision`); on another one they are refused, because they would mean something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hustings.space.asking import Asking
from hustings.space.replay import ChangeKind, ClipShape, Heading


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkChapter(Asking):
    """Begin a chapter now."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChapters(Asking):
    """Give the recording these chapters; None: the automatic ones."""

    chapters: tuple[Heading, ...] | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSpan(Asking):
    """Cut out a stretch, silence it, or cut off all around it."""

    edit: str
    kind: ChangeKind
    from_ms: int
    to_ms: int
    reason: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoEdit(Asking):
    """Take an edit back."""

    edit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Asking):
    """Destroy a stretch for good, of one seat or of all."""

    erasure: str
    from_ms: int
    to_ms: int
    seat: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTranscript(Asking):
    """Say that a draft of what was said is in the store."""

    sha256: str
    engine: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(Asking):
    """Put sentences right: id of the sentence, what it was, what it is."""

    corrections: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeClip(Asking):
    """Give a stretch an address of its own."""

    clip: str
    from_ms: int
    to_ms: int
    title: str
    revision: int
    shapes: tuple[ClipShape, ...] = ("square",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameClip(Asking):
    """Give a clip another title, or videos of other shapes; None leaves it."""

    clip: str
    title: str | None = None
    shapes: tuple[ClipShape, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveClip(Asking):
    """Take a clip away."""

    clip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise(Asking):
    """Say what the archive has done: see `Revised`."""

    number: int
    sha256: str
    version: int
    through: int
    recording_seconds: float
    kept_bytes: int
    unfinished: bool = False
    failed: str = ""
    redacted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact(Asking):
    """Say that corrections of erased sentences are about to be taken out of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnOfExpiry(Asking):
    """Say when the recording will be deleted; None: it will not."""

    expires_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire(Asking):
    """Delete the recording, whose time is over and was announced."""


ReplayCommand: TypeAlias = (
    MarkChapter
    | SetChapters
    | EditSpan
    | UndoEdit
    | Erase
    | NoteTranscript
    | Correct
    | MakeClip
    | RenameClip
    | RemoveClip
    | Revise
    | Redact
    | WarnOfExpiry
    | Expire
)
