"""What the page of a space tells machines: where it is followed, and what it is (schema.org). Pure.

Nothing is told of a space that is private or found by its address only.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Final

from hustings.edge import pictures
from hustings.formats import linked, markup
from hustings.space import Space, Status

_BEGUN: Final = frozenset({Status.LIVE, Status.HELD, Status.ENDED, Status.POSTED})


def told(space: Space, *, listen: str, studio: str) -> str:
    """Elements for the head of the page. `listen` and `studio` are the public addresses."""
    if space.private or not space.listed or space.status is Status.WITHHELD:
        return ""
    feed = f"{studio}/series/{space.series}.xml" if space.series else f"{studio}/feed.xml"
    follow = (
        f'<link rel="alternate" type="application/rss+xml" href="{html.escape(feed)}"'
        f' title="{html.escape(space.title if space.series else "Hustings")}">'
    )
    about = linked.conversation(_about(space, listen))
    return f"\n{follow}\n{linked.script(about)}"


def _about(space: Space, listen: str) -> linked.Conversation:
    live = f"{listen}/live/{space.id}"
    posted = space.status is Status.POSTED and not space.gone
    replay = space.replay
    # Who sits on stage is nobody's business before it begins.
    seats = space.seats.values() if space.status in _BEGUN else ()
    written = posted and replay.transcript and replay.done >= replay.asked
    return linked.Conversation(
        url=f"{listen}/s/{space.id}",
        title=space.title,
        description=markup.text(space.description),
        language=space.language,
        image=listen + pictures.address(space.picture, "wide") if space.picture else "",
        host=space.host,
        starts=_iso(space.starts_at_ms),
        began=_iso(space.live_at_ms) if space.live_at_ms and space.status in _BEGUN else "",
        ended=_iso(space.ended_at_ms) if space.ended_at_ms else "",
        cancelled=space.status is Status.CANCELLED,
        people=tuple(dict.fromkeys(seat.name for seat in seats)),
        audio=f"{live}/replay.m4a" if posted else "",
        seconds=round(space.recording_seconds or 0) if posted else 0,
        transcript=f"{live}/transcript.vtt" if written else "",
    )


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
