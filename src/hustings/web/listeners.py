"""Listeners of private spaces: the link that leads them in, and the tickets that their pages renew.

    host's link  ──GET /l/{token}──▶  a ticket for an hour  ──▶  the page on the listen origin
    the page     ──POST renew────▶    another one, while it has a good one

The link holds a signed invitation and no name; nothing is looked up. A ticket is good for an hour,
so an address that leaks from a browser's history is soon worth nothing.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import RedirectResponse

from hustings import limits
from hustings.errors import BadInput
from hustings.ticket import Scope
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.agenda import acts
from hustings.web.guard import RENEWAL
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio

router: Final = APIRouter(tags=["listeners"])


@router.get("/l/{token}", include_in_schema=False)
async def enter(token: str, studio: CurrentStudio) -> Response:
    """Go to the page of a private space, with a ticket for it."""
    now_ms = studios.now_ms()
    try:
        space = studio.spaces.invited(token, scope=Scope.INVITE, now_ms=now_ms)
    except BadInput:
        raise Problem(404, "link", "This link is not valid any more. Ask for a new one.") from None
    ticket = studio.spaces.listening(space, scope=Scope.LISTEN, now_ms=now_ms)
    answer = RedirectResponse(f"{studio.share_url(space)}?ticket={ticket}", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@router.post(RENEWAL, responses=documented(401, 413, 422))
async def renew(
    studio: CurrentStudio,
    request: Request,
    authorization: Annotated[str, Header(max_length=limits.TICKET_BYTES + 20)] = "",
) -> views.ListenView:
    """A new ticket to listen, for one that is still good (`Authorization: Bearer …`)."""
    kind, _, token = authorization.partition(" ")
    now_ms = studios.now_ms()
    try:
        if kind.lower() != "bearer":
            raise BadInput("ticket", expected="one in the Authorization field")
        right = studio.spaces.right(token.strip(), scope=Scope.LISTEN, now_ms=now_ms)
    except BadInput as error:
        raise Problem(401, "ticket", str(error)) from None
    if right.person and not await acts.may_still_listen(studio, right.space, right.person):
        raise Problem(401, "member", "You are not on the list of this space any more.")
    ticket = studio.spaces.listening(
        right.space, scope=Scope.LISTEN, now_ms=now_ms, person=right.person
    )
    return views.ListenView(
        ticket=ticket,
        expires_in_s=limits.TICKET_LISTEN_S,
    )
