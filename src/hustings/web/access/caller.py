"""Who calls: the account behind a session cookie or an API token, and whether it may.

Every route that looks at the account comes through here: tokens are held to their scopes, accounts
and tokens to their quotas, and a suspended account may look but not act.
"""

from __future__ import annotations

import re
import time
from typing import Final

from fastapi import Request

from hustings.quota import Policy, Standing
from hustings.web import studio as studios
from hustings.web.access import quota, scopes
from hustings.web.access.tokens import PREFIX
from hustings.web.accounts import Account
from hustings.web.order.suspension import Suspension
from hustings.web.problem import Problem
from hustings.web.studio import Studio

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# What a suspended account still may do: sign out, and keep its own keys in order.
_OWN: Final = re.compile(
    r"/sign-.*|/account/(password|passkeys|sign-ins)(/.*)?|/account/tokens/[^/]+/revoke"
    r"|/api/me/sign-ins(/.*)?|/api/tokens/[^/]+"
)
_UNKNOWN: Final = object()


def bearer(request: Request) -> str:
    """The token in the Authorization field, if it is one of ours; "" otherwise."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    value = value.strip()
    return value if kind.lower() == "bearer" and value.startswith(PREFIX) else ""


async def account(request: Request) -> Account | None:
    """The account that calls, None if nobody is signed in; a problem if it may not do this.

    Asked twice of one request, it counts once.
    """
    known = getattr(request.state, "account", _UNKNOWN)
    if known is None or isinstance(known, Account):
        return known
    studio = studios.of(request)
    now_ms = studios.now_ms()
    value = bearer(request)
    if value:
        found: Account | None = await _by_token(request, studio, value, now_ms)
    else:
        session = studio.cookies.session(request)
        found = await studio.accounts.signed_in(session, now_ms=now_ms) if session else None
        if found is not None:
            _count(request, studio, quota.ACCOUNT, found.id)
    request.state.account = found
    if found is not None:
        suspension = await studio.suspensions.of(f"a-{found.id}", now_ms=now_ms)
        request.state.suspension = suspension
        if suspension is not None and not _may(request):
            raise suspended(suspension)
    return found


async def check(request: Request, person: str) -> None:
    """Refuse somebody who is suspended and came without their account; "" is nobody."""
    suspension = (
        await studios.of(request).suspensions.of(person, now_ms=studios.now_ms())
        if person
        else None
    )
    if suspension is not None and not _may(request):
        raise suspended(suspension)


def suspended(suspension: Suspension) -> Problem:
    """The refusal of somebody who is suspended."""
    if suspension.until_ms is None:
        return Problem(403, "suspended", "Your account is suspended.")
    at = time.strftime("%d %B %Y, %H:%M", time.gmtime(suspension.until_ms / 1000))
    return Problem(403, "suspended", f"Your account is suspended until {at} UTC.")


async def _by_token(request: Request, studio: Studio, value: str, now_ms: int) -> Account:
    token = await studio.access.tokens.good(value, now_ms=now_ms)
    found = await studio.accounts.get(token.account) if token else None
    if token is None or found is None:
        raise Problem(401, "token", "This token is not good: it has ended or was revoked.")
    _count(request, studio, quota.TOKEN, token.id)
    route = request.scope.get("route")
    needed = scopes.needed(request.method, getattr(route, "path", request.url.path))
    if needed is None:
        raise Problem(403, "scope", "This cannot be done with a token. Sign in instead.")
    if needed not in token.scopes:
        raise Problem(403, "scope", f"This token lacks the scope {needed}.")
    return found


def _may(request: Request) -> bool:
    return request.method in _READING or _OWN.fullmatch(request.url.path) is not None


def _count(request: Request, studio: Studio, policy: Policy, key: str) -> None:
    count(request, studio.access.quotas.take(policy, key, now_s=time.monotonic()))


def count(request: Request, standing: Standing) -> None:
    """Have the answer say what is left; a problem if that was one too many."""
    told = getattr(request.state, "quotas", None)
    if told is not None:
        told.append(standing)
    if standing.refused:
        raise Problem(
            429, "rate", "Too many requests in a short time. Wait a little.",
            retry_s=standing.reset_s,
        )  # fmt: skip
