"""What listeners say without words: reactions and votes.

POST /live/{space}/say with {"v", "t", "kind": "reaction", "what"}: neither stage nor log hears of
it. An edge adds up what its visitors say, its gauge carries the sums of a second to the others, and
every edge tells its listeners the sums of all. So ten thousand a second cost one event a second.

The same with {"kind": "vote", "ballot", "choices"} is one voter's vote in a poll or for a question:
checked against what is known here, and kept until the archive has it (`ballots`).
"""

from __future__ import annotations

from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta

from hustings import limits
from hustings.crowd import REACTIONS
from hustings.edge import reply
from hustings.edge.head import Request
from hustings.edge.reply import Reply, problem
from hustings.edge.visitors import who_says
from hustings.errors import BadInput
from hustings.space import ON_STAGE, Space, Status
from hustings.talk import Talk

_DONE: Final = Reply(status=204, fields=reply.NO_STORE)
_TAKEN: Final = Reply(status=202, fields=reply.NO_STORE)
_TOO_FAST: Final = problem(
    429,
    "fast",
    f"At most {limits.SAID_PER_S:.0f} reactions and votes a second are counted.",
    retry_after_s=1,
)
_TOO_MANY: Final = problem(
    429, "address", "Too many votes come from your network at once.", retry_after_s=2
)
_FULL: Final = problem(503, "full", "Your vote cannot be kept right now.", retry_after_s=5)
_UNKNOWN: Final = problem(404, "ballot", "There is no such poll or question.")
_CLOSED: Final = problem(409, "closed", "This vote is closed.")
_OVER: Final = problem(410, "over", "There is nothing to vote for outside the conversation.")
_OPEN: Final = frozenset({Status.SCHEDULED, *ON_STAGE})

_Text = Annotated[str, Meta(max_length=limits.VISITOR_CHARS_MAX)]


class Take(Protocol):
    """Keeps a vote until it is counted; False when too many wait."""

    def __call__(
        self, space: str, ballot: str, voter: str, choices: tuple[int, ...], *, at_ms: int
    ) -> bool:
        """Take the vote of a visitor, by name."""


class Place(Protocol):
    """Where something is said: a space, as far as it is known here (`room.Room`)."""

    space: str
    state: Space | None
    said: Said

    @property
    def talk(self) -> Talk:
        """What its crowd has written."""


class _Reaction(msgspec.Struct, frozen=True, tag_field="kind", tag="reaction"):
    """One reaction of one visitor."""

    what: _Text
    v: _Text | None = None
    t: _Text | None = None


class _Vote(msgspec.Struct, frozen=True, tag_field="kind", tag="vote"):
    """One visitor's vote: the numbers of the options, from 0; none to take it back."""

    ballot: _Text
    choices: Annotated[tuple[int, ...], Meta(max_length=limits.POLL_OPTIONS_COUNT)]
    v: _Text
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
    """How fast each visitor may say something: tokens in a bounded table, one for all spaces.

    A visitor without an entry has all its tokens. When the table is full the oldest entries go, so
    the worst that a crowd of invented keys achieves is that nobody's pace is kept.
    """

    def __init__(
        self,
        *,
        per_s: float = limits.SAID_PER_S,
        burst: int = limits.SAID_BURST_COUNT,
    ) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._tokens: dict[bytes, tuple[float, float]] = {}

    def allows(self, visitor: bytes, *, now_s: float) -> bool:
        """Whether this visitor may say something now; takes a token if so."""
        tokens, since_s = self._tokens.pop(visitor, (self._burst, now_s))
        tokens = min(self._burst, tokens + (now_s - since_s) * self._per_s)
        allowed = tokens >= 1
        if len(self._tokens) >= limits.SAYERS_COUNT:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[visitor] = (tokens - 1 if allowed else tokens, now_s)
        return allowed


class Sayings:
    """Answers POST /say for all spaces. `take` keeps a vote, or says that too many wait."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._pace = Pace()
        self._votes_pace = Pace(
            per_s=limits.VOTES_ADDRESS_PER_S, burst=limits.VOTES_ADDRESS_BURST_COUNT
        )

    def answer(self, request: Request, place: Place, *, now_s: float, wall_ms: int) -> Reply:
        """The answer. Raises `BadInput` when the body is neither a reaction nor a vote."""
        try:
            one = _decoder.decode(request.body)
        except msgspec.MsgspecError as error:
            raise BadInput(
                "body",
                expected='{"kind": "reaction", "what": …} or {"kind": "vote", "ballot": …}',
                got=str(error),
            ) from error
        who = who_says(request, one.v, one.t)
        if isinstance(one, _Vote):
            refusal = refused(one.ballot, one.choices, place.state, place.talk)
            if refusal is not None:
                return refusal
        elif one.what not in REACTIONS:
            raise BadInput("what", expected=" or ".join(sorted(REACTIONS)), got=repr(one.what[:20]))
        if not self._pace.allows(who.short, now_s=now_s):
            return _TOO_FAST
        if isinstance(one, _Reaction):
            place.said.add(one.what)
            return _DONE
        if not self._votes_pace.allows(request.address.encode(), now_s=now_s):
            return _TOO_MANY
        choices = tuple(sorted(one.choices))
        taken = self._take(place.space, one.ballot, who.name, choices, at_ms=wall_ms)
        return _TAKEN if taken else _FULL


def refused(ballot: str, choices: tuple[int, ...], space: Space | None, talk: Talk) -> Reply | None:
    """Why this vote cannot be taken; None if it can. Raises `BadInput` when it could never be."""
    if space is None or space.status not in _OPEN:
        return _OVER
    poll = space.polls.get(ballot)
    if poll is None:
        question = ballot.removeprefix("q-")
        if question == ballot or question not in talk.questions or question in space.removed:
            return _UNKNOWN
        if question in space.answered:
            return _CLOSED
    elif poll.closed:
        return _CLOSED
    options = 1 if poll is None else len(poll.options)
    most = options if poll is not None and poll.multiple else 1
    if (
        len(choices) > most
        or len(set(choices)) < len(choices)
        or not all(0 <= choice < options for choice in choices)
    ):
        raise BadInput(
            "choices",
            expected=f"at most {most} different numbers from 0 to {options - 1}",
            got=repr(choices)[:40],
        )
    return None


_decoder: Final = msgspec.json.Decoder(_Reaction | _Vote)
