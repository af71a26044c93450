"""Pins: posts and links that stay above the chat."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import command as c
from hustings.web import secret, views
from hustings.web.api import carry_out
from hustings.web.problem import documented
from hustings.web.room.bodies import NewPin, WordId
from hustings.web.standing import CurrentStudio, Host

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)


@router.post("/{space_id}/pins", status_code=201, responses=_OPEN)
async def pin(body: NewPin, asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Pin a post, or a link with its words."""
    command = c.Pin(
        by=asker.by, role=asker.role, pin=secret.identifier(), text=body.text, url=body.url
    )
    return await carry_out(studio, asker, command)


@router.delete("/{space_id}/pins/{pin}", responses=_OPEN)
async def unpin(asker: Host, studio: CurrentStudio, pin: WordId) -> views.SpaceView:
    """Take it off."""
    return await carry_out(studio, asker, c.Unpin(by=asker.by, role=asker.role, pin=pin))
