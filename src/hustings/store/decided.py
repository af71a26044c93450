"""What was decided in a space, as it rests in the store: the `ev` entries of its log, in order.

    [{"seq": 12, "stamp_ns": 1750000000000000000, "event": {…}}, …]

With it a space lives on without its log: edges serve it, and its log can be made again. The stage's
observations are not in it; they are worth nothing once everybody has left. Pure.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

import msgspec

from hustings.errors import BadInput
from hustings.space import Event, Space, evolve
from hustings.space import decode as decode_event


class Decision(msgspec.Struct, frozen=True):
    """One entry: its sequence and stamp in the log that it stood in first, and the event."""

    seq: int
    stamp_ns: int
    event: msgspec.Raw

    def read(self) -> Event:
        """The event; `BadInput` when it is none of this version."""
        return decode_event(bytes(self.event))


def decision(seq: int, stamp_ns: int, data: bytes) -> Decision:
    """An entry of the log; `data` is the event as it stands there."""
    return Decision(seq, stamp_ns, msgspec.Raw(data))


def encode(decisions: Iterable[Decision]) -> bytes:
    """The decisions as a file."""
    return msgspec.json.encode(list(decisions))


def decode(data: bytes) -> tuple[Decision, ...]:
    """The decisions in a file; `BadInput` when it is none."""
    try:
        return msgspec.json.decode(data, type=tuple[Decision, ...])
    except msgspec.MsgspecError as error:
        raise BadInput("events", expected="the events of a space", got=str(error)) from error


def fold(space_id: str, decisions: Sequence[Decision]) -> Space | None:
    """The space after all of them, None if there are none. What a newer version wrote is passed
    over, as in a log."""
    space: Space | None = None
    for one in decisions:
        with contextlib.suppress(BadInput):
            space = evolve(space or Space(id=space_id), one.read())
    return space


def joined(kept: Sequence[Decision], logged: Sequence[Decision]) -> tuple[Decision, ...]:
    """All that was decided, from what the store has and what the log has.

    A log that was made again has other stamps: of what both have, the store's stands, because it
    is older. The log has the last word on everything else.
    """
    same = 0
    for old, new in zip(kept, logged, strict=False):
        if _plain(old) != _plain(new):
            break
        same += 1
    if same == len(logged) < len(kept):
        return tuple(kept)  # the log lost its end, or is not made again yet
    return (*kept[:same], *logged[same:])


def _plain(one: Decision) -> object:
    return msgspec.json.decode(bytes(one.event))
