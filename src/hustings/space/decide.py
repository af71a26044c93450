"""From a command to events, or to a refusal in words that a host understands.

The rules, as a table: which statuses a command is allowed in, and who may ask. What is not in the
table is refused. `decide` runs in any process; the append that follows is a compare-and-set, so of
two that decided on the same state one wins and the other decides again.
"""

from __future__ import annotations

from typing import Final

from hustings.space import (
    charge,
    decide_about,
    decide_air,
    decide_hands,
    decide_order,
    decide_polls,
    decide_replay,
    decide_seats,
)
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.refusal import Refusal, reason
from hustings.space.rule import HOSTS, SCHEDULED, Made, Rule, not_now, plain
from hustings.space.state import Publishing, Space, Status

S: Final = Status


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
        return _events(decide_about.schedule(command, now_ms))
    if space is None:
        return Refusal("status", "There is no such space.")
    rule = _RULES[type(command)]
    if rule.hosts_only and command.role is not None and command.role not in HOSTS:
        return Refusal("role", "Only the host or a co-host can do this.")
    if isinstance(command, c.Hold) and command.cut:
        return _events(decide_air.cut(space, command, now_ms))
    if space.status is _LEADS_TO.get(type(command)):
        return Refusal("done", "This has been done already.")
    if space.status not in rule.statuses:
        return not_now(space.status)
    return _events(rule.make(space, command, now_ms))


def _events(made: Made) -> tuple[e.Decided, ...] | Refusal:
    return made if isinstance(made, Refusal | tuple) else (made,)


def _delay(space: Space, command: c.Delay, now_ms: int) -> Made:
    if command.starts_at_ms <= now_ms:
        return Refusal("value", "The new start lies in the future.")
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    if not why:
        return Refusal("value", "Say why: listeners see the reason.")
    if (command.starts_at_ms, why) == (space.starts_at_ms, space.reason):
        return Refusal("done", "It begins then already.")
    return e.Delayed(at_ms=now_ms, by=command.by, starts_at_ms=command.starts_at_ms, reason=why)


def _cancel(space: Space, command: c.Cancel, now_ms: int) -> Made:
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    return e.Cancelled(at_ms=now_ms, by=command.by, reason=why)


def _rehearse(space: Space, command: c.Rehearse, now_ms: int) -> Made:
    if space.rehearsing == command.on:
        return Refusal("done", "The rehearsal is on." if command.on else "No rehearsal is on.")
    return e.Rehearsed(at_ms=now_ms, by=command.by, on=command.on)


def _post(space: Space, command: c.Post, now_ms: int) -> Made:
    if space.status is S.WITHHELD and space.recording_ready:
        return Refusal("done", "The recording is finished and withheld.")
    if space.status is S.ENDED and space.publishing is Publishing.AUTO:
        return e.Posted(
            at_ms=now_ms,
            by=command.by,
            recording_seconds=command.recording_seconds,
            receipt_sha256=command.receipt_sha256,
        )
    return e.Withheld(
        at_ms=now_ms,
        by=command.by,
        reason=space.reason,
        recording_seconds=command.recording_seconds,
        receipt_sha256=command.receipt_sha256,
    )


def _withhold(space: Space, command: c.Withhold, now_ms: int) -> Made:
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    if space.status is S.WITHHELD and (command.role is not None or space.recording_ready):
        return Refusal("status", "The recording is withheld already.")
    facts = command.role is None  # a host cannot know them
    return e.Withheld(
        at_ms=now_ms,
        by=command.by,
        reason=space.reason if space.status is S.WITHHELD and space.reason else why,
        recording_seconds=command.recording_seconds if facts else 0.0,
        receipt_sha256=command.receipt_sha256 if facts else "",
    )


def _publish(space: Space, command: c.Publish, now_ms: int) -> Made:
    if space.publishing is Publishing.NEVER:
        return Refusal("status", "Those who spoke were told that this is never published.")
    if not space.recording_ready:
        return Refusal("status", "There is no finished recording yet.")
    return e.Posted(
        at_ms=now_ms,
        by=command.by,
        recording_seconds=space.recording_seconds or 0.0,
        receipt_sha256=space.receipt_sha256,
    )


# Two hosts press the same button: the second has what they wanted.
_LEADS_TO: Final[dict[type, Status]] = {
    c.Cancel: S.CANCELLED,
    c.OpenDoors: S.DOORS,
    c.GoLive: S.LIVE,
    c.Resume: S.LIVE,
    c.Hold: S.HELD,
    c.End: S.ENDED,
    c.Publish: S.POSTED,
}
_RULES: Final[dict[type, Rule]] = {
    c.Delay: Rule(frozenset({S.SCHEDULED, S.DOORS}), True, _delay),
    c.Cancel: Rule(frozenset({S.SCHEDULED, S.DOORS}), True, _cancel),
    c.Rehearse: Rule(SCHEDULED, True, _rehearse),
    c.OpenDoors: Rule(SCHEDULED, True, plain(e.DoorsOpened)),
    c.GoLive: Rule(frozenset({S.DOORS}), True, plain(e.WentLive)),
    c.Post: Rule(frozenset({S.ENDED, S.WITHHELD}), True, _post),
    c.Withhold: Rule(frozenset({S.ENDED, S.POSTED, S.WITHHELD}), True, _withhold),
    c.Publish: Rule(frozenset({S.WITHHELD}), True, _publish),
    **decide_about.RULES,
    **decide_air.RULES,
    **decide_seats.RULES,
    **decide_hands.RULES,
    **decide_polls.RULES,
    **decide_order.RULES,
    **decide_replay.RULES,
    **charge.RULES,
}
