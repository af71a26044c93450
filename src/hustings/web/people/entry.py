"""The way in: the first account, signing in by password or passkey, signing out."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from hustings import limits
from hustings.web import first_link, forms, page
from hustings.web import studio as studios
from hustings.web.access import address
from hustings.web.people import throttle
from hustings.web.people.answers import again, local, sign_in, signed_in, to
from hustings.web.people.invitations import TAKEN
from hustings.web.people.throttle import Throttled
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_USED: Final = "This link has been used: the first account is made. Sign in with it."
_OLD: Final = (
    "This is not the newest link, or it is older than a day. Start Hustings again: it prints one "
    "that works."
)
_WRONG: Final = "This e-mail address and password do not belong together."
_NO_PASSKEY: Final = "This passkey does not belong to an account here. Sign in another way."
CEREMONY: Final = "passkey"


class PasskeyAnswer(BaseModel):
    """What the browser's authenticator said (WebAuthn, PublicKeyCredential as JSON)."""

    model_config = ConfigDict(extra="forbid")

    credential: dict[str, Any]
    name: str = ""
    next: str = "/"


@router.get("/first/{token}")
async def first(request: Request, token: str, studio: CurrentStudio) -> Response:
    """The form for the first account."""
    if not await first_link.good(studio.database, token, now_ms=studios.now_ms()):
        raise await _spent(studio)
    return page.render(request, "first.html", {"values": {}, "errors": {}})


@router.post("/first/{token}")
async def make_first(request: Request, token: str, studio: CurrentStudio) -> Response:
    """Make the first account and sign it in."""
    now_ms = studios.now_ms()
    if not await first_link.good(studio.database, token, now_ms=now_ms):
        raise await _spent(studio)
    filled = await forms.read(request, forms.FirstForm)
    if filled.form is None:
        return again(request, "first.html", filled.values, filled.errors)
    if await studio.accounts.by_email(filled.form.email) is not None:
        return again(request, "first.html", filled.values, {"email": TAKEN.reason})
    account = await studio.accounts.first(
        link=token,
        email=filled.form.email,
        name=filled.form.name,
        password=filled.form.password,
        now_ms=now_ms,
    )
    if account is None:
        raise await _spent(studio)
    first_link.used(studio.settings.folder)
    return await signed_in(request, studio, account, "/")


def _ways(studio: Studio, where: str) -> dict[str, Any]:
    """What the sign-in page offers besides a password."""
    return {
        "next": local(where),
        "passkeys": studio.people.passkeys.possible,
        "oidc_name": studio.people.oidc.name if studio.people.oidc.on else "",
        "sign_up": studio.settings.sign_up == "open",
    }


@router.get("/sign-in")
async def sign_in_form(
    request: Request,
    account: Visitor,
    studio: CurrentStudio,
    next: str = "/",  # noqa: A002
    again: bool = False,
) -> Response:
    """Who are you? With `again`, whoever is signed in is asked once more."""
    if account is not None and not again:
        return to(local(next))
    return page.render(request, "sign_in.html", {"values": {}, "errors": {}, **_ways(studio, next)})


@router.post("/sign-in")
async def sign_in_by_password(
    request: Request,
    studio: CurrentStudio,
    next: str = "/",  # noqa: A002
) -> Response:
    """Sign in, a bounded number of times."""
    now_ms = studios.now_ms()
    filled = await forms.read(request, forms.SignInForm)
    extra = _ways(studio, next)
    if filled.form is None:
        return again(request, "sign_in.html", filled.values, filled.errors, **extra)
    account = await studio.accounts.sign_in(
        email=filled.form.email,
        password=filled.form.password,
        address=address.of(request),
        device=studio.cookies.device(request, now_ms=now_ms),
        now_ms=now_ms,
    )
    if isinstance(account, Throttled):
        return late(request, "sign_in.html", filled.values, account, **extra)
    if account is None:
        return again(request, "sign_in.html", filled.values, {"form": _WRONG}, status=403, **extra)
    return await signed_in(request, studio, account, local(next))


def late(
    request: Request, template: str, values: dict[str, str], wait: Throttled, **extra: Any
) -> Response:
    """The form once more: too often."""
    answer = again(request, template, values, {"form": wait.words}, status=429, **extra)
    answer.headers["Retry-After"] = str(wait.retry_s)
    return answer


@router.post("/sign-in/passkey/options")
async def ask_passkey(studio: CurrentStudio) -> Response:
    """What the browser asks its authenticators."""
    question = studio.people.passkeys.ask()
    answer = JSONResponse(question.options)
    studio.cookies.keep(
        answer,
        CEREMONY,
        {"ask": question.challenge},
        age_s=limits.CEREMONY_S,
        now_ms=studios.now_ms(),
    )
    return answer


@router.post("/sign-in/passkey")
async def sign_in_by_passkey(
    request: Request, body: PasskeyAnswer, studio: CurrentStudio
) -> Response:
    """Sign in with the answer of an authenticator."""
    now_ms = studios.now_ms()
    bounds = throttle.from_address(address.of(request))
    if wait := await studio.accounts.throttle.take(bounds, now_ms=now_ms):
        raise Problem(429, "often", wait.words, retry_s=wait.retry_s)
    kept = studio.cookies.kept(request, CEREMONY, now_ms=now_ms) or {}
    account, challenge = None, str(kept.get("ask", ""))
    if challenge:
        account = await studio.people.passkeys.check(
            body.credential, challenge=challenge, now_ms=now_ms
        )
    # Not every authenticator counts: whoever got hold of an answer must not use it again.
    once = throttle.once(challenge)
    if account is None or await studio.accounts.throttle.take(once, now_ms=now_ms):
        raise Problem(403, "passkey", _NO_PASSKEY)
    await studio.accounts.throttle.give_back(bounds, now_ms=now_ms)
    answer = JSONResponse({"to": local(body.next)})
    await sign_in(request, studio, account, answer)
    studio.cookies.drop(answer, CEREMONY)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, studio: CurrentStudio) -> Response:
    """Forget who used this browser: nobody after them speaks from their seats."""
    await studio.accounts.end(studio.cookies.session(request))
    answer = to("/sign-in")
    studio.cookies.sign_out(request, answer)
    return answer


async def _spent(studio: Studio) -> Problem:
    if await studio.accounts.owned():
        return Problem(410, "used", _USED)
    return Problem(410, "old", _OLD)
