"""The writer: what is said and asked, gathered for a moment and appended to the crowd's log.

    write ──▶ waiting, per space ──▶ one entry each 100 ms ──▶ log ──▶ live path, and whoever waits

The first piece after a calm moment is appended at once, the rest at most `limits.TALK_EVERY_S`
later. Entries of a space follow each other, so the log has the order in which they came. Nobody is
answered before the log has acknowledged: what was answered is kept. While the log is away pieces
wait up to a bound and fail together; whoever comes beyond it is told to come again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field

from hustings import limits
from hustings.errors import LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.subjects import Kind
from hustings.talk import Asked, Said, encode
from hustings.web.problem import Problem

log = logging.getLogger("hustings.web")


@dataclass(slots=True, eq=False)
class _Queue:
    """Of one space: what waits, and who waits for it."""

    waiting: list[tuple[Said | Asked, asyncio.Future[None]]] = field(default_factory=list)


class Writer:
    """Writes for all spaces of this process. Its tasks run in the role's `group`."""

    def __init__(self, *, log: Log, live: Live, group: asyncio.TaskGroup) -> None:
        self._log = log
        self._live = live
        self._group = group
        self._queues: dict[str, _Queue] = {}
        self._token = secrets.token_hex(8)
        self._number = 0

    async def write(self, space_id: str, piece: Said | Asked) -> None:
        """Append `piece`; returns when the log has it. A problem if it cannot be kept now."""
        queue = self._queues.get(space_id)
        if queue is None:
            queue = self._queues[space_id] = _Queue()
            self._group.create_task(self._drain(space_id, queue))
        if len(queue.waiting) >= limits.TALK_WAITING_COUNT:
            raise Problem(503, "busy", "Too much is written at once. Try again.", retry_s=1)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.waiting.append((piece, written))
        try:
            await written
        except LogError as error:
            log.warning("space %s: what the crowd writes cannot be kept: %s", space_id, error)
            raise Problem(
                503, "log-away", "Messages cannot be kept right now. Try again.", retry_s=2
            ) from None

    async def _drain(self, space_id: str, queue: _Queue) -> None:
        loop = asyncio.get_running_loop()
        while queue.waiting:
            began = loop.time()
            batch = queue.waiting[: limits.TALK_BATCH_COUNT]
            del queue.waiting[: limits.TALK_BATCH_COUNT]
            try:
                await self._append(space_id, encode([piece for piece, _ in batch]))
            except LogError as error:
                for _, written in batch:
                    if not written.done():
                        written.set_exception(error)
            else:
                for _, written in batch:
                    if not written.done():
                        written.set_result(None)
            await asyncio.sleep(began + limits.TALK_EVERY_S - loop.time())
        del self._queues[space_id]

    async def _append(self, space_id: str, data: bytes) -> None:
        self._number += 1
        message_id = f"{subjects.log(space_id, Kind.TALK)}.{self._token}.{self._number}"
        try:
            await self._log.append(space_id, Kind.TALK, data, message_id=message_id)
        except LogAway:
            # Most outages are a restart of the server, and shorter than a person's patience.
            await self._log.append(space_id, Kind.TALK, data, message_id=message_id)
        await self._live.publish(subjects.live(space_id, Kind.TALK), data)
