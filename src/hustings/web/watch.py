"""Watching spaces: one follower per watched space, shared by all its event streams.

A viewer never queues: it holds the newest of each kind and a flag, so a slow browser skips states
instead of delaying them. A watch begins with the first viewer and ends with the last.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hustings.errors import BadInput, LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Handler, Live, Log, Message
from hustings.log.follow import Follower
from hustings.space import Event, Space, decode
from hustings.space.event import Warned
from hustings.web.crowd import Crowd, Figures

log = logging.getLogger("hustings.web")

_AGAIN_S: Final = 1.0
_WARNINGS_COUNT: Final = 20


class Advice(msgspec.Struct, frozen=True):
    """Something that needs a person: about a seat, or about the whole machine."""

    code: str
    advice: str
    seat: str = ""


class _Levels(msgspec.Struct):
    levels: dict[str, float]


@dataclass(slots=True, eq=False)
class Viewer:
    """What one event stream has yet to send. `wake` is set whenever there is something."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    state: Space | None = None
    levels: dict[str, float] | None = None
    listening: int | None = None
    crowd: Figures | None = None
    taken: dict[str, str] = field(default_factory=dict)
    warnings: deque[Advice] = field(default_factory=lambda: deque(maxlen=_WARNINGS_COUNT))
    closed: bool = False


class _Watch:
    """One watched space."""

    def __init__(self, space_id: str) -> None:
        self.space_id = space_id
        self.space: Space | None = None
        self.ev_seq = 0
        self.follower: Follower | None = None
        self.crowd = Figures()
        self.viewers: set[Viewer] = set()
        self.task: asyncio.Task[None] | None = None

    async def on_change(self, space: Space, _: Event | None) -> None:
        assert self.follower is not None
        self.space, self.ev_seq = space, self.follower.ev_seq
        for viewer in self.viewers:
            viewer.state = space
            viewer.wake.set()

    async def on_observation(self, message: Message) -> None:
        """A warning comes over the live path: the log may be what is in trouble."""
        try:
            seen = decode(message.data)
        except BadInput as error:
            log.warning("%s: %s", message.subject, error)
            return
        if isinstance(seen, Warned):
            self.warn(Advice(seen.code, seen.advice, seen.seat))

    def warn(self, advice: Advice) -> None:
        """Have every viewer told."""
        for viewer in self.viewers:
            viewer.warnings.append(advice)
            viewer.wake.set()

    async def on_levels(self, message: Message) -> None:
        try:
            levels = msgspec.json.decode(message.data, type=_Levels).levels
        except msgspec.MsgspecError as error:
            log.warning("%s: not levels: %s", message.subject, error)
            return
        for viewer in self.viewers:
            viewer.levels = levels
            viewer.wake.set()

    def on_crowd(self, crowd: Figures) -> None:
        old, self.crowd = self.crowd, crowd
        if crowd == old:
            return
        for viewer in self.viewers:
            viewer.crowd = crowd
            if crowd.listening != old.listening:
                viewer.listening = crowd.listening
            viewer.wake.set()


async def subscribe(live: Live, subject: str, handler: Handler) -> Callable[[], Awaitable[None]]:
    """Subscribe, however long the live path is away: the studio outlives its restarts."""
    while True:
        try:
            return await live.subscribe(subject, handler)
        except LogAway as error:
            log.warning("%s: %s", subject, error)
        await asyncio.sleep(_AGAIN_S)


class Watches:
    """All watched spaces of this process. Its tasks run in the role's `group`."""

    def __init__(self, *, log: Log, live: Live, group: asyncio.TaskGroup) -> None:
        self._log = log
        self._live = live
        self._group = group
        self._watches: dict[str, _Watch] = {}
        self._crowd = Crowd()
        self._end: Callable[[], Awaitable[None]] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Begin to count listeners."""
        ends = [
            await subscribe(self._live, subjects.crowd("*"), self._on_gauge),
            await subscribe(self._live, subjects.crowd_whole("*"), self._on_whole),
            await subscribe(self._live, subjects.NOTICE, self._on_notice),
        ]

        async def end() -> None:
            for one in ends:
                await one()

        self._end = end

    async def stop(self) -> None:
        """End every stream and task."""
        self._stopped = True
        for watch in self._watches.values():
            for viewer in watch.viewers:
                viewer.closed = True
                viewer.wake.set()
            if watch.task is not None:
                watch.task.cancel()
        if self._end is not None:
            await self._end()

    def known(self, space_id: str) -> tuple[Space | None, int]:
        """The state of a space that is being watched and the sequence of the last decision in it;
        (None, 0) of any other."""
        watch = self._watches.get(space_id)
        return (watch.space, watch.ev_seq) if watch else (None, 0)

    def taken(self, space_id: str, seat: str, page: str) -> None:
        """Tell everybody who follows a space that `page` sits down on a seat."""
        watch = self._watches.get(space_id)
        for viewer in watch.viewers if watch else ():
            viewer.taken[seat] = page
            viewer.wake.set()

    def viewers(self, space_id: str) -> int:
        """How many streams a space has here."""
        watch = self._watches.get(space_id)
        return len(watch.viewers) if watch else 0

    @asynccontextmanager
    async def view(self, space_id: str) -> AsyncIterator[Viewer]:
        """Watch a space through a viewer of one's own."""
        watch = self._watches.get(space_id)
        if watch is None:
            watch = self._watches[space_id] = _Watch(space_id)
            watch.crowd = self._crowd.figures(space_id)
            watch.task = self._group.create_task(self._run(watch))
        crowd = self._crowd.figures(space_id)
        viewer = Viewer(
            state=watch.space, listening=crowd.listening, crowd=crowd, closed=self._stopped
        )
        viewer.wake.set()
        watch.viewers.add(viewer)
        try:
            yield viewer
        finally:
            watch.viewers.discard(viewer)
            if not watch.viewers and self._watches.get(space_id) is watch:
                del self._watches[space_id]
                assert watch.task is not None
                watch.task.cancel()

    async def _on_notice(self, message: Message) -> None:
        try:
            notice = msgspec.json.decode(message.data, type=Advice)
        except msgspec.MsgspecError as error:
            log.warning("%s: not a notice: %s", message.subject, error)
            return
        for watch in self._watches.values():
            watch.warn(notice)

    async def _run(self, watch: _Watch) -> None:
        levels = subjects.live(watch.space_id, "levels")
        end = await subscribe(self._live, levels, watch.on_levels)
        seen = subjects.live(watch.space_id, "obs")
        end_seeing = await subscribe(self._live, seen, watch.on_observation)
        try:
            while True:
                try:
                    watch.follower = Follower(self._log, watch.space_id, watch.on_change)
                    await watch.follower.run()
                except LogError as error:
                    log.warning("space %s cannot be followed: %s", watch.space_id, error)
                await asyncio.sleep(_AGAIN_S)
        finally:
            await end_seeing()
            await end()

    async def _on_gauge(self, message: Message) -> None:
        self._crowd.take(message)
        self._tell_crowds()

    async def _on_whole(self, message: Message) -> None:
        self._crowd.take_whole(message)
        self._tell_crowds()

    def _tell_crowds(self) -> None:
        # Every watched space, not only those named: an edge that fell silent stops counting.
        for watch in self._watches.values():
            watch.on_crowd(self._crowd.figures(watch.space_id))
