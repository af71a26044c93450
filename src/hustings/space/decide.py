"""From a command to events, or to a refusal in words that a host understands.

The rules, as a table: which statuses a command is allowed in, and who may ask. What is not in the
table is refused. `decide` runs in any process; the append that follows is a compare-and-set, so of
two that decided on the same state one wins and the other decides again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.state import Role, Space, Status

S: Final = Status
_HOSTS: Final = frozenset({Role.HOST, Role.COHOST})
_BEFORE_END: Final = frozenset({S.SCHEDULED, S.DOORS, S.LIVE, S.HELD})


@dataclass(frozen=True, slots=True)
class Refusal:
    """The command cannot be carried out now. `reason` is a sentence; `code` is stable.

    Codes: `status` (not in this status), `role` (the asker may not), `seat` (no such seat, or it is
    taken), `value` (a value is out of bounds), `done` (it is so already).
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Rule:
    statuses: frozenset[Status]
    hosts_only: bool
    make: Callable[[Space, Any, int], e.Decided | Refusal]


def decide(
    space: Space | None, command: c.Command, *, now_ms: int
) -> tuple[e.Decided, ...] | Refusal:
    """The events that `command` leads to in this state, or why it is refused.

    `space` is None while nothing is known under its id: only `Schedule` is possible then. `now_ms`
    is Unix time in milliseconds.
    """
    if isinstance(command, c.Schedule):
        if space is not None:
            return Refusal("done", "This space exists already.")
        return _events(_schedule(command, now_ms))
    if space is None:
        return Refusal("status", "There is no such space.")
    rule = _RULES[type(command)]
    if rule.hosts_only and command.role is not None and command.role not in _HOSTS:
        return Refusal("role", "Only the host or a co-host can do this.")
    if space.status not in rule.statuses:
        return Refusal("status", f"This is not possible while the space is {space.status}.")
    return _events(rule.make(space, command, now_ms))


def _events(made: e.Decided | Refusal) -> tuple[e.Decided, ...] | Refusal:
    return made if isinstance(made, Refusal) else (made,)


def _schedule(command: c.Schedule, now_ms: int) -> e.Decided | Refusal:
    title = command.title.strip()
    if not 1 <= len(title) <= limits.TITLE_CHARS:
        return Refusal("value", f"A title has 1 to {limits.TITLE_CHARS} characters.")
    if len(command.description) > limits.DESCRIPTION_CHARS:
        return Refusal("value", f"A description has at most {limits.DESCRIPTION_CHARS} characters.")
    if command.starts_at_ms < 0 or (command.doors_at_ms or 0) < 0:
        return Refusal("value", "Times are milliseconds since 1970.")
    if command.doors_at_ms is not None and command.doors_at_ms > command.starts_at_ms:
        return Refusal("value", "The doors open before the start, not after it.")
    return e.Scheduled(
        at_ms=now_ms,
        by=command.by,
        title=title,
        description=command.description.strip(),
        language=command.language,
        host=command.host[: limits.NAME_CHARS],
        starts_at_ms=command.starts_at_ms,
        doors_at_ms=command.doors_at_ms,
        private=command.private,
    )


def _delay(space: Space, command: c.Delay, now_ms: int) -> e.Decided | Refusal:
    if command.starts_at_ms <= now_ms:
        return Refusal("value", "The new start lies in the future.")
    reason = _reason(command.reason)
    if isinstance(reason, Refusal):
        return reason
    if not reason:
        return Refusal("value", "Say why: listeners see the reason.")
    return e.Delayed(at_ms=now_ms, by=command.by, starts_at_ms=command.starts_at_ms, reason=reason)


def _cancel(space: Space, command: c.Cancel, now_ms: int) -> e.Decided | Refusal:
    reason = _reason(command.reason)
    if isinstance(reason, Refusal):
        return reason
    return e.Cancelled(at_ms=now_ms, by=command.by, reason=reason)


def _hold(space: Space, command: c.Hold, now_ms: int) -> e.Decided | Refusal:
    reason = _reason(command.reason)
    if isinstance(reason, Refusal):
        return reason
    return e.Held(at_ms=now_ms, by=command.by, reason=reason, by_system=command.role is None)


def _withhold(space: Space, command: c.Withhold, now_ms: int) -> e.Decided | Refusal:
    reason = _reason(command.reason)
    if isinstance(reason, Refusal):
        return reason
    return e.Withheld(at_ms=now_ms, by=command.by, reason=reason)


