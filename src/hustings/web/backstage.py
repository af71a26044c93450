"""Back-channel talk: what those with a seat write to each other, which the audience never gets.

It travels on the live path alone and stands in no log. Each process of the studio keeps the newest
lines of the spaces that talked last, so that a page that comes back reads what it missed.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from typing import Final

import msgspec

from hustings import limits
from hustings.errors import BadInput
from hustings.log import subjects
from hustings.log.contract import Message

log = logging.getLogger("hustings.web")

WHAT: Final = "backstage"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line, by whoever sits on `seat` ("" for a host without one)."""

    id: str
    seat: str
    name: str
    text: str
    at_ms: int


def decode(data: bytes) -> Line:
    """The line in `data`; `BadInput` if there is none."""
    try:
        line = msgspec.json.decode(data, type=Line)
    except msgspec.MsgspecError as error:
        raise BadInput("backstage line", expected="a line", got=str(error)) from error
    if len(line.text) > limits.CHAT_CHARS or len(line.name) > limits.NAME_CHARS:
        raise BadInput("backstage line", expected="a short one", got=f"{len(line.text)}")
    return line


class Backstage:
    """The newest lines of every space that talks."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Line]] = OrderedDict()

    def take(self, message: Message) -> tuple[str, Line] | None:
        """Keep what a message brings: the space and the line; None if it is no line."""
        try:
            line = decode(message.data)
        except BadInput as error:
            log.warning("%s: %s", message.subject, error)
            return None
        space = subjects.space_of(message.subject)
        kept = self._lines.setdefault(space, deque(maxlen=limits.BACKSTAGE_KEPT_COUNT))
        kept.append(line)
        self._lines.move_to_end(space)
        if len(self._lines) > limits.BACKSTAGE_SPACES_COUNT:
            self._lines.popitem(last=False)
        return space, line

    def kept(self, space: str) -> tuple[Line, ...]:
        """The newest lines of a space, oldest first."""
        return tuple(self._lines.get(space, ()))
