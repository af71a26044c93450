"""The viewer: what one event stream of a space has yet to send, the newest of each kind."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from hustings import limits
from hustings.space import Space
from hustings.space.line import Line as SeatLine
from hustings.talk import Asked, Said, Tally
from hustings.web.backstage import Line
from hustings.web.crowd import Figures
from hustings.web.floor import FloorNow

_WARNINGS_COUNT: Final = 20


class Advice(msgspec.Struct, frozen=True):
    """Something that needs a person, about a seat or the whole machine; `over`: not any more."""

    code: str
    advice: str
    seat: str = ""
    over: bool = False


class Work(msgspec.Struct, frozen=True):
    """What the archive makes of a recording, and how much of it is done, 0 to 1."""

    part: Literal["sound", "original", "clip", "master"]
    done: float


@dataclass(slots=True, eq=False)
class Viewer:
    """What one event stream has yet to send. `wake` is set whenever there is something."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    state: Space | None = None
    levels: dict[str, float] | None = None
    lines: dict[str, SeatLine] | None = None
    floor: FloorNow | None = None
    listening: int | None = None
    crowd: Figures | None = None
    work: Work | None = None
    taken: dict[str, str] = field(default_factory=dict)
    warnings: deque[Advice] = field(default_factory=lambda: deque(maxlen=_WARNINGS_COUNT))
    backstage: deque[Line] = field(
        default_factory=lambda: deque(maxlen=limits.BACKSTAGE_KEPT_COUNT)
    )
    said: deque[Said] = field(default_factory=lambda: deque(maxlen=limits.CHAT_KEPT_COUNT))
    asked: deque[Asked] = field(default_factory=lambda: deque(maxlen=limits.QUESTIONS_COUNT))
    tallies: dict[str, Tally] = field(default_factory=dict)
    closed: bool = False
    host: bool = False  # whoever looks is the space's host
