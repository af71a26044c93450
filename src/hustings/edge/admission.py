"""Who is let in: a pure function from load and limits to a rung.

    Admit    the programme, at the normal cadence
    Wait     not now: come back after so many seconds

A refusal is a value. Whoever listens already is never asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from hustings import limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How full an edge is: listeners parked, and descriptors left for new sockets."""

    listeners: int
    descriptors_left: int


@dataclass(frozen=True, slots=True)
class Admit:
    """Come in."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is no room. `retry_after_s` is when to ask again, before jitter."""

    retry_after_s: int
    reason: str


Rung: TypeAlias = Admit | Wait

_RETRY_S: Final = 5


def admit(load: Load, *, listeners_max: int = limits.LISTENERS_COUNT) -> Rung:
    """The rung of one more listener."""
    if load.listeners >= listeners_max:
        return Wait(_RETRY_S, f"This server is full: {listeners_max} people are listening.")
    if load.descriptors_left <= 0:
        return Wait(_RETRY_S, "This server is full: it has no connection to spare.")
    return Admit()
