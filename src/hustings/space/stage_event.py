"""What a stage observes in a space: who sits and speaks, what is on air, what needs a person."""

from __future__ import annotations

from hustings.space.happening import Happening


class OnAir(Happening, frozen=True, kw_only=True, tag="on_air"):
    """From chunk `n` on the programme is live (`live`) or the hold sound."""

    n: int
    live: bool


class StageTaken(Happening, frozen=True, kw_only=True, tag="stage_taken"):
    """A stage process holds the lease and continues with chunk `n`.

    `cause`: opened (the first), takeover (the one before has died), restart (all were stopped).
    """

    n: int
    epoch: int
    cause: str


class SeatJoined(Happening, frozen=True, kw_only=True, tag="seat_joined"):
    """A speaker's sound arrives. `join` counts the transports of this seat."""

    seat: str
    join: int
    n: int


class SeatLeft(Happening, frozen=True, kw_only=True, tag="seat_left"):
    """A speaker's transport is gone (`cause`: bye, lost, replaced, revoked)."""

    seat: str
    cause: str
    n: int


class Spoke(Happening, frozen=True, kw_only=True, tag="spoke"):
    """A seat began or stopped speaking in tick `tick` (0 to 15) of chunk `n`.

    That is the moment itself, not the later one at which the detector was sure of it.
    """

    seat: str
    speaking: bool
    n: int
    tick: int = 0  # 0 in logs written before ticks were told


class Warned(Happening, frozen=True, kw_only=True, tag="warned"):
    """Something needs a person: `code` is stable, `advice` is a sentence for the host."""

    code: str
    advice: str
    n: int
    seat: str = ""


class Cleared(Happening, frozen=True, kw_only=True, tag="cleared"):
    """What was warned of under `code` is over."""

    code: str
    n: int
    seat: str = ""
