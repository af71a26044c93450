"""Who may see and hear a private space: a ticket in the Authorization field or in the query.

This origin has no cookies. No answer about a private space is kept by a cache, and none is at hand
for the next visitor. Requests that would be held until something exists (shared with whoever waits
for the same) are told to ask again instead. A ticket is checked against the installation's public
key once and then remembered: a signature costs more than an answer. Nothing of it is logged.

A link to a recording is a ticket for podcast apps: it lasts long, opens files only, and works as
long as its object is in the store.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from hustings import limits
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import NO_STORE, Reply, problem
from hustings.edge.room import Room
from hustings.errors import BadInput, StoreError
from hustings.space import Space

_STREAMS: Final = frozenset({"push", "listen.aac", "listen.ogg", "events", "captions"})
_LATER: Final = problem(404, "segment", "There is no such segment yet.", fields=NO_STORE)
_REFUSAL: Final = problem(
    401,
    "ticket",
    "This conversation is private. Open it with the link that you were sent.",
    fields=(("Cache-Control", "no-store"), ("WWW-Authenticate", "Bearer")),
)


_ENDED: Final = problem(
    403, "link", "This link has been ended. Ask whoever gave it to you.", fields=NO_STORE
)
_AWAY: Final = problem(
    503, "store", "Whether this link works cannot be said right now.", retry_after_s=5
)
# What a link to a recording is for: what a podcast app fetches.
_FILES: Final = frozenset(
    {
        *("replay.m4a", "replay.opus", "master.m4a", "chapters.json", "receipt.json"),
        *("transcript.vtt", "transcript.txt", "transcript.json"),
    }
)

InRoom: TypeAlias = "Callable[[Request, Room], Outcome | Awaitable[Outcome]]"


@dataclass(frozen=True, slots=True)
class _Right:
    """What a ticket allows: a space, until when; by `link` only the files of its recording."""

    space: str
    exp: int
    link: str


class Rights:
    """Checks tickets. `public_key` reads the PEM key, when the first one comes; `stands` says
    whether a link of a space has not been ended."""

    def __init__(
        self, public_key: Callable[[], bytes], *, stands: Callable[[str, str], Awaitable[bool]]
    ) -> None:
        self._read = public_key
        self._stands = stands
        self._key: bytes | None = None
        self._known: OrderedDict[str, _Right] = OrderedDict()  # by token

    def apply(self, request: Request, room: Room, answer: InRoom) -> Outcome | Awaitable[Outcome]:
        """The answer of a room, if this visitor may have it."""
        if room.state is None or not room.state.private:
            return answer(request, room)
        right = self._right(request, room.state, now_s=time.time())
        if right is not None and right.link and _is_file(request):
            return self._linked(request, room, answer, right.link)
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
        right = self._right(request, space, now_s=now_s)
        return _REFUSAL if right is None or right.link else None

    def _right(self, request: Request, space: Space, *, now_s: float) -> _Right | None:
        """What this visitor's ticket allows in a space."""
        token = _token(request)
        right = self._known.get(token) or (self._checked(token, now_s) if token else None)
        if right is None or right.space != space.id or right.exp <= now_s:
            return None
        return right

    async def _linked(self, request: Request, room: Room, answer: InRoom, link: str) -> Outcome:
        """The answer to whoever comes by a link to the recording."""
        try:
            stands = await self._stands(room.space, link)
        except StoreError:
            return _AWAY
        if not stands:
            return _ENDED
        outcome = answer(request, room)
        if not isinstance(outcome, Reply | Handover):
            outcome = await outcome
        return _private(request, outcome)

    def _checked(self, token: str, now_s: float) -> _Right | None:
        # Not at the module's head: most edges never see a private space, and its libraries weigh
        # as much as five thousand listeners.
        from hustings import ticket

        if self._key is None:
            self._key = self._read()
        try:
            right = ticket.verify(token, public_key=self._key, now=now_s)
        except BadInput:
            return None
        linked = right.scope is ticket.Scope.REPLAY and right.link.isalnum()
        if not linked and right.scope not in (ticket.Scope.LISTEN, ticket.Scope.SPEAK):
            return None
        self._known[token] = _Right(right.space, right.exp, right.link if linked else "")
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


def _is_file(request: Request) -> bool:
    return len(request.parts) == 3 and request.parts[2] in _FILES


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.query.get("ticket", "")
