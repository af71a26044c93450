"""The wishes: what is to be made of a recording, by what was decided since the last revision.

A wish is an event that raised `space.replay.asked`. Those up to a number are carried out together,
in one revision: what is published goes from one whole state to another. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hustings.errors import BadInput
from hustings.space import Event, Space, evolve
from hustings.space import replay_event as r
from hustings.store.decided import Decision

# What leaves the sound, and what stands beside it in its files, as it is.
_BESIDE = r.Transcribed | r.Corrected | r.ClipMade | r.ClipRemoved


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wished, up to number `through`.

    `sound`: the files of the recording are to be made anew. `erased` names the new erasures.
    `words`: the transcript is. `clips` are to be made, in the order of their making; `clips_gone`
    are not there any more. `corrections` are all that ever were, in order. `why` is for the
    receipt.
    """

    through: int
    sound: bool
    words: bool
    erased: frozenset[str]
    clips: tuple[str, ...]
    clips_gone: tuple[str, ...]
    corrected: frozenset[str]
    corrections: tuple[r.Correction, ...]
    why: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.sound or self.words or self.erased or self.clips or self.clips_gone)


def wishes(space: Space, decisions: Iterable[Decision]) -> Wishes:
    """What is wished of `space`, whose log holds these decisions."""
    new = list(_new(space, decisions))
    corrections = standing(decisions)
    made = dict.fromkeys(event.clip for event in new if isinstance(event, r.ClipMade))
    gone = dict.fromkeys(event.clip for event in new if isinstance(event, r.ClipRemoved))
    clips = space.replay.clips
    return Wishes(
        through=space.replay.asked,
        sound=any(not isinstance(event, _BESIDE) for event in new),
        words=any(isinstance(event, r.Transcribed | r.Corrected) for event in new),
        erased=frozenset(event.erasure for event in new if isinstance(event, r.Erased)),
        clips=tuple(clip for clip in made if clip in clips),
        clips_gone=tuple(clip for clip in gone if clip not in clips),
        corrected=frozenset(
            one.cue for event in new if isinstance(event, r.Corrected) for one in event.corrections
        ),
        corrections=corrections,
        why=tuple(dict.fromkeys(_why(event) for event in new)),
    )


def standing(decisions: Iterable[Decision]) -> tuple[r.Correction, ...]:
    """The corrections that count, in order: not those of sentences that were erased later."""
    out: list[r.Correction] = []
    for event in _events(decisions):
        if isinstance(event, r.Corrected):
            out += event.corrections
        elif isinstance(event, r.Revised) and event.redacted:
            out = [one for one in out if one.cue not in event.redacted]
    return tuple(out)


def held_back(decisions: Iterable[Decision]) -> tuple[int, ...]:
    """The log's entries that hold words of erased sentences: those before they were erased."""
    found: list[int] = []
    before: list[tuple[int, frozenset[str]]] = []
    for one in decisions:
        try:
            event = one.read()
        except BadInput:
            continue
        if isinstance(event, r.Corrected):
            before.append((one.seq, frozenset(c.cue for c in event.corrections)))
        elif isinstance(event, r.Revised) and event.redacted:
            found += [seq for seq, cues in before if not cues.isdisjoint(event.redacted)]
    return tuple(dict.fromkeys(found))


def _new(space: Space, decisions: Iterable[Decision]) -> Iterable[Event]:
    """The events that are wishes and not carried out."""
    state = Space(id=space.id)
    for event in _events(decisions):
        before = state.replay.asked
        state = evolve(state, event)
        if state.replay.asked > before and state.replay.asked > space.replay.done:
            yield event


def _events(decisions: Iterable[Decision]) -> Iterable[Event]:
    for one in decisions:
        try:
            yield one.read()
        except BadInput:
            continue  # a newer version wrote it; it was passed over in the state as well


def _why(event: Event) -> str:
    match event:
        case r.SpanEdited() | r.EditUndone():
            return "edited"
        case r.Erased():
            return "erased"
        case r.ChaptersSet():
            return "chapters"
        case r.Transcribed():
            return "transcript"
        case r.Corrected():
            return "corrected"
        case r.ClipMade() | r.ClipRemoved():
            return "clips"
        case _:
            return "renamed"
