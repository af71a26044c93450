"""The studio's cookies: one for a signed-in account, one per space for somebody with a seat.

Both are HttpOnly and SameSite=Lax, and Secure with the `__Host-` prefix when the studio has TLS. A
session's value is a random token. A seat's value is `<space>:<seat>:<until>` with a signature: it
needs no account and no database, and it is worth nothing once the seat is revoked in the space.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from hustings import limits
from hustings.web import secret


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and sets them. `key` signs seats; `secure` says whether the studio has TLS."""

    key: bytes
    secure: bool

    def session(self, request: Request) -> str:
        """The session token, "" without one."""
        return request.cookies.get(self._name("session"), "")

    def set_session(self, response: Response, token: str) -> None:
        """Remember a sign-in."""
        self._set(response, "session", token, limits.SESSION_S)

    def drop_session(self, response: Response) -> None:
        """Forget a sign-in."""
        self._set(response, "session", "", 0)

    def seat(self, request: Request, space: str, *, now_ms: int) -> str:
        """The seat that this browser was let in to by invitation, "" if none."""
        sealed = request.cookies.get(self._name(f"seat-{space}"), "")
        value = (secret.unseal(sealed, key=self.key) or "").split(":")
        if len(value) != 3 or value[0] != space or int(value[2]) <= now_ms:
            return ""
        return value[1]

    def set_seat(self, response: Response, space: str, seat: str, *, now_ms: int) -> None:
        """Remember that this browser holds a seat."""
        value = f"{space}:{seat}:{now_ms + limits.INVITE_S * 1000}"
        self._set(response, f"seat-{space}", secret.seal(value, key=self.key), limits.INVITE_S)

    def _set(self, response: Response, name: str, value: str, age_s: int) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=age_s,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def _name(self, name: str) -> str:
        return f"__Host-hustings-{name}" if self.secure else f"hustings-{name}"
