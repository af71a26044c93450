"""The stage processes, as far as they tell: their load, and spaces for which they have no room.

The operator's page shows the first, the desks of those spaces the second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from hustings import limits, load
from hustings.errors import BadInput
from hustings.load import Load
from hustings.log import subjects
from hustings.log.contract import Live, Message
from hustings.web.subscribe import subscribe
from hustings.web.viewer import Advice
from hustings.web.watch import Watches

log = logging.getLogger("hustings.web")

NO_ROOM: Final = Advice(
    "no_room",
    "There is no room on this server's stages at the moment. The stage opens by itself as soon as"
    " there is.",
)
_FRESH_S: Final = 3 * limits.STAGE_METRICS_S  # a process that told nothing for so long is gone


@dataclass(frozen=True, slots=True)
class _Told:
    load: Load
    at_s: float


class Stages:
    """What the stage processes told. Made with the studio, begun with `start`."""

    def __init__(self, *, live: Live, watches: Watches) -> None:
        self._live = live
        self._watches = watches
        self._told: dict[str, _Told] = {}
        self._advised_s: dict[str, float] = {}
        self._ends: list[Callable[[], Awaitable[None]]] = []

    async def start(self) -> None:
        """Begin to listen."""
        for subject, handler in (
            (subjects.load("*"), self._on_load),
            (subjects.full("*"), self._on_full),
            (subjects.gone("*"), self._on_gone),
        ):
            self._ends.append(await subscribe(self._live, subject, handler))

    async def stop(self) -> None:
        """Listen no more."""
        for end in self._ends:
            await end()

    def loads(self) -> dict[str, Load]:
        """The newest load of each process that lives, by its name."""
        now_s = asyncio.get_running_loop().time()
        return {
            name: told.load
            for name, told in sorted(self._told.items())
            if now_s - told.at_s < _FRESH_S
        }

    async def _on_load(self, message: Message) -> None:
        try:
            told = load.decode(message.data)
        except BadInput as error:
            log.warning("%s: %s", message.subject, error)
            return
        name = message.subject.rsplit(".", 1)[1]
        self._told.pop(name, None)
        self._told[name] = _Told(told, asyncio.get_running_loop().time())
        while len(self._told) > limits.STAGES_TOLD_COUNT:
            del self._told[next(iter(self._told))]

    async def _on_gone(self, message: Message) -> None:
        self._told.pop(message.subject.rsplit(".", 1)[1], None)

    async def _on_full(self, message: Message) -> None:
        """Tell the desks of a space; its speakers' pages ask several times a second."""
        try:
            space = subjects.checked(message.data.decode())
        except (BadInput, UnicodeDecodeError):
            return
        now_s = asyncio.get_running_loop().time()
        if now_s - self._advised_s.get(space, -limits.NO_ROOM_TOLD_S) < limits.NO_ROOM_TOLD_S:
            return
        self._advised_s.pop(space, None)
        self._advised_s[space] = now_s
        while len(self._advised_s) > limits.STAGES_TOLD_COUNT:
            del self._advised_s[next(iter(self._advised_s))]
        self._watches.advise(space, NO_ROOM)
