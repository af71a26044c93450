"""The public profile of an account that has a handle: who it is, and its public spaces."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hustings.space import Status
from hustings.web import page
from hustings.web.catalogue import Listed
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
    values = {"person": found, "groups": groups, "share_url": studio.share_url}
    return page.render(request, "people_public.html", values)


def _public(listed: Listed) -> bool:
    return listed.listed and not listed.private