def _reason(text: str) -> str | Refusal:
    text = text.strip()
    if len(text) > limits.REASON_CHARS:
        return Refusal("value", f"A reason has at most {limits.REASON_CHARS} characters.")
    return text


def _post(space: Space, command: c.Post, now_ms: int) -> e.Decided | Refusal:
    return e.Posted(
        at_ms=now_ms,
        by=command.by,
        recording_seconds=command.recording_seconds,
        receipt_sha256=command.receipt_sha256,
    )


def _grant(space: Space, command: c.GrantSeat, now_ms: int) -> e.Decided | Refusal:
    name = command.name.strip()
    if not 1 <= len(name) <= limits.NAME_CHARS:
        return Refusal("value", f"A name has 1 to {limits.NAME_CHARS} characters.")
    if command.seat in space.seats:
        return Refusal("done", "This seat is granted already.")
    if len(space.seats) >= limits.SEATS_COUNT:
        return Refusal("seat", f"All {limits.SEATS_COUNT} seats of this space are granted.")
    if command.seat_role is Role.HOST and command.role is not None and space.seats:
        return Refusal("role", "A space has one host; make this a co-host.")
    return e.SeatGranted(
        at_ms=now_ms, by=command.by, seat=command.seat, name=name, role=command.seat_role
    )


def _revoke(space: Space, command: c.RevokeSeat, now_ms: int) -> e.Decided | Refusal:
    if command.seat not in space.seats:
        return Refusal("seat", "There is no such seat.")
    if command.role is Role.SPEAKER and command.by != command.seat:
        return Refusal("role", "A speaker can only step down from their own seat.")
    reason = _reason(command.reason)
    if isinstance(reason, Refusal):
        return reason
    return e.SeatRevoked(at_ms=now_ms, by=command.by, seat=command.seat, reason=reason)


def _mute(space: Space, command: c.MuteSeat, now_ms: int) -> e.Decided | Refusal:
    seat = space.seats.get(command.seat)
    if seat is None:
        return Refusal("seat", "There is no such seat.")
    if command.role is Role.SPEAKER and command.by != command.seat:
        return Refusal("role", "A speaker can only mute their own seat.")
    if seat.muted:
        return Refusal("done", "This seat is muted already.")
    return e.SeatMuted(at_ms=now_ms, by=command.by, seat=command.seat)


def _unmute(space: Space, command: c.UnmuteSeat, now_ms: int) -> e.Decided | Refusal:
    seat = space.seats.get(command.seat)
    if seat is None:
        return Refusal("seat", "There is no such seat.")
    if command.by != command.seat:
        return Refusal("role", "Only the speaker can unmute their own microphone.")
    if not seat.muted:
        return Refusal("done", "This seat is not muted.")
    return e.SeatUnmuted(at_ms=now_ms, by=command.by, seat=command.seat)


def _plain(event: Callable[..., e.Decided]) -> Callable[[Space, Any, int], e.Decided | Refusal]:
    def make(space: Space, command: c.Command, now_ms: int) -> e.Decided | Refusal:
        return event(at_ms=now_ms, by=command.by)

    return make


_RULES: Final[dict[type, _Rule]] = {
    c.Delay: _Rule(frozenset({S.SCHEDULED, S.DOORS}), True, _delay),
    c.Cancel: _Rule(frozenset({S.SCHEDULED, S.DOORS}), True, _cancel),
    c.OpenDoors: _Rule(frozenset({S.SCHEDULED}), True, _plain(e.DoorsOpened)),
    c.GoLive: _Rule(frozenset({S.DOORS}), True, _plain(e.WentLive)),
    c.Hold: _Rule(frozenset({S.LIVE}), True, _hold),
    c.Resume: _Rule(frozenset({S.HELD}), True, _plain(e.Resumed)),
    c.End: _Rule(frozenset({S.LIVE, S.HELD}), True, _plain(e.Ended)),
    c.Post: _Rule(frozenset({S.ENDED}), True, _post),
    c.Withhold: _Rule(frozenset({S.ENDED, S.POSTED}), True, _withhold),
    c.GrantSeat: _Rule(_BEFORE_END, True, _grant),
    c.RevokeSeat: _Rule(_BEFORE_END, False, _revoke),
    c.MuteSeat: _Rule(_BEFORE_END, False, _mute),
    c.UnmuteSeat: _Rule(_BEFORE_END, False, _unmute),
}
