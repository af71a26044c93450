"""The chapters of a recording: a host's, else those that the conversation itself makes. Pure.

Whatever was said decides, in this order:

- where the programme went on after a hold, a chapter begins in any case: "Part 2";
- where a host marked one while live, it begins there under the host's title;
- where no host marked any, a long pause between two speeches may begin one: the longest pauses
  first, none near another chapter or the end. It bears the name of who speaks next.

A recording has no chapter, or chapters from its beginning on without a hole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hustings import limits
from hustings.archive.journal import Journal
from hustings.archive.spans import Spans, duration_ms
from hustings.space.replay_event import ChapterMarked

VERSION = "1.2.0"  # of JSON chapters, github.com/Podcastindex-org/podcast-namespace


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of the replay with a name, from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    title: str


def chapters(journal: Journal, spans: Spans) -> list[Chapter]:
    """The chapters of a finished recording."""
    length_ms = duration_ms(spans.slots)
    parts = [duration_ms(span.index) for span in spans.spans]
    heads = dict.fromkeys(parts, "") if len(parts) > 1 else {}
    marked = [
        (spans.position_ms(fact.n), fact.event.title)
        for fact in journal.facts
        if isinstance(fact.event, ChapterMarked)
    ]
    for at_ms, title in marked:
        # A host who marks what follows a hold does so a moment after it.
        for part in [p for p in parts if at_ms - limits.CHAPTER_NEAR_MS <= p < at_ms]:
            heads.pop(part, None)
        heads[at_ms] = title
    if not marked:
        taken = {0, *heads}
        for at_ms, seat in _pauses(journal, spans):
            near_ms = min(abs(at_ms - other) for other in (*taken, length_ms))
            if near_ms >= limits.CHAPTER_APART_MS:
                taken.add(at_ms)
                heads[at_ms] = journal.seats[seat].name if seat in journal.seats else ""
    return headed(list(heads.items()), length_ms)


def headed(heads: Iterable[tuple[int, str]], length_ms: int) -> list[Chapter]:
    """Chapters that begin at these milliseconds; one without a title is called by its number."""
    inside = {at_ms: title for at_ms, title in heads if 0 <= at_ms < length_ms}
    if not inside:
        return []
    inside.setdefault(0, "")
    order = sorted(inside.items())[: limits.CHAPTERS_COUNT]
    ends = [at_ms for at_ms, _ in order[1:]] + [length_ms]
    return [
        Chapter(at_ms, end_ms, title or f"Part {number}")
        for number, ((at_ms, title), end_ms) in enumerate(zip(order, ends, strict=True), 1)
    ]


def document(found: Sequence[Chapter], *, title: str) -> bytes:
    """The chapters as podcast players read them (times in seconds)."""
    listed = [
        {
            "startTime": _seconds(chapter.start_ms),
            "endTime": _seconds(chapter.end_ms),
            "title": chapter.title,
        }
        for chapter in found
    ]
    whole = {"version": VERSION, "title": title, "chapters": listed}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _seconds(ms: int) -> int | float:
    return ms // 1000 if ms % 1000 == 0 else ms / 1000


def _pauses(journal: Journal, spans: Spans) -> list[tuple[int, str]]:
    """Ends of the pauses in which nobody spoke, the longest first, and who spoke then."""
    found: list[tuple[int, int, str]] = []
    heard_ms: int | None = None
    for speech in journal.speeches(spans):
        if heard_ms is not None and speech.at_ms - heard_ms >= limits.CHAPTER_PAUSE_MS:
            found.append((heard_ms - speech.at_ms, speech.at_ms, speech.seat))
        heard_ms = max(heard_ms or 0, speech.end_ms)
    return [(at_ms, seat) for _, at_ms, seat in sorted(found)]
