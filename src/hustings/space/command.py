"""What can be asked of a space. A command carries who asks; `decide` says whether it may be.

`by` is an account id, a seat id, "timer" or "system"; `role` is the asker's role in this space, or
None for the platform itself, which may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hustings.space.state import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    by: str
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(_Command):
    """Make the space. `starts_at_ms` 0 means now; a `private` one is heard by ticket only."""

    title: str
    description: str = ""
    language: str = ""
    host: str = ""
    starts_at_ms: int = 0
    doors_at_ms: int | None = None
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(_Command):
    """Begin later, at the same address."""

    starts_at_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(_Command):
    """Call it off before it was live."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDoors(_Command):
    """Let listeners in, to the hold sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoLive(_Command):
    """Put the stage on air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(_Command):
    """Take the stage off air for a while."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(_Command):
    """Back on air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End(_Command):
    """End the conversation for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(_Command):
    """Publish the finished recording."""

    recording_seconds: float
    receipt_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold(_Command):
    """Keep the finished recording unpublished."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSeat(_Command):
    """Give somebody a place on stage."""

    seat: str
    name: str
    seat_role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSeat(_Command):
    """Take a place away, or step down (`by` equal to `seat`)."""

    seat: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteSeat(_Command):
    """Take one seat off air: its own speaker, a host or a co-host may."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmuteSeat(_Command):
    """Put one seat on air again: only its own speaker may."""

    seat: str


Command: TypeAlias = (
    Schedule
    | Delay
    | Cancel
    | OpenDoors
    | GoLive
    | Hold
    | Resume
    | End
    | Post
    | Withhold
    | GrantSeat
    | RevokeSeat
    | MuteSeat
    | UnmuteSeat
)
