"""Everything that can happen in a space, and its wire form: one JSON object per log entry.

`Decided` events stand under the subject kind `ev`: appended by compare-and-set, so a race has one
winner. `Observed` events stand under `obs`: what the stage noticed. `at_ms` is Unix time in
milliseconds, for people; the log's order is what counts.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from hustings.errors import BadInput
from hustings.space.state import Role


class _Event(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True
):
    at_ms: int


class _Decided(_Event, frozen=True, kw_only=True):
    by: str  # account id, seat id, "system" or "timer"


class Scheduled(_Decided, frozen=True, kw_only=True, tag="scheduled"):
    """The space exists. `starts_at_ms` is 0 for "now"; `doors_at_ms` opens the doors by itself; a
    `private` one is heard by ticket only."""

    title: str
    description: str = ""
    language: str = ""
    host: str = ""
    starts_at_ms: int = 0
    doors_at_ms: int | None = None
    private: bool = False


class Delayed(_Decided, frozen=True, kw_only=True, tag="delayed"):
    """It will begin later, at the same address, for a reason that listeners see."""

    starts_at_ms: int
    reason: str


class Cancelled(_Decided, frozen=True, kw_only=True, tag="cancelled"):
    """It will not take place."""

    reason: str = ""


class DoorsOpened(_Decided, frozen=True, kw_only=True, tag="doors_opened"):
    """Listeners may connect; they hear the hold sound. Chunk 0 follows."""


class WentLive(_Decided, frozen=True, kw_only=True, tag="went_live"):
    """The stage is on air from the next chunk."""


class Held(_Decided, frozen=True, kw_only=True, tag="held"):
    """The audience hears the hold sound; nothing is recorded."""

    reason: str = ""
    by_system: bool = False


class Resumed(_Decided, frozen=True, kw_only=True, tag="resumed"):
    """Back on air after a hold."""


class Ended(_Decided, frozen=True, kw_only=True, tag="ended"):
    """The conversation is over; the recording is being finished."""


class Posted(_Decided, frozen=True, kw_only=True, tag="posted"):
    """The replay can be played at the space's address."""

    recording_seconds: float
    receipt_sha256: str


class Withheld(_Decided, frozen=True, kw_only=True, tag="withheld"):
    """The recording exists and is not published."""

    reason: str = ""


class SeatGranted(_Decided, frozen=True, kw_only=True, tag="seat_granted"):
    """Somebody may take a place on stage."""

    seat: str
    name: str
    role: Role


class SeatRevoked(_Decided, frozen=True, kw_only=True, tag="seat_revoked"):
    """A place on stage is taken away."""

    seat: str
    reason: str = ""


class SeatMuted(_Decided, frozen=True, kw_only=True, tag="seat_muted"):
    """A seat is off air: it is neither mixed nor logged."""

    seat: str


class SeatUnmuted(_Decided, frozen=True, kw_only=True, tag="seat_unmuted"):
    """A seat is on air again; only its own speaker can decide this."""

    seat: str


class OnAir(_Event, frozen=True, kw_only=True, tag="on_air"):
    """From chunk `n` on the programme is live (`live`) or the hold sound."""

    n: int
    live: bool


class StageTaken(_Event, frozen=True, kw_only=True, tag="stage_taken"):
    """A stage process holds the lease and continues with chunk `n`.

    `cause`: opened (the first), takeover (the one before has died), restart (all were stopped).
    """

    n: int
    epoch: int
    cause: str


class SeatJoined(_Event, frozen=True, kw_only=True, tag="seat_joined"):
    """A speaker's sound arrives. `join` counts the transports of this seat."""

    seat: str
    join: int
    n: int


class SeatLeft(_Event, frozen=True, kw_only=True, tag="seat_left"):
    """A speaker's transport is gone (`cause`: bye, lost, replaced, revoked)."""

    seat: str
    cause: str
    n: int


class Spoke(_Event, frozen=True, kw_only=True, tag="spoke"):
    """A seat began or stopped speaking at chunk `n`."""

    seat: str
    speaking: bool
    n: int


class Warned(_Event, frozen=True, kw_only=True, tag="warned"):
    """Something needs a person: `code` is stable, `advice` is a sentence for the host."""

    code: str
    advice: str
    n: int
    seat: str = ""


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
)
Observed: TypeAlias = OnAir | StageTaken | SeatJoined | SeatLeft | Spoke | Warned
Event: TypeAlias = Decided | Observed


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
