"""The moderators' pages: where they begin, and the queue of reports with one-press decisions."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.order import act, words
from hustings.web.order.report_routes import get
from hustings.web.order.reports import Outcome
from hustings.web.order.rights import Moderator, moderator
from hustings.web.order.views import CaseId
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.views import Reason

router: Final = APIRouter(include_in_schema=False)


class _DecisionForm(BaseModel):
    outcome: Outcome
    days: Annotated[str, Field(pattern="^(1|7|30)?$")] = ""
    reason: Reason = ""


class _UndoForm(BaseModel):
    reason: Reason = ""


@router.get("/moderation")
async def begin(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """Where moderators begin."""
    if account is None:
        return _to_sign_in(request)
    await moderator(request, account)
    suspended = await studio.suspensions.current(now_ms=studios.now_ms())
    values = {"waiting": await studio.reports.count(), "suspended": len(suspended)}
    return page.render(request, "moderation.html", values)


@router.get("/reports")
async def queue(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """What was reported and waits, and what was decided."""
    if account is None:
        return _to_sign_in(request)
    await moderator(request, account)
    waiting, decided = await studio.reports.waiting(), await studio.reports.decided()
    titles: dict[str, str] = {}
    for case in (*waiting, *decided):
        if case.space not in titles:
            listed = await studio.catalogue.get(case.space)
            titles[case.space] = listed.title if listed else ""
    values = {
        "waiting": [(case, act.possible(case)) for case in waiting],
        "decided": decided,
        "titles": titles,
        "kinds": words.KINDS,
        "outcomes": words.OUTCOMES,
        "buttons": words.BUTTONS,
        "days": words.DAYS,
    }
    return page.render(request, "reports.html", values)


@router.post("/reports/{case}")
async def decide(
    request: Request, account: Moderator, studio: CurrentStudio, case: CaseId
) -> Response:
    """Decide a report."""
    filled = await forms.read(request, _DecisionForm)
    if filled.form is None:
        raise Problem(422, "value", "This decision cannot be used.")
    decision = act.Decision(
        outcome=filled.form.outcome,
        reason=filled.form.reason,
        by=account,
        days=int(filled.form.days) if filled.form.days else None,
    )
    await act.decide(studio, await get(studio, case), decision, now_ms=studios.now_ms())
    return RedirectResponse("/reports", 303)


@router.post("/reports/{case}/undo")
async def undo(
    request: Request, account: Moderator, studio: CurrentStudio, case: CaseId
) -> Response:
    """Take a decision back."""
    filled = await forms.read(request, _UndoForm)
    reason = filled.form.reason if filled.form else ""
    found = await get(studio, case)
    await act.undo(studio, found, reason=reason, by=account, now_ms=studios.now_ms())
    return RedirectResponse("/reports", 303)


def _to_sign_in(request: Request) -> Response:
    return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
