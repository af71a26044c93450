"""What the account pages answer with: another page, the form once more, a browser signed in."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from hustings.web import page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.problem import Problem
from hustings.web.studio import Studio


def to(address: str) -> RedirectResponse:
    """Go on at another page of the studio."""
    return RedirectResponse(address, 303)


def local(address: str) -> str:
    """`address` if it is a path of this studio, "/" otherwise: no redirect leads elsewhere."""
    good = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if good and address.isprintable() else "/"


def again(
    request: Request,
    template: str,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    status: int = 422,
    **extra: Any,
) -> Response:
    """The form once more, with what is wrong beside the fields; passwords are not sent back."""
    kept = {name: value for name, value in values.items() if not name.endswith("password")}
    return page.render(
        request, template, {"values": kept, "errors": errors, **extra}, status=status
    )


async def sign_in(request: Request, studio: Studio, account: Account, response: Response) -> None:
    """Sign this browser in, and let `response` tell it so."""
    # A new token at every sign-in: one that somebody planted earlier is worth nothing.
    await studio.accounts.end(studio.cookies.session(request))
    now_ms = studios.now_ms()
    agent = request.headers.get("user-agent", "")
    token = await studio.accounts.begin(account, agent=agent, now_ms=now_ms)
    if token is None:
        raise Problem(403, "changed", "This account was changed in this moment. Sign in again.")
    studio.cookies.set_session(response, token)
    studio.cookies.set_device(response, account.id, now_ms=now_ms)


async def signed_in(request: Request, studio: Studio, account: Account, where: str) -> Response:
    """Sign this browser in and go on at `where`."""
    answer = to(where)
    await sign_in(request, studio, account, answer)
    return answer
