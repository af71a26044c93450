"""Timeline, chapters and talk of a new version, from those of the original. Pure.

What happened in a stretch that was cut out is not in the new version, but for what everything after
it rests on (who was there, what was pinned): that moves to the next moment that was kept. What is
not to be known of a seat any more (when it spoke) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from hustings.archive import chapters
from hustings.archive.chapters import Chapter
from hustings.archive.rebuilding.plan import Plan
from hustings.clock import CHUNK_MS
from hustings.errors import BadInput
from hustings.space.cuts import Cuts

# Without these the state at a later moment would be another one.
_LASTING: Final = frozenset({
    "live", "held", "resumed", "ended", "joined", "left", "muted", "unmuted",
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
    events = [moved for one in whole["events"] if (moved := _event(one, plan)) is not None]
    events.sort(key=lambda event: event["at_ms"])
    whole.update(
        title=plan.label.title,
        duration_ms=cuts.duration_ms,
        chapters=[
            {"at_ms": one.start_ms, "end_ms": one.end_ms, "title": one.title} for one in found
        ],
        events=events,
    )
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


def _event(one: dict[str, Any], plan: Plan) -> dict[str, Any] | None:
    cuts, at_ms = plan.cuts, one["at_ms"]
    if one["type"] == "spoke":
        begins, ends = cuts.nearest(at_ms), cuts.nearest(one["end_ms"])
        if ends <= begins or _hushed(one, plan):
            return None
        return {**one, "at_ms": begins, "end_ms": ends}
    if one["type"] in _LASTING:
        return {**one, "at_ms": cuts.nearest(at_ms)}
    moved = cuts.position(at_ms)
    return None if moved is None else {**one, "at_ms": moved}


def _hushed(one: dict[str, Any], plan: Plan) -> bool:
    """Whether all of a stretch of speech is not to be heard."""
    slots = range(one["at_ms"] // CHUNK_MS, -(-one["end_ms"] // CHUNK_MS))
    return all(plan.cuts.silent(slot) or plan.quiet(slot, one["seat"]) for slot in slots)


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
