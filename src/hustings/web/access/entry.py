"""The entry of the API: bounds per address, what is left in each answer, requests sent twice.

ASGI middleware between the guard and the application. Of a POST under `/api/` with an
Idempotency-Key, whoever is known by a cookie or a token, the answer is kept (see `repeat.py`).
"""

from __future__ import annotations

import logging
import re
import time
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings import limits
from hustings.quota import Standing
from hustings.web import problem, secret
from hustings.web import studio as studios
from hustings.web.access import address, caller, quota
from hustings.web.access.repeat import Answer, Begun
from hustings.web.problem import Problem
from hustings.web.studio import Studio

log = logging.getLogger("hustings.web")

# Whatever the database fails with here, what was asked for is either refused as a whole or told.
_FAILED: Final = (*problem.AWAY, SQLAlchemyError)

_PREFIX: Final = "/api/"
# A string of RFC 8941, as the draft wants it, or the bare word that many clients send.
_KEY: Final = re.compile(r'"([ !#-\[\]-~]+)"|([!#-\[\]-~]+)')
_KEPT_HEADERS: Final = (b"content-type", b"location")
_REPLAYED: Final = "Idempotency-Replayed"


class Entry:
    """Wraps the application; its errors are problems."""

    def __init__(self, app: ASGIApp, *, studio: Studio) -> None:
        self._app = app
        self._studio = studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        told: list[Standing] = []
        scope.setdefault("state", {})["quotas"] = told

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and told:
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = ", ".join(one.policy.header() for one in told)
                headers["RateLimit"] = ", ".join(one.header() for one in told)
            await send(message)

        request = Request(scope)
        try:
            where = self._studio.access.quotas.take(
                quota.ADDRESS, address.of(request), now_s=time.monotonic()
            )
            caller.count(request, where)
            key = _key(request)
            who = await self._who(request) if key else ""
            if not who:
                await self._app(scope, receive, sending)
                return
            body = await _whole(receive)
            before = await self._studio.access.repeats.begin(
                who=who, place=str(scope["path"]), key=key, body=body, now_ms=studios.now_ms()
            )
        except Problem as refusal:
            await problem.response(request, refusal)(scope, receive, sending)
        except _FAILED as error:
            log.warning("the database is away: %s", error)
            away = Problem(503, "database-away", problem.NO_DATABASE, retry_s=2)
            await problem.response(request, away)(scope, receive, sending)
        else:
            await self._once(scope, sending, before, who=who, key=key, body=body)

    async def _who(self, request: Request) -> str:
        """Whose key it is: keys of different askers never meet."""
        studio, now_ms = self._studio, studios.now_ms()
        if value := caller.bearer(request):
            token = await studio.access.tokens.good(value, now_ms=now_ms)
            return f"t-{token.id}" if token else ""
        if given := request.headers.get("authorization"):
            return f"b-{secret.digest(given)}"
        session = studio.cookies.session(request)
        account = await studio.accounts.signed_in(session, now_ms=now_ms) if session else None
        if account is not None:
            return f"a-{account.id}"
        seats = sorted(v for n, v in request.cookies.items() if "hustings-seat-" in n)
        return f"s-{secret.digest(' '.join(seats))}" if seats else ""

    async def _once(
        self, scope: Scope, send: Send, before: Answer | Begun, *, who: str, key: str, body: bytes
    ) -> None:
        if isinstance(before, Answer):
            headers = {**dict(before.headers), _REPLAYED: "true"}
            await Response(before.body, before.status, headers)(scope, _nothing, send)
            return
        if before is not Begun.FRESH:
            await problem.response(Request(scope), _refusal(before))(scope, _nothing, send)
            return
        answer = _Recorder()
        try:
            await self._app(scope, _again(body), answer)
        finally:
            await self._finish(answer.made(), who=who, place=str(scope["path"]), key=key)
            for message in answer.messages:
                await send(message)

    async def _finish(self, made: Answer | None, *, who: str, place: str, key: str) -> None:
        """Keep the answer. What was made is told even if that fails."""
        repeats = self._studio.access.repeats
        try:
            if made is None:
                await repeats.drop(who=who, place=place, key=key)
            else:
                await repeats.keep(made, who=who, place=place, key=key)
        except _FAILED as error:
            log.warning("an answer is not kept, the database is away: %s", error)


class _Recorder:
    """Holds an answer back until it is kept: whoever has it and asks again gets the same."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
                if name.lower() in _KEPT_HEADERS
            )
        else:
            self._body += message.get("body", b"")
        self.messages.append(message)

    def made(self) -> Answer | None:
        """The answer, if it made something and is not too large to be kept."""
        if not 200 <= self._status < 300 or len(self._body) > limits.IDEMPOTENCY_BYTES:
            return None
        return Answer(self._status, self._headers, bytes(self._body))


def _key(request: Request) -> str:
    given = request.headers.get("idempotency-key")
    if given is None or request.method != "POST":
        return ""
    kind = request.headers.get("content-type", "application/json")
    if not kind.startswith("application/json"):
        return ""
    found = _KEY.fullmatch(given.strip())
    if found is None or len(given) > limits.IDEMPOTENCY_KEY_CHARS:
        raise Problem(
            400, "idempotency-key", "An Idempotency-Key is a word in quotes: better a UUID."
        )
    return found[1] or found[2]


def _refusal(begun: Begun) -> Problem:
    if begun is Begun.OTHER:
        return Problem(422, "idempotency-key", "This Idempotency-Key was used for another request.")
    return Problem(
        409, "idempotency-key", "The first request with this Idempotency-Key still runs.", retry_s=1
    )


async def _whole(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        try:
            message = await receive()
        except HTTPException:
            raise Problem(413, "too-large", "This is larger than the studio takes.") from None
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _again(body: bytes) -> Receive:
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
