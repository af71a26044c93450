"""What gate and stage say to each other: an offer and its answer, by request on the live path.

JSON objects on `stage.<space>.<verb>`: offer, patch, close, trial. The answer carries the HTTP
status that the gate passes on, so that the gate needs to know nothing about stages.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from hustings.errors import BadInput
from hustings.ticket import Ticket


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A speaker's SDP offer (RFC 9725) with the ticket that the gate has verified.

    `page` is what the page or program calls itself, if it does. `again`: nobody has pressed
    anything, it comes back by itself; then it does not take the seat from another page.
    """

    ticket: Ticket
    sdp: str
    page: str = ""
    again: bool = False


class TrialFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the round trip of one seat measured.

    Of the three seconds as they arrived, decoded: `speech_dbfs` and `floor_dbfs` are the levels
    that a tenth of the 20 ms frames exceed and fall below, `peak_dbfs` the largest sample,
    `clipped` the share of samples at the end of the scale, `concealed` the share of time that was
    made up for lost packets. Of the line meanwhile: `loss_up` the share of packets that did not
    arrive, `jitter_ms` the spread of their arrival (RFC 3550 section 6.4.1), `buffer_ms` how long
    the stage held sound back, `rtt_ms` to the speaker and back (section 6.4.1 as well), `loss_down`
    the share of ours that the speaker reported missing. Of the way from the speaker's ear to the
    microphone: `echo_db` is how much louder (or, as a rule, less loud) what was played came back.
    None is what nobody could tell.
    """

    speech_dbfs: float
    floor_dbfs: float
    peak_dbfs: float
    clipped: float
    concealed: float
    loss_up: float
    jitter_ms: float
    buffer_ms: float
    rtt_ms: float | None = None
    loss_down: float | None = None
    echo_db: float | None = None


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far a round trip is: `left_ms` until its next state. Figures come with "done"."""

    state: Literal["recording", "playing", "done", "stopped"]
    left_ms: int = 0
    figures: TrialFigures | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The stage's answer: 201 with SDP and the session's id, or a status with a sentence. What
    concerns a round trip has its report in `trial`.

    `etag` names the ICE session; it changes with a restart, which is 200 with an SDP fragment.
    `code` is stable for programs, `detail` is for people (RFC 9457).
    """

    status: int
    sdp: str = ""
    session: str = ""
    etag: str = ""
    code: str = ""
    detail: str = ""
    trial: TrialReport | None = None


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """Trickle candidates, or restart ICE (WHIP's PATCH): If-Match as it came, and the body."""

    ticket: Ticket
    session: str
    match: str
    fragment: str


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """End one session (WHIP's DELETE)."""

    ticket: Ticket
    session: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A round trip of a session's own sound: begin one, ask how far it is, or break it off."""

    ticket: Ticket
    session: str
    act: Literal["start", "look", "stop"]


def encode(message: Offer | Answer | Patch | Close | Trial) -> bytes:
    """The message as it travels."""
    return msgspec.json.encode(message)


def decode_offer(data: bytes) -> Offer:
    """The offer in `data`; `BadInput` when it is not one."""
    return _decode(data, Offer, "offer")


def decode_answer(data: bytes) -> Answer:
    """The answer in `data`; `BadInput` when it is not one."""
    return _decode(data, Answer, "answer")


def decode_patch(data: bytes) -> Patch:
    """The patch in `data`; `BadInput` when it is not one."""
    return _decode(data, Patch, "patch")


def decode_close(data: bytes) -> Close:
    """The close in `data`; `BadInput` when it is not one."""
    return _decode(data, Close, "close")


def decode_trial(data: bytes) -> Trial:
    """The trial in `data`; `BadInput` when it is not one."""
    return _decode(data, Trial, "trial")


_T = TypeVar("_T")


def _decode(data: bytes, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise BadInput(what, expected="a JSON message of the gate", got=str(error)) from error
