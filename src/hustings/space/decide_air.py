"""Decisions on what is on air: hold and cut, resume, and the end.

With a broadcast delay listeners are behind the stage. A hold takes effect on the stage at once and
lets what was said before it still go out; so does the end, which therefore waits for that. A cut
lets nothing go out any more.
"""

from __future__ import annotations

from typing import Final

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.refusal import Refusal, reason
from hustings.space.rule import Made, Rule, not_now, plain
from hustings.space.state import Space, Status

TIMER: Final = "timer"  # who carries out what was announced
_LIVE: Final = frozenset({Status.LIVE})
_HELD: Final = frozenset({Status.HELD})


def cut(space: Space, command: c.Hold, now_ms: int) -> Made:
    """Silence at once. While it is held there may be something left to cut."""
    if space.status not in _LIVE | _HELD:
        return not_now(space.status)
    if space.status is Status.HELD and waiting_ms(space, now_ms) == 0:
        return Refusal("done", "Listeners hear the hold sound already, and nothing is on its way.")
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    if space.status is Status.HELD:
        why = why or space.reason
    return e.Held(at_ms=now_ms, by=command.by, reason=why, by_system=command.role is None, cut=True)


def waiting_ms(space: Space, now_ms: int) -> int:
    """How long what was said on air is still on its way to the listeners, if nothing follows."""
    if not space.delay_chunks or space.status not in _LIVE | _HELD:
        return 0
    most = space.delay_ms + limits.DELAY_MARGIN_MS
    if space.status is Status.LIVE:
        return most
    if space.cut or space.held_by_system or space.held_at_ms is None:
        return 0
    return min(most, max(0, space.held_at_ms + most - now_ms))


def _hold(space: Space, command: c.Hold, now_ms: int) -> Made:
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    return e.Held(at_ms=now_ms, by=command.by, reason=why, by_system=command.role is None)


def _end_soon(space: Space, command: c.EndSoon, now_ms: int) -> Made:
    if space.ends_at_ms is not None:
        return Refusal("done", "The end is announced already.")
    if not 0 <= command.in_ms <= limits.END_COUNTDOWN_MS:
        minutes = limits.END_COUNTDOWN_MS // 60_000
        return Refusal("value", f"The end is announced at most {minutes} minutes ahead.")
    return e.Ending(at_ms=now_ms, by=command.by, ends_at_ms=now_ms + command.in_ms)


def _keep_going(space: Space, command: c.KeepGoing, now_ms: int) -> Made:
    if space.ends_at_ms is None:
        return Refusal("done", "No end is announced.")
    return e.EndingUndone(at_ms=now_ms, by=command.by)


def _end(space: Space, command: c.End, now_ms: int) -> Made:
    # A timer that comes late must not end what somebody has decided to go on with.
    announced = space.ends_at_ms is not None and space.ends_at_ms <= now_ms
    if command.by == TIMER and not announced:
        return Refusal("done", "No end is due.")
    left_ms = waiting_ms(space, now_ms)
    if not left_ms:
        return e.Ended(at_ms=now_ms, by=command.by)
    if space.status is Status.HELD and space.ends_at_ms is not None and not announced:
        return Refusal("done", "It ends as soon as listeners have heard what was said.")
    # Whoever ends it means from now on: what was said until now still goes out.
    ending = e.Ending(at_ms=now_ms, by=command.by, ends_at_ms=now_ms + left_ms)
    if space.status is Status.HELD:
        return ending
    return ending, e.Held(at_ms=now_ms, by=command.by)


_ON: Final = _LIVE | _HELD
RULES: Final[dict[type, Rule]] = {
    c.Hold: Rule(_LIVE, True, _hold),
    c.Resume: Rule(_HELD, True, plain(e.Resumed)),
    c.EndSoon: Rule(_ON, True, _end_soon),
    c.KeepGoing: Rule(_ON, True, _keep_going),
    c.End: Rule(_ON, True, _end),
}
