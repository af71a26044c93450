"""The studio's cookies: one for a signed-in account, one per space for somebody with a seat, one
for a browser that has signed in before, and short-lived ones that carry something over.

All are HttpOnly and SameSite=Lax, and Secure with the `__Host-` prefix when the studio has TLS. A
session's value is a random token. A seat's value is `<space>:<seat>:<until>:<account>` with a
signature: it needs no database, and it is worth nothing once the seat is revoked in the space. One
that was taken with an account (else "") is good while that account is signed in on this browser.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hustings import limits
from hustings.web import secret


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that has signed in to this account before."""

    account_id: str
    nonce: str


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

    def sign_out(self, request: Request, response: Response) -> None:
        """Forget whoever used this browser: sign-in, seats, and the name of a guest. That somebody
        has signed in here is remembered, and gives no right."""
        own = (self._name("session"), self._name("guest"), self._name("seat-"))
        for name in request.cookies:
            if name.startswith(own):
                response.delete_cookie(name, secure=self.secure, httponly=True, samesite="lax")

    def seat(self, request: Request, space: str, *, account: str, now_ms: int) -> str:
        """The seat that this browser was let in to by invitation, "" if none. `account` is the id
        of who is signed in, or ""."""
        sealed = request.cookies.get(self._name(f"seat-{space}"), "")
        value = (secret.unseal(sealed, key=self.key) or "").split(":")
        if len(value) not in (3, 4) or value[0] != space or int(value[2]) <= now_ms:
            return ""
        return value[1] if value[3:] in ([], [""], [account]) else ""

    def set_seat(
        self, response: Response, space: str, seat: str, *, account: str, now_ms: int
    ) -> None:
        """Remember that this browser holds a seat."""
        value = f"{space}:{seat}:{now_ms + limits.INVITE_S * 1000}:{account}"
        self._set(response, f"seat-{space}", secret.seal(value, key=self.key), limits.INVITE_S)

    def device(self, request: Request, *, now_ms: int) -> Device | None:
        """Which account this browser has signed in to before, if any."""
        kept = self.kept(request, "device", now_ms=now_ms)
        return Device(str(kept["account"]), str(kept["nonce"])) if kept else None

    def set_device(self, response: Response, account_id: str, *, now_ms: int) -> None:
        """Remember that this browser has signed in: strangers' guesses do not hold it up."""
        values = {"account": account_id, "nonce": secret.identifier(16)}
        self.keep(response, "device", values, age_s=limits.DEVICE_S, now_ms=now_ms)

    def keep(
        self, response: Response, kind: str, values: dict[str, Any], *, age_s: int, now_ms: int
    ) -> None:
        """Let the browser carry `values`: whoever has it can read them, nobody can change them."""
        text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        value = f"{kind}/{text}/{now_ms + age_s * 1000}"
        self._set(response, kind, secret.seal(value, key=self.key), age_s)

    def kept(self, request: Request, kind: str, *, now_ms: int) -> dict[str, Any] | None:
        """What the browser carries under `kind`; None if nothing, or it is too old."""
        sealed = request.cookies.get(self._name(kind), "")
        value = (secret.unseal(sealed, key=self.key) or "").split("/")
        if len(value) != 3 or value[0] != kind or int(value[2]) <= now_ms:
            return None
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(value[1]))
        return found

    def drop(self, response: Response, kind: str) -> None:
        """What was carried under `kind` has served."""
        self._set(response, kind, "", 0)

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
