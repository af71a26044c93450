"""Guests: people with a name and without an account, known again by a sealed cookie.

The same browser stays the same person, so that a block or a raised hand follows it from evening to
evening; the name may be another one each time.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hustings import limits
from hustings.web import secret
from hustings.web.cookies import Cookies

_KIND: Final = "guest"
_ID_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who gave a name."""

    person: str
    name: str


def known(cookies: Cookies, request: Request, *, now_ms: int) -> Guest | None:
    """The guest that this browser is, if it has been one."""
    kept = cookies.kept(request, _KIND, now_ms=now_ms)
    return Guest(str(kept["person"]), str(kept["name"])) if kept else None


def keep(cookies: Cookies, response: Response, guest: Guest, *, now_ms: int) -> None:
    """Know this browser again."""
    values = {"person": guest.person, "name": guest.name}
    cookies.keep(response, _KIND, values, age_s=limits.SESSION_S, now_ms=now_ms)


def new(name: str) -> Guest:
    """A guest who was not here before."""
    return Guest(f"g-{secret.identifier(_ID_CHARS)}", name)


def seated(space: str, seat: str, *, key: bytes) -> str:
    """The person on a seat that somebody without an account got by invitation: the same each time,
    and nobody else's."""
    made = hmac.digest(key, f"seated:{space}:{seat}".encode(), "sha256")
    return f"g-{base64.b32encode(made).decode().lower()[:_ID_CHARS]}"
