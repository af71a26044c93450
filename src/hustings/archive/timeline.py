"""The timeline: what listeners could see happening, on the replay's clock, as JSON. Pure.

Only what was public stands in it: no account, no warning meant for the host, nothing that was
said or done off air. Times are milliseconds of the replay (`at_ms`) and of Unix time (`wall_ms`),
when listeners heard it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from hustings.archive.chapters import Chapter
from hustings.archive.journal import Journal
from hustings.archive.spans import Spans, duration_ms
from hustings.space import Event, floor
from hustings.space import event as e

VERSION: Final = 1


def build(journal: Journal, spans: Spans, chapters: Sequence[Chapter]) -> bytes:
    """The timeline of a finished recording."""
    events = [
        {"at_ms": spans.position_ms(fact.n), "wall_ms": journal.heard_ms(fact.event), **public}
        for fact in journal.facts
        if (public := _public(fact.event)) is not None
    ]
    events += [
        {
            "at_ms": speech.at_ms,
            "end_ms": speech.end_ms,
            "wall_ms": speech.wall_ms,
            "type": "spoke",
            "seat": speech.seat,
        }
        for speech in journal.speeches(spans)
    ]
    events.sort(key=lambda event: event["at_ms"])  # stable: the log's order within a millisecond
    speeches = [(one.seat, one.at_ms, one.end_ms) for one in journal.speeches(spans)]
    length_ms = duration_ms(spans.slots)
    rests = [hold.at_ms for hold in journal.holds(spans)]
    timeline = {
        "version": VERSION,
        "space": journal.space.id,
        "title": journal.space.title,
        "duration_ms": length_ms,
        "seats": [
            {"id": seat.seat, "name": seat.name, "role": str(seat.role)}
            for seat in journal.seats.values()
        ],
        "chapters": [
            {"at_ms": chapter.start_ms, "end_ms": chapter.end_ms, "title": chapter.title}
            for chapter in chapters
        ],
        "spans": [
            {
                "first_chunk": span.first_n,
                "chunks": span.count,
                "at_ms": duration_ms(span.index),
            }
            for span in spans.spans
        ],
        "floor": floor_of(speeches, length_ms=length_ms, rests=rests),
        "events": events,
    }
    return json.dumps(timeline, ensure_ascii=False, separators=(",", ":")).encode()


def floor_of(
    speeches: Iterable[tuple[str, int, int]], *, length_ms: int, rests: Iterable[int]
) -> dict[str, Any]:
    """Who had the floor, as `docs/floor.md` counts it: `speeches` are seat, beginning and end."""
    counted = floor.count(speeches, on_air_ms=length_ms, rests=rests)
    return {
        "silence_ms": counted.silence_ms,
        "overlap_ms": counted.overlap_ms,
        "seats": {
            seat: {
                "talk_ms": one.talk_ms,
                "share": round(counted.share(seat), 4),
                "turns": one.turns,
                "longest_ms": one.longest_ms,
                "interruptions": one.interruptions,
                "interrupted": one.interrupted,
                "overlap_ms": one.overlap_ms,
            }
            for seat, one in counted.seats.items()
        },
    }


def _public(event: Event) -> dict[str, Any] | None:
    match event:
        case e.WentLive():
            return {"type": "live"}
        case e.Held():
            return {"type": "cut" if event.cut else "held", "reason": event.reason}
        case e.Resumed():
            return {"type": "resumed"}
        case e.Ended():
            return {"type": "ended"}
        case e.SeatJoined():
            return {"type": "joined", "seat": event.seat}
        case e.SeatLeft():
            return {"type": "left", "seat": event.seat}
        case e.SeatMuted():
            return {"type": "muted", "seat": event.seat}
        case e.SeatUnmuted():
            return {"type": "unmuted", "seat": event.seat}
        case _:
            return None
