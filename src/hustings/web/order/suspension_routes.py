"""Suspensions to see, make and end: for moderators, as an API and as a page."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from hustings import limits
from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.order import words
from hustings.web.order.rights import Moderator, moderator
from hustings.web.order.suspend import may_reinstate, reinstate, suspend, until
from hustings.web.order.views import (
    PERSON_PATTERN,
    NewSuspension,
    PersonId,
    SuspensionView,
    Why,
    suspension_view,
)
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio
from hustings.web.views import Reason

api: Final = APIRouter(prefix="/api/suspensions", tags=["moderation"])
pages: Final = APIRouter(include_in_schema=False)


class _Form(BaseModel):
    """Whom to suspend, how long and why. `person` may be an e-mail address or a handle."""

    person: Annotated[str, Field(min_length=1, max_length=limits.EMAIL_CHARS)]
    days: Annotated[str, Field(pattern="^(1|7|30)?$")] = ""
    reason: Reason = ""


class _LiftForm(BaseModel):
    reason: Reason = ""


@api.get("", responses=documented(401, 403, 503))
async def current(account: Moderator, studio: CurrentStudio) -> list[SuspensionView]:
    """Who is suspended, the newest first."""
    found = await studio.suspensions.current(now_ms=studios.now_ms())
    return [suspension_view(one) for one in found]


@api.put("/{person}", responses=documented(401, 403, 404, 413, 422, 503))
async def put(
    account: Moderator, studio: CurrentStudio, person: PersonId, body: NewSuspension
) -> SuspensionView:
    """Suspend an account or ban a guest: they cannot speak, chat or create. Nothing is deleted."""
    now_ms = studios.now_ms()
    made = await suspend(
        studio,
        person,
        name=body.name,
        reason=body.reason,
        until_ms=until(body.days, now_ms=now_ms),
        by=account,
        now_ms=now_ms,
    )
    return suspension_view(made)


@api.delete("/{person}", status_code=204, responses=documented(401, 403, 404, 413, 422, 503))
async def lift(
    account: Moderator, studio: CurrentStudio, person: PersonId, body: Why | None = None
) -> None:
    """Reinstate: everything is as it was, seats and their links included."""
    await _lift(studio, person, reason=body.reason if body else "", by=account)


@pages.get("/suspensions")
async def listing(
    request: Request,
    account: Visitor,
    studio: CurrentStudio,
    person: Annotated[str, Query(max_length=limits.EMAIL_CHARS)] = "",
) -> Response:
    """Who is suspended, and the form to suspend somebody."""
    if account is None:
        return RedirectResponse(f"/sign-in?next={quote('/suspensions')}", 303)
    await moderator(request, account)
    return await _page(request, studio, {"person": person}, {})


@pages.post("/suspensions")
async def make(request: Request, account: Moderator, studio: CurrentStudio) -> Response:
    """Suspend somebody."""
    filled = await forms.read(request, _Form)
    if filled.form is None:
        return await _page(request, studio, filled.values, filled.errors)
    person = await _person(studio, filled.form.person.strip())
    if not person:
        return await _page(request, studio, filled.values, {"person": "Nobody here is called so."})
    now_ms = studios.now_ms()
    days = int(filled.form.days) if filled.form.days else None
    try:
        await suspend(
            studio,
            person,
            name="",
            reason=filled.form.reason,
            until_ms=until(days, now_ms=now_ms),
            by=account,
            now_ms=now_ms,
        )
    except Problem as problem:
        return await _page(request, studio, filled.values, {"person": problem.detail})
    return RedirectResponse("/suspensions", 303)


@pages.post("/suspensions/{person}/end")
async def end(
    request: Request, account: Moderator, studio: CurrentStudio, person: PersonId
) -> Response:
    """Reinstate somebody."""
    filled = await forms.read(request, _LiftForm)
    if filled.form is None:
        raise Problem(422, "value", "A reason is a sentence or two.")
    await _lift(studio, person, reason=filled.form.reason, by=account)
    return RedirectResponse("/suspensions", 303)


@pages.get("/suspended")
async def own(request: Request, account: Visitor) -> Response:
    """Why one is suspended, and until when."""
    if account is None:
        return RedirectResponse("/sign-in?next=/suspended", 303)
    return page.render(request, "suspended.html", {})


async def _lift(studio: Studio, person: str, *, reason: str, by: Account) -> None:
    await may_reinstate(studio, person, by)
    now_ms = studios.now_ms()
    studio.suspensions.forget()  # another studio may have made it this moment
    lasting = await studio.suspensions.of(person, now_ms=now_ms)
    if lasting is None or not await reinstate(
        studio, lasting, reason=reason, by=by.person, by_name=by.name, now_ms=now_ms
    ):
        raise Problem(404, "not-found", "This person is not suspended.")


async def _person(studio: Studio, named: str) -> str:
    """Who is meant by a person's id, an e-mail address or a handle; "" if nobody."""
    if re.fullmatch(PERSON_PATTERN, named):
        return named
    account = await studio.accounts.by_email(named)
    return account.person if account else ""


async def _page(
    request: Request, studio: Studio, values: dict[str, str], errors: dict[str, str]
) -> Response:
    shown = {
        "suspensions": await studio.suspensions.current(now_ms=studios.now_ms()),
        "values": values,
        "errors": errors,
        "days": words.DAYS,
    }
    return page.render(request, "suspensions.html", shown, status=422 if errors else 200)
