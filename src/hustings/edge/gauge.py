"""The gauge: how many listen here, told to all once a second; and the sum over all edges.

`crowd.<edge>` carries {"spaces": {"<id>": {"listening": N}}}, when there is anybody or when that
has changed. A figure that was not renewed for `limits.CROWD_STALE_S` no longer counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from hustings import limits
from hustings.log import subjects
from hustings.log.contract import Live, Message

_log: Final = logging.getLogger("hustings.edge")
_EVERY_S: Final = 1.0


class _Here(msgspec.Struct, frozen=True):
    listening: int


class _Crowd(msgspec.Struct, frozen=True):
    spaces: dict[str, _Here]


class Gauge:
    """`here` gives this edge's listeners by space; `told` is called each second, after the sums."""

    def __init__(
        self,
        *,
        edge: str,
        live: Live,
        here: Callable[[], dict[str, int]],
        told: Callable[[], None],
    ) -> None:
        self._edge = edge
        self._live = live
        self._here = here
        self._told = told
        self._others: dict[str, tuple[float, _Crowd]] = {}
        self._own: dict[str, int] = {}
        self._loop = asyncio.get_running_loop()

    def listening(self, space: str) -> int:
        """Listeners of a space on all edges, by the newest figures."""
        others = (crowd.spaces.get(space) for _, crowd in self._others.values())
        return self._own.get(space, 0) + sum(one.listening for one in others if one)

    async def run(self) -> None:
        """Tell and listen, without end."""
        end = await self._live.subscribe(subjects.crowd("*"), self._hear)
        try:
            while True:
                await asyncio.sleep(_EVERY_S)
                await self._second()
        finally:
            await end()

    async def _second(self) -> None:
        old, self._own = self._own, {k: n for k, n in self._here().items() if n}
        if self._own or old:
            crowd = _Crowd({space: _Here(n) for space, n in self._own.items()})
            await self._live.publish(subjects.crowd(self._edge), msgspec.json.encode(crowd))
        fresh_s = self._loop.time() - limits.CROWD_STALE_S
        self._others = {k: v for k, v in self._others.items() if v[0] >= fresh_s}
        self._told()

    async def _hear(self, message: Message) -> None:
        edge = message.subject.removeprefix(subjects.crowd(""))
        if edge == self._edge:
            return
        try:
            crowd = msgspec.json.decode(message.data, type=_Crowd)
        except msgspec.MsgspecError as error:
            _log.warning("the gauge of %s cannot be read: %s", edge, error)
            return
        self._others[edge] = (self._loop.time(), crowd)
