"""Calendars to subscribe to: everything that is public, and each series.

An entry keeps its UID, which is also that of the file on the space's own page, and its SEQUENCE is
the minute of its last change: calendars move what is delayed and strike out what is cancelled.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Path
from fastapi.responses import Response

from hustings.formats import calendar, markup
from hustings.space import Status
from hustings.web.catalogue import Listed
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_LASTS_MS: Final = 3_600_000  # a conversation has no announced end; calendars want one
_NAME: Final = "Hustings"
_HEADERS: Final = {"Cache-Control": "public, max-age=300"}


@router.get("/calendar.ics")
async def everything(studio: CurrentStudio) -> Response:
    """All public spaces."""
    return _feed(studio, await studio.agenda.calendar(), _NAME)


@router.get("/series/{slug}.ics")
async def series(slug: Annotated[str, Path(max_length=64)], studio: CurrentStudio) -> Response:
    """The spaces of one series that everybody may see."""
    found = await studio.series.get(slug)
    if found is None:
        raise Problem(404, "not-found", "There is no such series.")
    return _feed(studio, await studio.series.shown(found), found.title)


def _feed(studio: Studio, spaces: list[Listed], name: str) -> Response:
    events = (_event(studio, one) for one in spaces)
    return Response(calendar.feed(events, name=name), media_type=calendar.MIME, headers=_HEADERS)


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
