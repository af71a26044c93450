"""A restart in mid-speech: the hold that the platform begins, and ends by itself.

A stage that is told to stop while live holds the space, so that listeners read why. The stage that
follows resumes it as soon as somebody is back in a seat.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from hustings.errors import HustingsError
from hustings.log.contract import Live, Log
from hustings.log.propose import propose
from hustings.space import Command, Refusal, Space, Status
from hustings.space.command import Hold, Resume

log = logging.getLogger("hustings.stage")

REASON: Final = "The server is restarting."


class Restart:
    """Holds and resumes one space in the platform's name."""

    def __init__(self, space_id: str, *, record: Log, live: Live) -> None:
        self._space_id = space_id
        self._record = record
        self._live = live
        self._resuming: asyncio.Task[bool] | None = None

    async def hold(self) -> bool:
        """Take the space off air; False when it cannot be, or is already."""
        return await self._propose(Hold(by="system", reason=REASON))

    def resume(self, space: Space, group: asyncio.TaskGroup) -> None:
        """Somebody is in a seat: put the space on air again, if the platform has held it."""
        if not space.held_by_system or space.status is not Status.HELD:
            return
        if self._resuming is None or self._resuming.done():
            self._resuming = group.create_task(self._propose(Resume(by="system")))

    def close(self) -> None:
        """Leave undone what is not done."""
        if self._resuming is not None:
            self._resuming.cancel()

    async def _propose(self, command: Command) -> bool:
        now_ms = time.time_ns() // 1_000_000
        try:
            result = await propose(self._record, self._live, self._space_id, command, now_ms=now_ms)
        except HustingsError as error:
            log.warning("space %s: %s", self._space_id, error)
            return False
        return not isinstance(result, Refusal)
