"""Hearing what the crowd writes while a space is recorded, so that little is left for the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from hustings import limits
from hustings.archive.minutes import Minutes, Tallies
from hustings.errors import LogAway, LogError
from hustings.log.contract import Log
from hustings.log.subjects import Kind
from hustings.space import Space

_log: Final = logging.getLogger("hustings.archive")
_BREATH_ENTRIES: Final = 16


class Hearing:
    """One space's, while the context is open. `tallies` gives the results of the votes; without it
    they are counted here."""

    def __init__(
        self, space: str, *, log: Log, tallies: Callable[[], Awaitable[Tallies]] | None
    ) -> None:
        self._space = space
        self._source = log
        self._tallies = tallies
        self._minutes = Minutes(counting=tallies is None)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Hearing:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def all(self, space: Space) -> tuple[Minutes, Tallies]:
        """All that was written until now, and the results. Asks until the log answers."""
        await self._stop()
        while True:
            try:
                await self._read()
                if self._tallies is None:
                    return self._minutes, self._minutes.tallies(space)
                return self._minutes, await self._tallies()
            except LogAway as error:
                _log.warning("space %s: its talk is asked for again: %s", self._space, error)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _follow(self) -> None:
        while True:
            try:
                async for entry in self._source.tail(
                    self._space, {Kind.TALK}, after=self._minutes.seq
                ):
                    self._minutes.take(entry)
                    if entry.seq % _BREATH_ENTRIES == 0:
                        await asyncio.sleep(0)
            except LogError as error:
                # A space of an earlier version has no stream for it.
                _log.debug("space %s: its talk is looked for again: %s", self._space, error)
                await asyncio.sleep(limits.TALK_AGAIN_S)

    async def _read(self) -> None:
        try:
            async for entry in self._source.read(self._space, {Kind.TALK}, after=self._minutes.seq):
                self._minutes.take(entry)
                if entry.seq % _BREATH_ENTRIES == 0:
                    await asyncio.sleep(0)
        except LogAway:
            raise
        except LogError:
            return  # nobody has written anything, or it is gone
