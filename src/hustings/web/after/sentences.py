"""The sentences of a transcript, and what hosts have put right in them.

The draft is what was heard, the log has every correction with what it replaced, and the published
transcript is what the archive has made of both. What was erased is in none of them that people see:
of a sentence that the draft does not have any more, no correction is shown either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hustings import limits
from hustings.errors import BadInput
from hustings.formats.transcript import Cue, Transcript, decode
from hustings.space import Event, Space
from hustings.space import replay_event as r
from hustings.space.cuts import Cuts
from hustings.store import layout
from hustings.web.after import files, recorded, views
from hustings.web.after.recorded import Names
from hustings.web.problem import Problem
from hustings.web.standing import Standing
from hustings.web.studio import Studio

# What the archive does something about; each such decision is the wish with the next number.
_WISHES: Final = (
    r.ChaptersSet, r.SpanEdited, r.EditUndone, r.Erased, r.Transcribed, r.Corrected, r.ClipMade,
    r.ClipRemoved,
)  # fmt: skip
_UNKNOWN: Final = "There is no such sentence."
_OVERTAKEN: Final = "Somebody else has changed this sentence meanwhile. Load it again and look."


@dataclass(frozen=True, slots=True)
class Change:
    """One correction; `number` is that of the wish."""

    by: str
    at_ms: int
    before: str
    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Said:
    """What was said: `draft` as it was heard, `published` as it is read now; `heard` are the texts
    of all sentences as they were before anything was put right."""

    draft: Transcript
    published: Transcript
    heard: dict[str, str]
    changes: dict[str, list[Change]] = field(default_factory=dict)

    def newest(self, cue: str) -> str | None:
        """How a sentence reads once everything asked for is done; None: there is no such one."""
        if cue in self.changes:
            return self.changes[cue][-1].text
        return self.heard.get(cue)


async def read(studio: Studio, space: Space) -> Said:
    """Everything of one space."""
    draft = await _transcript(studio, layout.transcript_draft(space.id))
    published = await _transcript(studio, layout.transcript(space.id, "json", space.version))
    heard = {cue.id: cue.text for cue in (*published.cues, *draft.cues)}
    changes: dict[str, list[Change]] = {}
    if space.replay.corrections:
        events = (event for _, event in await studio.spaces.history(space.id, after=0))
        for cue, change in corrected(events):
            if cue in heard:
                changes.setdefault(cue, []).append(change)
    return Said(draft, published, heard, changes)


def corrected(events: Iterable[Event]) -> Iterable[tuple[str, Change]]:
    """The corrections among the events of a log, by sentence, the oldest first."""
    number = 0
    for event in events:
        number += isinstance(event, _WISHES)
        if isinstance(event, r.Corrected):
            for one in event.corrections:
                yield one.cue, Change(event.by, event.at_ms, one.before, one.text, number)


async def view(studio: Studio, asker: Standing) -> views.TranscriptView:
    """The transcript as those who run the space see it."""
    space = recorded.finished(asker)
    said, who = await read(studio, space), await recorded.names(studio, asker)
    shown, done = space.replay.shown, space.replay.done
    left = [cue for cue in said.draft.cues if said.newest(cue.id) == ""]
    gone = {cue.id for cue in left}
    return views.TranscriptView(
        state=await recorded.transcript_state(studio, space),
        language=said.published.language,
        engine=said.published.engine,
        sentences=[
            _sentence(cue, said, done=done, who=who, published=cue.text)
            for cue in said.published.cues
            if cue.id not in gone
        ],
        left_out=[
            _sentence(_moved(cue, shown), said, done=done, who=who, published="") for cue in left
        ],
    )


def _moved(cue: Cue, shown: Cuts) -> Cue:
    """A sentence of the draft at its place in what is published."""
    return msgspec.structs.replace(
        cue, at_ms=shown.nearest(cue.at_ms), end_ms=shown.nearest(cue.end_ms)
    )


def _sentence(cue: Cue, said: Said, *, done: int, who: Names, published: str) -> views.SentenceView:
    changes = said.changes.get(cue.id, [])
    newest = said.newest(cue.id)
    return views.SentenceView(
        id=cue.id,
        at_ms=cue.at_ms,
        end_ms=cue.end_ms,
        seat=cue.seat,
        name=said.published.seats.get(cue.seat) or said.draft.seats.get(cue.seat, ""),
        text=cue.text if newest is None else newest,
        published=published,
        making=bool(changes) and changes[-1].number > done,
        changes=[
            views.ChangeView(by=who.of(one.by), at_ms=one.at_ms, before=one.before, text=one.text)
            for one in reversed(changes[-limits.CHANGES_SHOWN_COUNT :])
        ],
    )


def corrections(
    said: Said, asked: Sequence[tuple[str, str, str | None]]
) -> tuple[tuple[str, str, str], ...]:
    """What is asked for (sentence, text, what it was seen to be) as the space takes it: with what
    each sentence is now."""
    made = []
    for cue, text, seen in asked:
        now = said.newest(cue)
        if now is None:
            raise Problem(404, "missing", _UNKNOWN)
        if seen is not None and seen != now:
            raise Problem(409, "stale", _OVERTAKEN)
        made.append((cue, now, text))
    return tuple(made)


async def _transcript(studio: Studio, path: str) -> Transcript:
    kept = await files.facts(studio, path)
    try:
        return decode(kept) if kept else Transcript()
    except BadInput:
        return Transcript()
