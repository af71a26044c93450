"""A finished recording as its hosts see it: what is decided about it, and what the store has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hustings import extra
from hustings.clock import CHUNK_MS
from hustings.config import Settings
from hustings.space import Space
from hustings.space.cuts import Cuts, widened
from hustings.space.replay import Change, Clip, Erasure
from hustings.store import layout
from hustings.web import studio as studios
from hustings.web.after import files, views
from hustings.web.problem import Problem
from hustings.web.standing import Standing
from hustings.web.studio import Studio

_NONE: Final = "There is no finished recording yet."
# A transcript that is not there by then is not on its way.
_WRITTEN_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Names:
    """Who did something, by the id that a decision holds: a seat's or the owner's."""

    known: Mapping[str, str]

    def of(self, by: str) -> str:
        """A name; empty for the platform itself, and for who is not known any more."""
        return self.known.get(by, "")


async def names(studio: Studio, asker: Standing) -> Names:
    """Everybody who ever had a seat here, and the host."""
    space, owner_id = asker.space, asker.listed.owner_id
    owner = await studio.accounts.get(owner_id)
    seats = {**space.seats_removed, **space.seats}
    known = {seat.id: seat.name for seat in seats.values()}
    return Names(known | {owner_id: owner.name if owner else space.host})


def finished(asker: Standing) -> Space:
    """The space; a problem unless its recording is finished and there."""
    space = asker.space
    if space.gone:
        raise Problem(410, "gone", files.GONE)
    if not space.recording_ready:
        raise Problem(409, "status", _NONE)
    return space


async def view(studio: Studio, asker: Standing) -> views.RecordingView:
    """All that is known of it."""
    space = finished(asker)
    replay, shown, who = space.replay, space.replay.shown, await names(studio, asker)
    return views.RecordingView(
        revision=replay.revision,
        version=space.version,
        duration_ms=shown.duration_ms,
        original_ms=replay.original_ms,
        step_ms=CHUNK_MS,
        making=replay.asked > replay.done,
        failed=replay.failed,
        kept=[
            views.StretchView(from_ms=first * CHUNK_MS, to_ms=end * CHUNK_MS)
            for first, end in shown.kept
        ],
        edits=[_edit(one, shown, replay.done, who) for one in reversed(replay.changes)],
        erasures=[_erasure(one, replay.done, who) for one in reversed(replay.erasures)],
        chapters=await _chapters(studio, space),
        chapters_automatic=replay.chapters is None,
        clips=[
            clip(studio, space, one, who)
            for one in sorted(replay.clips.values(), key=lambda one: -one.at_ms)
        ],
        transcript=await transcript_state(studio, space),
        corrections=replay.corrections,
        keep_days=replay.keep_days,
        expires_at_ms=replay.expires_at_ms,
        kept_bytes=replay.kept_bytes,
    )


def _edit(change: Change, shown: Cuts, done: int, who: Names) -> views.EditView:
    first, end = widened(change.from_ms, change.to_ms)
    state: views.EditState = "made" if change.number <= done else "making"
    if change.undone:
        state = "undone" if change.undone <= done else "undoing"
    return views.EditView(
        id=change.id,
        kind=change.kind,
        from_ms=first * CHUNK_MS,
        to_ms=end * CHUNK_MS,
        at_ms=shown.nearest(first * CHUNK_MS),
        end_ms=shown.nearest(end * CHUNK_MS),
        reason=change.reason,
        by=who.of(change.by),
        made_at_ms=change.at_ms,
        state=state,
    )


def _erasure(erasure: Erasure, done: int, who: Names) -> views.ErasureView:
    first, end = widened(erasure.from_ms, erasure.to_ms)
    return views.ErasureView(
        id=erasure.id,
        length_ms=(end - first) * CHUNK_MS,
        seat=erasure.seat,
        name=who.of(erasure.seat),
        made_at_ms=erasure.at_ms,
        state=_made(erasure.number, done),
    )


def clip(studio: Studio, space: Space, made: Clip, who: Names) -> views.ClipView:
    """A clip, at the place where it is in what is published."""
    shown = space.replay.shown
    own = f"{studio.settings.public_url('studio')}/s/{space.id}/clips/{made.id}"
    return views.ClipView(
        id=made.id,
        title=made.title,
        at_ms=shown.nearest(made.from_ms),
        end_ms=shown.nearest(made.to_ms),
        by=who.of(made.by),
        made_at_ms=made.at_ms,
        state=_made(made.number, space.replay.done),
        page_url=f"{studio.settings.public_url('listen')}/c/{space.id}/{made.id}",
        audio_url=f"{own}/audio.m4a",
        video_urls={shape: f"{own}/video-{shape}.mp4" for shape in made.shapes},
    )


def _made(number: int, done: int) -> Literal["making", "made"]:
    return "made" if number <= done else "making"


async def _chapters(studio: Studio, space: Space) -> list[views.ChapterView]:
    shown, own = space.replay.shown, space.replay.chapters
    if own is not None:
        places = shown.begun([one.at_ms for one in own], space.replay.slots)
        return [
            views.ChapterView(at_ms=place, title=one.title)
            for place, one in zip(places, own, strict=True)
            if place is not None
        ]
    kept = await files.facts(studio, layout.chapters(space.id, space.version))
    found = json.loads(kept)["chapters"] if kept else []
    return [
        views.ChapterView(at_ms=round(one["startTime"] * 1000), title=one.get("title", ""))
        for one in found
    ]


async def transcript_state(studio: Studio, space: Space) -> views.TranscriptState:
    """Whether there is a transcript, or will be."""
    path = layout.transcript(space.id, "json", space.version)
    if await files.there(studio, path):
        return "made"
    late = (space.ended_at_ms or 0) + _WRITTEN_MS < studios.now_ms()
    if space.replay.transcript or (hears(studio.settings) and not late):
        return "making"
    return "none"


def hears(settings: Settings) -> bool:
    """Whether this installation writes down what is said."""
    if settings.captions == "auto":
        return not extra.missing("captions")
    return settings.captions == "on"
