"""The API of the links to a private recording, by which podcast apps fetch it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from hustings.errors import StoreError
from hustings.space import Refusal
from hustings.web import views
from hustings.web.after import recorded
from hustings.web.keeping import acts
from hustings.web.keeping.links import Given, LinkId
from hustings.web.problem import Problem, documented, refused
from hustings.web.standing import CurrentStudio, Host
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api/spaces", tags=["recordings"])
_LOOK: Final = documented(401, 403, 404, 409, 410, 422, 503)
_OPEN: Final = documented(401, 403, 404, 409, 410, 413, 422, 503)
_NONE: Final = "There is no such link."


class NewLink(BaseModel):
    """For whom a link is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: views.Name = Field(examples=["Amara Okafor"])


class LinkView(BaseModel):
    """A link by which one person fetches a private recording. Whoever has it hears it."""

    id: str = Field(examples=["k3v9q1xz7m3p8abc"])
    name: str = Field(description="for whom it is", examples=["Amara Okafor"])
    url: str = Field(
        examples=["https://listen.example.org/live/m4rk3tpl4z/replay.m4a?ticket=eyJhbGciOi…"]
    )
    by: str = Field(description="the name of who made it", examples=["Hanna Host"])
    made_at_ms: int = Field(description="Unix time")
    until_ms: int = Field(description="Unix time at which it ends by itself")


@router.get("/{space_id}/recording/links", responses=_LOOK)
async def links(asker: Host, studio: CurrentStudio) -> list[LinkView]:
    """The links that work, the newest first."""
    recorded.finished(asker)
    try:
        found = await acts.links(studio, asker)
    except StoreError:
        raise acts.away() from None
    who = await recorded.names(studio, asker)
    return [_view(studio, given, who.of(given.link.by)) for given in found]


@router.post("/{space_id}/recording/links", status_code=201, responses=_OPEN)
async def give(body: NewLink, asker: Host, studio: CurrentStudio, response: Response) -> LinkView:
    """Make a link for somebody, good for a year."""
    recorded.finished(asker)
    made = await acts.give(studio, asker, body.name)
    if isinstance(made, Refusal):
        raise refused(made)
    response.headers["Location"] = f"/api/spaces/{asker.space.id}/recording/links/{made.id}"
    who = await recorded.names(studio, asker)
    return _view(studio, made, who.of(made.link.by))


@router.delete("/{space_id}/recording/links/{link}", status_code=204, responses=_OPEN)
async def end(asker: Host, studio: CurrentStudio, link: LinkId) -> None:
    """Have a link work no more, within ten seconds."""
    if not await acts.end(studio, asker, link):
        raise Problem(404, "missing", _NONE)


def _view(studio: Studio, given: Given, by: str) -> LinkView:
    return LinkView(
        id=given.id,
        name=given.link.name,
        url=acts.address(studio, given),
        by=by,
        made_at_ms=given.link.made_at_ms,
        until_ms=given.link.until_ms,
    )
