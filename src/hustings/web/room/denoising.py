"""Switching the noise suppression of a seat: by its own speaker, or by who runs the space."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import command as c
from hustings.web import noise, views
from hustings.web.api import SeatId, carry_out
from hustings.web.problem import Problem, documented
from hustings.web.room.bodies import Denoising
from hustings.web.standing import Asker, CurrentStudio

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)


@router.put("/{space_id}/seats/{seat}/denoise", responses=_OPEN)
async def denoise(
    body: Denoising, asker: Asker, studio: CurrentStudio, seat: SeatId
) -> views.SpaceView:
    """Suppress the noise behind a voice, or let it be. The speaker's own track stays as it came."""
    if seat not in asker.space.seats:
        raise Problem(404, "seat", "There is no such seat.")
    if body.on and not noise.offered():
        detail = "Noise suppression is not installed here."
        raise Problem(409, "missing", detail)
    command = c.DenoiseSeat(by=asker.by, role=asker.role, seat=seat, on=body.on)
    return await carry_out(studio, asker, command)
