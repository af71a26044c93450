"""What was said, as published: the draft, put right by its host, on the clock of what is kept.

Corrections are kept in the log with what they replaced, so they are carried out anew each time; one
of a sentence that the draft does not have any more changes nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from hustings.clock import CHUNK_MS
from hustings.formats.transcript import Cue, Transcript
from hustings.space.cuts import Cuts, widened
from hustings.space.replay import Erasure
from hustings.space.replay_event import Correction

_QUIET_MS = 80  # of a word may lie in what is silenced or cut: its end, mostly breath


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time of the original in which a seat was not to be heard; "" is everybody."""

    from_ms: int
    to_ms: int
    seat: str = ""

    def hides(self, seat: str, at_ms: int, end_ms: int) -> bool:
        """Whether what was said from `at_ms` to `end_ms` reaches into it."""
        inside = min(self.to_ms, end_ms) - max(self.from_ms, at_ms)
        return self.seat in ("", seat) and inside > min(_QUIET_MS, (end_ms - at_ms) // 2)


def erased(transcript: Transcript, erasures: Iterable[Erasure]) -> Transcript:
    """The transcript without what was erased, on the clock of the original: nothing of it is left,
    not even what it was replaced by."""
    stretches = [
        Stretch(first * CHUNK_MS, end * CHUNK_MS, one.seat)
        for one in erasures
        for first, end in (widened(one.from_ms, one.to_ms),)
    ]
    return _without(transcript, stretches)


def published(
    draft: Transcript, corrections: Sequence[Correction], cuts: Cuts, *, slots: int
) -> Transcript:
    """The transcript of a version: words that were cut out or silenced are not in it."""
    right = {one.cue: one for one in corrections}
    cues = tuple(
        cue if (change := right.get(cue.id)) is None else _corrected(cue, change.text)
        for cue in draft.cues
        if (change := right.get(cue.id)) is None or change.text
    )
    kept = [0, *(edge for span in cuts.kept for edge in span), slots]
    gone = list(zip(kept[::2], kept[1::2], strict=True))
    stretches = [
        Stretch(first * CHUNK_MS, end * CHUNK_MS)
        for first, end in (*gone, *cuts.silenced)
        if first < end
    ]
    heard = _without(msgspec.structs.replace(draft, cues=cues), stretches)
    moved = tuple(_moved(cue, cuts) for cue in heard.cues)
    return msgspec.structs.replace(heard, cues=moved)


def _corrected(cue: Cue, text: str) -> Cue:
    """A sentence put right. Where as many words as before remain, each keeps its time; else the
    words share the sentence's time by their length."""
    words = text.split()
    if len(words) == len(cue.words):
        timed = tuple((at, end, word) for (at, end, _), word in zip(cue.words, words, strict=True))
    else:
        timed = _spread(words, cue.at_ms, cue.end_ms)
    return msgspec.structs.replace(cue, text=text, words=timed)


def _spread(words: Sequence[str], at_ms: int, end_ms: int) -> tuple[tuple[int, int, str], ...]:
    total = sum(len(word) + 1 for word in words)
    out, before = [], 0
    for word in words:
        after = before + len(word) + 1
        begin = at_ms + (end_ms - at_ms) * before // total
        out.append((begin, at_ms + (end_ms - at_ms) * after // total, word))
        before = after
    return tuple(out)


def _without(transcript: Transcript, stretches: Sequence[Stretch]) -> Transcript:
    cues = tuple(left for cue in transcript.cues if (left := _heard(cue, stretches)) is not None)
    return msgspec.structs.replace(transcript, cues=cues)


def _heard(cue: Cue, stretches: Sequence[Stretch]) -> Cue | None:
    """What is left of a sentence, None if it is nothing."""
    hit = [
        one
        for one in stretches
        if one.seat in ("", cue.seat) and one.from_ms < cue.end_ms and cue.at_ms < one.to_ms
    ]
    if not hit or (
        cue.words and not any(one.hides(cue.seat, *word[:2]) for one in hit for word in cue.words)
    ):
        return cue
    words = tuple(
        word for word in cue.words if not any(one.hides(cue.seat, word[0], word[1]) for one in hit)
    )
    if not words:
        # Without the times of its words nobody knows which of them were heard.
        return None
    text = " ".join(word for _, _, word in words)
    return msgspec.structs.replace(
        cue, at_ms=words[0][0], end_ms=words[-1][1], text=text, words=words
    )


def _moved(cue: Cue, cuts: Cuts) -> Cue:
    words = tuple((cuts.nearest(at), cuts.nearest(end), word) for at, end, word in cue.words)
    return msgspec.structs.replace(
        cue, at_ms=cuts.nearest(cue.at_ms), end_ms=cuts.nearest(cue.end_ms), words=words
    )
