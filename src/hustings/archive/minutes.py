"""The minutes: what the audience wrote and voted, as it is posted with the recording (talk.json).

It has the members that an edge gives out as `talk.json` while a space is live, in the same shape,
and what only a whole evening has: everything's time in the replay, the pinned links of the whole
evening, and the reactions. What was taken down is not in it, nor is who voted for what.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from hustings import limits
from hustings.archive.journal import Fact, Journal
from hustings.archive.spans import Spans, duration_ms
from hustings.archive.walls import Walls
from hustings.errors import BadInput
from hustings.log.contract import Entry
from hustings.space import Poll, Space
from hustings.space import event as e
from hustings.talk import Asked, Count, Said, Tally, Voted, ballot, decode

NAME: Final = "talk.json"
VERSION: Final = 1

Tallies: TypeAlias = Mapping[str, Tally]
Reactions: TypeAlias = Iterable[tuple[int, Mapping[str, int]]]  # Unix milliseconds, how many

_NOBODY: Final = Tally(counts=[], voters=0)


class Minutes:
    """The fold from the crowd's log to the file. `counting`: votes are counted here, because nobody
    else does. `seq` is the last entry that was taken, `unreadable` counts what is no entry."""

    def __init__(self, *, counting: bool) -> None:
        self.seq = 0
        self.unreadable = 0
        self._counting = counting
        self._count = Count()
        self._written = 0
        self._chat: deque[tuple[int, int, Said]] = deque(maxlen=limits.CHAT_POSTED_COUNT)
        self._questions: dict[str, tuple[int, Asked]] = {}

    def take(self, entry: Entry) -> None:
        """The next entry."""
        self.seq = entry.seq
        wall_ms = entry.stamp_ns // 1_000_000
        try:
            pieces = decode(entry.data)
        except BadInput:
            self.unreadable += 1
            return
        for piece in pieces:
            match piece:
                case Said():
                    self._chat.append((self._written, wall_ms, piece))
                    self._written += 1
                case Asked() if len(self._questions) < limits.QUESTIONS_COUNT:
                    self._questions.setdefault(piece.id, (wall_ms, piece))
                case Voted() if self._counting:
                    self._count.apply(piece)

    def tallies(self, space: Space) -> Tallies:
        """The results, where votes are counted here."""
        return self._count.tallies({poll.id: len(poll.options) for poll in space.polls.values()})

    def document(
        self,
        journal: Journal,
        spans: Spans,
        walls: Walls,
        *,
        tallies: Tallies,
        reactions: Reactions = (),
    ) -> bytes:
        """The posted file."""
        space = journal.space
        shown = [
            {**_said(number, said), "replay_ms": walls.position_ms(wall_ms)}
            for number, wall_ms, said in self._chat
            if said.id not in space.removed
        ]
        told = {
            "version": VERSION,
            "room": _room(space),
            "polls": [
                {**_poll(poll, tallies), **_when(journal.facts, spans, poll.id)}
                for poll in space.polls.values()
            ],
            "chat": shown,
            "chat_left_out": self._written - len(self._chat),
            "questions": self._asked(space, journal.facts, spans, walls, tallies),
            "pins": _pins(journal.facts, spans),
            "reactions": [
                {"replay_ms": walls.position_ms(wall_ms), "said": dict(sorted(said.items()))}
                for wall_ms, said in reactions
            ],
        }
        return msgspec.json.encode(told)

    def _asked(
        self, space: Space, facts: list[Fact], spans: Spans, walls: Walls, tallies: Tallies
    ) -> list[dict[str, Any]]:
        """The questions, most votes first; when each was on stage, if it was."""
        staged: dict[str, int] = {}
        for fact in facts:
            if isinstance(fact.event, e.QuestionMarked) and fact.event.state == "asking":
                staged.setdefault(fact.event.question, spans.position_ms(fact.n))
        found: list[dict[str, Any]] = [
            {
                "id": asked.id,
                "name": asked.name,
                "text": asked.text,
                "votes": sum(tallies.get(ballot(asked.id), _NOBODY).counts[:1]),
                "answered": asked.id in space.answered,
                "replay_ms": walls.position_ms(wall_ms),
                "on_stage_ms": staged.get(asked.id),
            }
            for wall_ms, asked in self._questions.values()
            if asked.id not in space.removed
        ]
        # Of equal ones the older first: sorting keeps the order asked.
        found.sort(key=lambda one: one["votes"], reverse=True)
        return found


def _room(space: Space) -> dict[str, Any]:
    """How the room was in the end: nobody writes any more."""
    return {
        "chat_open": False,
        "hands_open": False,
        "guests": space.guests,
        "slow_s": space.slow_s,
        "hands": 0,
        "invited": [],
        "pins": [{"id": pin.id, "text": pin.text, "url": pin.url} for pin in space.pins.values()],
        "asking": None,
        "removed": [],
    }


def _said(number: int, one: Said) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": number,
        "person": one.person,
        "name": one.name,
        "text": one.text,
        "role": one.role,
        "at_ms": one.at_ms,
    }


def _poll(poll: Poll, tallies: Tallies) -> dict[str, Any]:
    tally = tallies.get(poll.id, _NOBODY)
    return {
        "id": poll.id,
        "question": poll.question,
        "options": list(poll.options),
        "multiple": poll.multiple,
        "show": poll.show,
        "closed": True,
        "counts": (tally.counts + [0] * len(poll.options))[: len(poll.options)],
        "voters": tally.voters,
    }


def _when(facts: list[Fact], spans: Spans, poll: str) -> dict[str, int]:
    """From when to when a poll was open."""
    from_ms, to_ms = 0, duration_ms(spans.slots)
    for fact in facts:
        if isinstance(fact.event, e.PollOpened) and fact.event.poll == poll:
            from_ms = spans.position_ms(fact.n)
        elif isinstance(fact.event, e.PollClosed) and fact.event.poll == poll:
            to_ms = min(to_ms, spans.position_ms(fact.n))
    return {"from_ms": from_ms, "to_ms": to_ms}


def _pins(facts: list[Fact], spans: Spans) -> list[dict[str, Any]]:
    """What was pinned, and from when to when."""
    out: list[dict[str, Any]] = []
    for fact in facts:
        match fact.event:
            case e.Pinned(pin=pin, text=text, url=url):
                told = {"id": pin, "text": text, "url": url}
                at_ms, end_ms = spans.position_ms(fact.n), duration_ms(spans.slots)
                out.append({**told, "from_ms": at_ms, "to_ms": end_ms})
            case e.Unpinned(pin=pin):
                for one in [one for one in out if one["id"] == pin]:
                    one["to_ms"] = min(one["to_ms"], spans.position_ms(fact.n))
    return out
