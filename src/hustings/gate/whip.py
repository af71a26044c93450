"""WHIP: how a speaker's browser and the stage exchange descriptions over HTTP (RFC 9725).

POST   /whip/{space}            offer  → 201 and the answer; Location is the session, ETag its ICE
PATCH  /whip/{space}/{session}  → 204 for candidates; 200 with a fragment when it restarts ICE
DELETE /whip/{space}/{session}  → 200, the session has ended
…      /whip/{space}/{session}/trial  the round trip of one's own sound: see `trial`
GET    /healthz                 → 200

Every request about a space carries a speaker's ticket as a bearer token. The gate checks the ticket
and carries messages between browser and stage; it keeps nothing. Refusals are `Problem`s.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hustings import limits, signal, turn
from hustings import ticket as tickets
from hustings.address import counted
from hustings.errors import BadInput, NoResponder
from hustings.gate import pace, trial
from hustings.gate.problem import Problem
from hustings.gate.refusals import Refusals
from hustings.log import subjects
from hustings.log.contract import Live
from hustings.quota import Quotas
from hustings.ticket import Scope, Ticket

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
RETRY_AFTER_S: Final = 1
NO_ROOM_AFTER_S: Final = 3
NO_ROOM: Final = (
    "There is no room on this server's stages at the moment. Stay here: you join as soon as there"
    " is."
)
SESSION_CHARS: Final = 64
_MATCH_CHARS: Final = 100  # our tags have 18
PAGE_CHARS: Final = 32
_EXPOSED: Final = ("Location", "ETag", "Link")


@dataclass(frozen=True, slots=True)
class Relays:
    """The TURN servers that speakers are told of, none by default: addresses, secret, and for how
    many seconds a right lasts."""

    urls: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    ttl_s: int = 0

    def header(self, seat: str) -> dict[str, str]:
        """The `Link` field for a seat; nothing without servers."""
        if not self.urls:
            return {}
        now_s = int(time.time())
        given = turn.credentials(self.secret, seat=seat, now_s=now_s, ttl_s=self.ttl_s)
        return {"Link": turn.links(self.urls, given)}


class Whip:
    """The routes. `ticket_key` is the PEM key that checks tickets; `studio_url` is the address of
    the only pages that may use them from a browser. `refusals` is what stages have refused."""

    def __init__(
        self,
        *,
        live: Live,
        ticket_key: bytes,
        studio_url: str,
        refusals: Refusals,
        relays: Relays | None = None,
    ) -> None:
        self._relays = relays or Relays()
        self._live = live
        self._refusals = refusals
        self._ticket_key = ticket_key
        self._origin = origin_of(studio_url)
        self._quotas = Quotas()

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/whip/{space}", self._join, methods=["POST"]),
                Route("/whip/{space}", self._options, methods=["OPTIONS"]),
                Route("/whip/{space}/{session}", self._change, methods=["PATCH"]),
                Route("/whip/{space}/{session}", self._leave, methods=["DELETE"]),
                Route("/whip/{space}/{session}", self._options, methods=["OPTIONS"]),
                *trial.routes(self._try),
                Route("/healthz", _health),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=[self._origin],
                    allow_methods=["GET", "POST", "PATCH", "DELETE"],
                    allow_headers=["Authorization", "Content-Type", "If-Match"],
                    expose_headers=_EXPOSED,
                    max_age=7200,  # the longest that browsers keep
                )
            ],
            exception_handlers={Problem: _problem, HTTPException: _http, ClientDisconnect: _gone},
        )

    async def _join(self, request: Request) -> Response:
        ticket = self._ticket(request)
        _content_type(request, SDP)
        _accepts(request, SDP)
        sdp = _text(await _body(request), "offer", "The offer is not UTF-8 text.")
        page = request.query_params.get("page", "")[:PAGE_CHARS]
        again = request.query_params.get("again") == "1"
        offer = signal.encode(signal.Offer(ticket=ticket, sdp=sdp, page=page, again=again))
        answer = await self._ask(ticket.space, "offer", offer)
        if answer.status != 201:
            raise _refusal(answer)
        return Response(
            answer.sdp,
            status_code=201,
            media_type=SDP,
            headers={
                "Location": f"/whip/{ticket.space}/{answer.session}",
                "ETag": _etag(answer.etag),
                "Accept-Patch": FRAGMENT,
                "Cache-Control": "no-store",
                **self._relays.header(ticket.seat),
            },
        )

    async def _change(self, request: Request) -> Response:
        ticket = self._ticket(request)
        session = _session(request)
        _content_type(request, FRAGMENT)
        match = request.headers.get("if-match", "")[:_MATCH_CHARS]
        text = _text(await _body(request), "fragment", "The fragment is not UTF-8 text.")
        patch = signal.Patch(ticket=ticket, session=session, match=match, fragment=text)
        answer = await self._ask_session(ticket.space, "patch", signal.encode(patch))
        headers = {"ETag": _etag(answer.etag), "Cache-Control": "no-store"}
        if answer.status == 204:
            return Response(status_code=204, headers=headers)
        if answer.status != 200:
            raise _refusal(answer)
        return Response(answer.sdp, media_type=FRAGMENT, headers=headers)

    async def _leave(self, request: Request) -> Response:
        ticket = self._ticket(request)
        session = _session(request)
        close = signal.encode(signal.Close(ticket=ticket, session=session))
        answer = await self._ask_session(ticket.space, "close", close)
        if answer.status != 200:
            raise _refusal(answer)
        return Response(status_code=200)

    async def _try(self, request: Request, act: trial.Act) -> signal.Answer:
        ticket = self._ticket(request)
        session = _session(request)
        asked = signal.encode(signal.Trial(ticket=ticket, session=session, act=act))
        answer = await self._ask_session(ticket.space, "trial", asked)
        if answer.trial is None:
            raise _refusal(answer)
        return answer

    async def _options(self, request: Request) -> Response:
        """What a client that is no browser may want to know; the TURN servers, with a ticket."""
        session = "session" in request.path_params
        allow = "PATCH, DELETE, OPTIONS" if session else "POST, OPTIONS"
        headers = {"Accept-Patch": FRAGMENT} if session else {"Accept-Post": SDP}
        with contextlib.suppress(Problem):
            headers |= self._relays.header(self._ticket(request).seat)
        return Response(
            status_code=204, headers={"Allow": allow, "Cache-Control": "no-store", **headers}
        )

    def _ticket(self, request: Request) -> Ticket:
        """The request's ticket: valid, for speaking, in this space."""
        # Counted first: to verify what a flood brings would cost more than to count it.
        pace.count(
            self._quotas, pace.ADDRESS, counted(request.client.host if request.client else "")
        )
        try:
            space = subjects.checked(request.path_params["space"])
        except BadInput as error:
            raise Problem(404, "space", str(error)) from error
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            detail = "A ticket is needed, as a bearer token."
            raise Problem(401, "ticket", detail, headers={"WWW-Authenticate": "Bearer"})
        try:
            ticket = tickets.verify(token.strip(), public_key=self._ticket_key, now=time.time())
        except BadInput as error:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise Problem(401, "ticket", str(error), headers=challenge) from error
        if ticket.space != space or ticket.scope is not Scope.SPEAK:
            raise Problem(403, "right", "This ticket does not allow to speak in this space.")
        pace.count(self._quotas, pace.SEAT, f"{space} {ticket.seat}")
        return ticket

    async def _ask(self, space: str, verb: str, data: bytes) -> signal.Answer:
        """Ask the space's stage; while there is none, call for one and ask again."""
        began = time.monotonic()
        deadline, refused = began + limits.GATE_PATIENCE_S, False
        for pause_ms in itertools.chain(
            limits.GATE_RETRY_MS, itertools.repeat(limits.GATE_RETRY_MS[-1])
        ):
            try:
                return await self._asked_once(space, verb, data)
            except NoResponder:
                now = time.monotonic()
                if not refused and self._refusals.since(space, began):
                    deadline, refused = min(deadline, now + limits.GATE_NO_ROOM_S), True
                if now + pause_ms / 1000 > deadline:
                    break
                with contextlib.suppress(TimeoutError):  # the live path was never there
                    async with asyncio.timeout(deadline - now):
                        await self._refusals.listen()
                        await self._live.publish(subjects.STAGE_OPEN, space.encode())
                await asyncio.sleep(pause_ms / 1000)
        if refused:
            raise Problem(503, "no_room", NO_ROOM, headers={"Retry-After": str(NO_ROOM_AFTER_S)})
        detail = "No stage answers at the moment. Try again."
        raise Problem(503, "stage_away", detail, headers={"Retry-After": str(RETRY_AFTER_S)})

    async def _ask_session(self, space: str, verb: str, data: bytes) -> signal.Answer:
        """Ask about a session: it ends with its stage process, so that no other is called for."""
        try:
            return await self._asked_once(space, verb, data)
        except NoResponder as error:
            raise Problem(404, "session", "There is no such session any more.") from error

    async def _asked_once(self, space: str, verb: str, data: bytes) -> signal.Answer:
        reply = await self._live.request(
            subjects.stage(space, verb), data, timeout=limits.REQUEST_S
        )
        try:
            return signal.decode_answer(reply)
        except BadInput as error:
            raise Problem(502, "stage_answer", "The stage gave an answer of no use.") from error


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as browsers spell an origin (RFC 6454 section 6.2)."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _etag(tag: str) -> str:
    return f'"{tag}"'


