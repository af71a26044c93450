"""The event stream of a space (server-sent events, WHATWG HTML 9.2): state, levels, listeners.

event: state       the whole space, at once and at every change: a lost one is healed by the next
event: levels      dBFS by seat, five times a second while somebody is connected
event: lines       for hosts: each seat's line to the stage, once a second (`space.line`)
event: floor       who has spoken for how long, once a second; speakers see of the rest their own
event: listening   {"count": N}
event: crowd       for hosts: newcomers' rung, who is there by rung, waiting; the evening's peak
event: warning     {"seat", "code", "advice"}: something on stage needs a person
event: cleared     {"seat", "code"}: it does not any more
event: backstage   {"lines": [{"id", "seat", "name", "text", "at_ms"}]}: only to those with a seat
event: talk        {"said": […], "asked": […]}: what was written since; GET /talk has the rest
event: tally       {ballot: {"counts", "voters"}}: ballots whose votes have changed
event: taken       {"page"}: this page sits down on the asker's seat; any other lets go
event: work        for hosts: {"part", "done"}: what the archive makes of the recording, 0 to 1
event: ping        {}: nothing has happened for a while
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError

from hustings import limits
from hustings.space import Role, Space
from hustings.web import page, views
from hustings.web import studio as studios
from hustings.web.access import caller
from hustings.web.floor import for_speaker
from hustings.web.problem import Problem, documented
from hustings.web.standing import Asker, CurrentStudio, Standing
from hustings.web.studio import Studio
from hustings.web.viewer import Viewer
from hustings.words import Words

router: Final = APIRouter(prefix="/api/spaces", tags=["spaces"])
_RETRY_MS: Final = 500  # browsers wait 3 s of their own accord
_EXAMPLE: Final = (
    'event: state\ndata: {"id":"m4rk3tpl4z","status":"live",…}\n\n'
    'event: levels\ndata: {"k3v9q1xz":-23.5}\n\n'
    'event: listening\ndata: {"count":412}\n\n'
)


@router.get(
    "/{space_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "events without end",
            "content": {"text/event-stream": {"example": _EXAMPLE}},
        },
        **documented(401, 403, 404, 422, 503),
    },
)
async def events(request: Request, asker: Asker, studio: CurrentStudio) -> StreamingResponse:
    """Follow a space as it happens."""
    if studio.watches.viewers(asker.space.id) >= limits.WATCHERS_COUNT:
        raise Problem(503, "full", "Too many pages follow this space.", retry_s=5)
    # A proxy that buffers would hold events back.
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(
        _stream(studio, request, asker), media_type="text/event-stream", headers=headers
    )


async def _stream(studio: Studio, request: Request, asker: Standing) -> AsyncIterator[str]:
    reader = page.language(request)
    async with studio.watches.view(asker.space.id, host=asker.role is Role.HOST) as viewer:
        # Whoever has this misses nothing from now on: it is time to load what was before.
        yield f"retry: {_RETRY_MS}\n\n"
        looked = time.monotonic()
        while not viewer.closed:
            if time.monotonic() - looked > limits.WATCH_PING_S:
                if not await _still_signed_in(studio, request, asker):
                    return
                looked = time.monotonic()
            try:
                async with asyncio.timeout(limits.WATCH_PING_S):
                    await viewer.wake.wait()
            except TimeoutError:
                yield _event("ping", {})
                continue
            viewer.wake.clear()
            space = viewer.state
            if space is not None and not asker.owns and asker.seat in space.seats:
                # Roles change while one looks on, and what one sees with them.
                asker = replace(asker, role=space.role_of(asker.seat))
            for text in _news(studio, asker, viewer, reader):
                yield text
            if space is not None and not _may_stay(asker, space):
                return


def _news(studio: Studio, asker: Standing, viewer: Viewer, reader: Words) -> list[str]:
    out = []
    if viewer.state is not None:
        now_ms = studios.now_ms()
        view = views.space_view(studio, viewer.state, now_ms=now_ms, hosts=asker.hosts)
        out.append(f"event: state\ndata: {view.model_dump_json()}\n\n")
        viewer.state = None
    if viewer.levels is not None:
        out.append(_event("levels", viewer.levels))
        viewer.levels = None
    out += _measured(asker, viewer)
    if viewer.listening is not None:
        out.append(_event("listening", {"count": viewer.listening}))
        viewer.listening = None
    if viewer.crowd is not None and asker.hosts:
        out.append(_event("crowd", msgspec.to_builtins(viewer.crowd)))
    viewer.crowd = None
    if viewer.work is not None and asker.hosts:
        out.append(_event("work", msgspec.to_builtins(viewer.work)))
    viewer.work = None
    if viewer.said or viewer.asked:
        written = {"said": list(viewer.said), "asked": list(viewer.asked)}
        out.append(_event("talk", msgspec.to_builtins(written)))
        viewer.said.clear()
        viewer.asked.clear()
    if viewer.tallies:
        out.append(_event("tally", msgspec.to_builtins(viewer.tallies)))
        viewer.tallies = {}
    if page := viewer.taken.get(asker.seat):
        out.append(_event("taken", {"page": page}))
    viewer.taken.clear()
    if viewer.backstage and asker.role is not Role.LISTENER:
        lines = [msgspec.to_builtins(line) for line in viewer.backstage]
        out.append(_event("backstage", {"lines": lines}))
    viewer.backstage.clear()
    while viewer.warnings:
        warned = viewer.warnings.popleft()
        told = {"seat": warned.seat, "code": warned.code}
        if warned.over:
            out.append(_event("cleared", told))
            continue
        told["advice"] = reader.sentence(warned.advice)
        out.append(_event("warning", told))
    return out


def _measured(asker: Standing, viewer: Viewer) -> list[str]:
    """What the stage measures, for whom it concerns."""
    out = []
    if viewer.lines is not None and asker.hosts:
        lines = {
            seat: {**msgspec.to_builtins(line), "quality": line.quality}
            for seat, line in viewer.lines.items()
        }
        out.append(_event("lines", lines))
    viewer.lines = None
    if viewer.floor is not None:
        floor = viewer.floor if asker.hosts else for_speaker(viewer.floor, asker.seat)
        out.append(_event("floor", msgspec.to_builtins(floor)))
        viewer.floor = None
    return out


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _may_stay(asker: Standing, space: Space) -> bool:
    """Whoever is here by a seat leaves with it."""
    return asker.owns or asker.seat in space.seats


async def _still_signed_in(studio: Studio, request: Request, asker: Standing) -> bool:
    """Whoever is here by an account leaves when its sign-in or its token ends."""
    if asker.account is None:
        return True
    now_ms = studios.now_ms()
    token = studio.cookies.session(request)
    try:
        if value := caller.bearer(request):
            return await studio.access.tokens.good(value, now_ms=now_ms) is not None
        return await studio.accounts.signed_in(token, now_ms=now_ms) is not None
    except SQLAlchemyError:
        return True  # the database is away: the desk goes on
