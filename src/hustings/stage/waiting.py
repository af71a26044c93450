"""Spaces that find no room on this stage process: they are told so, remembered, and taken later.

A refusal goes to `stage.full.<instance>`: the gate tells the speakers who wait, the studio the
host. Whoever takes the space in the end, here or elsewhere, ends the waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from hustings import limits
from hustings.errors import LogAway
from hustings.log import subjects
from hustings.role import Context
from hustings.stage.metrics import Metrics
from hustings.stage.room import Room
from hustings.stage.teller import Teller

log = logging.getLogger("hustings.stage")


class Waiting:
    """The waiting spaces of one process.

    `held` counts the spaces that it has or is taking, `race` begins to take one, `in_need` asks the
    log whether one still wants a stage.
    """

    def __init__(
        self,
        context: Context,
        *,
        room: Room,
        metrics: Metrics,
        teller: Teller,
        held: Callable[[], int],
        race: Callable[[str], None],
        in_need: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._context = context
        self._room = room
        self._metrics = metrics
        self._teller = teller
        self._held = held
        self._race = race
        self._in_need = in_need

    @property
    def free(self) -> bool:
        """Whether another space can be taken now."""
        return self._room.free(self._held())

    async def refuse(self, space: str) -> None:
        """Say that there is no room, and remember who asked."""
        if self._room.refuse(space, now_s=time.monotonic()):
            self._metrics.add("refused_total")
            used = 100 * self._room.busy
            log.warning("space %s: no room, %d spaces, %.0f %% busy", space, self._held(), used)
        await self._context.live.publish(subjects.full(self._context.instance), space.encode())

    def take_some(self) -> None:
        """Begin to take as many as there may be room for. What one more will cost is known some
        seconds later: a process that is half busy takes one at a time of those whom nobody asks for
        now. Who stands at the door is let in wherever there is room: to start on time comes first.
        """
        if self.free:
            idle = self._room.busy < limits.STAGE_BUSY_MAX / 2
            count = self._room.spaces_max - self._held() if idle else 1
            for space in self._room.next_waiting(count):
                self._race(space)

    async def run(self) -> None:
        """Once a second: how busy is the process, and is there room for who waits?"""
        async with asyncio.TaskGroup() as group:
            while True:
                self._room.measure(now_s=time.monotonic(), used_s=time.thread_time())
                self.take_some()
                await self._teller.tell(free=self.free)
                for space in self._room.stale(now_s=time.monotonic()):
                    group.create_task(self._remind(space))
                await asyncio.sleep(limits.STAGE_LOAD_S)

    async def _remind(self, space: str) -> None:
        with contextlib.suppress(LogAway):
            if await self._in_need(space):
                await self.refuse(space)
            else:
                self._room.served(space)
