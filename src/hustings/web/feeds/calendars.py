"""Calendars to subscribe to: everything that is public, each series and each host.

An entry keeps its UID, which is also that of the file on the space's own page, and its SEQUENCE is
the minute of its last change: calendars move what is delayed and strike out what is cancelled.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hustings.formats import calendar, markup
from hustings.space import Status
from hustings.web.catalogue import Listed
from hustings.web.feeds import shows
from hustings.web.feeds.kept import FOLLOWED
from hustings.web.feeds.podcasts import AccountId, Slug
from hustings.web.feeds.shows import Show
from hustings.web.standing import CurrentStudio
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_LASTS_MS: Final = 3_600_000  # a conversation has no announced end; calendars want one
_HEADERS: Final = {"Cache-Control": "public, max-age=300"}


@router.api_route("/calendar.ics", methods=FOLLOWED)
async def everything(request: Request, studio: CurrentStudio) -> Response:
    """All public spaces."""
    return await _answer(request, studio, shows.everything())


@router.api_route("/series/{slug}.ics", methods=FOLLOWED)
async def series(request: Request, slug: Slug, studio: CurrentStudio) -> Response:
    """The spaces of one series that everybody may see."""
    return await _answer(request, studio, await shows.of_series(studio, slug))


@router.api_route("/hosts/{account_id}.ics", methods=FOLLOWED)
async def host(request: Request, account_id: AccountId, studio: CurrentStudio) -> Response:
    """The public spaces of one host."""
    return await _answer(request, studio, await shows.of_host(studio, account_id))


@router.api_route("/@{handle}.ics", methods=FOLLOWED)
async def handle(handle: str, studio: CurrentStudio) -> Response:
    """The way to the calendar of a host."""
    return RedirectResponse((await shows.of_handle(studio, handle)).calendar, 307)


async def _answer(request: Request, studio: Studio, show: Show) -> Response:
    async def rendered() -> bytes:
        spaces = await studio.agenda.calendar(show.which)
        return calendar.feed((_event(studio, one) for one in spaces), name=show.name)

    return await studio.kept.answer(
        request,
        rendered,
        mime=calendar.MIME,
        now_s=time.time(),
        headers=_HEADERS,
        hidden=show.hidden,
    )


def _event(studio: Studio, listed: Listed) -> calendar.Event:
    address = studio.share_url(listed.id)
    words = (listed.reason, markup.text(listed.description), address)
    return calendar.Event(
        uid=f"{listed.id}@{urlsplit(studio.settings.public_url('listen')).hostname}",
        title=listed.title,
        description="\n\n".join(part for part in words if part),
        url=address,
        starts=_utc(listed.starts_at_ms),
        ends=_utc(listed.starts_at_ms + _lasts_ms(listed)),
        changed=_utc(listed.changed_at_ms),
        revision=listed.changed_at_ms // 60_000,
        cancelled=listed.status is Status.CANCELLED,
    )


def _lasts_ms(listed: Listed) -> int:
    return int((listed.recording_seconds or 0) * 1000) or _LASTS_MS


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
