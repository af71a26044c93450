"""The one way to decide something about a space: read, decide, append by compare-and-set, announce.

Any process may do it at any time. Of two that decide on the same state one appends; the other reads
what is new and decides again, on the state that the first has made. So a timer fires once, however
many nodes try.

A process that decides often (`Proposals`) keeps each space's fold, and lets its own commands wait
for each other instead of racing: a long evening is read once, and a burst costs one append each.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from hustings import limits
from hustings.errors import Conflict, LogAway
from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.follow import Fold, read_on
from hustings.log.subjects import Kind
from hustings.space import Command, Decided, Refusal, Space, decide, encode, evolve

# What `decide` looks at. The stage's observations of a long evening are many, and not among it.
_DECIDED: Final = (Kind.EV,)


async def propose(
    log: Log,
    live: Live,
    space_id: str,
    command: Command,
    *,
    now_ms: Callable[[], int] | int,
) -> Space | Refusal:
    """One command of a process that rarely gives any: see `Proposals.propose`."""
    return await Proposals(log, live).propose(space_id, command, now_ms=now_ms)


@dataclass(slots=True)
class _Kept:
    """A space as it was decided, as far as it was read."""

    fold: Fold = field(default_factory=Fold)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Proposals:
    """The commands of one process. It keeps the folds of the spaces commanded last."""

    def __init__(self, log: Log, live: Live) -> None:
        self._log = log
        self._live = live
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def state(self, space_id: str) -> Space | None:
        """The space as it is decided by now; None if it has no log, or nothing in it."""
        async with self._holding(space_id) as kept:
            if kept.fold.space is not None or await self._log.exists(space_id):
                await self._catch_up(space_id, kept)
            return kept.fold.space

    async def propose(
        self, space_id: str, command: Command, *, now_ms: Callable[[], int] | int
    ) -> Space | Refusal:
        """Carry `command` out, or say why not.

        Returns the new state as decided (what the stage observed is not in it: `Follower` has
        that). `now_ms` is Unix time in milliseconds. `LogAway` when the log does not answer;
        whether the command was carried out is not known then, and asking again is safe. `Conflict`
        when the race was lost `limits.PROPOSE_TRIES_COUNT` times.
        """
        async with self._holding(space_id) as kept:
            return await self._decide(space_id, kept, command, now_ms)

    @asynccontextmanager
    async def _holding(self, space_id: str) -> AsyncIterator[_Kept]:
        """What is kept of a space, for one command at a time."""
        kept = self._kept.setdefault(subjects.checked(space_id), _Kept())
        self._kept.move_to_end(space_id)
        kept.waiting += 1
        try:
            async with kept.lock:
                yield kept
        finally:
            kept.waiting -= 1
            if kept.fold.space is None and not kept.waiting:
                del self._kept[space_id]
            self._forget()

    async def _decide(
        self, space_id: str, kept: _Kept, command: Command, now_ms: Callable[[], int] | int
    ) -> Space | Refusal:
        token = secrets.token_hex(8)
        lost: Conflict | None = None
        fresh = kept.fold.space is None
        if fresh and await self._log.exists(space_id):
            await self._catch_up(space_id, kept)
        for attempt in range(limits.PROPOSE_TRIES_COUNT):
            now = now_ms if isinstance(now_ms, int) else now_ms()
            decided = decide(kept.fold.space, command, now_ms=now)
            if isinstance(decided, Refusal) and not fresh and await self._behind(space_id, kept):
                # It is refused on what was so before others decided.
                await self._catch_up(space_id, kept)
                decided = decide(kept.fold.space, command, now_ms=now)
            if isinstance(decided, Refusal):
                return decided
            try:
                return await self._append_all(space_id, kept, decided, f"{token}.{attempt}")
            except Conflict as error:
                lost = error
            await self._catch_up(space_id, kept)
            fresh = True
        assert lost is not None
        raise lost

    async def _append_all(
        self, space_id: str, kept: _Kept, decided: tuple[Decided, ...], token: str
    ) -> Space:
        if kept.fold.space is None:
            await self._log.create(space_id)
        for index, event in enumerate(decided):
            data = encode(event)
            message_id = f"{subjects.log(space_id, Kind.EV)}.{token}.{index}"
            seq = await self._append(space_id, data, expect=kept.fold.ev_seq, message_id=message_id)
            space = evolve(kept.fold.space or Space(id=space_id), event)
            kept.fold = Fold(space, seq, seq)
            await self._live.publish(subjects.live(space_id, Kind.EV), data)
        assert kept.fold.space is not None, "a command that is not refused leads to an event"
        return kept.fold.space

    async def _append(self, space_id: str, data: bytes, *, expect: int, message_id: str) -> int:
        append = self._log.append
        try:
            return await append(space_id, Kind.EV, data, message_id=message_id, expect=expect)
        except LogAway:
            # Most outages are a restart of the server, and shorter than a person's patience.
            return await append(space_id, Kind.EV, data, message_id=message_id, expect=expect)

    async def _behind(self, space_id: str, kept: _Kept) -> bool:
        newest = await self._log.last(space_id, Kind.EV)
        return newest is not None and newest.seq != kept.fold.ev_seq

    async def _catch_up(self, space_id: str, kept: _Kept) -> None:
        kept.fold = await read_on(self._log, space_id, kept.fold, kinds=_DECIDED)

    def _forget(self) -> None:
        """Keep the newest folds only."""
        for space_id, kept in list(self._kept.items()):
            if len(self._kept) <= limits.FOLDS_COUNT:
                return
            if not kept.waiting:
                del self._kept[space_id]
