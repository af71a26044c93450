"""A speaker who is held up without leaving, as by a telephone call: what is asked and decided."""

from __future__ import annotations

from dataclasses import dataclass

from hustings.space.asking import Asking
from hustings.space.happening import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAway(Asking):
    """Say that one's own microphone is in other hands for a while, or is back."""

    seat: str
    away: bool


class SeatAway(Decision, frozen=True, kw_only=True, tag="seat_away"):
    """A speaker is held up, or back. The seat stays as it is: not muted, and not left."""

    seat: str
    away: bool
