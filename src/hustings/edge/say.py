"""What listeners say without words: reactions, added up by the edge and told once a second.

POST /live/{space}/say with {"v", "t", "kind": "reaction", "what"}. Neither stage nor log hears of
it: an edge adds up what its visitors say, its gauge carries the sums of a second to the others, and
every edge tells its listeners the sums of all. So ten thousand a second cost one event a second.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from hustings import limits
from hustings.crowd import REACTIONS
from hustings.edge import reply
from hustings.edge.head import Request
from hustings.edge.reply import Reply, problem
from hustings.edge.visitors import who_says
from hustings.errors import BadInput

_DONE: Final = Reply(status=204, fields=reply.NO_STORE)
_TOO_FAST: Final = problem(
    429,
    "fast",
    f"At most {limits.SAID_PER_S:.0f} reactions a second are counted.",
    retry_after_s=1,
)

_Text = Annotated[str, Meta(max_length=limits.VISITOR_CHARS_MAX)]


class _Say(msgspec.Struct, frozen=True):
    """One reaction of one visitor."""

    what: _Text
    kind: Literal["reaction"] = "reaction"
    v: _Text | None = None
    t: _Text | None = None


class Said:
    """The reactions of one space: those of this edge's visitors, and all edges' to be told."""

    def __init__(self) -> None:
        self._here: dict[str, int] = {}
        self._all: dict[str, int] = {}

    def add(self, what: str) -> None:
        """A visitor here has reacted."""
        self._here[what] = self._here.get(what, 0) + 1

    def heard(self, said: dict[str, int]) -> None:
        """Another edge tells what was said there within a second. What is no reaction is not
        passed on."""
        for what, count in said.items():
            if what in REACTIONS:
                self._all[what] = self._all.get(what, 0) + count

    def take(self) -> dict[str, int]:
        """What was said here since the last time."""
        here, self._here = self._here, {}
        self.heard(here)
        return here

    def told(self) -> dict[str, int]:
        """What was said anywhere since the last time."""
        told, self._all = self._all, {}
        return told


class Pace:
    """How fast each visitor may react: tokens in a bounded table, one for all spaces.

    A visitor without an entry has all its tokens. When the table is full the oldest entries go, so
    the worst that a crowd of invented keys achieves is that nobody's pace is kept.
    """

    def __init__(self) -> None:
        self._tokens: dict[bytes, tuple[float, float]] = {}

    def allows(self, visitor: bytes, *, now_s: float) -> bool:
        """Whether this visitor may react now; takes a token if so."""
        tokens, since_s = self._tokens.pop(visitor, (float(limits.SAID_BURST_COUNT), now_s))
        tokens = min(limits.SAID_BURST_COUNT, tokens + (now_s - since_s) * limits.SAID_PER_S)
        allowed = tokens >= 1
        if len(self._tokens) >= limits.SAYERS_COUNT:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[visitor] = (tokens - 1 if allowed else tokens, now_s)
        return allowed


def answer(request: Request, said: Said, pace: Pace, *, now_s: float) -> Reply:
    """The answer to POST /say. Raises `BadInput` when the body is no reaction."""
    try:
        one = _decoder.decode(request.body)
    except msgspec.MsgspecError as error:
        raise BadInput(
            "body", expected='{"kind": "reaction", "what": …}', got=str(error)
        ) from error
    if one.what not in REACTIONS:
        raise BadInput("what", expected=" or ".join(sorted(REACTIONS)), got=repr(one.what[:20]))
    if not pace.allows(who_says(request, one.v, one.t).short, now_s=now_s):
        return _TOO_FAST
    said.add(one.what)
    return _DONE


_decoder: Final = msgspec.json.Decoder(_Say)
