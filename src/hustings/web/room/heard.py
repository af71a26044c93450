"""What the crowd of one space has written, as its log tells it, and how its votes stand.

Fed by whoever follows the space: `take` with each entry of the crowd's log in order, `count` with
each note of the archive. Every web node arrives at the same content.
"""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from hustings import limits
from hustings.errors import BadInput
from hustings.talk import Asked, Said, Talk, Tally, decode, evolve
from hustings.web.room.pace import Pace

log = logging.getLogger("hustings.web")

_VOTES: Final = b'[{"type":"voted"'  # the archive's own entries: counted there, passed over here


class Tallies(msgspec.Struct):
    """What the archive tells once a second: the ballots of a space."""

    ballots: dict[str, Tally]


class Heard:
    """Of one space. `seq` is the last entry taken."""

    def __init__(self, space_id: str) -> None:
        self.space_id = space_id
        self.seq = 0
        self.talk = Talk()
        self.tallies: dict[str, Tally] = {}
        self.chat_pace = Pace(
            count=limits.CHAT_BURST_COUNT,
            span_ms=limits.CHAT_BURST_S * 1000,
            persons=limits.TALKERS_COUNT,
        )
        self.question_pace = Pace(
            count=limits.QUESTION_BURST_COUNT,
            span_ms=limits.QUESTION_BURST_S * 1000,
            persons=limits.TALKERS_COUNT,
        )
        self.hand_pace = Pace(
            count=limits.HAND_BURST_COUNT,
            span_ms=limits.HAND_BURST_S * 1000,
            persons=limits.TALKERS_COUNT,
        )

    def take(self, seq: int, data: bytes) -> tuple[list[Said], list[Asked]]:
        """Fold one entry: what is new in it. One that cannot be read is passed over."""
        self.seq = seq
        if data.startswith(_VOTES):
            return [], []
        try:
            entry = decode(data)
        except BadInput as error:
            log.warning("space %s: talk %d is passed over: %s", self.space_id, seq, error)
            return [], []
        said = [piece for piece in entry if isinstance(piece, Said)]
        asked = [piece for piece in entry if isinstance(piece, Asked)]
        self.talk = evolve(self.talk, entry)
        for message in said:
            self.chat_pace.note(message.person, message.at_ms)
        for question in asked:
            self.question_pace.note(question.person, question.at_ms)
        return said, [one for one in asked if one.id in self.talk.questions]

    def count(self, data: bytes) -> dict[str, Tally]:
        """Take the archive's note: the ballots that have changed."""
        try:
            ballots = msgspec.json.decode(data, type=Tallies).ballots
        except msgspec.MsgspecError as error:
            log.warning("space %s: not a tally: %s", self.space_id, error)
            return {}
        if len(ballots) > limits.POLLS_COUNT + limits.QUESTIONS_COUNT:
            log.warning("space %s: a tally of %d ballots", self.space_id, len(ballots))
            return {}
        changed = {key: one for key, one in ballots.items() if self.tallies.get(key) != one}
        self.tallies.update(changed)
        return changed
