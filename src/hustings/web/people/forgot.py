"""A forgotten password: ask for a link by mail, and set a new one with it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from hustings import limits
from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.access import address
from hustings.web.people import letters, throttle
from hustings.web.people.answers import again, signed_in
from hustings.web.people.entry import late
from hustings.web.people.forms import AddressForm, ResetForm
from hustings.web.people.telling import tell_password
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio
from hustings.web.studio import Studio
from hustings.words import Words

router: Final = APIRouter(include_in_schema=False)

_SPENT: Final = "This link is no longer good: it works once, for an hour. Ask for a new one."


@router.get("/forgot")
async def forgot_form(request: Request, studio: CurrentStudio) -> Response:
    """Where to send the link."""
    extra = {"mail": studio.mail.works}
    return page.render(request, "people_forgot.html", {"values": {}, "errors": {}, **extra})


@router.post("/forgot")
async def forgot(request: Request, studio: CurrentStudio, background: BackgroundTasks) -> Response:
    """Send the link; the answer, and how long it takes, is the same without an account."""
    filled = await forms.read(request, AddressForm)
    extra = {"mail": studio.mail.works}
    if filled.form is None:
        return again(request, "people_forgot.html", filled.values, filled.errors, **extra)
    bounds = throttle.asked(address.of(request))
    if wait := await studio.accounts.throttle.take(bounds, now_ms=studios.now_ms()):
        return late(request, "people_forgot.html", filled.values, wait, **extra)
    if studio.mail.works:
        background.add_task(_send, studio, filled.form.email, page.language(request))
    return page.render(request, "people_sent.html", {"email": filled.form.email, "reset": True})


@router.get("/reset/{token}")
async def reset_form(request: Request, token: str, studio: CurrentStudio) -> Response:
    """The form for a new password."""
    account = await studio.people.resets.find(token, now_ms=studios.now_ms())
    if account is None:
        raise Problem(410, "reset", _SPENT)
    values = {"values": {}, "errors": {}, "email": account.email}
    return page.render(request, "people_reset.html", values)


@router.post("/reset/{token}")
async def reset(
    request: Request, token: str, studio: CurrentStudio, background: BackgroundTasks
) -> Response:
    """Set it; everybody else is signed out."""
    now_ms = studios.now_ms()
    account = await studio.people.resets.find(token, now_ms=now_ms)
    if account is None:
        raise Problem(410, "reset", _SPENT)
    filled = await forms.read(request, ResetForm)
    if filled.form is None:
        return again(
            request, "people_reset.html", filled.values, filled.errors, email=account.email
        )
    kept = await studio.accounts.hash(filled.form.password)
    account = await studio.people.resets.use(token, password_hash=kept, now_ms=now_ms)
    if account is None:
        raise Problem(410, "reset", _SPENT)
    background.add_task(tell_password, request, studio, account)
    return await signed_in(request, studio, account, "/")


async def _send(studio: Studio, email: str, reader: Words) -> None:
    now_ms = studios.now_ms()
    account = await studio.accounts.by_email(email)
    if account is None:
        return
    if await studio.accounts.throttle.take(throttle.asked(email), now_ms=now_ms):
        return
    token = await studio.people.resets.make(account, now_ms=now_ms)
    letter = letters.reset(reader, f"{studio.settings.public_url('studio')}/reset/{token}")
    await studio.mail.send(
        to=account.email, subject=letter.subject, text=letter.text, within_s=limits.RESET_S
    )
