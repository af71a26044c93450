"""The API of a finished recording: edit it, erase from it, its chapters, transcript and clips."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Response

from hustings.space import Refusal, Space
from hustings.space import replay_command as c
from hustings.space.replay import Heading
from hustings.web import views as space_views
from hustings.web.after import acts, bodies, recorded, sentences, views
from hustings.web.api import carry_out
from hustings.web.problem import Problem, documented, refused
from hustings.web.room.bodies import WordId
from hustings.web.standing import CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api/spaces", tags=["recordings"])
_LOOK: Final = documented(401, 403, 404, 409, 410, 422, 503)
_OPEN: Final = documented(401, 403, 404, 409, 410, 413, 422, 503)
_NO_CLIP: Final = "There is no such clip."


@router.get("/{space_id}/recording", responses=_LOOK)
async def get(asker: Host, studio: CurrentStudio) -> views.RecordingView:
    """A finished recording: its edits, chapters and clips, and what is still being made."""
    return await recorded.view(studio, asker)


@router.post("/{space_id}/recording/edits", status_code=201, responses=_OPEN)
async def edit(body: bodies.NewEdit, asker: Host, studio: CurrentStudio) -> views.RecordingView:
    """Cut a stretch out, silence it, or keep nothing but it. The original is kept."""
    recorded.finished(asker)
    result = await acts.edit(
        studio,
        asker,
        body.kind,
        from_ms=body.from_ms,
        to_ms=body.to_ms,
        reason=body.reason,
        revision=body.revision,
    )
    return await _shown(studio, asker, result)


@router.delete("/{space_id}/recording/edits/{edit}", responses=_OPEN)
async def undo(asker: Host, studio: CurrentStudio, edit: WordId) -> views.RecordingView:
    """Take an edit back: the recording is as it was without it."""
    recorded.finished(asker)
    return await _shown(studio, asker, await acts.undo(studio, asker, edit))


@router.post("/{space_id}/recording/erasures", status_code=201, responses=_OPEN)
async def erase(body: bodies.NewErasure, asker: Host, studio: CurrentStudio) -> views.RecordingView:
    """Destroy a stretch everywhere, of everybody or of one seat. This cannot be undone; the receipt
    says that and when it was done, and not what."""
    recorded.finished(asker)
    result = await acts.erase(
        studio,
        asker,
        from_ms=body.from_ms,
        to_ms=body.to_ms,
        seat=body.seat,
        reason=body.reason,
        revision=body.revision,
    )
    return await _shown(studio, asker, result)


@router.put("/{space_id}/recording/chapters", responses=_OPEN)
async def set_chapters(
    body: bodies.Chapters, asker: Host, studio: CurrentStudio
) -> views.RecordingView:
    """Give the recording these chapters instead of those it has."""
    recorded.finished(asker)
    kept = None
    if body.chapters is not None:
        kept = [Heading(one.at_ms, one.title) for one in body.chapters]
    result = await acts.set_chapters(studio, asker, kept, revision=body.revision)
    return await _shown(studio, asker, result)


@router.post("/{space_id}/recording/chapters", status_code=201, responses=_OPEN)
async def mark_chapter(
    body: bodies.ChapterMark, asker: Host, studio: CurrentStudio
) -> space_views.SpaceView:
    """While the space is live: a chapter begins at this moment."""
    command = c.MarkChapter(by=asker.by, role=asker.role, title=body.title)
    return await carry_out(studio, asker, command)


@router.get("/{space_id}/recording/transcript", responses=_LOOK)
async def transcript(asker: Host, studio: CurrentStudio) -> views.TranscriptView:
    """What was said, sentence by sentence, with what was put right, by whom and when."""
    return await sentences.view(studio, asker)


@router.patch("/{space_id}/recording/transcript", responses=_OPEN)
async def correct(
    body: bodies.Corrections, asker: Host, studio: CurrentStudio
) -> views.RecordingView:
    """Put sentences right. Every earlier wording is kept."""
    recorded.finished(asker)
    asked = [(one.id, one.text, one.before) for one in body.corrections]
    return await _shown(studio, asker, await acts.correct(studio, asker, asked))


@router.post("/{space_id}/recording/clips", status_code=201, responses=_OPEN)
async def make_clip(
    body: bodies.NewClip, asker: Host, studio: CurrentStudio, response: Response
) -> views.ClipView:
    """Give a stretch an address of its own, with sound and video to fetch."""
    recorded.finished(asker)
    clip, result = await acts.make_clip(
        studio,
        asker,
        from_ms=body.from_ms,
        to_ms=body.to_ms,
        title=body.title,
        shapes=body.shapes,
        revision=body.revision,
    )
    response.headers["Location"] = f"/api/spaces/{asker.space.id}/recording/clips/{clip}"
    return await _clip(studio, asker, clip, result)


@router.get("/{space_id}/recording/clips/{clip}", responses=_LOOK)
async def get_clip(asker: Host, studio: CurrentStudio, clip: WordId) -> views.ClipView:
    """One clip: where it is, and whether it is made."""
    return await _clip(studio, asker, clip, recorded.finished(asker))


@router.patch("/{space_id}/recording/clips/{clip}", responses=_OPEN)
async def change_clip(
    body: bodies.ClipChange, asker: Host, studio: CurrentStudio, clip: WordId
) -> views.ClipView:
    """Give a clip another title, or videos of other shapes. Its address stays."""
    recorded.finished(asker)
    result = await acts.change_clip(studio, asker, clip, title=body.title, shapes=body.shapes)
    return await _clip(studio, asker, clip, result)


@router.delete("/{space_id}/recording/clips/{clip}", status_code=204, responses=_OPEN)
async def remove_clip(asker: Host, studio: CurrentStudio, clip: WordId) -> None:
    """Take a clip away. Its address is not used again."""
    recorded.finished(asker)
    result = await acts.remove_clip(studio, asker, clip)
    if isinstance(result, Refusal):
        raise _problem(result)


async def _shown(studio: Studio, asker: Standing, result: Space | Refusal) -> views.RecordingView:
    if isinstance(result, Refusal):
        raise _problem(result)
    return await recorded.view(studio, replace(asker, space=result))


async def _clip(
    studio: Studio, asker: Standing, clip: str, result: Space | Refusal
) -> views.ClipView:
    if isinstance(result, Refusal):
        raise _problem(result)
    made = result.replay.clips.get(clip)
    if made is None:
        raise Problem(404, "missing", _NO_CLIP)
    return recorded.clip(studio, result, made, await recorded.names(studio, asker))


def _problem(refusal: Refusal) -> Problem:
    """What is named in the address and is not there is a 404."""
    if refusal.code == "missing":
        return Problem(404, refusal.code, refusal.reason)
    return refused(refusal)
