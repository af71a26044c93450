"""Making an account: by an invitation's link, or by oneself where sign-up is open."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.access import address
from hustings.web.accounts import SiteRole
from hustings.web.people import letters, throttle
from hustings.web.people.answers import again, signed_in
from hustings.web.people.entry import late
from hustings.web.people.forms import AddressForm, JoinForm
from hustings.web.people.invitations import HELD, SPENT, Invitation
from hustings.web.people.refused import Refused
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio
from hustings.words import Words

router: Final = APIRouter(include_in_schema=False)

_CLOSED: Final = "Accounts are made by invitation here. Ask whoever runs this studio for a link."
_WHO_YOU_ARE: Final = "You are signed in already. Sign out first to make another account."


@router.get("/join/{token}")
async def join_form(
    request: Request, token: str, account: Visitor, studio: CurrentStudio
) -> Response:
    """The form for a new account."""
    invitation = await _found(studio, token)
    values = {"email": invitation.email}
    extra = _invited(studio, invitation, token, signed_in=account is not None)
    return page.render(request, "people_join.html", {"values": values, "errors": {}, **extra})


@router.post("/join/{token}")
async def join(request: Request, token: str, account: Visitor, studio: CurrentStudio) -> Response:
    """Make the account and sign it in."""
    if account is not None:
        raise Problem(409, "signed-in", _WHO_YOU_ARE)
    invitation = await _found(studio, token)
    filled = await forms.read(request, JoinForm, email=invitation.email)
    extra = _invited(studio, invitation, token)
    if filled.form is None:
        return again(request, "people_join.html", filled.values, filled.errors, **extra)
    now_ms = studios.now_ms()
    bounds = throttle.joining(address.of(request))
    if wait := await studio.accounts.throttle.take(bounds, now_ms=now_ms):
        return late(request, "people_join.html", filled.values, wait, **extra)
    made = await studio.people.invitations.accept(
        token,
        email=filled.form.email,
        name=filled.form.name,
        password_hash=await studio.accounts.hash(filled.form.password),
        now_ms=now_ms,
    )
    if isinstance(made, Refused):
        return again(request, "people_join.html", filled.values, made.errors, **extra)
    return await signed_in(request, studio, made, "/")


@router.get("/sign-up")
async def sign_up_form(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """The form for whoever comes."""
    _open(studio)
    if account is not None:
        raise Problem(409, "signed-in", _WHO_YOU_ARE)
    template = "people_sign_up.html" if studio.mail.works else "people_join.html"
    return page.render(request, template, {"values": {}, "errors": {}, **_uninvited(studio)})


@router.post("/sign-up")
async def sign_up(
    request: Request, studio: CurrentStudio, account: Visitor, background: BackgroundTasks
) -> Response:
    """With mail: send a link, whether or not there is an account. Without: make it at once."""
    _open(studio)
    if account is not None:
        raise Problem(409, "signed-in", _WHO_YOU_ARE)
    if not studio.mail.works:
        return await _sign_up_at_once(request, studio)
    filled = await forms.read(request, AddressForm)
    extra = _uninvited(studio)
    if filled.form is None:
        return again(request, "people_sign_up.html", filled.values, filled.errors, **extra)
    bounds = throttle.joining(address.of(request))
    if wait := await studio.accounts.throttle.take(bounds, now_ms=studios.now_ms()):
        return late(request, "people_sign_up.html", filled.values, wait, **extra)
    # The answer waits for nothing that depends on whether there is an account.
    background.add_task(_send_sign_up, studio, filled.form.email, page.language(request))
    return page.render(request, "people_sent.html", {"email": filled.form.email, "reset": False})


async def _sign_up_at_once(request: Request, studio: Studio) -> Response:
    filled = await forms.read(request, JoinForm)
    extra = _uninvited(studio)
    if filled.form is None:
        return again(request, "people_join.html", filled.values, filled.errors, **extra)
    now_ms = studios.now_ms()
    bounds = throttle.joining(address.of(request))
    if wait := await studio.accounts.throttle.take(bounds, now_ms=now_ms):
        return late(request, "people_join.html", filled.values, wait, **extra)
    made = await studio.people.invitations.open_account(
        email=filled.form.email,
        name=filled.form.name,
        password_hash=await studio.accounts.hash(filled.form.password),
        now_ms=now_ms,
    )
    if isinstance(made, Refused):
        return again(request, "people_join.html", filled.values, made.errors, **extra)
    return await signed_in(request, studio, made, "/")


async def _send_sign_up(studio: Studio, email: str, reader: Words) -> None:
    now_ms = studios.now_ms()
    if await studio.accounts.throttle.take(throttle.asked(email), now_ms=now_ms):
        return
    own = studio.settings.public_url("studio")
    if await studio.accounts.by_email(email) is not None:
        letter = letters.signed_up_before(reader, sign_in=f"{own}/sign-in", forgot=f"{own}/forgot")
    else:
        made = await studio.people.invitations.make(
            email=email, role=SiteRole.MEMBER, by_id=None, listed=False, now_ms=now_ms
        )
        if isinstance(made, Refused):
            return
        letter = letters.sign_up(reader, f"{own}/join/{made[1]}")
    await studio.mail.send(to=email, subject=letter.subject, text=letter.text)


def _open(studio: Studio) -> None:
    if studio.settings.sign_up != "open":
        raise Problem(403, "sign-up", _CLOSED)


async def _found(studio: Studio, token: str) -> Invitation:
    invitation = await studio.people.invitations.find(token, now_ms=studios.now_ms())
    if invitation is None:
        raise Problem(410, "invitation", SPENT.reason)
    if not invitation.good:
        raise Problem(403, "invitation", HELD.reason)
    return invitation


def _invited(
    studio: Studio, invitation: Invitation, token: str, *, signed_in: bool = False
) -> dict[str, Any]:
    oidc = studio.people.oidc
    return {
        "invitation": invitation,
        "signed_in": signed_in,
        "oidc_name": oidc.name if oidc.on else "",
        "oidc_link": f"/sign-in/oidc?invitation={token}",
    }


def _uninvited(studio: Studio) -> dict[str, Any]:
    oidc = studio.people.oidc
    return {
        "invitation": None,
        "signed_in": False,
        "oidc_name": oidc.name if oidc.on else "",
        "oidc_link": "/sign-in/oidc",
    }
