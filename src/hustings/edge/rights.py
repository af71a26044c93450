"""Who may see and hear a private space: a ticket in the Authorization field or in the query.

This origin has no cookies. No answer about a private space is kept by a cache, and none is at hand
for the next visitor. Requests that would be held until something exists (shared with whoever waits
for the same) are told to ask again instead. A ticket is checked against the installation's public
key once and then remembered: a signature costs more than an answer. Nothing of it is logged.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeAlias

from hustings import limits
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import NO_STORE, Reply, problem
from hustings.edge.room import Room
from hustings.errors import BadInput
from hustings.space import Space

_STREAMS: Final = frozenset({"push", "listen.aac", "listen.ogg", "events"})
_LATER: Final = problem(404, "segment", "There is no such segment yet.", fields=NO_STORE)
_REFUSAL: Final = problem(
    401,
    "ticket",
    "This conversation is private. Open it with the link that you were sent.",
    fields=(("Cache-Control", "no-store"), ("WWW-Authenticate", "Bearer")),
)


InRoom: TypeAlias = "Callable[[Request, Room], Outcome | Awaitable[Outcome]]"


class Rights:
    """Checks tickets. `public_key` reads the PEM key, when the first one comes."""

    def __init__(self, public_key: Callable[[], bytes]) -> None:
        self._read = public_key
        self._key: bytes | None = None
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()  # token: space, expiry

    def apply(self, request: Request, room: Room, answer: InRoom) -> Outcome | Awaitable[Outcome]:
        """The answer of a room, if this visitor may have it."""
        if room.state is None or not room.state.private:
            return answer(request, room)
        refusal = self.refusal(request, room.state, now_s=time.time())
        if refusal is not None:
            return refusal
        outcome = answer(request, room)
        if isinstance(outcome, Reply | Handover):
            return _private(request, outcome)
        return _privately(request, outcome)

    def refusal(self, request: Request, space: Space, *, now_s: float) -> Reply | None:
        """Why this visitor may not; None who may. `now_s` is Unix time."""
        if not space.private:
            return None
        token = _token(request)
        if not token:
            return _REFUSAL
        known = self._known.get(token)
        if known is None:
            known = self._checked(token, now_s)
        allowed = known is not None and known[0] == space.id and known[1] > now_s
        return None if allowed else _REFUSAL

    def _checked(self, token: str, now_s: float) -> tuple[str, int] | None:
        # Not at the module's head: most edges never see a private space, and its libraries weigh
        # as much as five thousand listeners.
        from hustings import ticket

        if self._key is None:
            self._key = self._read()
        try:
            right = ticket.verify(token, public_key=self._key, now=now_s)
        except BadInput:
            return None
        if right.scope not in (ticket.Scope.LISTEN, ticket.Scope.SPEAK):
            return None
        self._known[token] = (right.space, right.exp)
        while len(self._known) > limits.TICKETS_COUNT:
            self._known.popitem(last=False)
        return self._known[token]


def unshared(answer: Reply) -> Reply:
    """The answer for one visitor: no cache between keeps it, and this edge does not either."""
    fields = tuple(field for field in answer.fields if field[0] != "Cache-Control")
    return replace(answer, fields=(*fields, ("Cache-Control", "private, no-store")), edition=None)


def _private(request: Request, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Reply):
        return unshared(outcome)
    return outcome if request.parts[-1] in _STREAMS else _LATER


async def _privately(request: Request, outcome: Awaitable[Outcome]) -> Outcome:
    return _private(request, await outcome)


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.query.get("ticket", "")
