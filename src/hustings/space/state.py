"""What a space is at one moment: its status, its seats, and what hosts and crowd have put in it.

    scheduled ──▶ doors ──▶ live ⇄ held ──▶ ended ──▶ posted
        │           │                          └────▶ withheld
        └───────────┴──▶ cancelled

A space can be delayed with a reason; it is never moved to another address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from hustings.clock import CHUNK_MS
from hustings.space.replay import Replay


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
    """What a person may do in a space: host and co-host run it, a speaker speaks, a listener who
    gave a name raises a hand and writes. A seat is never a listener's."""

    HOST = "host"
    COHOST = "cohost"
    SPEAKER = "speaker"
    LISTENER = "listener"


class Publishing(StrEnum):
    """What becomes of the recording: posted at once, after a host's review, or never."""

    AUTO = "auto"
    REVIEW = "review"
    NEVER = "never"


PollShow = Literal["live", "after"]
QuestionState = Literal["open", "asking", "answered"]


# The statuses in which a stage sends a programme to the audience.
ON_STAGE: Final = frozenset({Status.DOORS, Status.LIVE, Status.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A speaker's place. It survives reconnects: `connected` and `speaking` are observations.

    `person` is who sits here, if that is known: see `Hand`. `asked`: a host asks to unmute.
    `left_at_ms` is when a speaker who was here went, and `lost` whether by losing the connection.
    `denoised`: whether noise is suppressed; None: as the installation has it.
    `away`: the speaker is here, and held up, such as by a telephone call.
    """

    id: str
    name: str
    role: Role
    person: str = ""
    muted: bool = False
    asked: bool = False
    denoised: bool | None = None
    connected: bool = False
    speaking: bool = False
    left_at_ms: int | None = None
    lost: bool = False
    away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Somebody who wants to speak. `seat` is set once they are invited to it.

    `person` is `a-<account id>`, or `g-<16 of a-z0-9>` for a guest with a name.
    """

    person: str
    name: str
    note: str
    raised_at_ms: int
    seat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A question to the crowd. Its votes are counted elsewhere; `show` says when they are seen."""

    id: str
    question: str
    options: tuple[str, ...]
    multiple: bool = False
    show: PollShow = "live"
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A link or a post that stays above the chat; `url` is empty for a post."""

    id: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Somebody who may neither write nor speak in this space, and why."""

    person: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """One live conversation with one permanent address.

    Times are Unix milliseconds of the wall clock, for people. `live_n` is the first live chunk.
    `reason` says why the space is held, delayed, cancelled or withheld. `held_by_system` marks a
    hold that the platform began (a restart in mid-speech) and ends by itself. A `private` space is
    shown and heard by ticket only; one that is not `listed` is found by its address only.

    The audience hears the stage `delay_s` later, in whole chunks (`delay_chunks`). `held_at_ms` is
    when it was held; `cut` says that it was in mid-word, with all that waited in the delay.
    `hold_sound` is the id of the host's own hold sound, "" for the built-in one.
    `equal_time`: speakers see how much of their time they have used (see `RoomSet`).

    `recording_ready`: the recording is finished, posted or not; `withheld_by` withheld it last.
    `ends_at_ms`: an announced end. `hands` stand in the order raised, and so do `hands_on_stage`,
    the seats that ask for the floor. `removed` are ids of messages and questions taken down,
    `removed_last` the newest of them, `restored_last` of those shown again; `asking` is the
    question that is on stage now. `seats_removed` are the newest seats taken away, so that one can
    be given back. `deputy` is the seat that stands in for the host, if one was named, `in_charge`
    the one that does now (`charge`).
    """

    id: str
    title: str = ""
    description: str = ""
    language: str = ""
    host: str = ""
    private: bool = False
    listed: bool = True
    publishing: Publishing = Publishing.AUTO
    picture: str = ""
    listeners_max: int = 0
    series: str = ""
    guests: bool = True
    rehearsing: bool = False
    status: Status = Status.SCHEDULED
    starts_at_ms: int = 0
    doors_at_ms: int | None = None
    opened_at_ms: int | None = None
    live_at_ms: int | None = None
    ends_at_ms: int | None = None
    ended_at_ms: int | None = None
    live_n: int | None = None
    reason: str = ""
    held_by_system: bool = False
    held_at_ms: int | None = None
    cut: bool = False
    delay_s: int = 0
    hold_sound: str = ""
    recording_seconds: float | None = None
    receipt_sha256: str = ""
    withheld_by: str = ""
    recording_ready: bool = False
    hands_open: bool = True
    chat_open: bool = True
    slow_s: int = 0
    equal_time: bool = False
    speaker_s: int = 0
    seats: Mapping[str, Seat] = field(default_factory=dict)
    seats_removed: Mapping[str, Seat] = field(default_factory=dict)
    hands: Mapping[str, Hand] = field(default_factory=dict)
    hands_on_stage: tuple[str, ...] = ()
    polls: Mapping[str, Poll] = field(default_factory=dict)
    pins: Mapping[str, Pin] = field(default_factory=dict)
    blocked: Mapping[str, Block] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    removed_last: tuple[str, ...] = ()
    restored_last: tuple[str, ...] = ()
    answered: frozenset[str] = frozenset()
    asking: str = ""
    deputy: str = ""
    in_charge: str = ""
    replay: Replay = field(default_factory=Replay)

    def role_of(self, seat: str) -> Role:
        """What whoever sits there may do now: a deputy in charge what a co-host may."""
        role = self.seats[seat].role
        return Role.COHOST if seat == self.in_charge and role is Role.SPEAKER else role

    @property
    def delay_chunks(self) -> int:
        """How many chunks the programme is behind the stage: the delay, rounded up."""
        return -(-self.delay_s * 1000 // CHUNK_MS)

    @property
    def delay_ms(self) -> int:
        """How much later than those on stage the audience hears."""
        return self.delay_chunks * CHUNK_MS

    @property
    def version(self) -> int:
        """Which version of the recording is published."""
        return self.replay.version

    @property
    def gone(self) -> bool:
        """Whether the recording was deleted because its time was over."""
        return self.replay.expired_at_ms is not None
