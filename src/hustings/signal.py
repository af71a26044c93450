"""What gate and stage say to each other: an offer and its answer, by request on the live path.

JSON objects on `stage.<space>.offer`, `stage.<space>.patch` and `stage.<space>.close`. The answer
carries the HTTP status that the gate passes on, so that the gate knows nothing about stages.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hustings.errors import BadInput
from hustings.ticket import Ticket


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A speaker's SDP offer (RFC 9725) with the ticket that the gate has verified."""

    ticket: Ticket
    sdp: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The stage's answer: 201 with SDP and the session's id, or a status with a sentence.

    `etag` names the ICE session; it changes with a restart, which is 200 with an SDP fragment.
    `code` is stable for programs, `detail` is for people (RFC 9457).
    """

    status: int
    sdp: str = ""
    session: str = ""
    etag: str = ""
    code: str = ""
    detail: str = ""


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


def encode(message: Offer | Answer | Patch | Close) -> bytes:
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


_T = TypeVar("_T")


def _decode(data: bytes, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise BadInput(what, expected="a JSON message of the gate", got=str(error)) from error
