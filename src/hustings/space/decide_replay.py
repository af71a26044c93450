"""What can be decided about a recording, while it is made and after the end."""

from __future__ import annotations

from typing import Final, get_args

from hustings import limits
from hustings.clock import CHUNK_MS
from hustings.space import replay_command as c
from hustings.space import replay_event as r
from hustings.space.cuts import merged, widened
from hustings.space.refusal import Refusal, bad_id, reason, text
from hustings.space.replay import ClipShape, Replay
from hustings.space.rule import Made, Rule
from hustings.space.state import Space, Status

_ON_AIR: Final = frozenset({Status.LIVE, Status.HELD})
_RECORDED: Final = frozenset({Status.POSTED, Status.WITHHELD})
_STALE: Final = Refusal("stale", "The recording has changed meanwhile. Load it again and look.")
_OUTSIDE: Final = Refusal(
    "value", "The stretch lies within the recording and ends after it begins."
)
_NONE: Final = Refusal("status", "There is no finished recording yet.")
_GONE: Final = Refusal("status", "The recording was deleted, because its time was over.")


def _there(space: Space) -> Refusal | None:
    """None if there is a recording that something can be done with."""
    if not space.recording_ready:
        return _NONE
    return _GONE if space.gone else None


def _span(space: Space, from_ms: int, to_ms: int, revision: int) -> tuple[int, int] | Refusal:
    """A stretch of what is published, on the clock of the original, in whole slots."""
    wrong = _there(space)
    if wrong is not None:
        return wrong
    replay = space.replay
    if revision != replay.revision:
        return _STALE
    shown = replay.shown
    if not 0 <= from_ms < to_ms <= shown.duration_ms + CHUNK_MS:
        return _OUTSIDE
    first, end = widened(from_ms, min(to_ms, shown.duration_ms))
    if first >= end:
        return _OUTSIDE  # it begins where the recording ends
    return (
        shown.original(first * CHUNK_MS),
        shown.original(end * CHUNK_MS, ends=True),
    )


def _mark_chapter(space: Space, command: c.MarkChapter, now_ms: int) -> Made:
    title = text(command.title, "A chapter's title", chars=limits.TITLE_CHARS)
    if isinstance(title, Refusal):
        return title
    return r.ChapterMarked(at_ms=now_ms, by=command.by, title=title)


def _set_chapters(space: Space, command: c.SetChapters, now_ms: int) -> Made:
    wrong = _there(space)
    if wrong is not None:
        return wrong
    if command.chapters is None:
        if space.replay.chapters is None:
            return Refusal("done", "The chapters are the automatic ones already.")
        return r.ChaptersSet(at_ms=now_ms, by=command.by, chapters=None)
    if command.revision != space.replay.revision:
        return _STALE
    if len(command.chapters) > limits.CHAPTERS_COUNT:
        return Refusal("full", f"A recording has at most {limits.CHAPTERS_COUNT} chapters.")
    shown, own = space.replay.shown, space.replay.chapters or ()
    places = shown.begun([one.at_ms for one in own], space.replay.slots)
    # What begins within a cut comes after it, and what was cut out is not shown: both stay where
    # they are, for whoever takes the cut back.
    stays = {place: one.at_ms for place, one in zip(places, own, strict=True) if place is not None}
    hidden = [one for place, one in zip(places, own, strict=True) if place is None]
    chapters = {one.at_ms: r.Chapter(one.at_ms, one.title) for one in hidden}
    for heading in command.chapters:
        title = text(heading.title, "A chapter's title", chars=limits.TITLE_CHARS)
        if isinstance(title, Refusal):
            return title
        if not 0 <= heading.at_ms < shown.duration_ms:
            return Refusal("value", "Each chapter begins within the recording.")
        at_ms = stays.get(heading.at_ms, shown.original(heading.at_ms))
        if at_ms in chapters:
            return Refusal("value", "Two chapters begin at the same moment.")
        chapters[at_ms] = r.Chapter(at_ms, title)
    ordered = tuple(chapters[at_ms] for at_ms in sorted(chapters))
    before = space.replay.chapters
    if before is not None and [(h.at_ms, h.title) for h in before] == [
        (one.at_ms, one.title) for one in ordered
    ]:
        return Refusal("done", "Nothing has changed.")
    return r.ChaptersSet(at_ms=now_ms, by=command.by, chapters=ordered)


def _edit_span(space: Space, command: c.EditSpan, now_ms: int) -> Made:
    span = _span(space, command.from_ms, command.to_ms, command.revision)
    if isinstance(span, Refusal):
        return span
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    wrong = bad_id(command.edit, "an edit")
    if wrong is not None:
        return wrong
    replay = space.replay
    if any(change.id == command.edit for change in replay.changes):
        return Refusal("done", "This edit is made already.")
    if len(replay.changes) >= limits.EDITS_COUNT:
        return Refusal("full", f"A recording takes at most {limits.EDITS_COUNT} edits.")
    if command.kind != "trim" and not why:
        return Refusal("value", "Say why: the receipt gives the reason.")
    edited = r.SpanEdited(
        at_ms=now_ms,
        by=command.by,
        edit=command.edit,
        kind=command.kind,
        from_ms=span[0],
        to_ms=span[1],
        reason=why,
    )
    if _left(replay, edited) <= 0:
        return Refusal("value", "Nothing would be left. Withhold the recording instead.")
    return edited


