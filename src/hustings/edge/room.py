"""One space on this edge: its state, its programme, its segments, kept current while `run` runs.

    log   ev, obs ──▶ state ──▶ door, events            (log.follow)
    live  mix ──▶ programme                             what is heard, at once
    log   mix ──▶ programme, segments                   what is final, and what the live path lost

The log may be away: then the state is the one the spool kept, and the live path goes on. Started on
first demand; `idle_since` says since when nobody has asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from hustings import limits
from hustings.chunk import SEGMENT_CHUNKS, Chunk, segment_of
from hustings.crowd import Here, Sketch
from hustings.edge import events
from hustings.edge.broadcast import Broadcaster
from hustings.edge.chatter import Chatter
from hustings.edge.entries import event_in, number, unpacked
from hustings.edge.events import Payload
from hustings.edge.hls import Hls
from hustings.edge.metrics import Metrics
from hustings.edge.news import News
from hustings.edge.programme import Programme
from hustings.edge.salts import Salts
from hustings.edge.say import Said
from hustings.edge.segments import Segments
from hustings.edge.spool import Spool
from hustings.edge.stored import Stored
from hustings.edge.visitors import Visitors, keys_in
from hustings.errors import BadInput, LogAway, LogError, StoreError
from hustings.log import subjects
from hustings.log.contract import Entry, Live, Log, Message
from hustings.log.follow import Follower
from hustings.log.hearing import hearing
from hustings.log.seek import seek_chunk
from hustings.log.subjects import Kind
from hustings.space import ON_STAGE, Decided, Event, Space, Status
from hustings.space.event import Ended, OnAir
from hustings.talk import Talk

_log: Final = logging.getLogger("hustings.edge")
_AGAIN_S: Final = 0.5

# The statuses after which no more sound follows.
OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD, Status.CANCELLED})
# Of these, those after which nothing more comes to the log.
_FINAL: Final = OVER - {Status.ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all rooms of an edge share. `elsewhere` gives a space's crowd on all other edges,
    `waiting` how many stand in its line here; `came` is told who came to another edge."""

    log: Log
    live: Live
    spool: Spool
    broadcaster: Broadcaster
    metrics: Metrics
    tasks: asyncio.TaskGroup
    salts: Salts
    elsewhere: Callable[[str], Here]
    waiting: Callable[[str], int] = lambda _: 0
    came: Callable[[str, list[bytes]], None] = lambda _space, _keys: None
    stored: Stored | None = None


