"""What search engines are told: where everything public is, and where there is nothing for them.

The sitemap (sitemaps.org, protocol 0.9) names pages of the studio and of the listen origin; that
origin's robots.txt points here, which lets one sitemap speak of both ("cross submits").
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import func, select

from hustings import limits
from hustings.space import Status
from hustings.web.agenda.listing import ON
from hustings.web.feeds.kept import FOLLOWED
from hustings.web.standing import CurrentStudio
from hustings.web.studio import Studio
from hustings.web.tables import AccountRow, SeriesRow, SpaceRow

router: Final = APIRouter(include_in_schema=False)

_MIME: Final = "application/xml; charset=utf-8"
_HEADERS: Final = {"Cache-Control": "public, max-age=300"}
_SHOWN: Final = (Status.SCHEDULED, *ON, Status.ENDED, Status.POSTED)
# The rest of the studio is for people who are signed in, or leads to the sign-in page.
_CLOSED: Final = (
    *("/api/", "/account", "/sign-in", "/sign-up", "/forgot", "/new", "/spaces", "/s/", "/i/"),
    *("/l/", "/r/", "/join/", "/reset/", "/search"),
)


@router.api_route("/robots.txt", methods=FOLLOWED)
async def robots(studio: CurrentStudio) -> Response:
    """What programs that gather pages shall leave out, and where to begin (RFC 9309)."""
    base, listen = (studio.settings.public_url(server) for server in ("studio", "listen"))
    # Where one origin has both, listeners' pages are there as well.
    closed = [path for path in _CLOSED if path != "/s/" or not listen.startswith(base)]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    lines.append(f"Sitemap: {base}/sitemap.xml")
    return PlainTextResponse("\n".join(lines) + "\n", headers=_HEADERS)


@router.api_route("/sitemap.xml", methods=FOLLOWED)
async def sitemap(request: Request, studio: CurrentStudio) -> Response:
    """Every page that everybody may find."""

    async def rendered() -> bytes:
        return _rendered([(studio.settings.public_url("studio") + "/", 0), *await _pages(studio)])

    return await studio.kept.answer(
        request, rendered, mime=_MIME, now_s=time.time(), headers=_HEADERS
    )


async def _pages(studio: Studio) -> list[tuple[str, int]]:
    """Addresses of pages, and when what is on them changed last (Unix milliseconds)."""
    base = studio.settings.public_url("studio")
    public = SpaceRow.listed & ~SpaceRow.private & (SpaceRow.changed_at_ms > 0)
    public &= SpaceRow.status.in_(_SHOWN)
    newest = func.max(SpaceRow.changed_at_ms)
    spaces = select(SpaceRow.id, SpaceRow.changed_at_ms).where(public)
    series = (
        select(SeriesRow.slug, newest)
        .join(SpaceRow, SpaceRow.series_id == SeriesRow.id)
        .where(public, SeriesRow.listed)
        .group_by(SeriesRow.slug)
    )
    hosts = (
        select(AccountRow.handle, newest)
        .join(SpaceRow, SpaceRow.owner_id == AccountRow.id)
        .where(public, AccountRow.handle != "")
        .group_by(AccountRow.handle)
    )
    most = limits.SITEMAP_COUNT
    found: list[tuple[str, int]] = []
    async with studio.database.read() as session:
        for kind, query in (("series/", series), ("@", hosts)):
            rows = await session.execute(query.limit(most))
            found += [(f"{base}/{kind}{name}", at_ms) for name, at_ms in rows]
        newest_first = spaces.order_by(SpaceRow.starts_at_ms.desc()).limit(most)
        found += [
            (studio.share_url(space), at_ms) for space, at_ms in await session.execute(newest_first)
        ]
    return found[:most]


def _rendered(pages: Iterable[tuple[str, int]]) -> bytes:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
    ]
    for address, at_ms in pages:
        changed = f"<lastmod>{_day(at_ms)}</lastmod>" if at_ms else ""
        lines.append(f"<url><loc>{escape(address)}</loc>{changed}</url>")
    return "\n".join((*lines, "</urlset>", "")).encode()


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
