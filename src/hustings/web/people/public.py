"""The public profile of an account that has a handle: who it is, and its public spaces."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hustings.space import Status
from hustings.web import page
from hustings.web.agenda import shown
from hustings.web.catalogue import Listed
from hustings.web.feeds import shows
from hustings.web.standing import CurrentStudio, Visitor

router: Final = APIRouter(include_in_schema=False)

_ON: Final = (Status.LIVE, Status.HELD, Status.DOORS)
_SHOWN: Final = (*_ON, Status.SCHEDULED, Status.ENDED, Status.POSTED)


@router.get("/@{handle}")
async def profile(
    request: Request, handle: str, account: Visitor, studio: CurrentStudio
) -> Response:
    """What everybody may know of somebody."""
    found = await studio.people.profiles.by_handle(handle.lower())
    if found is None:
        raise HTTPException(404)
    owned = await studio.catalogue.owned(found.id)
    spaces = [listed for listed in owned if listed.status in _SHOWN and _public(listed)]
    groups = [
        ("On now", [s for s in spaces if s.status in _ON]),
        ("Coming up", [s for s in spaces if s.status is Status.SCHEDULED]),
        ("Past", [s for s in spaces if s.status in (Status.ENDED, Status.POSTED)]),
    ]
    show = shows.host_show(found)
    base = studio.settings.public_url("studio")
    about = {"title": found.name, "path": show.page, "description": found.biography}
    values = {
        "person": found,
        "groups": groups,
        "share_url": studio.share_url,
        "show_sign_in": True,
        "preview": shown.preview(studio, **about, picture=found.picture),
        "feed_url": base + show.path,
        "calendar_url": base + show.calendar,
        "linked": shows.linked(studio, show),
    }
    return page.render(request, "people_public.html", values)


def _public(listed: Listed) -> bool:
    return listed.listed and not listed.private
