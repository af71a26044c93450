"""Reports: listeners make them without an account, hosts see them, moderators decide.

A page of the listen origin posts a report across origins, with a ticket or without (see `guard`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request

from hustings.errors import BadInput
from hustings.ticket import Scope, Ticket
from hustings.web import studio as studios
from hustings.web.access import address, caller, quota
from hustings.web.agenda.acts import may_know
from hustings.web.catalogue import Listed
from hustings.web.order import act
from hustings.web.order.reports import Case, Outcome
from hustings.web.order.rights import Moderator
from hustings.web.order.views import CaseId, CaseView, NewDecision, NewReport, Why, case_view
from hustings.web.problem import Problem, documented
from hustings.web.room import guests
from hustings.web.standing import CurrentStudio, Host, Visitor, find
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api", tags=["moderation"])
_TICKETS: Final = frozenset({Scope.TALK, Scope.LISTEN})


@router.post(
    "/spaces/{space_id}/reports",
    status_code=204,
    responses=documented(401, 404, 409, 413, 422, 429, 503),
)
async def make(
    request: Request, space_id: str, account: Visitor, studio: CurrentStudio, body: NewReport
) -> None:
    """Report a message, a question, a speaker or the space. No account is needed; what you reported
    already is not counted twice."""
    here = address.of(request)
    caller.count(request, studio.access.quotas.take(quota.REPORTS, here, now_s=time.monotonic()))
    listed = await find(studio, space_id)
    now_ms = studios.now_ms()
    ticket = _ticket(request, studio, listed.id, now_ms)
    space = await studio.spaces.state(listed.id)
    if space.private and not await may_know(request, studio, listed):
        raise Problem(401, "ticket", "This space is private: a report needs a ticket.")
    thing = await studio.reports.find(space, owner=listed.owner_id, kind=body.about, thing=body.id)
    if thing is None:
        raise Problem(404, "not-found", "What you report is not there.")
    if thing.kind == "seat" and not thing.person:
        person = guests.seated(listed.id, thing.id, key=studio.cookies.key)
        thing = replace(thing, person=person)
    by = account.person if account else ticket.person if ticket else ""
    case = await studio.reports.add(
        listed.id,
        thing,
        reporter=studio.suspensions.address_hash(by or here),
        reason=body.reason,
        now_ms=now_ms,
    )
    if case is None:
        raise Problem(429, "full", "Moderators have many reports of this space already.")
    if case.newest_at_ms == now_ms:
        await _tell(studio, case, listed, now_ms)


@router.get("/spaces/{space_id}/reports", responses=documented(401, 403, 404, 422, 503))
async def of_space(asker: Host, studio: CurrentStudio) -> list[CaseView]:
    """What was reported in your space and is not decided, the most reported first."""
    cases = await studio.reports.waiting(space=asker.space.id)
    return [case_view(case) for case in cases]


@router.get("/reports", responses=documented(401, 403, 422, 503))
async def queue(
    account: Moderator,
    studio: CurrentStudio,
    decided: Annotated[bool, Query(description="those that are decided, instead")] = False,
) -> list[CaseView]:
    """What was reported anywhere and is not decided, the most reported first."""
    cases = await (studio.reports.decided() if decided else studio.reports.waiting())
    return [case_view(case) for case in cases]


@router.put("/reports/{case}", responses=documented(401, 403, 404, 409, 413, 422, 503))
async def decide(
    account: Moderator, studio: CurrentStudio, case: CaseId, body: NewDecision
) -> CaseView:
    """Decide a report: remove what it is about, block or suspend its author as well, or dismiss."""
    found = await get(studio, case)
    decision = act.Decision(
        outcome=Outcome(body.outcome), reason=body.reason, by=account, days=body.days
    )
    await act.decide(studio, found, decision, now_ms=studios.now_ms())
    return case_view(await get(studio, case))


@router.delete("/reports/{case}", responses=documented(401, 403, 404, 409, 413, 422, 503))
async def undo(
    account: Moderator, studio: CurrentStudio, case: CaseId, body: Why | None = None
) -> CaseView:
    """Take a decision back, with everything that it did: the report waits again."""
    found = await get(studio, case)
    reason = body.reason if body else ""
    await act.undo(studio, found, reason=reason, by=account, now_ms=studios.now_ms())
    return case_view(await get(studio, case))


async def get(studio: Studio, case: str) -> Case:
    """The case; 404 if there is none."""
    found = await studio.reports.get(case)
    if found is None:
        raise Problem(404, "not-found", "There is no such report.")
    return found


def _ticket(request: Request, studio: Studio, space: str, now_ms: int) -> Ticket | None:
    """The asker's ticket to this space: to talk in it, or to listen."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        ticket = studio.tickets.check(token.strip(), scopes=_TICKETS, now_ms=now_ms)
    except BadInput:
        return None
    return ticket if kind.lower() == "bearer" and ticket.space == space else None


async def _tell(studio: Studio, case: Case, listed: Listed, now_ms: int) -> None:
    await studio.hooks.tell(
        "report.made",
        {
            "space": {
                "id": listed.id,
                "title": listed.title,
                "url": studio.share_url(listed.id),
            },
            "report": {"id": case.id, "about": case.thing.kind, "count": case.count},
        },
        owner=listed.owner_id,
        now_ms=now_ms,
    )
