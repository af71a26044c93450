"""The pages of a space: the stage (host's desk or speaker's microphone) and the invitation."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hustings.space import Refusal
from hustings.web import forms, noise, page, views
from hustings.web import studio as studios
from hustings.web.problem import Problem, refused
from hustings.web.room import guests, talker
from hustings.web.standing import CurrentStudio, Visitor, standing
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_GONE: Final = "This invitation has expired or was taken back. Ask the host for a new link."


@router.get("/s/{space_id}/stage")
async def stage(
    request: Request, space_id: str, account: Visitor, studio: CurrentStudio
) -> Response:
    """Host's desk or speaker's page, depending on who asks."""
    try:
        asker = await standing(request, space_id, account)
    except Problem as problem:
        if problem.status == 401:
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
        raise
    now_ms = studios.now_ms()
    view = views.space_view(studio, asker.space, now_ms=now_ms, hosts=asker.hosts)
    own = asker.space.seats.get(asker.seat)
    state: dict[str, Any] = {
        "space": view.model_dump(mode="json"),
        "you": {"seat": asker.seat, "role": own.role if own else asker.role, "hosts": asker.hosts},
        "denoise": noise.offered(),
    }
    return page.render(
        request,
        "stage.html",
        {"view": view, "state": state, "hosts": asker.hosts, "seat": asker.seat},
    )


@router.get("/i/{token}")
async def invitation(request: Request, token: str, studio: CurrentStudio) -> Response:
    """What a speaker sees first: where this leads, and under which name."""
    values = await _invited(studio, token)
    return page.render(request, "invite.html", {**values, "errors": {}})


@router.post("/i/{token}")
async def accept(request: Request, token: str, account: Visitor, studio: CurrentStudio) -> Response:
    """Take the seat: as an account or a guest, if this browser is known as one."""
    now_ms = studios.now_ms()
    invite = await studio.catalogue.invited(token, now_ms=now_ms)
    if invite is None:
        raise Problem(410, "gone", _GONE)
    guest = guests.known(studio.cookies, request, now_ms=now_ms)
    person = account.person if account else guest.person if guest else ""
    if suspension := await studio.suspensions.of(person, now_ms=now_ms):
        raise talker.suspended(suspension)
    filled = await forms.read(request, forms.AcceptForm)
    errors = filled.errors
    if filled.form is not None:
        result = await studio.spaces.accept(invite, filled.form.name, now_ms=now_ms, person=person)
        if isinstance(result, Refusal) and result.code == "blocked":
            raise refused(result)
        if not isinstance(result, Refusal):
            answer = RedirectResponse(f"/s/{invite.space}/stage", 303)
            own = account.id if account else ""
            studio.cookies.set_seat(answer, invite.space, invite.seat, account=own, now_ms=now_ms)
            return answer
        errors = {"name": result.reason}
    values = await _invited(studio, token)
    name = filled.values.get("name", "")
    return page.render(
        request, "invite.html", {**values, "name": name, "errors": errors}, status=422
    )


async def _invited(studio: Studio, token: str) -> dict[str, Any]:
    invite = await studio.catalogue.invited(token, now_ms=studios.now_ms())
    if invite is None:
        raise Problem(410, "gone", _GONE)
    space = await studio.spaces.state(invite.space)
    seat = space.seats.get(invite.seat)
    return {"space": space, "name": seat.name if seat else "", "role": invite.role}