def _left(replay: Replay, edited: r.SpanEdited | r.Erased) -> int:
    """How many slots this would leave, together with everything that was asked for before."""
    now = replay.cuts(replay.asked)
    first, end = widened(edited.from_ms, edited.to_ms)
    kind = edited.kind if isinstance(edited, r.SpanEdited) else "cut"
    if kind == "silence":
        return now.slots
    inside = sum(max(0, min(end, high) - max(first, low)) for low, high in now.kept)
    return inside if kind == "trim" else now.slots - inside


def _undo(space: Space, command: c.UndoEdit, now_ms: int) -> Made:
    wrong = _there(space)
    if wrong is not None:
        return wrong
    for change in space.replay.changes:
        if change.id == command.edit:
            if change.undone:
                return Refusal("done", "This edit was taken back already.")
            return r.EditUndone(at_ms=now_ms, by=command.by, edit=command.edit)
    return Refusal("missing", "There is no such edit.")


def _erase(space: Space, command: c.Erase, now_ms: int) -> Made:
    span = _span(space, command.from_ms, command.to_ms, command.revision)
    if isinstance(span, Refusal):
        return span
    wrong = bad_id(command.erasure, "an erasure")
    if wrong is not None:
        return wrong
    replay = space.replay
    if any(erasure.id == command.erasure for erasure in replay.erasures):
        return Refusal("done", "This is being erased already.")
    if len(replay.erasures) >= limits.ERASURES_COUNT:
        return Refusal("full", f"A recording takes at most {limits.ERASURES_COUNT} erasures.")
    seats = {**space.seats_removed, **space.seats}
    # Of a long evening only the newest seats that were taken away are known here.
    known = command.seat in seats or len(space.seats_removed) >= limits.SEATS_REMOVED_COUNT
    if command.seat and (bad_id(command.seat, "a seat") or not known):
        return Refusal("seat", "There is no such seat.")
    spans = [widened(one.from_ms, one.to_ms) for one in replay.erasures if not one.seat]
    spans.append(widened(*span))
    everything = sum(end - first for first, end in merged(spans, replay.slots)) >= replay.slots
    if everything and not command.seat:
        return Refusal("value", "Nothing would be left. Delete the recording instead.")
    erased = r.Erased(
        at_ms=now_ms,
        by=command.by,
        erasure=command.erasure,
        from_ms=span[0],
        to_ms=span[1],
        seat=command.seat,
    )
    if not command.seat and _left(replay, erased) <= 0:
        return Refusal("value", "Nothing would be left of what is published. Undo an edit first.")
    return erased


def _transcribed(space: Space, command: c.NoteTranscript, now_ms: int) -> Made:
    wrong = _there(space)
    if wrong is not None:
        return wrong
    if space.replay.transcript == command.sha256:
        return Refusal("done", "This transcript is there already.")
    return r.Transcribed(
        at_ms=now_ms,
        by=command.by,
        sha256=command.sha256,
        engine=command.engine,
        language=command.language,
    )


def _correct(space: Space, command: c.Correct, now_ms: int) -> Made:
    wrong = _there(space)
    if wrong is not None:
        return wrong
    if not space.replay.transcript:
        return Refusal("missing", "There is no transcript.")
    changed = []
    for cue, before, after in command.corrections:
        said = text(after, "A sentence", chars=limits.CUE_CHARS, chars_min=0)
        if isinstance(said, Refusal):
            return said
        if said != before:
            changed.append(r.Correction(cue, before, said))
    if not changed:
        return Refusal("done", "Nothing has changed.")
    if space.replay.corrections + len(changed) > limits.CORRECTIONS_COUNT:
        most = limits.CORRECTIONS_COUNT
        return Refusal("full", f"A transcript takes at most {most:,} corrections.")
    return r.Corrected(at_ms=now_ms, by=command.by, corrections=tuple(changed))


def _make_clip(space: Space, command: c.MakeClip, now_ms: int) -> Made:
    span = _span(space, command.from_ms, command.to_ms, command.revision)
    if isinstance(span, Refusal):
        return span
    wrong = bad_id(command.clip, "a clip")
    if wrong is not None:
        return wrong
    title = text(command.title, "A title", chars=limits.TITLE_CHARS)
    if isinstance(title, Refusal):
        return title
    clips = space.replay.clips
    if command.clip in clips:
        return Refusal("done", "This clip is made already.")
    if len(clips) >= limits.CLIPS_COUNT:
        return Refusal("full", f"A recording has at most {limits.CLIPS_COUNT} clips.")
    if command.to_ms - command.from_ms > limits.CLIP_MS:
        return Refusal("value", f"A clip lasts at most {limits.CLIP_MS // 60_000} minutes.")
    return r.ClipMade(
        at_ms=now_ms,
        by=command.by,
        clip=command.clip,
        from_ms=span[0],
        to_ms=span[1],
        title=title,
        shapes=_shapes(command.shapes),
    )


