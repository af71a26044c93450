"""What listeners are told of the people: the room, its polls, its chat, its questions. Pure.

Made from the space's state, from what the crowd has written and from what the archive has counted.
Whatever was taken down appears nowhere, and the result of a poll that is shown afterwards is told
when it is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from hustings import limits
from hustings.errors import BadInput
from hustings.space import Pin, Poll, Space
from hustings.talk import Asked, Piece, Said, Talk, Tally, Voted, ballot

Payload: TypeAlias = dict[str, Any]
Tallies: TypeAlias = Mapping[str, Tally]

_NOBODY: Final = Tally(counts=[], voters=0)
# Ids of removed or restored messages in a burst: whoever was cut off for a moment is told these.
_IDS_WHOLE: Final = 5


class _Results(msgspec.Struct, frozen=True):
    ballots: dict[str, Tally]


def room(space: Space, talk: Talk) -> Payload:
    """How the room is: what the crowd may do, who is invited, what is pinned and asked."""
    asking = None if space.asking in space.removed else talk.questions.get(space.asking)
    told: Payload = {
        "type": "room",
        "chat_open": space.chat_open,
        "hands_open": space.hands_open,
        "guests": space.guests,
        "slow_s": space.slow_s,
        "hands": len(space.hands),
        "invited": [hand.person for hand in space.hands.values() if hand.seat],
        "pins": [_pin(pin) for pin in space.pins.values()],
        "asking": None if asking is None else _question(asking),
        "removed": list(space.removed_last[-limits.REMOVED_SHOWN_COUNT :]),
    }
    if space.restored_last:
        told["restored"] = list(space.restored_last)
    if space.ends_at_ms is not None:
        told["ends_at_ms"] = space.ends_at_ms
    return told


def room_whole(space: Space, talk: Talk) -> Payload:
    """The same for a newcomer, who asks for talk.json anyway: what is long is shortened."""
    told = room(space, talk)
    for ids in told.keys() & {"removed", "restored"}:
        told[ids] = told[ids][-_IDS_WHOLE:]
    pins, left = [], limits.PINS_TOLD_BYTES
    for pin in told["pins"]:
        left -= len(pin["text"].encode()) + len(pin["url"])
        if left < 0:
            break
        pins.append(pin)
    told["pins"] = pins
    return told


def polls(space: Space, tallies: Tallies) -> Payload:
    """The open polls, the newest last; where there are few, the newest closed ones before them."""
    order = sorted(space.polls.values(), key=lambda poll: not poll.closed)
    shown = order[-limits.POLLS_TOLD_COUNT :]
    return {"type": "polls", "polls": [_poll(poll, tallies) for poll in shown]}


def all_polls(space: Space, tallies: Tallies) -> list[Payload]:
    """Every poll in the order opened."""
    return [_poll(poll, tallies) for poll in space.polls.values()]


def chat(messages: Sequence[tuple[int, Said]], more: int) -> Payload:
    """New messages with their numbers, and how many others were left out."""
    return {"type": "chat", "messages": [_said(*one) for one in messages], "more": more}


def together(one: Payload, other: Payload) -> Payload:
    """Two chat payloads as one, within the bound: the newest messages stay."""
    messages = [*one["messages"], *other["messages"]]
    kept = messages[-limits.CHAT_WAITING_COUNT :]
    more = one["more"] + other["more"] + len(messages) - len(kept)
    return {"type": "chat", "messages": kept, "more": more}


def questions() -> Payload:
    """The list of questions is another one: it stands in talk.json."""
    return {"type": "questions", "changed": True}


def listed(space: Space, talk: Talk, tallies: Tallies) -> list[Payload]:
    """The questions that most want answered, and those that were; most votes first."""
    found = [
        {
            **_question(one),
            "votes": sum(tallies.get(ballot(one.id), _NOBODY).counts[:1]),
            "answered": one.id in space.answered,
        }
        for one in talk.questions.values()
        if one.id not in space.removed
    ]
    # Of equal ones the older first: sorting keeps the order asked.
    found.sort(key=lambda one: one["votes"], reverse=True)
    return found[: limits.QUESTIONS_LISTED_COUNT]


def document(space: Space, talk: Talk, tallies: Tallies) -> bytes:
    """talk.json."""
    first = talk.written - len(talk.chat)
    messages = [
        _said(number, one)
        for number, one in enumerate(talk.chat, first)
        if one.id not in space.removed
    ]
    told = room(space, talk)
    del told["type"]
    return _encoder.encode(
        {
            "room": told,
            "polls": all_polls(space, tallies),
            "chat": messages[-limits.CHAT_LISTED_COUNT :],
            "questions": listed(space, talk, tallies),
        }
    )


def newly_said(
    entry: Sequence[Piece], removed: Collection[str], *, first: int
) -> list[tuple[int, Said]]:
    """The messages of an entry that may be shown, with their numbers: `first` is that of the first
    one in it."""
    said = (one for one in entry if isinstance(one, Said))
    return [(number, one) for number, one in enumerate(said, first) if one.id not in removed]


def votes(entry: Sequence[Piece]) -> list[Voted]:
    """The votes of an entry."""
    return [one for one in entry if isinstance(one, Voted)]


def results(data: bytes) -> dict[str, Tally]:
    """What the archive tells of a space's ballots; `BadInput` when it is nothing of the kind."""
    try:
        return _decoder.decode(data).ballots
    except msgspec.MsgspecError as error:
        raise BadInput("tally", expected="the results of ballots", got=str(error)) from error


def _said(number: int, one: Said) -> Payload:
    return {
        "id": one.id,
        "number": number,
        "person": one.person,
        "name": one.name,
        "text": one.text,
        "role": one.role,
        "at_ms": one.at_ms,
    }


def _question(one: Asked) -> Payload:
    return {"id": one.id, "name": one.name, "text": one.text}


def _pin(pin: Pin) -> Payload:
    return {"id": pin.id, "text": pin.text, "url": pin.url}


def _poll(poll: Poll, tallies: Tallies) -> Payload:
    tally = tallies.get(poll.id, _NOBODY)
    seen = poll.closed or poll.show == "live"
    counts = (tally.counts + [0] * len(poll.options))[: len(poll.options)]
    return {
        "id": poll.id,
        "question": poll.question,
        "options": list(poll.options),
        "multiple": poll.multiple,
        "show": poll.show,
        "closed": poll.closed,
        "counts": counts if seen else None,
        "voters": tally.voters,
    }


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Results)
