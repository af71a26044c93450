"""What was erased, or has expired, goes from this edge's disk and memory as well.

It is heard of on the live path; at the start, and now and then, the logs of the spaces that the
spool knows are asked what was missed. From the moment of the decision nothing of it is given out
(`files`): here it is destroyed. Once more when the archive is done, because an answer may have been
on its way.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from hustings import limits
from hustings.edge.spool import Spool
from hustings.edge.stored import Stored
from hustings.errors import BadInput, LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Live, Log, Message
from hustings.log.follow import read_state
from hustings.log.subjects import Kind
from hustings.space import decode
from hustings.space.replay_event import Erased, Expired, Revised

_log: Final = logging.getLogger("hustings.edge")
_AGAIN_S: Final = 5.0


class Oblivion:
    """Forgets, while `run` runs."""

    def __init__(self, *, log: Log, live: Live, spool: Spool, stored: Stored | None) -> None:
        self._source = log
        self._live = live
        self._spool = spool
        self._stored = stored
        self._touched: set[str] = set()  # in which something was erased, and the archive is at it

    async def run(self) -> None:
        """Hear of it, without end."""
        end = await self._live.subscribe(subjects.live("*", Kind.EV), self._on_event)
        try:
            while True:
                for space in self._spool.holding():
                    await self._missed(space)
                await asyncio.sleep(limits.OBLIVION_LOOK_S)
        finally:
            await end()

    async def _on_event(self, message: Message) -> None:
        try:
            event = decode(message.data)
        except BadInput:
            return  # of a newer version
        space = subjects.space_of(message.subject)
        if isinstance(event, Erased | Expired):
            self._touched.add(space)
            await self._forget(space)
        elif isinstance(event, Revised) and space in self._touched:
            self._touched.discard(space)
            await self._forget(space)

    async def _missed(self, space: str) -> None:
        """Forget what was destroyed while this edge was away."""
        while True:
            try:
                state, _ = await read_state(self._source, space, kinds=(Kind.EV,))
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
                continue
            except LogError:
                return  # there is no log: the store's word is asked when somebody comes
            if state is not None and (state.gone or state.replay.erasures):
                await self._forget(space)
            return

    async def _forget(self, space: str) -> None:
        if self._stored is not None:
            self._stored.forget(space)
        count = await self._spool.drop(space)
        if count:
            _log.info("space %s: %d files of what was destroyed are gone here too", space, count)
