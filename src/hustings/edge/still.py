"""What the listen page says where no script runs: state, time, description, ways to hear.

It stands in the page's `<noscript>`, so that whoever has scripts is sent a few hundred bytes more
and sees none of it. Of a private space it gives no links: they would need the visitor's ticket,
and the page is made once for everybody who may see it.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Final

from hustings.edge import files
from hustings.edge.kept import Kept, heading
from hustings.edge.transcript import clock
from hustings.formats import markup
from hustings.space import Space, Status
from hustings.words import Words, mark

_NOW: Final = {
    Status.SCHEDULED: mark("Scheduled"),
    Status.DOORS: mark("Doors open"),
    Status.LIVE: mark("Live now"),
    Status.HELD: mark("On hold"),
    Status.ENDED: mark("The conversation has ended"),
    Status.POSTED: mark("Recording"),
    Status.WITHHELD: mark("The conversation has ended"),
    Status.CANCELLED: mark("This conversation will not take place"),
}
_SENDING: Final = frozenset({Status.DOORS, Status.LIVE, Status.HELD})
_READ: Final = mark("Read what was said")
_CHAPTERS: Final = mark("Chapters")
_CLOSED: Final = mark(
    "Open the link that you were sent once more. If that does not help, ask the host for a new one."
)


def written(space: Space, reader: Words, kept: Kept) -> str:
    """The page of a space, as HTML; `kept` is what there is of its recording."""
    status = html.escape(reader.text(_NOW[space.status]))
    at = datetime.fromtimestamp(space.starts_at_ms / 1000, UTC)
    parts = [
        f"<p><strong>{status}</strong> · "
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d, %H:%M} UTC</time>'
        f"{f' · <bdi>{html.escape(space.host)}</bdi>' if space.host else ''}</p>"
    ]
    if space.reason:
        reason = html.escape(reader.sentence(space.reason))
        parts.append(f'<p class="notice warn" dir="auto">{reason}</p>')
    links = [] if space.private else _links(space, reader)
    if links:
        parts.append(f"<p>{' · '.join(links)}</p>")
    if space.status is Status.POSTED and not space.private and not space.gone:
        parts += _recording(space, reader, kept)
    if space.description:
        language = f' lang="{html.escape(space.language)}"' if space.language else ""
        parts.append(
            f'<div class="prose" dir="auto"{language}>{markup.html(space.description)}</div>'
        )
    return "\n".join(parts)


def closed(reader: Words) -> str:
    """The page of a private space, for whoever shows no ticket."""
    return f"<p>{html.escape(reader.text(_CLOSED))}</p>"


def _links(space: Space, reader: Words) -> list[str]:
    live = f"/live/{space.id}"
    ways = {}
    if space.status in _SENDING:
        ways[f"{live}/listen.aac"] = mark("Listen live")
    elif space.status is Status.POSTED and not space.gone:
        ways[f"{live}/replay.m4a"] = mark("Play the recording")
        ways[f"{live}/{files.ALL}"] = mark("All files (ZIP)")
    if space.status in (Status.SCHEDULED, Status.DOORS):
        ways[f"/s/{space.id}/event.ics"] = mark("Add to my calendar")
    return [
        f'<a class="button" href="{address}">{html.escape(reader.text(words))}</a>'
        for address, words in ways.items()
    ]


def _recording(space: Space, reader: Words, kept: Kept) -> list[str]:
    """The recording's player as the browser has it, its chapters, and what was said."""
    live = f"/live/{space.id}"
    parts = [f'<audio controls preload="none" src="{live}/replay.m4a"></audio>']
    if "transcript.json" in kept.sizes:
        words = html.escape(reader.text(_READ))
        parts.append(f'<p><a href="/s/{space.id}/transcript">{words}</a></p>')
    if kept.chapters:
        rows = "".join(
            f'<li><a href="{live}/replay.m4a#t={one.at_ms // 1000}">{clock(one.at_ms // 1000)}</a> '
            f"<bdi>{html.escape(heading(one.title, reader))}</bdi></li>"
            for one in kept.chapters
        )
        parts.append(f"<h2>{html.escape(reader.text(_CHAPTERS))}</h2><ol>{rows}</ol>")
    return parts
