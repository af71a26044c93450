"""The fold of what is decided about a recording."""

from __future__ import annotations

from dataclasses import replace

from hustings.space import replay_event as r
from hustings.space.replay import Change, Clip, Erasure, Heading, Replay
from hustings.space.state import Space


def evolve_replay(space: Space, event: r.ReplayDecided) -> Space:
    """The state after `event`."""
    replay = space.replay
    match event:
        case r.ChapterMarked():
            return space  # its place is in the log
        case r.Revised():
            return _revised(space, event)
        case r.Redacted():
            # Counted anew without what is taken out, earlier numbers are lower: all are done.
            return replace(space, replay=replace(replay, asked=event.asked, redact=()))
        case r.Expiring():
            return replace(space, replay=replace(replay, expires_at_ms=event.expires_at_ms))
        case r.Expired():
            gone = replace(replay, expired_at_ms=event.at_ms, expires_at_ms=None, clips={})
            return replace(space, replay=gone)
        case _:
            asked = replace(replay, asked=replay.asked + 1, failed="")
            return replace(space, replay=_asked(asked, event))


def _asked(replay: Replay, event: r.ReplayDecided) -> Replay:
    """The recording after a wish; its number is counted already."""
    match event:
        case r.ChaptersSet(chapters=None):
            return replace(replay, chapters=None)
        case r.ChaptersSet(chapters=chapters):
            assert chapters is not None
            return replace(replay, chapters=tuple(Heading(c.at_ms, c.title) for c in chapters))
        case r.SpanEdited():
            return replace(replay, changes=(*replay.changes, _change(replay, event)))
        case r.EditUndone():
            changes = tuple(
                replace(change, undone=replay.asked)
                if change.id == event.edit and not change.undone
                else change
                for change in replay.changes
            )
            return replace(replay, changes=changes)
        case r.Erased():
            erasure = Erasure(
                id=event.erasure,
                from_ms=event.from_ms,
                to_ms=event.to_ms,
                seat=event.seat,
                at_ms=event.at_ms,
                number=replay.asked,
            )
            return replace(replay, erasures=(*replay.erasures, erasure))
        case r.Transcribed():
            return replace(replay, transcript=event.sha256, transcript_language=event.language)
        case r.Corrected():
            return replace(replay, corrections=replay.corrections + len(event.corrections))
        case r.ClipMade():
            return replace(replay, clips={**replay.clips, event.clip: _clip(replay, event)})
        case r.ClipRemoved():
            left = {key: clip for key, clip in replay.clips.items() if key != event.clip}
            return replace(replay, clips=left)
        case _:
            return replay


def _change(replay: Replay, event: r.SpanEdited) -> Change:
    return Change(
        id=event.edit,
        kind=event.kind,
        from_ms=event.from_ms,
        to_ms=event.to_ms,
        reason=event.reason,
        by=event.by,
        at_ms=event.at_ms,
        number=replay.asked,
    )


def _clip(replay: Replay, event: r.ClipMade) -> Clip:
    return Clip(
        id=event.clip,
        from_ms=event.from_ms,
        to_ms=event.to_ms,
        title=event.title,
        shapes=event.shapes,
        by=event.by,
        at_ms=event.at_ms,
        number=replay.asked,
    )


def _revised(space: Space, event: r.Revised) -> Space:
    replay = replace(
        space.replay,
        done=max(space.replay.done, event.through),
        version=event.version,
        kept_bytes=event.kept_bytes,
        unfinished=event.unfinished,
        failed=event.failed,
        redact=(*space.replay.redact, *event.redacted),
        revision=event.number,
    )
    return replace(
        space,
        replay=replay,
        receipt_sha256=event.sha256 or space.receipt_sha256,
        recording_seconds=event.recording_seconds,
    )