def _rename_clip(space: Space, command: c.RenameClip, now_ms: int) -> Made:
    clip = space.replay.clips.get(command.clip)
    if clip is None:
        return Refusal("missing", "There is no such clip.")
    given = clip.title if command.title is None else command.title
    title = text(given, "A title", chars=limits.TITLE_CHARS)
    if isinstance(title, Refusal):
        return title
    shapes = clip.shapes if command.shapes is None else _shapes(command.shapes)
    if (title, shapes) == (clip.title, clip.shapes):
        return Refusal("done", "Nothing has changed.")
    return r.ClipMade(
        at_ms=now_ms,
        by=command.by,
        clip=clip.id,
        from_ms=clip.from_ms,
        to_ms=clip.to_ms,
        title=title,
        shapes=shapes,
    )


def _shapes(shapes: tuple[ClipShape, ...]) -> tuple[ClipShape, ...]:
    """Each once, in the order in which they are always named."""
    return tuple(one for one in get_args(ClipShape) if one in shapes)


def _remove_clip(space: Space, command: c.RemoveClip, now_ms: int) -> Made:
    if command.clip not in space.replay.clips:
        return Refusal("missing", "There is no such clip.")
    return r.ClipRemoved(at_ms=now_ms, by=command.by, clip=command.clip)


def _platform(space: Space, role: object) -> Refusal | None:
    if role is not None:
        return Refusal("role", "Only the platform itself can do this.")
    return _there(space)


def _revise(space: Space, command: c.Revise, now_ms: int) -> Made:
    wrong = _platform(space, command.role)
    if wrong is not None:
        return wrong
    replay = space.replay
    late = command.through < replay.done or command.version < replay.version
    if late or (command.sha256 and command.number <= replay.revision):
        return Refusal("done", "A newer revision was announced meanwhile.")
    news = command.sha256 or command.through > replay.done or command.failed != replay.failed
    if not news and command.unfinished == replay.unfinished:
        return Refusal("done", "This was done already.")
    return r.Revised(
        at_ms=now_ms,
        by=command.by,
        number=command.number,
        sha256=command.sha256,
        version=command.version,
        through=command.through,
        recording_seconds=command.recording_seconds,
        kept_bytes=command.kept_bytes,
        unfinished=command.unfinished,
        failed=command.failed,
        redacted=command.redacted,
    )


def _redact(space: Space, command: c.Redact, now_ms: int) -> Made:
    wrong = _platform(space, command.role)
    if wrong is not None:
        return wrong
    replay = space.replay
    if not replay.redact:
        return Refusal("done", "Nothing is to be taken out of the log.")
    if replay.asked > replay.done:
        return Refusal("status", "What was asked for is done first.")
    return r.Redacted(at_ms=now_ms, by=command.by, asked=replay.asked)


def _warn(space: Space, command: c.WarnOfExpiry, now_ms: int) -> Made:
    wrong = _platform(space, command.role)
    if wrong is not None:
        return wrong
    if command.expires_at_ms == space.replay.expires_at_ms:
        return Refusal("done", "This was said already.")
    return r.Expiring(at_ms=now_ms, by=command.by, expires_at_ms=command.expires_at_ms)


def _expire(space: Space, command: c.Expire, now_ms: int) -> Made:
    wrong = _platform(space, command.role)
    if wrong is not None:
        return wrong
    if space.replay.expires_at_ms is None or now_ms < space.replay.expires_at_ms:
        return Refusal("status", "Nothing is deleted before its time was announced and is over.")
    return r.Expired(at_ms=now_ms, by=command.by)


RULES: Final[dict[type, Rule]] = {
    c.MarkChapter: Rule(_ON_AIR, True, _mark_chapter),
    c.SetChapters: Rule(_RECORDED, True, _set_chapters),
    c.EditSpan: Rule(_RECORDED, True, _edit_span),
    c.UndoEdit: Rule(_RECORDED, True, _undo),
    c.Erase: Rule(_RECORDED, True, _erase),
    c.NoteTranscript: Rule(_RECORDED, True, _transcribed),
    c.Correct: Rule(_RECORDED, True, _correct),
    c.MakeClip: Rule(_RECORDED, True, _make_clip),
    c.RenameClip: Rule(_RECORDED, True, _rename_clip),
    c.RemoveClip: Rule(_RECORDED, True, _remove_clip),
    c.Revise: Rule(_RECORDED, True, _revise),
    c.Redact: Rule(_RECORDED, True, _redact),
    c.WarnOfExpiry: Rule(_RECORDED, True, _warn),
    c.Expire: Rule(_RECORDED, True, _expire),
}
