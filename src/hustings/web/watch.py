"""Watching spaces: one follower per watched space, shared by all its event streams.

A viewer never queues: it holds the newest of each kind and a flag, so a slow browser skips states
instead of delaying them. A watch begins with the first viewer, or with the first who writes
(`room`), and ends some time after the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import msgspec

from hustings import limits
from hustings.errors import BadInput, LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Live, Log, Message
from hustings.log.follow import Follower
from hustings.log.subjects import Kind
from hustings.space import Event, Space, decode
from hustings.space.line import Line as SeatLine
from hustings.web.backstage import WHAT as BACKSTAGE
from hustings.web.backstage import Backstage
from hustings.web.crowd import Crowd, Figures
from hustings.web.observed import Observed, advice_of
from hustings.web.room.heard import Heard
from hustings.web.subscribe import subscribe
from hustings.web.viewer import Advice, Viewer, Work

log = logging.getLogger("hustings.web")

_AGAIN_S: Final = 1.0


class _Levels(msgspec.Struct):
    levels: dict[str, float]
    n: int = 0
    lines: dict[str, SeatLine] | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A followed space: its state, and what its crowd has written."""

    space: Space
    heard: Heard


class _Watch:
    """One watched space."""

    def __init__(self, space_id: str) -> None:
        self.space_id = space_id
        self.space: Space | None = None
        self.ev_seq = 0
        self.follower: Follower | None = None
        self.crowd = Figures()
        self.changed = asyncio.Event()  # set at each change of the state
        self.observed = Observed()
        self.heard = Heard(space_id)
        self.heard_all = asyncio.Event()  # everything that was written before this watch
        self.viewers: set[Viewer] = set()
        self.kept_until = 0.0  # on the loop's clock: somebody wrote lately
        self.task: asyncio.Task[None] | None = None

    async def on_change(self, space: Space, event: Event | None) -> None:
        assert self.follower is not None
        self.space, self.ev_seq = space, self.follower.ev_seq
        self.changed.set()
        if event is None:
            self.tell_troubles()
        for gone in self.observed.ended():
            self.warn(gone)
        floor = self.observed.news(space)
        for viewer in self.viewers:
            viewer.state = space
            viewer.floor = floor or viewer.floor
            viewer.wake.set()

    def tell_troubles(self) -> None:
        """The log's history is known: what troubles the stage still."""
        for viewer in self.viewers:
            viewer.warnings.extend(self.observed.advices)

    async def on_observation(self, message: Message) -> None:
        """A warning comes over the live path: the log may be what is in trouble."""
        try:
            seen = decode(message.data)
        except BadInput as error:
            log.warning("%s: %s", message.subject, error)
            return
        if advice := advice_of(seen):
            self.warn(advice)

    def warn(self, advice: Advice) -> None:
        """Have every viewer told."""
        for viewer in self.viewers:
            viewer.warnings.append(advice)
            viewer.wake.set()

    def on_talk(self, seq: int, data: bytes) -> None:
        said, asked = self.heard.take(seq, data)
        if not self.heard_all.is_set() or not (said or asked):
            return
        for viewer in self.viewers:
            viewer.said.extend(said)
            viewer.asked.extend(asked)
            viewer.wake.set()

    async def on_tally(self, message: Message) -> None:
        changed = self.heard.count(message.data)
        for viewer in self.viewers if changed else ():
            viewer.tallies.update(changed)
            viewer.wake.set()

    async def on_work(self, message: Message) -> None:
        try:
            work = msgspec.json.decode(message.data, type=Work)
        except msgspec.MsgspecError as error:
            log.warning("%s: not work: %s", message.subject, error)
            return
        for viewer in self.viewers:
            viewer.work = work
            viewer.wake.set()

    async def on_levels(self, message: Message) -> None:
        try:
            told = msgspec.json.decode(message.data, type=_Levels)
        except msgspec.MsgspecError as error:
            log.warning("%s: not levels: %s", message.subject, error)
            return
        self.observed.reached(told.n)
        floor = self.observed.news(self.space) if self.space and told.lines is not None else None
        for viewer in self.viewers:
            viewer.levels = told.levels
            viewer.lines = told.lines or viewer.lines
            viewer.floor = floor or viewer.floor
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


