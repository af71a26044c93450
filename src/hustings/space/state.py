"""What a space is at one moment: its status and its seats.

    scheduled ──▶ doors ──▶ live ⇄ held ──▶ ended ──▶ posted
        │           │                          └────▶ withheld
        └───────────┴──▶ cancelled

A space can be delayed with a reason; it is never moved to another address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where a space is in its life."""

    SCHEDULED = "scheduled"
    DOORS = "doors"
    LIVE = "live"
    HELD = "held"
    ENDED = "ended"
    POSTED = "posted"
    WITHHELD = "withheld"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """What a person on stage may do: host and co-host run the space, a speaker speaks."""

    HOST = "host"
    COHOST = "cohost"
    SPEAKER = "speaker"


# The statuses in which a stage sends a programme to the audience.
ON_STAGE: Final = frozenset({Status.DOORS, Status.LIVE, Status.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A speaker's place. It survives reconnects: `connected` and `speaking` are observations."""

    id: str
    name: str
    role: Role
    muted: bool = False
    connected: bool = False
    speaking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """One live conversation with one permanent address.

    Times are Unix milliseconds of the wall clock, for people. `live_n` is the first live chunk.
    `reason` says why the space is held, delayed, cancelled or withheld. `held_by_system` marks a
    hold that the platform began (a restart in mid-speech) and ends by itself. A `private` space is
    shown and heard by ticket only.
    """

    id: str
    title: str = ""
    description: str = ""
    language: str = ""
    host: str = ""
    private: bool = False
    status: Status = Status.SCHEDULED
    starts_at_ms: int = 0
    doors_at_ms: int | None = None
    opened_at_ms: int | None = None
    live_at_ms: int | None = None
    ended_at_ms: int | None = None
    live_n: int | None = None
    reason: str = ""
    held_by_system: bool = False
    recording_seconds: float | None = None
    receipt_sha256: str = ""
    seats: Mapping[str, Seat] = field(default_factory=dict)
