"""After the end: what was recorded, who listened, and whether it is published.

Those who run the space hear the recording here before anybody else does. It is read from the store;
the page asks for pieces of it (RFC 9110, section 14), as players do.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from hustings import limits
from hustings.errors import StoreError
from hustings.space import Refusal, Space, Status
from hustings.store import layout
from hustings.web import page
from hustings.web.agenda import acts, forms
from hustings.web.forms import Filled
from hustings.web.forms import read as read_plain
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD})
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
_NONE: Final = "There is no recording of this space yet."
_AWAY: Final = "The recordings cannot be reached right now. Try again in a moment."
_FACTS_BYTES: Final = 1024 * 1024


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


@router.get("/s/{space_id}/recording.m4a")
async def recording(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """The recording, for those who decide about it."""
    path = layout.replay_aac(asker.space.id)
    try:
        size = await studio.objects.size(path)
    except StoreError:
        raise Problem(503, "store-away", _AWAY, retry_s=5) from None
    if not size or asker.space.status not in _OVER:
        raise Problem(404, "not-found", _NONE)
    start, end, status = 0, size, 200
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if asked := _RANGE.fullmatch(request.headers.get("range", "")):
        start = int(asked[1])
        end = min(size, int(asked[2]) + 1) if asked[2] else size
        if start >= end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)

    async def pieces() -> Any:
        at = start
        while at < end:
            piece = await studio.objects.get(path, at, min(end, at + limits.RANGE_READ_BYTES))
            if not piece:
                return
            at += len(piece)
            yield piece

    return StreamingResponse(pieces(), status, headers, media_type="audio/mp4")


@router.get("/s/{space_id}/receipt.json")
async def receipt(asker: Host, studio: CurrentStudio) -> Response:
    """The signed summary of the recording."""
    data = await _facts(studio, layout.receipt(asker.space.id))
    if data is None:
        raise Problem(404, "not-found", _NONE)
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
    if space.status not in _OVER:
        raise Problem(409, "status", "This space is not over yet.")
    crowd = await _facts(studio, layout.crowd(space.id))
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


async def _facts(studio: Studio, path: str) -> bytes | None:
    try:
        size = await studio.objects.size(path)
        return await studio.objects.get(path, 0, min(size, _FACTS_BYTES)) if size else None
    except StoreError:
        return None
