"""Writes finals into the logs of their spaces, in order; while the log is away they wait.

What waits is bounded: beyond it the oldest is given up, and counted. It was shown live all the
same, and the transcript comes from the sound.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from hustings import caption as captions
from hustings import limits
from hustings.caption import Caption
from hustings.captions.metrics import Metrics
from hustings.errors import LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Log
from hustings.log.subjects import Kind

log = logging.getLogger("hustings.captions")

_AGAIN_S: Final = 0.2


class Writer:
    """The writer of this process. `run` works without end."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._waiting: deque[tuple[str, Caption]] = deque()
        self._filled = asyncio.Event()

    def put(self, space: str, caption: Caption) -> None:
        """Take a final. It is stored once, however often it is given."""
        self._waiting.append((space, caption))
        while len(self._waiting) > limits.CAPTION_WAITING_COUNT:
            self._waiting.popleft()
            self._metrics.add("unlogged_total")
        self._filled.set()

    async def run(self) -> None:
        """Append what is put, without end."""
        while True:
            while not self._waiting:
                self._filled.clear()
                await self._filled.wait()
            space, caption = self._waiting.popleft()
            await self._store(space, caption)

    async def _store(self, space: str, caption: Caption) -> None:
        message_id = f"{subjects.log(space, Kind.CAPTION)}.{caption.id}"
        data = captions.encode(caption)
        while True:
            try:
                await self._log.append(space, Kind.CAPTION, data, message_id=message_id)
            except LogAway:
                if len(self._waiting) >= limits.CAPTION_WAITING_COUNT:
                    self._metrics.add("unlogged_total")
                    return
                await asyncio.sleep(_AGAIN_S)
            except LogError as error:
                log.warning("space %s: a caption is not logged: %s", space, error)
                self._metrics.add("unlogged_total")
                return
            else:
                return
