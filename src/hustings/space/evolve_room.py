"""The fold of what hosts and crowd put in a space: settings, hands, polls, pins, order.

As in `evolve`: an event that does not fit the state changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from hustings import limits
from hustings.space import event as e
from hustings.space.replay import Replay
from hustings.space.state import Block, Hand, Pin, Poll, Space

T = TypeVar("T")
_SHOWN: Final = slice(-limits.REMOVED_SHOWN_COUNT, None)


def evolve_room(space: Space, event: e.Event) -> Space:
    """The state after an event that neither moves the space on nor is about a seat."""
    match event:
        case e.Edited():
            return replace(space, **_changes(event), replay=_said_anew(space, event))
        case e.RoomSet():
            return replace(space, **_changes(event))
        case e.Rehearsed():
            return replace(space, rehearsing=event.on)
        case e.Ending():
            return replace(space, ends_at_ms=event.ends_at_ms)
        case e.EndingUndone():
            return replace(space, ends_at_ms=None)
        case e.HandRaised() | e.HandLowered() | e.HandInvited() | e.HandUninvited():
            return _hands(space, event)
        case e.PollOpened() | e.PollClosed():
            return _polls(space, event)
        case e.Pinned():
            pin = Pin(id=event.pin, text=event.text, url=event.url)
            return replace(space, pins={**space.pins, event.pin: pin})
        case e.Unpinned():
            return replace(space, pins=_without(space.pins, event.pin))
        case _:
            return _order(space, event)


def _changes(event: e.Edited | e.RoomSet) -> dict[str, Any]:
    said = ("title", "description", "language", "picture", "listed", "private", "publishing")
    air = ("delay_s", "hold_sound")
    room = ("hands_open", "chat_open", "slow_s", "equal_time", "speaker_s")
    fields = (*said, *air, "listeners_max", "series", "guests", *room)
    return {field: value for field in fields if (value := getattr(event, field, None)) is not None}


def _said_anew(space: Space, event: e.Edited) -> Replay:
    """The recording after its space is spoken of differently: what stands in its files is a wish
    to the archive."""
    replay = space.replay
    if event.keep_days is not None:
        replay = replace(replay, keep_days=None if event.keep_days < 0 else event.keep_days)
    if replay.revision and (event.title or event.picture is not None):
        replay = replace(replay, asked=replay.asked + 1, failed="")
    return replay


def _hands(
    space: Space, event: e.HandRaised | e.HandLowered | e.HandInvited | e.HandUninvited
) -> Space:
    old = space.hands.get(event.person)
    match event:
        case e.HandRaised():
            hand = Hand(
                person=event.person, name=event.name, note=event.note, raised_at_ms=event.at_ms
            )
            return replace(space, hands={**space.hands, event.person: hand})
        case e.HandLowered():
            return replace(space, hands=_without(space.hands, event.person))
        case _:
            if old is None:
                return space
            seat = event.seat if isinstance(event, e.HandInvited) else ""
            return replace(space, hands={**space.hands, event.person: replace(old, seat=seat)})


def _polls(space: Space, event: e.PollOpened | e.PollClosed) -> Space:
    if isinstance(event, e.PollOpened):
        poll = Poll(
            id=event.poll,
            question=event.question,
            options=event.options,
            multiple=event.multiple,
            show=event.show,
        )
    else:
        known = space.polls.get(event.poll)
        if known is None:
            return space
        poll = replace(known, closed=True)
    return replace(space, polls={**space.polls, event.poll: poll})


def _order(space: Space, event: e.Event) -> Space:
    match event:
        case e.MessageRemoved(message=message):
            return replace(
                space,
                removed=space.removed | {message},
                removed_last=(*_but(space.removed_last, message), message)[_SHOWN],
                restored_last=_but(space.restored_last, message),
                asking="" if space.asking == message else space.asking,
            )
        case e.MessageRestored(message=message):
            return replace(
                space,
                removed=space.removed - {message},
                removed_last=_but(space.removed_last, message),
                restored_last=(*_but(space.restored_last, message), message)[_SHOWN],
            )
        case e.QuestionMarked(question=question, state=state):
            asking = question if state == "asking" else space.asking
            if state != "asking" and asking == question:
                asking = ""
            answered = space.answered - {question}
            if state == "answered":
                answered |= {question}
            return replace(space, asking=asking, answered=answered)
        case e.PersonBlocked():
            block = Block(person=event.person, name=event.name, reason=event.reason)
            return replace(
                space,
                blocked={**space.blocked, event.person: block},
                hands=_without(space.hands, event.person),
            )
        case e.PersonUnblocked():
            return replace(space, blocked=_without(space.blocked, event.person))
        case _:
            return space


def _but(ids: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(other for other in ids if other != one)


def _without(mapping: Mapping[str, T], key: str) -> Mapping[str, T]:
    return {k: v for k, v in mapping.items() if k != key}
