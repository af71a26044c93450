"""The gauge: what this edge tells all others, archive and studio once a second, and what it hears.

`crowd.gauge` says what stands in it. A gauge is told every second, whether anybody listens or not:
from its silence the others know that an edge is gone. A figure that was not renewed for
`limits.CROWD_STALE_S` no longer counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from msgspec import structs

from hustings import limits
from hustings.crowd import Gauge as Message
from hustings.crowd import Here, Rung, Sketch, Sums
from hustings.crowd.gauge import decode, encode
from hustings.errors import BadInput
from hustings.log import subjects
from hustings.log.contract import Live
from hustings.log.contract import Message as Came
from hustings.log.hearing import hearing

_log: Final = logging.getLogger("hustings.edge")
_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class House:
    """This edge as others see it: its address, how many more it takes, where newcomers begin.

    `calls` are the numbers that have been called in each space's line.
    """

    url: str = ""
    headroom: int = 0
    rung: Rung = Rung.LIVE
    calls: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another edge, by its newest gauge."""

    edge: str
    url: str
    headroom: int
    rung: Rung
    calls: Mapping[str, int]


class Counted(Protocol):
    """One space's crowd on this edge."""

    @property
    def sketch(self) -> Sketch:
        """Who has been given sound."""

    def count(self) -> Here:
        """The figures of this second; reactions are in one of them only."""

    def elsewhere(self, told: Here) -> None:
        """What another edge has just said of this space."""


class Gauge:
    """`here` gives the spaces of this edge; `told` is called each second, after the sums."""

    def __init__(
        self,
        *,
        edge: str,
        live: Live,
        here: Callable[[], Mapping[str, Counted]],
        house: Callable[[], House] = House,
        told: Callable[[], None],
    ) -> None:
        self._edge = edge
        self._live = live
        self._here = here
        self._house = house
        self._told = told
        self._sums = Sums(fresh_s=limits.CROWD_STALE_S)
        # By space: which version of its sketch was sent, and when.
        self._sent: dict[str, tuple[int, float]] = {}
        self._left_bytes = 0  # of sketches that still fit into this gauge
        self._loop = asyncio.get_running_loop()

    def elsewhere(self, space: str) -> Here:
        """A space's crowd on all other edges, by their newest gauges."""
        return self._sums.here(space, now=self._loop.time())

    def neighbours(self) -> list[Neighbour]:
        """The other edges that are alive."""
        edges = self._sums.edges(now=self._loop.time())
        return [
            Neighbour(edge, one.url, one.headroom, one.rung, one.calls)
            for edge, one in edges.items()
        ]

    async def run(self) -> None:
        """Tell and listen, without end. What happens each second does not wait for the server."""
        async with hearing(self._live, subjects.crowd("*"), self._hear):
            while True:
                await asyncio.sleep(_EVERY_S)
                await self.tell()
                self._told()

    async def tell(self, *, last: bool = False) -> None:
        """Tell how it is now. With the `last` gauge this edge leaves: the sketches are in it, and
        nobody listens here any more."""
        self._left_bytes = limits.SKETCHES_BYTES
        here = self._here()
        # Whose sketch was sent longest ago comes first: where not all fit, none waits for ever.
        order = sorted(here, key=lambda space: self._sent.get(space, (0, 0.0))[1])
        spaces = {space: self._figures(space, here[space], last) for space in order}
        self._sent = {space: sent for space, sent in self._sent.items() if space in spaces}
        house = self._house()
        message = Message(
            url=house.url,
            headroom=0 if last else max(0, house.headroom),
            rung=house.rung,
            calls=dict(house.calls or {}),
            spaces={space: figures for space, figures in spaces.items() if figures != _NOBODY},
        )
        await self._live.publish(subjects.crowd(self._edge), encode(message))

    def _figures(self, space: str, one: Counted, last: bool) -> Here:
        figures = one.count()
        if last:
            figures = structs.replace(figures, listening=0, rungs={}, waiting=0)
        now, version = self._loop.time(), one.sketch.version
        sent, at = self._sent.get(space, (0, 0.0))
        due_s = limits.SKETCH_EVERY_S if version != sent else limits.SKETCH_WHOLE_S
        if not version or self._left_bytes <= 0 or (now - at < due_s and not last):
            return figures
        sketch = one.sketch.pack()
        self._left_bytes -= len(sketch)
        self._sent[space] = (version, now)
        return structs.replace(figures, sketch=sketch)

    async def _hear(self, message: Came) -> None:
        edge = message.subject.removeprefix(subjects.crowd(""))
        if edge == self._edge:
            return
        try:
            gauge = decode(message.data)
        except BadInput as error:
            _log.warning("%s: %s", message.subject, error)
            return
        self._sums.take(edge, gauge, now=self._loop.time())
        here = self._here()
        for space, told in gauge.spaces.items():
            if space in here:
                here[space].elsewhere(told)


_NOBODY: Final = Here()