class Watches:
    """All watched spaces of this process. Its tasks run in the role's `group`."""

    def __init__(self, *, log: Log, live: Live, group: asyncio.TaskGroup) -> None:
        self._log = log
        self._live = live
        self._group = group
        self._watches: dict[str, _Watch] = {}
        self._crowd = Crowd()
        self._backstage = Backstage()
        self._end: Callable[[], Awaitable[None]] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Begin to count listeners."""
        ends = [
            await subscribe(self._live, subjects.crowd("*"), self._on_gauge),
            await subscribe(self._live, subjects.crowd_whole("*"), self._on_whole),
            await subscribe(self._live, subjects.NOTICE, self._on_notice),
            await subscribe(self._live, subjects.live("*", BACKSTAGE), self._on_backstage),
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

    def advise(self, space_id: str, advice: Advice) -> None:
        """Tell everybody who follows a space something that its stage cannot."""
        if (watch := self._watches.get(space_id)) is not None:
            watch.warn(advice)

    async def room(self, space_id: str) -> Room:
        """A space and what its crowd has written, followed from now on for a while.

        Nothing is asked of the log for a space that is followed already. `LogAway` when the log
        does not tell its history in time.
        """
        watch = self._begin(space_id)
        watch.kept_until = asyncio.get_running_loop().time() + limits.ROOM_KEPT_S
        if not watch.heard_all.is_set():
            try:
                async with asyncio.timeout(limits.REQUEST_S):
                    await watch.heard_all.wait()
            except TimeoutError:
                raise LogAway(f"space {space_id} cannot be followed") from None
        assert watch.space is not None, "everything was heard"
        return Room(watch.space, watch.heard)

    async def caught_up(self, space_id: str) -> None:
        """Wait until a space that is followed here holds what was decided up to now."""
        watch = self._watches.get(space_id)
        if watch is None:
            return
        with contextlib.suppress(TimeoutError, LogError):
            newest = await self._log.last(space_id, Kind.EV)
            if newest is None:
                return
            async with asyncio.timeout(limits.REQUEST_S):
                while watch.ev_seq < newest.seq:
                    watch.changed.clear()
                    await watch.changed.wait()

    def viewers(self, space_id: str) -> int:
        """How many streams a space has here."""
        watch = self._watches.get(space_id)
        return len(watch.viewers) if watch else 0

    def at_desk(self, space_id: str) -> bool:
        """Whether the host of a space has its desk open here."""
        watch = self._watches.get(space_id)
        return watch is not None and any(viewer.host for viewer in watch.viewers)

    @asynccontextmanager
    async def view(self, space_id: str, *, host: bool = False) -> AsyncIterator[Viewer]:
        """Watch a space through a viewer of one's own; `host`: it is the space's host who looks."""
        watch = self._begin(space_id)
        crowd = self._crowd.figures(space_id)
        viewer = Viewer(
            state=watch.space,
            floor=watch.observed.floor(watch.space) if watch.space else None,
            listening=crowd.listening,
            crowd=crowd,
            tallies=dict(watch.heard.tallies),
            closed=self._stopped,
            host=host,
        )
        viewer.warnings.extend(watch.observed.advices)
        viewer.backstage.extend(self._backstage.kept(space_id))
        viewer.wake.set()
        watch.viewers.add(viewer)
        try:
            yield viewer
        finally:
            watch.viewers.discard(viewer)
            self._end_if_idle(watch)

    def _begin(self, space_id: str) -> _Watch:
        watch = self._watches.get(space_id)
        if watch is None:
            kept = [one for one in self._watches.values() if not one.viewers]
            if len(kept) >= limits.ROOMS_KEPT_COUNT:
                self._drop(min(kept, key=lambda one: one.kept_until))
            watch = self._watches[space_id] = _Watch(space_id)
            watch.crowd = self._crowd.figures(space_id)
            watch.task = self._group.create_task(self._run(watch))
            loop = asyncio.get_running_loop()
            loop.call_later(limits.ROOM_KEPT_S, self._end_if_idle, watch)
        return watch

    def _end_if_idle(self, watch: _Watch) -> None:
        """End a watch that nobody needs; one that is kept is looked at again in time."""
        if watch.viewers or self._watches.get(watch.space_id) is not watch or self._stopped:
            return
        loop = asyncio.get_running_loop()
        left_s = watch.kept_until - loop.time()
        if left_s > 0:
            loop.call_later(left_s, self._end_if_idle, watch)
        else:
            self._drop(watch)

    def _drop(self, watch: _Watch) -> None:
        del self._watches[watch.space_id]
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

    async def _on_backstage(self, message: Message) -> None:
        if taken := self._backstage.take(message):
            space, line = taken
            watch = self._watches.get(space)
            for viewer in watch.viewers if watch else ():
                viewer.backstage.append(line)
                viewer.wake.set()

    async def _run(self, watch: _Watch) -> None:
        handlers = {
            subjects.live(watch.space_id, "levels"): watch.on_levels,
            subjects.live(watch.space_id, "obs"): watch.on_observation,
            subjects.tally(watch.space_id): watch.on_tally,
            subjects.work(watch.space_id): watch.on_work,
        }
        ends = [
            await subscribe(self._live, subject, handler) for subject, handler in handlers.items()
        ]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(watch))
                group.create_task(self._listen(watch))
        finally:
            for end in ends:
                await end()

    async def _follow(self, watch: _Watch) -> None:
        while True:
            try:
                watch.observed = Observed()
                watch.follower = Follower(
                    self._log, watch.space_id, watch.on_change, seen=watch.observed.take
                )
                await watch.follower.run()
            except LogError as error:
                log.warning("space %s cannot be followed: %s", watch.space_id, error)
            await asyncio.sleep(_AGAIN_S)

    async def _listen(self, watch: _Watch) -> None:
        """Follow what the crowd writes."""
        kinds = (Kind.TALK,)
        while True:
            try:
                async for entry in self._log.read(watch.space_id, kinds, after=watch.heard.seq):
                    watch.on_talk(entry.seq, entry.data)
                while watch.space is None:
                    watch.changed.clear()
                    await watch.changed.wait()
                watch.heard_all.set()
                async for entry in self._log.tail(watch.space_id, kinds, after=watch.heard.seq):
                    watch.on_talk(entry.seq, entry.data)
            except LogError as error:
                log.warning("space %s: the crowd cannot be heard: %s", watch.space_id, error)
            await asyncio.sleep(_AGAIN_S)

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
