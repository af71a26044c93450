"""What listeners are told of a space: payloads that say how it is, not what has changed. Pure.

A payload that is lost is healed by the next of its type, so any number of them merge into the
newest of each type. Two types alone are of a moment: reactions that wait together are added up,
messages of the chat stand one behind the other. All travel as a JSON array: in an `emsg` with a
chunk, or as an SSE message.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from hustings.edge import talk
from hustings.space import Role, Seat, Space, Status

Payload: TypeAlias = dict[str, Any]

# Of an answer that is a stream of events.
STREAM: Final = (
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),
)

# Types that are no part of the whole: a newcomer has no need of them.
PASSING: Final = frozenset({"chat", "questions", "reactions"})

_FIRST: Final = {Role.HOST: 0, Role.COHOST: 1, Role.SPEAKER: 2}


def seats(space: Space) -> list[Payload]:
    """The seats as listeners see them: host first, then co-hosts, then as they were granted."""
    ordered = sorted(space.seats.values(), key=lambda seat: _FIRST[seat.role])
    return [_seat(seat, hand=seat.id in space.hands_on_stage) for seat in ordered]


def status(space: Space) -> Payload:
    """Where the space is, and why."""
    return {
        "type": "status",
        "status": str(space.status),
        "reason": space.reason,
        "live_n": space.live_n,
    }


def listening(count: int) -> Payload:
    """How many listen now, on all edges."""
    return {"type": "listening", "count": count}


def reactions(counts: dict[str, int]) -> Payload:
    """What listeners of all edges said within a second."""
    return {"type": "reactions", "counts": counts}


def rung(now: str) -> Payload:
    """The rung on which newcomers begin at this edge; who listens stays where it is."""
    return {"type": "rung", "rung": now}


def line(called: int, waiting: int, *, edge: str) -> Payload:
    """Which number has been called at this edge, and how many wait; for readers only."""
    return {"type": "line", "edge": edge, "called": called, "waiting": waiting}


def move(within_ms: int) -> Payload:
    """This edge leaves: connect anew, at a random time within that."""
    return {"type": "move", "within_ms": within_ms}


def whole(space: Space, count: int) -> list[Payload]:
    """Everything there is to tell: what a newcomer gets."""
    told = [status(space), {"type": "seats", "seats": seats(space)}, listening(count)]
    return told + _posted(space)


def changed(old: Space | None, new: Space) -> list[Payload]:
    """What is to be told after the state went from `old` to `new`."""
    if old is None:
        return [status(new), {"type": "seats", "seats": seats(new)}, *_posted(new)]
    told: list[Payload] = []
    if status(old) != status(new):
        told.append(status(new))
    if _still(old) != _still(new):
        told.append({"type": "seats", "seats": seats(new)})
    elif _speaking(old) != _speaking(new):
        told.append({"type": "speaking", "seats": _speaking(new)})
    if _posted(old) != _posted(new):
        told += _posted(new)
    return told


class Pending:
    """Payloads that wait for the next chunk or message: the newest of each type, the sum of the
    reactions, and the newest messages of the chat."""

    __slots__ = ("_by_type",)

    def __init__(self) -> None:
        self._by_type: dict[str, Payload] = {}

    def put(self, payloads: list[Payload]) -> None:
        """Add some; each replaces what waited of its type."""
        for payload in payloads:
            kind = payload["type"]
            waiting = self._by_type.get(kind)
            if kind == "seats":
                self._by_type.pop("speaking", None)  # the seats say who speaks
            if kind == "reactions" and waiting is not None:
                self._by_type[kind] = reactions(_sum(waiting["counts"], payload["counts"]))
            elif kind == "chat" and waiting is not None:
                self._by_type[kind] = talk.together(waiting, payload)
            else:
                self._by_type[kind] = payload

    def take(self) -> bytes | None:
        """All that waits as a JSON array, and nothing waits any more; None if nothing did."""
        if not self._by_type:
            return None
        data = encode(list(self._by_type.values()))
        self._by_type.clear()
        return data


def encode(payloads: list[Payload]) -> bytes:
    """The JSON array that travels."""
    return _encoder.encode(payloads)


def message(data: bytes) -> bytes:
    """A JSON array as one server-sent event (WHATWG HTML, section 9.2)."""
    return b"data: " + data + b"\n\n"


def _seat(seat: Seat, *, hand: bool) -> Payload:
    return {
        "id": seat.id,
        "name": seat.name,
        "role": str(seat.role),
        "muted": seat.muted,
        "connected": seat.connected,
        "speaking": seat.speaking,
        "hand": hand,
    }


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {what: one.get(what, 0) + other.get(what, 0) for what in one | other}


def _still(space: Space) -> list[Payload]:
    """The seats without what changes with every sentence."""
    return [{**seat, "speaking": False} for seat in seats(space)]


def _speaking(space: Space) -> list[str]:
    return [seat["id"] for seat in seats(space) if seat["speaking"]]


def _posted(space: Space) -> list[Payload]:
    if space.status is not Status.POSTED:
        return []
    revision = space.replay.revision
    return [{"type": "posted", "seconds": space.recording_seconds, "revision": revision}]


_encoder = msgspec.json.Encoder()
