"""The rooms of an edge: opened on first demand, at once after a restart, forgotten when idle.

A space is known if the spool kept its state, the log has it or, once its log is gone, the store.
Whether there is none can only be said when log and store say so: with one of them away and nothing
kept, it is not known (`LogAway`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from hustings import limits
from hustings.edge.room import House, Room
from hustings.errors import HustingsError, LogAway, StoreError
from hustings.space import ON_STAGE, Space

_log: Final = logging.getLogger("hustings.edge")
_SWEEP_S: Final = 5.0
_UNKNOWN_COUNT: Final = 10_000


class Rooms:
    """All rooms by the id of their space."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rooms: dict[str, tuple[Room, asyncio.Task[None]]] = {}
        self._opening: dict[str, asyncio.Future[Room | None]] = {}
        self._unknown: dict[str, float] = {}
        self._closed = False
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, space: str) -> Room | None:
        """The room, if its state is known here."""
        room = self._rooms.get(space)
        if room is None or room[0].state is None:
            return None
        room[0].asked()
        return room[0]

    def all(self) -> list[Room]:
        """The rooms whose state is known."""
        return [room for room, _ in self._rooms.values() if room.state is not None]

    async def open(self, space: str) -> Room | None:
        """The room of a space; None when there is no such space. `LogAway` when nobody knows."""
        known = self.get(space)
        if known is not None:
            return known
        if self._unknown.get(space, 0.0) > self._loop.time():
            return None
        opening = self._opening.get(space)
        if opening is None:
            if len(self._opening) >= limits.LOOKUPS_COUNT:
                raise LogAway("too many spaces are being looked up at once")
            opening = self._opening[space] = self._loop.create_future()
            self._house.tasks.create_task(self._open(space, opening))
        return await asyncio.shield(opening)

    async def restore(self) -> None:
        """Follow every space that was on stage when its state was kept."""
        for space in self._house.spool.spaces():
            kept = await self._house.spool.state(space)
            if kept is not None and kept.status in ON_STAGE and space not in self._rooms:
                self._start(Room(space, self._house, kept=kept))

    async def run(self) -> None:
        """Forget what nobody wants, without end."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            for space, (room, task) in list(self._rooms.items()):
                if room.idle():
                    del self._rooms[space]
                    task.cancel()

    async def close(self) -> None:
        """End every room; listeners are cut off, to resume elsewhere. None is opened any more."""
        self._closed = True
        tasks = [task for _, task in self._rooms.values()]
        self._rooms.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self, space: str, opening: asyncio.Future[Room | None]) -> None:
        try:
            room = await self._look_up(space)
        except HustingsError as error:
            opening.set_exception(error)
            opening.exception()  # whoever asked may have left
        else:
            opening.set_result(room)
        finally:
            self._opening.pop(space, None)
            opening.cancel()

    async def _look_up(self, space: str) -> Room | None:
        kept = await self._house.spool.state(space)
        if kept is None and not await self._house.log.exists(space):
            kept = await self._stored(space)
            if kept is None:
                self._remember_unknown(space)
                return None
        if self._closed:
            raise LogAway("this edge leaves")
        room = self._rooms[space][0] if space in self._rooms else None
        if room is None:
            room = Room(space, self._house, kept=kept)
            self._start(room)
        try:
            # A kept state may be old. The log is asked first, and the kept one used if it is away.
            async with asyncio.timeout(limits.REQUEST_S if kept is None else limits.KEPT_S):
                await room.settled.wait()
        except TimeoutError:
            if room.state is None:
                raise LogAway(f"nothing is known yet of space {space}") from None
        return room

    async def _stored(self, space: str) -> Space | None:
        """A space whose log is gone for good, as the store knows it."""
        if self._house.stored is None:
            return None
        try:
            return await self._house.stored.state(space)
        except StoreError as error:
            raise LogAway(f"neither log nor store know of space {space}: {error}") from error

    def _start(self, room: Room) -> None:
        task = self._house.tasks.create_task(self._live(room))
        self._rooms[room.space] = (room, task)

    async def _live(self, room: Room) -> None:
        """Run a room. What breaks in one space must not silence the others."""
        try:
            await room.run()
        except* Exception as group:
            _log.error("space %s failed here and is opened anew", room.space, exc_info=group)
            if self._rooms.get(room.space, (None,))[0] is room:
                del self._rooms[room.space]

    def _remember_unknown(self, space: str) -> None:
        if len(self._unknown) >= _UNKNOWN_COUNT:
            self._unknown.clear()
        self._unknown[space] = self._loop.time() + limits.UNKNOWN_S
