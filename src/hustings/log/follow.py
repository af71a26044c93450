"""A space's state as its log tells it: folded once from the history, then with everything new.

Every station that needs to know what a space is doing reads it here, so all arrive at one state in
one order. An entry that cannot be read (of a newer version) is logged and passed over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from hustings.errors import BadInput, LogAway
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind
from hustings.space import Event, Space, decode, evolve

log = logging.getLogger("hustings.log")

OnChange = Callable[[Space, Event | None], Awaitable[None]]

_KINDS: Final = (Kind.EV, Kind.OBS)
_AGAIN_S: Final = 0.05


class Follower:
    """Keeps the state of one space up to date while `run` runs.

    `space` is None until the first event; `seq` is the last entry folded, `ev_seq` the last decided
    one (what a compare-and-set expects). `ready` is set once the history is folded. `on_change` is
    awaited once with the event None when the history is folded (if there is any), then with each
    event; the next entry is read when it returns. `seen` is called with every event, those of the
    history too, before the state is told.
    """

    def __init__(
        self,
        log: Log,
        space_id: str,
        on_change: OnChange,
        *,
        seen: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self.space_id = space_id
        self.space: Space | None = None
        self.seq = 0
        self.ev_seq = 0
        self.ready = asyncio.Event()
        self._log = log
        self._on_change = on_change
        self._seen = seen

    async def run(self) -> None:
        """Follow without end, through outages of the log; `LogError` when there is no such log."""
        await self._history()
        self.ready.set()
        if self.space is not None:
            await self._on_change(self.space, None)
        async for entry in self._log.tail(self.space_id, _KINDS, after=self.seq):
            event = self._fold(entry)
            if event is not None and self.space is not None:
                await self._on_change(self.space, event)

    async def _history(self) -> None:
        while True:
            try:
                async for entry in self._log.read(self.space_id, _KINDS, after=self.seq):
                    self._fold(entry)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
                continue
            return

    def _fold(self, entry: Entry) -> Event | None:
        self.seq = entry.seq
        if entry.kind is Kind.EV:
            self.ev_seq = entry.seq
        event = _event(self.space_id, entry)
        if event is not None:
            self.space = evolve(self.space or Space(id=self.space_id), event)
            self._seen(event)
        return event


@dataclass(frozen=True, slots=True)
class Fold:
    """A state, and how far into the log it reaches: the last entry folded, the last decided one."""

    space: Space | None = None
    seq: int = 0
    ev_seq: int = 0


async def read_on(log: Log, space_id: str, fold: Fold, *, kinds: Collection[Kind] = _KINDS) -> Fold:
    """The state of a space as of now, from one that reaches less far."""
    space, seq, ev_seq = fold.space, fold.seq, fold.ev_seq
    async for entry in log.read(space_id, kinds, after=seq):
        seq = entry.seq
        if entry.kind is Kind.EV:
            ev_seq = entry.seq
        event = _event(space_id, entry)
        if event is not None:
            space = evolve(space or Space(id=space_id), event)
    return Fold(space, seq, ev_seq)


async def read_state(
    log: Log, space_id: str, *, kinds: Collection[Kind] = _KINDS
) -> tuple[Space | None, int]:
    """The state of a space as of now and the sequence of its last decided event.

    (None, 0) when the space has no log, or nothing in it. With `kinds` of `ev` alone the state is
    what was decided, without what the stage observed: who is connected and speaks.
    """
    if not await log.exists(space_id):
        return None, 0
    fold = await read_on(log, space_id, Fold(), kinds=kinds)
    return fold.space, fold.ev_seq


def _event(space_id: str, entry: Entry) -> Event | None:
    try:
        return decode(entry.data)
    except BadInput as error:
        log.warning("space %s: entry %d is passed over: %s", space_id, entry.seq, error)
        return None