def _session(request: Request) -> str:
    session: str = request.path_params["session"]
    if len(session) > SESSION_CHARS or not session.isascii() or not session.isalnum():
        raise Problem(404, "session", "There is no such session.")
    return session


def _content_type(request: Request, expected: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != expected:
        raise Problem(415, "content_type", f"Send {expected}, not {given or 'nothing'}.")


def _accepts(request: Request, offered: str) -> None:
    wanted = request.headers.get("accept", "*/*").lower()
    kinds = {part.partition(";")[0].strip() for part in wanted.split(",")}
    if not kinds & {offered, "application/*", "*/*"}:
        raise Problem(406, "accept", f"The answer is {offered}.")


async def _body(request: Request) -> bytes:
    """The body, at most `limits.SDP_BYTES`, within `limits.HEAD_S`."""
    too_large = Problem(413, "too_large", f"At most {limits.SDP_BYTES} bytes.")
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limits.SDP_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.HEAD_S):
            async for part in request.stream():
                body += part
                if len(body) > limits.SDP_BYTES:
                    raise too_large
    except TimeoutError as error:
        detail = f"The body did not arrive within {limits.HEAD_S:g} seconds."
        raise Problem(408, "slow", detail, headers={"Connection": "close"}) from error
    return bytes(body)


def _text(body: bytes, code: str, detail: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, code, detail) from error


def _refusal(answer: signal.Answer) -> Problem:
    status = answer.status if 400 <= answer.status <= 599 else 502
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None
    return Problem(status, answer.code or "stage", answer.detail, headers=headers)


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(request)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method"}.get(error.status_code, "http")
    return Problem(error.status_code, code, str(error.detail), headers=error.headers).response(
        request
    )


async def _gone(request: Request, error: Exception) -> Response:
    # The client hung up while it was sending: nobody reads this.
    return Response(status_code=400)
