"""The page of a recording's keeping: how long it stays, and links for podcast apps."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from hustings.errors import StoreError
from hustings.space import Refusal, Status
from hustings.space.command import Edit
from hustings.web import page, views
from hustings.web.agenda import acts as agenda
from hustings.web.forms import Filled, read
from hustings.web.keeping import acts
from hustings.web.keeping.links import Given, LinkId
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD})


class KeepForm(BaseModel):
    """How long: days, 0 for ever, -1 as long as the installation keeps recordings."""

    keep_days: Annotated[str, Field(pattern="^(-1|[0-9]{1,5})$")]


class LinkForm(BaseModel):
    """For whom a link is."""

    name: views.Name


@router.get("/s/{space_id}/keeping")
async def keeping(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """How long a recording stays, and who fetches it by a link."""
    return await _page(request, studio, asker, {})


@router.post("/s/{space_id}/keep")
async def keep(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Keep a recording longer, or less long."""
    filled: Filled[KeepForm] = await read(request, KeepForm)
    if filled.form is None:
        return await _page(request, studio, asker, filled.errors)
    days = int(filled.form.keep_days)
    result = await agenda.edit(studio, asker, Edit(by=asker.by, role=asker.role, keep_days=days))
    if isinstance(result, Refusal):
        return await _page(request, studio, asker, {"form": result.reason})
    return _to(asker, "kept")


@router.post("/s/{space_id}/links")
async def give(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Make a link for somebody."""
    filled: Filled[LinkForm] = await read(request, LinkForm)
    if filled.form is None:
        return await _page(request, studio, asker, filled.errors)
    made = await acts.give(studio, asker, filled.form.name)
    if isinstance(made, Refusal):
        return await _page(request, studio, asker, {"form": made.reason})
    return _to(asker, "given")


@router.post("/s/{space_id}/links/{link}/end")
async def end(asker: Host, studio: CurrentStudio, link: LinkId) -> Response:
    """Have a link work no more."""
    await acts.end(studio, asker, link)
    return _to(asker, "ended")


def _to(asker: Standing, done: str) -> Response:
    return RedirectResponse(f"/s/{asker.space.id}/keeping?done={done}", 303)


async def _page(
    request: Request, studio: Studio, asker: Standing, errors: dict[str, str]
) -> Response:
    space = asker.space
    if space.status not in _OVER:
        raise Problem(409, "status", "This space is not over yet.")
    links: list[tuple[Given, str]] | None
    try:
        found = await acts.links(studio, asker)
        links = [(given, acts.address(studio, given)) for given in found]
    except StoreError:
        links = None
    values = {
        "space": space,
        "errors": errors,
        "keep_days": str(-1 if space.replay.keep_days is None else space.replay.keep_days),
        "usual_days": studio.settings.recordings_keep_days,
        "links": links,
        "done": request.query_params.get("done", ""),
    }
    return page.render(request, "keeping.html", values, status=409 if errors else 200)
