"""How a space looks elsewhere: preview cards, the embedded player, the entry in a calendar. Pure.

Preview cards are Open Graph tags. The player that other pages embed is announced by oEmbed 1.0
(oembed.com, section 4, discovery by a link in the page).
"""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from hustings.edge import pictures
from hustings.errors import BadInput
from hustings.formats import markup
from hustings.formats.calendar import Event, render
from hustings.space import Space, Status
from hustings.words import Words, mark

EMBED_WIDTH: Final = 480
EMBED_HEIGHT: Final = 200
_LASTS_MS: Final = 3_600_000  # a conversation has no announced end; calendars want one
_SHORTENED: Final = 200  # what preview cards show of a description

WORDS: Final = {
    Status.SCHEDULED: mark("Begins soon"),
    Status.DOORS: mark("Doors are open"),
    Status.LIVE: mark("Live now"),
    Status.HELD: mark("Paused for a moment"),
    Status.ENDED: mark("Has ended; the recording follows"),
    Status.POSTED: mark("Recording"),
    Status.WITHHELD: mark("Has ended"),
    Status.CANCELLED: mark("Cancelled"),
}


def tags(space: Space, reader: Words, *, listen: str) -> str:
    """Title, preview card and discovery links of the page. `listen` is the public address."""
    title = html.escape(space.title)
    status = reader.text(WORDS[space.status])
    words = html.escape(preview(space.description) or f"{status}. {space.host}".strip(" ."))
    address = html.escape(f"{listen}/s/{space.id}")
    card = html.escape(f"{space.title} · {status}")
    oembed = html.escape(f"{listen}/oembed?format=json&url={quote(f'{listen}/s/{space.id}')}")
    more = list(_picture(space, listen=listen))
    if not space.listed:
        more.append('<meta name="robots" content="noindex">')
    return "\n".join(
        (
            f"<title>{title}</title>",
            f'<meta name="description" content="{words}">',
            f'<link rel="canonical" href="{address}">',
            f'<link rel="alternate" type="application/json+oembed" href="{oembed}"'
            f' title="{title}">',
            '<meta property="og:type" content="website">',
            '<meta property="og:site_name" content="Hustings">',
            f'<meta property="og:title" content="{card}">',
            f'<meta property="og:description" content="{words}">',
            f'<meta property="og:url" content="{address}">',
            *more,
        )
    )


def preview(description: str) -> str:
    """The beginning of a description on one line, without its Markdown."""
    words = " ".join(markup.text(description).split())
    return words if len(words) <= _SHORTENED else words[: _SHORTENED - 1] + "…"


def _picture(space: Space, *, listen: str) -> tuple[str, ...]:
    if not space.picture:
        return ('<meta name="twitter:card" content="summary">',)
    address = html.escape(listen + pictures.address(space.picture, "wide"))
    width, height = pictures.WIDE
    return (
        f'<meta property="og:image" content="{address}">',
        f'<meta property="og:image:width" content="{width}">',
        f'<meta property="og:image:height" content="{height}">',
        '<meta name="twitter:card" content="summary_large_image">',
    )


def space_of(url: str, *, listen: str) -> str | None:
    """The id in the address of a space's page on this origin, or None if it is another address."""
    match _parts(url, listen=listen):
        case ["s", space]:
            return space
    return None


def clip_of(url: str, *, listen: str) -> tuple[str, str] | None:
    """The ids of space and clip in the address of a clip's page on this origin."""
    match _parts(url, listen=listen):
        case ["c", space, clip]:
            return space, clip
    return None


def _parts(url: str, *, listen: str) -> list[str]:
    """The path of an address on this origin; nothing of another."""
    try:
        asked, own = urlsplit(url), urlsplit(listen)
    except ValueError:  # half an IPv6 address, say
        return []
    if asked.netloc.lower() != own.netloc.lower() or asked.scheme not in ("http", "https"):
        return []
    return asked.path.removeprefix(own.path).strip("/").split("/")


def oembed(space: Space, *, listen: str, max_width: str | None, max_height: str | None) -> bytes:
    """The oEmbed answer of type "rich", within the size that was asked for."""
    width = min(EMBED_WIDTH, pixels("maxwidth", max_width))
    height = min(EMBED_HEIGHT, pixels("maxheight", max_height))
    address = html.escape(f"{listen}/s/{space.id}/embed")
    frame = (
        f'<iframe src="{address}" width="{width}" height="{height}" allow="autoplay" '
        f'style="border:0" title="{html.escape(space.title)}"></iframe>'
    )
    document = {
        "version": "1.0",
        "type": "rich",
        "title": space.title,
        "author_name": space.host,
        "provider_name": "Hustings",
        "provider_url": listen,
        "cache_age": 60,
        "width": width,
        "height": height,
        "html": frame,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def calendar(space: Space, *, listen: str, now_ms: int) -> bytes:
    """The space as a calendar file."""
    address = f"{listen}/s/{space.id}"
    return render(
        Event(
            uid=f"{space.id}@{urlsplit(listen).hostname}",
            title=space.title,
            description="\n\n".join(
                part for part in (markup.text(space.description), address) if part
            ),
            url=address,
            starts=_utc(space.starts_at_ms),
            ends=_utc(space.starts_at_ms + _LASTS_MS),
            changed=_utc(now_ms),
            revision=now_ms // 60_000,  # the same on every edge, and greater whenever it matters
            cancelled=space.status is Status.CANCELLED,
        )
    )


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def pixels(what: str, given: str | None) -> int:
    """A size in pixels as it is asked for; without one it is as good as unbounded."""
    if given is None:
        return 10_000
    if not (given.isascii() and given.isdigit() and 0 < len(given) <= 5 and int(given) > 0):
        raise BadInput(what, expected="a number of pixels", got=given[:20])
    return int(given)
