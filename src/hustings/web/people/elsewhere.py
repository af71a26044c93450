"""Signing in at the OpenID provider: leaving for it, coming back, connecting an account to it.

Nobody is taken for an account because of an address: a new identity makes a new account, where that
is allowed, or is connected by somebody who is signed in to theirs. What the browser left with
travels in a signed cookie; connecting starts with a link that only the account's page knows.
"""

from __future__ import annotations

import hmac
import logging
from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from hustings import limits
from hustings.web import secret
from hustings.web import studio as studios
from hustings.web.access import address
from hustings.web.accounts import Account
from hustings.web.people import throttle
from hustings.web.people.answers import local, signed_in, to
from hustings.web.people.identity import Identity
from hustings.web.people.invitations import TAKEN
from hustings.web.people.oidc import CALLBACK, OidcDown, OidcRefused
from hustings.web.people.refused import Refused
from hustings.web.people.telling import tell_way_in
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio

log = logging.getLogger("hustings.web")

router: Final = APIRouter(include_in_schema=False)
KIND: Final = "oidc"
_STRANGE: Final = "This sign-in did not begin in this browser, or too long ago. Begin again."
_NAME: Final = "A new member"
STALE: Final = "Sign in again first: you change how this account is signed in to."


@router.get("/sign-in/oidc")
async def leave(
    studio: CurrentStudio,
    next: str = "/",  # noqa: A002
    invitation: str = "",
) -> Response:
    """Go to the provider to sign in, or to make an account with an invitation."""
    return await _depart(studio, {"next": local(next), "invitation": invitation[:100]})


@router.get("/account/oidc")
async def connect(
    request: Request, account: Visitor, studio: CurrentStudio, key: str = ""
) -> Response:
    """Go to the provider to connect the account. `key` shows that the account's page sent us."""
    if account is None:
        return to("/sign-in?next=/account")
    if not hmac.compare_digest(key.encode(), connect_key(request, studio).encode()):
        raise Problem(403, "cross-site", "This link did not come from your account's page.")
    session = studio.cookies.session(request)
    if not await studio.accounts.fresh(session, now_ms=studios.now_ms()):
        raise Problem(403, "stale", STALE)
    return await _depart(studio, {"next": "/account", "account": account.id})


def connect_key(request: Request, studio: Studio) -> str:
    """What the link that connects an account carries: good for one sign-in only."""
    sealed = secret.seal(f"connect/{studio.cookies.session(request)}", key=studio.cookies.key)
    return secret.digest(sealed)


@router.get(CALLBACK)
async def arrive(
    request: Request, account: Visitor, studio: CurrentStudio, background: BackgroundTasks
) -> Response:
    """Back from the provider."""
    code, state, error = (request.query_params.get(n, "") for n in ("code", "state", "error"))
    now_ms = studios.now_ms()
    kept = studio.cookies.kept(request, KIND, now_ms=now_ms)
    if kept is None or not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
        raise Problem(403, "oidc-state", _STRANGE)
    if error or not code:
        raise Problem(403, "oidc-refused", f"You were not signed in at {studio.people.oidc.name}.")
    identity = await _identity(studio, code, kept)
    if "account" in kept:
        answer = await _connect(studio, account, str(kept["account"]), identity, now_ms)
        assert account is not None, "whoever connects an account is signed in to it"
        what = f"It can be signed in to with {studio.people.oidc.name} now."
        background.add_task(tell_way_in, request, studio, account, what)
    else:
        answer = await _enter(request, studio, identity, kept, now_ms)
    studio.cookies.drop(answer, KIND)
    return answer


async def _depart(studio: Studio, carried: dict[str, Any]) -> Response:
    oidc = studio.people.oidc
    if not oidc.on:
        raise Problem(404, "not-found", "There is nothing at this address.")
    try:
        departure = await oidc.leave()
    except (OidcDown, OidcRefused) as error:
        raise _down(studio, error) from None
    answer = RedirectResponse(departure.address, 303)
    carried |= {
        "state": departure.state,
        "nonce": departure.nonce,
        "verifier": departure.verifier,
    }
    now_ms = studios.now_ms()
    studio.cookies.keep(answer, KIND, carried, age_s=limits.CEREMONY_S, now_ms=now_ms)
    return answer


async def _identity(studio: Studio, code: str, kept: dict[str, Any]) -> Identity:
    oidc = studio.people.oidc
    try:
        return await oidc.arrive(code=code, nonce=kept["nonce"], verifier=kept["verifier"])
    except OidcDown as error:
        raise _down(studio, error) from None
    except OidcRefused as error:
        log.warning("%s: a sign-in is refused: %s", oidc.issuer, error)
        raise Problem(403, "oidc-refused", f"You were not signed in at {oidc.name}.") from None


def _down(studio: Studio, error: Exception) -> Problem:
    log.warning("%s: %s", studio.people.oidc.issuer, error)
    name = studio.people.oidc.name
    words = f"{name} does not answer right now. Try again in a moment, or sign in another way."
    return Problem(503, "oidc-away", words, retry_s=10)


async def _connect(
    studio: Studio, account: Account | None, meant: str, identity: Identity, now_ms: int
) -> Response:
    if account is None or account.id != meant:
        raise Problem(403, "oidc-state", _STRANGE)
    if not await studio.people.identities.connect(account, identity, now_ms=now_ms):
        name = studio.people.oidc.name
        raise Problem(409, "oidc-taken", f"Another account here signs in with this one at {name}.")
    return to("/account")


async def _enter(
    request: Request, studio: Studio, identity: Identity, kept: dict[str, Any], now_ms: int
) -> Response:
    known = await studio.people.identities.account(identity)
    if known is None:
        known = await _new(request, studio, identity, str(kept["invitation"]), now_ms)
    return await signed_in(request, studio, known, local(str(kept["next"])))


async def _new(
    request: Request, studio: Studio, identity: Identity, invitation: str, now_ms: int
) -> Account:
    """An account for somebody who comes for the first time, where that is allowed."""
    name = studio.people.oidc.name
    if not invitation and studio.settings.sign_up != "open":
        raise Problem(
            403,
            "sign-up",
            f"No account here signs in with {name} as you do. If you have one, sign in to it and "
            f"connect {name} on your account's page. Otherwise ask for an invitation.",
        )
    bounds = throttle.joining(address.of(request))
    if wait := await studio.accounts.throttle.take(bounds, now_ms=now_ms):
        raise Problem(429, "often", wait.words, retry_s=wait.retry_s)
    invitations = studio.people.invitations
    shown = identity.name or _NAME
    if invitation:
        made = await invitations.accept(
            invitation,
            email=identity.email,
            name=shown,
            password_hash="",
            identity=identity,
            now_ms=now_ms,
        )
    else:
        made = await invitations.open_account(
            email=identity.email, name=shown, password_hash="", identity=identity, now_ms=now_ms
        )
    if isinstance(made, Refused):
        then = f" Then connect {name} on your account's page." if made is TAKEN else ""
        raise Problem(409, "refused", made.reason + then)
    return made
