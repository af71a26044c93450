"""Everything that can happen in a space, and its wire form: one JSON object per log entry.

What is decided about the recording stands in `replay_event`, who is in charge in `charge_event`,
what a stage observes in `stage_event`.

`Decided` events stand under the subject kind `ev`: appended by compare-and-set, so a race has one
winner. `Observed` events stand under `obs`: what the stage noticed. `at_ms` is Unix time in
milliseconds, for people; the log's order is what counts.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from hustings.errors import BadInput
from hustings.space.charge_event import ChargeDecided
from hustings.space.happening import Decision
from hustings.space.presence import SeatAway
from hustings.space.replay_event import ReplayDecided
from hustings.space.stage_event import (
    Cleared,
    OnAir,
    SeatJoined,
    SeatLeft,
    Spoke,
    StageTaken,
    Warned,
)
from hustings.space.state import PollShow, Publishing, QuestionState, Role


class Scheduled(Decision, frozen=True, kw_only=True, tag="scheduled"):
    """The space exists. `starts_at_ms` is 0 for "now"; `doors_at_ms` opens the doors by itself; a
    `private` one is heard by ticket only."""

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


class Edited(Decision, frozen=True, kw_only=True, tag="edited"):
    """What is said of the space has changed; None is as before."""

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
    keep_days: int | None = None  # -1: as the installation does
    delay_s: int | None = None
    hold_sound: str | None = None


class Rehearsed(Decision, frozen=True, kw_only=True, tag="rehearsed"):
    """A rehearsal in the green room has begun or is over; nothing of it is recorded."""

    on: bool


class Delayed(Decision, frozen=True, kw_only=True, tag="delayed"):
    """It will begin later, at the same address, for a reason that listeners see."""

    starts_at_ms: int
    reason: str


class Cancelled(Decision, frozen=True, kw_only=True, tag="cancelled"):
    """It will not take place."""

    reason: str = ""


class DoorsOpened(Decision, frozen=True, kw_only=True, tag="doors_opened"):
    """Listeners may connect; they hear the hold sound. Chunk 0 follows."""


class WentLive(Decision, frozen=True, kw_only=True, tag="went_live"):
    """The stage is on air from the next chunk."""


class Held(Decision, frozen=True, kw_only=True, tag="held"):
    """The audience hears the hold sound; nothing is recorded.

    `cut`: it was taken off air in mid-word, and what waited in the delay never went out.
    """

    reason: str = ""
    by_system: bool = False
    cut: bool = False


class Resumed(Decision, frozen=True, kw_only=True, tag="resumed"):
    """Back on air after a hold."""


class Ending(Decision, frozen=True, kw_only=True, tag="ending"):
    """The end is announced for `ends_at_ms`; until then it can be undone."""

    ends_at_ms: int


class EndingUndone(Decision, frozen=True, kw_only=True, tag="ending_undone"):
    """The announced end is called off."""


class Ended(Decision, frozen=True, kw_only=True, tag="ended"):
    """The conversation is over; the recording is being finished."""


class Posted(Decision, frozen=True, kw_only=True, tag="posted"):
    """The replay can be played at the space's address."""

    recording_seconds: float
    receipt_sha256: str


class Withheld(Decision, frozen=True, kw_only=True, tag="withheld"):
    """The recording exists and is not published. The facts come with it once it is finished."""

    reason: str = ""
    recording_seconds: float = 0.0
    receipt_sha256: str = ""


class SeatGranted(Decision, frozen=True, kw_only=True, tag="seat_granted"):
    """Somebody may take a place on stage."""

    seat: str
    name: str
    role: Role
    person: str = ""


class SeatRevoked(Decision, frozen=True, kw_only=True, tag="seat_revoked"):
    """A place on stage is taken away."""

    seat: str
    reason: str = ""


class SeatMuted(Decision, frozen=True, kw_only=True, tag="seat_muted"):
    """A seat is off air: it is neither mixed nor logged."""

    seat: str


class SeatUnmuted(Decision, frozen=True, kw_only=True, tag="seat_unmuted"):
    """A seat is on air again; only its own speaker can decide this."""

    seat: str


class SeatDenoised(Decision, frozen=True, kw_only=True, tag="seat_denoised"):
    """The noise behind a speaker's voice is suppressed, or is not any more. Its track stays."""

    seat: str
    on: bool


class SeatRoleSet(Decision, frozen=True, kw_only=True, tag="seat_role_set"):
    """A speaker has become a co-host, or the reverse."""

    seat: str
    role: Role


