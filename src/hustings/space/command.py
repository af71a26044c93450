"""What can be asked of a space. A command carries who asks; `decide` says whether it may be.

`by` is an account id, a seat id, a person (`a-…`, `g-…`), "timer" or "system"; `role` is the
asker's role in this space, or None for the platform itself, which may do everything. A person
without a seat is `Role.LISTENER`: they raise and lower their own hand, and take the seat they are
invited to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hustings.space.asking import Asking
from hustings.space.charge_command import ChargeCommand
from hustings.space.presence import SetAway
from hustings.space.replay_command import ReplayCommand
from hustings.space.state import PollShow, Publishing, QuestionState, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Asking):
    """Make the space. `starts_at_ms` 0 means now; a `private` one is heard by ticket only."""

    title: str
    description: str = ""
    language: str = ""
    host: str = ""
    starts_at_ms: int = 0
    doors_at_ms: int | None = None
    private: bool = False
    listed: bool = True
    publishing: Publishing = Publishing.AUTO
    picture: str = ""
    listeners_max: int = 0
    series: str = ""
    guests: bool = True
    keep_days: int | None = None
    delay_s: int = 0
    hold_sound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(Asking):
    """Change what is said of the space; None leaves it. After the end nobody's rights change.

    `keep_days` -1 keeps the recording for as long as the installation does."""

    title: str | None = None
    description: str | None = None
    language: str | None = None
    picture: str | None = None
    listed: bool | None = None
    private: bool | None = None
    publishing: Publishing | None = None
    listeners_max: int | None = None
    series: str | None = None
    guests: bool | None = None
    keep_days: int | None = None
    delay_s: int | None = None
    hold_sound: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearse(Asking):
    """Begin or end a rehearsal in the green room."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Asking):
    """Begin later, at the same address."""

    starts_at_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Asking):
    """Call it off before it was live."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDoors(Asking):
    """Let listeners in, to the hold sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoLive(Asking):
    """Put the stage on air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Asking):
    """Take the stage off air for a while. With `cut` at once, and with all that waits in the delay:
    also while it is held, because then what was said before may still be on its way."""

    reason: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Asking):
    """Back on air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Asking):
    """End the conversation for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSoon(Asking):
    """Announce the end in so many milliseconds; the timers of the web carry it out."""

    in_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepGoing(Asking):
    """Call the announced end off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Asking):
    """Publish the finished recording."""

    recording_seconds: float
    receipt_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold(Asking):
    """Keep the finished recording unpublished. The platform says what was recorded."""

    reason: str = ""
    recording_seconds: float = 0.0
    receipt_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Asking):
    """Publish a recording that was withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSeat(Asking):
    """Give somebody a place on stage: a host may, and who is invited to this very seat.

    `person` is who takes it, if known. A seat that was taken away is given back under its old id.
    """

    seat: str
    name: str
    seat_role: Role
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSeat(Asking):
    """Take a place away, or step down (`by` equal to `seat`)."""

    seat: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteSeat(Asking):
    """Take one seat off air: its own speaker, a host or a co-host may."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmuteSeat(Asking):
    """Put one seat on air again: only its own speaker may."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiseSeat(Asking):
    """Suppress a seat's noise, or let it be: its own speaker, a host or a co-host may."""

    seat: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSeatRole(Asking):
    """Make a speaker a co-host, or the reverse."""

    seat: str
    seat_role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class AskUnmute(Asking):
    """Ask a muted speaker to open the microphone."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseSeatHand(Asking):
    """Ask for the floor from one's own seat."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerSeatHand(Asking):
    """Take that hand down: its own speaker, a host or a co-host may."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRoom(Asking):
    """Change what the crowd may do, or the speakers' clocks; None leaves it."""

    hands_open: bool | None = None
    chat_open: bool | None = None
    slow_s: int | None = None
    guests: bool | None = None
    equal_time: bool | None = None
    speaker_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseHand(Asking):
    """Ask to speak."""

    person: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerHand(Asking):
    """Take a hand down: one's own (`by` equal to `person`), or any as a host."""

    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteHand(Asking):
    """Invite who raised a hand to a new seat."""

    person: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UninviteHand(Asking):
    """Take that invitation back."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoll(Asking):
    """Ask the crowd."""

    poll: str
    question: str
    options: tuple[str, ...]
    multiple: bool = False
    show: PollShow = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePoll(Asking):
    """Take no more votes."""

    poll: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(Asking):
    """Put a link or a post above the chat."""

    pin: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpin(Asking):
    """Take it off."""

    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMessage(Asking):
    """Take a message or a question down. Whose it is, is the asker's to know: an author's own
    wish comes in the platform's name."""

    message: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreMessage(Asking):
    """Show it again."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkQuestion(Asking):
    """Put a question on stage, mark it as answered, or open it again."""

    question: str
    state: QuestionState


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPerson(Asking):
    """Keep somebody from writing and speaking here; takes their hand and their seat."""

    person: str
    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockPerson(Asking):
    """Let them again."""

    person: str
    reason: str = ""


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
    | DenoiseSeat
    | SetSeatRole
    | AskUnmute
    | RaiseSeatHand
    | LowerSeatHand
    | Edit
    | Rehearse
    | EndSoon
    | KeepGoing
    | Publish
    | SetRoom
    | RaiseHand
    | LowerHand
    | InviteHand
    | UninviteHand
    | OpenPoll
    | ClosePoll
    | Pin
    | Unpin
    | RemoveMessage
    | RestoreMessage
    | MarkQuestion
    | BlockPerson
    | UnblockPerson
    | ReplayCommand
    | ChargeCommand
    | SetAway
)
