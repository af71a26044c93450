"""Timeline, chapters and talk of a new version, from those of the original. Pure.

What happened in a stretch that was cut out is not in the new version, but for what everything after
it rests on (who was there, what was pinned): that moves to the next moment that was kept. What is
not to be known of a seat any more (when it spoke) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from hustings.archive import chapters
from hustings.archive.chapters import Chapter
from hustings.archive.rebuilding.plan import Plan
from hustings.archive.timeline import floor_of
from hustings.clock import CHUNK_MS
from hustings.errors import BadInput
from hustings.space.cuts import Cuts

# Without these the state at a later moment would be another one.
_LASTING: Final = frozenset({
    "live", "held", "cut", "resumed", "ended", "joined", "left", "muted", "unmuted",
})  # fmt: skip


def heads(timeline: bytes) -> list[tuple[int, str]]:
    """Where the chapters of a timeline begin, and their titles."""
    return [(one["at_ms"], one["title"]) for one in _read("timeline", timeline)["chapters"]]


def spans(timeline: bytes) -> list[dict[str, Any]]:
    """Which chunks of the programme a recording consists of; `BadInput` when that is not told."""
    found = _read("timeline", timeline).get("spans")
    if not isinstance(found, list):
        raise BadInput("timeline", expected="its spans of the programme")
    return found


def chaptered(plan: Plan, found: Sequence[tuple[int, str]]) -> list[Chapter]:
    """The chapters of the new version; those of which nothing is left are left out."""
    cuts, order = plan.cuts, sorted(found)
    places = cuts.begun([at_ms for at_ms, _ in order], plan.slots)
    moved = [
        (place, title) for place, (_, title) in zip(places, order, strict=True) if place is not None
    ]
    return chapters.headed(moved, cuts.duration_ms)


def timeline(data: bytes, plan: Plan, found: Sequence[Chapter]) -> bytes:
    """The timeline of the new version."""
    cuts, whole = plan.cuts, _read("timeline", data)
    events = [shown for one in whole["events"] for shown in _events(one, plan)]
    events.sort(key=lambda event: event["at_ms"])
    whole.update(
        title=plan.label.title,
        duration_ms=cuts.duration_ms,
        chapters=[
            {"at_ms": one.start_ms, "end_ms": one.end_ms, "title": one.title} for one in found
        ],
        events=events,
    )
    if "floor" in whole:
        whole["floor"] = _floor(events, cuts.duration_ms)
    if "spans" in whole:
        whole["spans"] = _spans(whole["spans"], cuts)
    return _written(whole)


def talk(data: bytes, plan: Plan) -> bytes:
    """What the audience wrote, on the clock of the new version."""
    cuts, whole = plan.cuts, _read("talk", data)
    for name in ("chat", "reactions"):
        whole[name] = [
            {**one, "replay_ms": at_ms}
            for one in whole[name]
            if (at_ms := cuts.position(one["replay_ms"])) is not None
        ]
    for one in whole["questions"]:
        for name in ("replay_ms", "on_stage_ms"):
            if one[name] is not None:
                one[name] = cuts.nearest(one[name])
    for one in (*whole["polls"], *whole["pins"]):
        one["from_ms"], one["to_ms"] = cuts.nearest(one["from_ms"]), cuts.nearest(one["to_ms"])
    return _written(whole)


def _events(one: dict[str, Any], plan: Plan) -> Iterator[dict[str, Any]]:
    """What the new version shows of an event."""
    cuts, at_ms = plan.cuts, one["at_ms"]
    if one["type"] == "spoke":
        yield from _spoken(one, plan)
    elif one["type"] in _LASTING:
        yield {**one, "at_ms": cuts.nearest(at_ms)}
    elif (moved := cuts.position(at_ms)) is not None:
        yield {**one, "at_ms": moved}


def _spoken(one: dict[str, Any], plan: Plan) -> Iterator[dict[str, Any]]:
    """A stretch of speech without the slots in which it is not to be heard."""
    begins, ends, seat = one["at_ms"], one["end_ms"], one["seat"]
    slots = range(begins // CHUNK_MS, -(-ends // CHUNK_MS))
    hushed = (plan.cuts.silent(slot) or plan.quiet(slot, seat) for slot in slots)
    for quiet, some in groupby(zip(slots, hushed, strict=True), key=itemgetter(1)):
        heard = [slot for slot, _ in some]
        first = plan.cuts.nearest(max(begins, heard[0] * CHUNK_MS))
        last = plan.cuts.nearest(min(ends, (heard[-1] + 1) * CHUNK_MS))
        if first < last and not quiet:
            skipped_ms = max(0, heard[0] * CHUNK_MS - begins)
            yield {**one, "at_ms": first, "end_ms": last, "wall_ms": one["wall_ms"] + skipped_ms}


def _floor(events: Sequence[dict[str, Any]], length_ms: int) -> dict[str, Any]:
    """The figures of what is published, counted anew of nothing else."""
    speeches = [
        (one["seat"], one["at_ms"], one["end_ms"]) for one in events if one["type"] == "spoke"
    ]
    rests = [one["at_ms"] for one in events if one["type"] in ("held", "cut")]
    return floor_of(speeches, length_ms=length_ms, rests=rests)


def _spans(spans: list[dict[str, int]], cuts: Cuts) -> list[dict[str, int]]:
    """Which chunks of the programme the new version consists of."""
    out = []
    for one in spans:
        first = one["at_ms"] // CHUNK_MS
        for low, high in cuts.kept:
            begins, ends = max(first, low), min(first + one["chunks"], high)
            if begins < ends:
                out.append(
                    {
                        "first_chunk": one["first_chunk"] + begins - first,
                        "chunks": ends - begins,
                        "at_ms": cuts.nearest(begins * CHUNK_MS),
                    }
                )
    return out


def _read(what: str, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise BadInput(what, expected="JSON", got=str(error)) from error
    if not isinstance(found, dict):
        raise BadInput(what, expected="a JSON object", got=type(found).__name__)
    return found


def _written(whole: dict[str, Any]) -> bytes:
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