class UnmuteAsked(Decision, frozen=True, kw_only=True, tag="unmute_asked"):
    """A host asks a muted speaker to open the microphone."""

    seat: str


class SeatHandRaised(Decision, frozen=True, kw_only=True, tag="seat_hand_raised"):
    """Somebody on stage asks for the floor."""

    seat: str


class SeatHandLowered(Decision, frozen=True, kw_only=True, tag="seat_hand_lowered"):
    """They do not ask any more, or a host has put the hand down."""

    seat: str


class RoomSet(Decision, frozen=True, kw_only=True, tag="room_set"):
    """What the crowd may do, or the speakers' clocks, have changed; None is as before.

    `equal_time`: speakers see how much of their time they have used; it is `speaker_s` seconds, or
    an equal share of what was spoken when that is 0.
    """

    hands_open: bool | None = None
    chat_open: bool | None = None
    slow_s: int | None = None
    guests: bool | None = None
    equal_time: bool | None = None
    speaker_s: int | None = None


class HandRaised(Decision, frozen=True, kw_only=True, tag="hand_raised"):
    """Somebody wants to speak."""

    person: str
    name: str
    note: str = ""


class HandLowered(Decision, frozen=True, kw_only=True, tag="hand_lowered"):
    """They do not want to any more, or a host has put it down."""

    person: str
    reason: str = ""


class HandInvited(Decision, frozen=True, kw_only=True, tag="hand_invited"):
    """They may take `seat`; it is granted when they accept."""

    person: str
    seat: str


class HandUninvited(Decision, frozen=True, kw_only=True, tag="hand_uninvited"):
    """The invitation is taken back; the hand stays up."""

    person: str


class PollOpened(Decision, frozen=True, kw_only=True, tag="poll_opened"):
    """The crowd is asked."""

    poll: str
    question: str
    options: tuple[str, ...]
    multiple: bool = False
    show: PollShow = "live"


class PollClosed(Decision, frozen=True, kw_only=True, tag="poll_closed"):
    """No more votes are taken."""

    poll: str


class Pinned(Decision, frozen=True, kw_only=True, tag="pinned"):
    """A link or a post stays above the chat."""

    pin: str
    text: str
    url: str = ""


class Unpinned(Decision, frozen=True, kw_only=True, tag="unpinned"):
    """It is taken off again."""

    pin: str


class MessageRemoved(Decision, frozen=True, kw_only=True, tag="message_removed"):
    """A message or a question is taken down."""

    message: str
    reason: str = ""


class MessageRestored(Decision, frozen=True, kw_only=True, tag="message_restored"):
    """It is shown again."""

    message: str


class QuestionMarked(Decision, frozen=True, kw_only=True, tag="question_marked"):
    """A question is on stage, answered, or open again."""

    question: str
    state: QuestionState


class PersonBlocked(Decision, frozen=True, kw_only=True, tag="person_blocked"):
    """Somebody may neither write nor speak in this space."""

    person: str
    name: str
    reason: str = ""


class PersonUnblocked(Decision, frozen=True, kw_only=True, tag="person_unblocked"):
    """They may again."""

    person: str
    reason: str = ""


Decided: TypeAlias = (
    Scheduled
    | Delayed
    | Cancelled
    | DoorsOpened
    | WentLive
    | Held
    | Resumed
    | Ended
    | Posted
    | Withheld
    | SeatGranted
    | SeatRevoked
    | SeatMuted
    | SeatUnmuted
    | SeatDenoised
    | SeatRoleSet
    | UnmuteAsked
    | SeatHandRaised
    | SeatHandLowered
    | Edited
    | Rehearsed
    | Ending
    | EndingUndone
    | RoomSet
    | HandRaised
    | HandLowered
    | HandInvited
    | HandUninvited
    | PollOpened
    | PollClosed
    | Pinned
    | Unpinned
    | MessageRemoved
    | MessageRestored
    | QuestionMarked
    | PersonBlocked
    | PersonUnblocked
    | ReplayDecided
    | ChargeDecided
    | SeatAway
)
Observed: TypeAlias = OnAir | StageTaken | SeatJoined | SeatLeft | Spoke | Warned | Cleared
Event: TypeAlias = Decided | Observed


__all__ = [
    "Cleared", "Decided", "Event", "Observed", "OnAir", "SeatJoined", "SeatLeft", "Spoke",
    "StageTaken", "Warned", "decode", "encode",
]  # fmt: skip


def encode(event: Event) -> bytes:
    """The event as it rests in the log (JSON)."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """The event in `data`; `BadInput` when it is not one."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("event", expected="a JSON event of a space", got=str(error)) from error


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
