"""The guard in front of every request: cross-site requests, bodies too large, safety headers.

It also leads a person who came by another name of this machine (127.0.0.1 for localhost) to the
studio's own: cookies are for that name, and the gate takes microphones from pages of that name.

ASGI middleware. Cross-site: anything but GET, HEAD and OPTIONS must come from the studio's own
pages. Browsers say so themselves (`Sec-Fetch-Site`, W3C Fetch Metadata; `Origin`, RFC 6454).
`SameSite=Lax` alone would not do: the listen origin may be the same host on another port, which is
another origin and yet the same site. Clients that send neither header are no browsers.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings import limits
from hustings.config import Settings
from hustings.web import problem

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
RENEWAL: Final = "/api/listen-tickets/renew"
# What pages of the listen origin may ask for, with a ticket and without cookies.
_FROM_LISTEN: Final = re.compile(
    r"/api/(listen|talk)-tickets/renew"
    r"|/api/push-key"
    r"|/api/spaces/[a-z0-9]{4,32}/reminders"
    r"|/api/spaces/[a-z0-9]{4,32}/(chat|hand|questions|reports)(/[a-z0-9]{4,32})?"
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._origin = settings.public_url("studio")
        self._own_origin = _origin_of(self._origin)
        self._listen = _origin_of(settings.public_url("listen"))
        self._headers = safety_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        room = _room(Headers(scope=scope), scope["path"])
        if self._from_listen(scope):
            await self._shared(scope, _bounded(receive, room), sending)
            return
        refusal = self._refusal(scope)
        if refusal is None and (place := self._elsewhere(scope)):
            await RedirectResponse(place, 307)(scope, receive, sending)
        elif refusal is None:
            await self._app(scope, _bounded(receive, room), sending)
        else:
            answer = problem.response(Request(scope), refusal)
            await answer(scope, receive, sending)

    def _from_listen(self, scope: Scope) -> bool:
        """Whether this is a page of the listen origin that talks or renews its ticket: CORS for
        these addresses and that one origin (WHATWG Fetch, section 3.2)."""
        if Headers(scope=scope).get("origin") != self._listen or self._listen == self._own_origin:
            return False
        return _FROM_LISTEN.fullmatch(scope["path"]) is not None

    async def _shared(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = self._listen
                headers["Access-Control-Expose-Headers"] = "Retry-After"
                headers.add_vary_header("Origin")
            await send(message)

        if scope["method"] == "OPTIONS":
            allowed = {
                "Access-Control-Allow-Methods": "GET, POST, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type",
                "Access-Control-Max-Age": "86400",
            }
            await Response(status_code=204, headers=allowed)(scope, receive, sending)
        else:
            # The two origins may be one site, whose cookies the browser sends along: from that
            # side nobody acts as whoever is signed in here.
            fields = [field for field in scope["headers"] if field[0] != b"cookie"]
            await self._app({**scope, "headers": fields}, receive, sending)

    def _refusal(self, scope: Scope) -> problem.Problem | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > _room(headers, scope["path"]):
            return _too_large()
        if scope["method"] in _SAFE or self._own(headers, scope["scheme"]):
            return None
        return problem.Problem(
            403, "cross-site", "This request did not come from a page of the studio."
        )

    def _elsewhere(self, scope: Scope) -> str:
        """Where a person belongs who asks for a page by another loopback name, or ""."""
        headers = Headers(scope=scope)
        if scope["method"] != "GET" or "text/html" not in headers.get("accept", ""):
            return ""
        own, came = urlsplit(self._origin), urlsplit(f"//{headers.get('host', '')}")
        try:
            another = came.port == own.port and came.hostname != own.hostname
        except ValueError:
            return ""
        if not another or not {own.hostname, came.hostname} <= _LOOPBACK:
            return ""
        query: bytes = scope["query_string"]
        path: bytes = scope["raw_path"] + (b"?" + query if query else b"")
        return self._origin + path.decode("ascii", errors="replace")

    def _own(self, headers: Headers, scheme: str) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return True
        return origin in (self._origin, f"{scheme}://{headers.get('host', '')}")


def _room(headers: Headers, path: str) -> int:
    """How many bytes this request's body may have: sounds and pictures are larger than all else."""
    kind = headers.get("content-type", "").lower()
    if kind.startswith("audio/") or path.endswith("/hold-sound"):
        return limits.FORM_BYTES + limits.SOUND_BYTES
    pictures = kind.startswith(("multipart/form-data", "image/"))
    return limits.FORM_BYTES + (limits.PICTURE_BYTES if pictures else 0)


def _bounded(receive: Receive, room: int) -> Receive:
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > room:
            raise HTTPException(413)
        return message

    return receiving


def _too_large() -> problem.Problem:
    return problem.Problem(413, "too-large", "This is larger than the studio takes.")


def safety_headers(settings: Settings) -> dict[str, str]:
    """What every answer carries. Scripts and styles come from the studio alone; the page may talk
    to the gate and read from the listen origin."""
    gate, listen = (_origin_of(settings.public_url(server)) for server in ("gate", "listen"))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "media-src": "'self' blob:",
        "connect-src": f"'self' {gate} {listen}",
        "form-action": f"'self' {listen}",  # joining leads back to the conversation
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if settings.public_url("studio").startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
