"""The back-channel's route: a line to everybody who has a seat in this space."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.errors import LogAway
from hustings.log import subjects
from hustings.space import Role
from hustings.web import backstage, secret
from hustings.web import studio as studios
from hustings.web.problem import Problem, documented
from hustings.web.standing import Asker, CurrentStudio, Standing
from hustings.web.views import PLAIN

router: Final = APIRouter(prefix="/api/spaces", tags=["spaces"])


class BackstageLine(BaseModel):
    """A line for those on stage."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[str, Field(min_length=1, max_length=limits.CHAT_CHARS), PLAIN] = Field(
        examples=["Two minutes left."]
    )


class BackstageSaid(BaseModel):
    """What was sent."""

    id: str = Field(examples=["t8x2kq0a1b"])


@router.post(
    "/{space_id}/backstage",
    status_code=201,
    responses=documented(401, 403, 404, 413, 422, 503),
)
async def say(asker: Asker, studio: CurrentStudio, body: BackstageLine) -> BackstageSaid:
    """Write to everybody with a seat. The audience never gets it, and it is not recorded."""
    if asker.role is Role.LISTENER:
        raise Problem(403, "role", "The back-channel is for those with a seat.")
    if not body.text:
        raise Problem(422, "value", "There is nothing but spaces in it.")
    line = backstage.Line(
        id=secret.identifier(),
        seat=asker.seat,
        name=_name(asker),
        text=body.text,
        at_ms=studios.now_ms(),
    )
    subject = subjects.live(asker.space.id, backstage.WHAT)
    try:
        await studio.live.publish(subject, msgspec.json.encode(line))
    except LogAway as error:
        raise Problem(503, "away", "It was not sent. Try again in a moment.", retry_s=1) from error
    return BackstageSaid(id=line.id)


def _name(asker: Standing) -> str:
    seat = asker.space.seats.get(asker.seat)
    if seat is not None:
        return seat.name
    return asker.account.name if asker.account else ""
