"""How long a recording is kept, and what is to be done about it when. Pure.

It counts from the end of the conversation. Nothing goes that was not announced: two weeks before,
or as long before as it is kept at all if that is less. Whoever keeps it longer meanwhile calls the
announcement off; whoever keeps it less long does not bring an announced day forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.space import Command, Space
from hustings.space.replay_command import Expire, WarnOfExpiry

BY: Final = "archive"
_DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be decided now, if anything, and when to look again (Unix milliseconds) if nothing
    is decided meanwhile; None for never."""

    command: Command | None
    at_ms: int | None


def following(space: Space, *, keep_days: int, now_ms: int) -> Next:
    """What follows for a space whose conversation is over; `keep_days` is what the installation
    says where the space says nothing, 0 for ever."""
    replay = space.replay
    if not space.recording_ready or space.gone or space.ended_at_ms is None:
        return Next(None, None)
    days = replay.keep_days
    if days is None or days < 0:
        days = keep_days
    announced = replay.expires_at_ms
    if days <= 0:
        return Next(_announce(None) if announced is not None else None, None)
    kept_ms = days * _DAY_MS
    lead_ms = min(limits.EXPIRY_WARNING_S * 1000, kept_ms)
    over_ms = space.ended_at_ms + kept_ms
    if announced is None:
        if now_ms < over_ms - lead_ms:
            return Next(None, over_ms - lead_ms)
        return Next(_announce(max(over_ms, now_ms + lead_ms)), None)
    if over_ms > announced:
        later = None if now_ms < over_ms - lead_ms else over_ms
        return Next(_announce(later), None)
    if now_ms < announced:
        return Next(None, announced)
    return Next(Expire(by=BY), None)


def _announce(at_ms: int | None) -> WarnOfExpiry:
    return WarnOfExpiry(by=BY, expires_at_ms=at_ms)