class Room:
    """One space. `known` is set as soon as its state is; `state` is None before."""

    def __init__(self, space: str, house: House, *, kept: Space | None = None) -> None:
        self.space = space
        self.state = kept
        self.version = 0  # counts changes of the state, for whoever keeps something made of it
        self.known = asyncio.Event()
        self.settled = asyncio.Event()  # the log was heard: the state is not only a kept one
        self.segments = Segments(
            space, log=house.log, spool=house.spool, tasks=house.tasks, stored=house.stored
        )
        self.hls = Hls(self.segments, state=lambda: self.state)
        self.programme = Programme(
            broadcaster=house.broadcaster,
            metrics=house.metrics,
            segments=self.segments,
            whole=self.whole,
        )
        self.news = News(broadcaster=house.broadcaster, whole=self.whole)
        self.visitors = Visitors(lambda: house.salts.get(space))
        self.said = Said()
        self.chatter = Chatter(
            space,
            log=house.log,
            spool=house.spool,
            state=lambda: self.state,
            over=lambda: self.state is not None and self.state.status in _FINAL,
            tell=self._tell,
            metrics=house.metrics,
        )
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._asked_s = self._loop.time()
        self._listening = 0
        self._dirty = asyncio.Event()  # the state is newer than the one on disk
        self._early: list[Chunk] | None = []  # from the live path, until history is in the ring
        self._seq = 0  # of the newest chunk read from the log
        self._step = asyncio.Event()
        self._final = asyncio.Event()  # nothing more comes to the log
        if kept is not None:
            self.known.set()
            self._check_over()

    @property
    def listening(self) -> int:
        """Listeners on all edges, as it is shown."""
        return self.visitors.listening + self._house.elsewhere(self.space).listening

    @property
    def talk(self) -> Talk:
        """What the crowd has written."""
        return self.chatter.talk

    @property
    def full(self) -> bool:
        """Whether it has as many listeners as its host wants."""
        return self.state is not None and 0 < self.state.listeners_max <= self.listening

    @property
    def sketch(self) -> Sketch:
        """Who has been given sound here (`gauge.Counted`)."""
        return self.visitors.sketch

    @property
    def over(self) -> bool:
        """Whether no more sound follows."""
        return self.state is not None and self.state.status in OVER

    def asked(self) -> None:
        """Somebody wants something of this space."""
        self._asked_s = self._loop.time()

    def idle(self) -> bool:
        """Whether this edge may forget the space for now."""
        if self.state is not None and self.state.status in ON_STAGE:
            return False
        if self.visitors.listening or self.news.readers:
            return False
        return self._loop.time() - self._asked_s > limits.ROOM_IDLE_S

    def whole(self) -> list[Payload]:
        """All there is to tell a newcomer."""
        if self.state is None:
            return []
        return [*events.whole(self.state, self.listening), *self.chatter.whole()]

    def count(self) -> Here:
        """This second's figures of this edge (`gauge.Counted`)."""
        self.visitors.second(now_s=self._loop.time(), over=self.over)
        return structs.replace(
            self.visitors.here(),
            waiting=self._house.waiting(self.space),
            said=self.said.take(),
        )

    def elsewhere(self, told: Here) -> None:
        """Another edge's figures of this second (`gauge.Counted`)."""
        self.said.heard(told.said)
        if told.came:
            came = keys_in(told.came)
            self.visitors.elsewhere(came, now_s=self._loop.time())
            self._house.came(self.space, came)

    def second(self) -> None:
        """Once a second, after the gauge was told."""
        if self.listening != self._listening:
            self._listening = self.listening
            self._tell([events.listening(self._listening)])
        if said := self.said.told():
            self._tell([events.reactions(said)])
        self.chatter.second()

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._sound())
                tasks.create_task(self._keep())
                tasks.create_task(self._talk())
        finally:
            self.programme.cut()
            self.news.cut()
            self.segments.cut()
            self.hls.cut()

    async def _follow(self) -> None:
        follower = Follower(self._house.log, self.space, self._changed)
        try:
            await follower.run()
        except LogAway:
            raise
        except LogError as error:
            # Deleted after it was posted, or never made: what the spool kept stays true.
            _log.info("space %s is no longer followed: %s", self.space, error)
            self.settled.set()

    async def _changed(self, new: Space, event: Event | None) -> None:
        old, self.state = self.state, new
        self.version += 1
        told = [*events.changed(old, new), *self.chatter.changed(old, new)]
        if told or isinstance(event, Decided):
            self._dirty.set()
        self._tell(told)
        self.known.set()
        self.settled.set()
        self._check_over(event)

    def _check_over(self, event: Event | None = None) -> None:
        if self.state is None or self.state.status not in OVER:
            return
        if self.state.status in _FINAL or (isinstance(event, OnAir) and not event.live):
            self.segments.past.posted = self.state.status is Status.POSTED
            self.segments.withdraw()
            self.hls.changed()
            self._final.set()
        if self.state.status is Status.CANCELLED or event is None:
            self.programme.close()
        elif isinstance(event, OnAir) and not event.live:
            self.programme.end(event.n - 1)
        else:
            self.programme.end(None)

    def _tell(self, payloads: list[Payload]) -> None:
        if payloads:
            self.programme.tell(payloads)
            self.news.tell(payloads)

    async def _talk(self) -> None:
        await self.settled.wait()
        await self.chatter.run()

    async def _keep(self) -> None:
        """Keep the state on disk, at most once a second."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if self.state is not None:
                await self._house.spool.keep_state(self.state)
            await asyncio.sleep(1.0)

    async def _sound(self) -> None:
        await self.known.wait()
        if self._final.is_set():
            newest = await self._newest()
            if newest is not None:
                self.segments.begin(newest + SEGMENT_CHUNKS)
        elif self.programme.over:
            await self._read_to_the_end()
        else:
            live, mix = self._house.live, subjects.live(self.space, "mix")
            async with hearing(live, mix, self._hear), self.news.captions.told(live, self.space):
                await self._read_to_the_end()
        await self.segments.finish()

    async def _read_to_the_end(self) -> None:
        """Read the log until it is known to hold all that was said."""
        async with asyncio.TaskGroup() as tasks:
            recording = tasks.create_task(self._record())
            await self.programme.ended.wait()
            if not self._final.is_set() and await self._last_word():
                self._final.set()
            await self._final.wait()
            # Of two words about the end in one moment the later counts: a short silence says so.
            seq = -1
            while seq != self._seq:
                await self._recorded()
                seq = self._seq
                await asyncio.sleep(limits.LOG_QUIET_S)
                await self._recorded()
            recording.cancel()

    async def _last_word(self) -> bool:
        """Whether the stage has said in the log that its last chunk is there."""
        while True:
            ended = False
            try:
                async for entry in self._house.log.read(self.space, {Kind.EV, Kind.OBS}):
                    event = event_in(entry)
                    if ended and isinstance(event, OnAir) and not event.live:
                        return True
                    ended = ended or isinstance(event, Ended)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
            except LogError:
                return False
            else:
                return False

    async def _newest(self) -> int | None:
        while True:
            try:
                return await self.segments.past.newest()
            except (LogAway, StoreError):
                await asyncio.sleep(_AGAIN_S)

    async def _hear(self, message: Message) -> None:
        one = unpacked(message.data, self.space)
        if one is None:
            return
        if self._early is not None:
            self._early.append(one)
        else:
            self.programme.put(one)

    def _heard_history(self) -> None:
        """The ring holds what the log had: on with what came over the live path meanwhile."""
        early, self._early = self._early, None
        for one in early or ():
            self.programme.put(one)
        self.programme.primed.set()

    async def _record(self) -> None:
        """Read the log's chunks: first those that a resume may ask for, then as they come."""
        # While the log is slow or away, the live path must not wait for it.
        patience = self._loop.call_later(limits.REQUEST_S, self._heard_history)
        try:
            last = await self._last_chunk()
            after, until = 0, 0
            newest = None if last is None else number(last)
            if last is not None and newest is not None:
                first = SEGMENT_CHUNKS * segment_of(max(0, newest + 1 - limits.RING_CHUNKS))
                before, until = await self._before(first, last.seq), last.seq
                if before is None:
                    # Only the newest, then: the first segment that is read whole is the next one.
                    before, first = last.seq - 1, newest + SEGMENT_CHUNKS
                after = before
                self.segments.begin(first)
            if until <= after:
                self._heard_history()
                self.segments.caught_up.set()
            tail = self._house.log.tail(self.space, {Kind.MIX}, after=after)
            async for entry in tail:
                await self._recorded_one(entry)
                if entry.seq >= until:
                    self.segments.caught_up.set()
                    if self._early is not None:
                        self._heard_history()
        except LogAway:
            raise
        except LogError as error:
            _log.info("the log of space %s is gone: %s", self.space, error)
        finally:
            patience.cancel()
            self._heard_history()

    async def _recorded_one(self, entry: Entry) -> None:
        one = unpacked(entry.data, self.space)
        if one is not None:
            self.programme.put(one)
            await self.segments.put(one)
        self._seq = entry.seq
        self._step.set()

    async def _recorded(self) -> None:
        """Wait until everything that the log holds has been read: nothing more will follow."""
        last = await self._last_chunk()
        while last is not None and self._seq < last.seq:
            self._step.clear()
            await self._step.wait()

    async def _last_chunk(self) -> Entry | None:
        """The newest chunk in the log; waits while the log is away. None if there is none."""
        while True:
            try:
                return await self._house.log.last(self.space, Kind.MIX)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
            except LogError:
                return None

    async def _before(self, n: int, otherwise: int) -> int | None:
        """The sequence after which to read, to begin with chunk `n`; None where some entry on the
        way is no chunk."""
        while True:
            try:
                seq = await seek_chunk(self._house.log, self.space, n)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
            except BadInput:
                return None
            else:
                return (otherwise if seq is None else seq) - 1
