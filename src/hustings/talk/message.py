"""What the crowd writes, and its wire form: one JSON array of pieces per log entry.

The pieces of an entry arrived within one batch. `at_ms` is Unix time in milliseconds, for people;
the log's order is what counts. Ids and persons are as in `space`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from hustings import limits
from hustings.errors import BadInput


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="said"):
    """A message of the chat. `role` is one of `space.Role`'s values."""

    id: str
    person: str
    name: str
    text: str
    role: str = ""
    at_ms: int


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="asked"):
    """A question to the stage. Others vote for it."""

    id: str
    person: str
    name: str
    text: str
    at_ms: int


class Voted(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="voted"):
    """Votes, by ballot and voter: the choices a voter has now, none if taken back.

    A ballot is a poll's id, or `q-<question id>`, where [0] is for the question. A voter is the
    visitor's key hashed with the space's salt, in hexadecimal digits. `times` says when each was
    cast (Unix milliseconds, of the edge that took it): the newest counts, whichever came last.
    """

    votes: dict[str, dict[str, list[int]]]
    times: dict[str, dict[str, int]] = {}


Piece: TypeAlias = Said | Asked | Voted


class Tally(msgspec.Struct, frozen=True):
    """The result of one ballot: votes of each option, and how many persons have voted."""

    counts: list[int]
    voters: int


def ballot(question: str) -> str:
    """The ballot of a question."""
    return f"q-{question}"


def encode(pieces: Sequence[Piece]) -> bytes:
    """The pieces as one entry (JSON)."""
    return _encoder.encode(pieces)


def decode(data: bytes) -> list[Piece]:
    """The pieces in `data`; `BadInput` when it is not an entry of the crowd's."""
    try:
        pieces = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("talk", expected="a JSON array of messages", got=str(error)) from error
    if len(pieces) > limits.TALK_BATCH_COUNT:
        raise BadInput("talk", expected=f"at most {limits.TALK_BATCH_COUNT} messages")
    return pieces


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[list[Piece]] = msgspec.json.Decoder(list[Piece])
