"""Polls: the host asks the crowd. Votes are cast at the edges and counted by the archive."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import command as c
from hustings.web import secret, views
from hustings.web.api import carry_out
from hustings.web.problem import documented
from hustings.web.room.bodies import NewPoll, WordId
from hustings.web.standing import CurrentStudio, Host

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)


@router.post("/{space_id}/polls", status_code=201, responses=_OPEN)
async def open_poll(body: NewPoll, asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Open a poll: one choice or several, its result shown while it runs or after it."""
    command = c.OpenPoll(
        by=asker.by,
        role=asker.role,
        poll=secret.identifier(),
        question=body.question,
        options=tuple(body.options),
        multiple=body.multiple,
        show=body.show,
    )
    return await carry_out(studio, asker, command)


@router.post("/{space_id}/polls/{poll}/close", responses=_OPEN)
async def close_poll(asker: Host, studio: CurrentStudio, poll: WordId) -> views.SpaceView:
    """Take no more votes."""
    return await carry_out(studio, asker, c.ClosePoll(by=asker.by, role=asker.role, poll=poll))
