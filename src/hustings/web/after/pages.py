"""After the end: what was recorded, who listened, and whether it is published.

Those who run the space hear the recording here before anybody else does.
"""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hustings.space import Refusal, Space, Status
from hustings.store import layout
from hustings.web import page
from hustings.web.after import files
from hustings.web.agenda import acts, forms
from hustings.web.forms import Filled
from hustings.web.forms import read as read_plain
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)


@router.get("/s/{space_id}/after")
async def after(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """What became of a space."""
    return await _page(request, studio, asker, {})


@router.post("/s/{space_id}/publish")
async def publish(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Post the recording at the space's address."""
    return await _done(request, studio, asker, await acts.publish(studio, asker))


@router.post("/s/{space_id}/withhold")
async def withhold(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Take the recording off its page."""
    filled: Filled[forms.ReasonForm] = await read_plain(request, forms.ReasonForm)
    if filled.form is None:
        return await _page(request, studio, asker, {"reason": filled.errors["reason"]})
    result = await acts.withhold(studio, asker, filled.form.reason)
    return await _done(request, studio, asker, result)


@router.get("/s/{space_id}/receipt.json")
async def receipt(asker: Host, studio: CurrentStudio) -> Response:
    """The signed summary of the recording."""
    data = await files.facts(studio, layout.receipt(asker.space.id))
    if data is None:
        raise Problem(404, "not-found", files.NONE)
    return Response(data, media_type="application/json")


async def _done(
    request: Request, studio: Studio, asker: Standing, result: Space | Refusal
) -> Response:
    if isinstance(result, Refusal):
        return await _page(request, studio, asker, {"form": result.reason})
    return RedirectResponse(f"/s/{asker.space.id}/after", 303)


async def _page(
    request: Request, studio: Studio, asker: Standing, errors: dict[str, str]
) -> Response:
    space = asker.space
    if space.status not in files.OVER:
        raise Problem(409, "status", "This space is not over yet.")
    crowd = await files.facts(studio, layout.crowd(space.id))
    values = {
        "space": space,
        "errors": errors,
        "crowd": json.loads(crowd) if crowd else None,
        "receipt": space.recording_ready or space.status is Status.POSTED,
        "on_air_s": _on_air_s(space),
        "replay_url": studio.share_url(space.id),
    }
    return page.render(request, "after.html", values, status=409 if errors else 200)


def _on_air_s(space: Space) -> int:
    return round(space.recording_seconds or 0)
