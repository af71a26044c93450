"""The archive's service: finds the spaces that need recording and runs a recorder for each.

A space is found by its events on the live path; at the start, and where such a note was missed, by
looking through the log. A recorder runs from the opening of the doors until the space is posted, or
withheld, or called off.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec

from hustings import limits
from hustings.archive import salt
from hustings.archive.audience import Audience
from hustings.archive.keeping import Keeping
from hustings.archive.recorder import BY, Recorder, wall_clock_ms
from hustings.archive.revising.reviser import Reviser
from hustings.archive.votes import Votes
from hustings.errors import BadInput, LogAway, LogError, StoreError
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.follow import read_state
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import ON_STAGE, Space, Status
from hustings.store.objects import Objects
from hustings.talk import Tally

log = logging.getLogger("hustings.archive")

REVISING: Final = "revising"  # in the data folder: recordings that are made anew
WORK: Final = "work"  # in the data folder: recordings in the making, a folder for each space


async def serve(context: Context) -> None:
    """Record until `stopping` is set. What is unfinished then is finished after the next start."""
    objects = Objects.open(context.settings)
    async with asyncio.TaskGroup() as group:
        archive = Archive(context, objects, group)
        reviser = Reviser(
            context.settings.folder / REVISING,
            log=context.log,
            live=context.live,
            objects=objects,
            keys=context.keys,
            address=context.settings.public_url("listen"),
        )
        keeping = Keeping(
            context.settings,
            log=context.log,
            live=context.live,
            objects=objects,
            revise=reviser.ask,
        )
        ends = [
            await context.live.subscribe(subjects.live("*", Kind.EV), archive.on_event),
            await context.live.subscribe(subjects.live("*", Kind.EV), keeping.on_event),
            await context.live.subscribe(subjects.live("*", Kind.TALK), archive.on_talk),
            await context.live.subscribe(subjects.crowd("*"), archive.on_crowd),
            await context.live.serve(subjects.SALT, archive.on_salt),
        ]
        work = (archive.look(), archive.scan(), archive.count(), keeping.run(), reviser.run())
        tasks = [group.create_task(one) for one in work]
        context.ready()
        await context.stopping.wait()
        for end in ends:
            await end()
        for task in [*tasks, *archive.recorders(), *archive.counters()]:
            task.cancel()


class Archive:
    """Which spaces are recorded. Recorders run in `group`."""

    def __init__(self, context: Context, objects: Objects, group: asyncio.TaskGroup) -> None:
        self._context = context
        self._objects = objects
        self._group = group
        self._folder = context.settings.folder / WORK
        self._running: dict[str, tuple[Recorder, asyncio.Task[None]]] = {}
        self._votes: dict[str, tuple[Votes, asyncio.Task[None]]] = {}
        self._settled: set[str] = set()  # posted, withheld or cancelled: never recorded again
        self._seen: dict[str, int] = {}  # the last event at which a space needed no recorder
        self._asked: deque[str] = deque()
        self._filled = asyncio.Event()
        self._audience = Audience()

    def recorders(self) -> list[asyncio.Task[None]]:
        """The tasks of all recorders."""
        return [task for _, task in self._running.values()]

    def counters(self) -> list[asyncio.Task[None]]:
        """The tasks of all that count votes."""
        return [task for _, task in self._votes.values()]

    async def on_event(self, message: Message) -> None:
        """An event of some space, as it was decided."""
        self._ask(subjects.space_of(message.subject))

    async def on_talk(self, message: Message) -> None:
        """Somebody has written something: a space that waits for its day may have questions."""
        space = subjects.space_of(message.subject)
        if space not in self._votes:
            self._ask(space)

    async def on_crowd(self, message: Message) -> None:
        """An edge's gauge."""
        edge = message.subject.partition(".")[2]
        gauge = self._audience.heard(edge, message.data, now=time.monotonic())
        for space in gauge.spaces if gauge else ():
            if gauge and space in self._running:
                crowd = self._running[space][0].crowd
                crowd.heard(edge, gauge, wall_ms=wall_clock_ms())

    async def on_salt(self, message: Message) -> bytes:
        """An edge asks for a space's salt; it gets an empty one of a space that is neither recorded
        nor waiting for its day."""
        space = message.data.decode()
        running = self._running.get(space)
        if running is None and space in self._votes:
            return salt.kept(self._folder / space)
        return running[0].salt() if running else b""

    async def count(self) -> None:
        """Count the crowds once a second, without end."""
        while True:
            await asyncio.sleep(1.0)
            now, wall_ms = time.monotonic(), wall_clock_ms()
            for recorder, _ in list(self._running.values()):
                self._count_votes(recorder.space)  # again, should the log have been gone
                here = self._audience.here(recorder.space, now=now)
                recorder.crowd.second(here, now=now, wall_ms=wall_ms, on_air=recorder.on_stage)
                told = msgspec.json.encode(recorder.crowd.totals())
                await self._context.live.publish(subjects.crowd_whole(recorder.space), told)

    async def look(self) -> None:
        """Look at each space that was asked for, one after the other."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._asked:
                space = self._asked.popleft()
                try:
                    await self._look_at(space)
                except BadInput as error:
                    log.warning("no space: %s", error)
                except (LogError, StoreError) as error:
                    log.warning("space %s: looked at again later: %s", space, error)

    async def scan(self) -> None:
        """Look through the log for spaces whose events were missed, at the start and regularly."""
        order: deque[str] = deque()
        while True:
            try:
                await self._scan(order)
            except LogError as error:
                log.warning("scan of the log: %s", error)
            await asyncio.sleep(limits.RESCAN_S)

    async def _scan(self, order: deque[str]) -> None:
        spaces = set(await self._context.log.spaces())
        self._settled &= spaces
        for space in self._votes.keys() - spaces:
            await self._stop_counting(space)
        self._seen = {space: seq for space, seq in self._seen.items() if space in spaces}
        idle = spaces - self._settled - self._running.keys()
        for space in idle - self._seen.keys():
            self._ask(space)
        # Of the spaces that are known and wait for their day, some are looked at in each round.
        known = set(order)
        order.extend(sorted(self._seen.keys() - known))
        for _ in range(min(len(order), limits.RESCAN_SPACES_COUNT)):
            space = order.popleft()
            if space not in idle:
                continue
            order.append(space)
            last = await self._context.log.last(space, Kind.EV)
            if last is not None and last.seq != self._seen.get(space):
                self._ask(space)

    def _ask(self, space: str) -> None:
        if space not in self._running and space not in self._settled:
            self._asked.append(space)
            self._filled.set()

    async def _look_at(self, space: str) -> None:
        if space in self._running or space in self._settled:
            return
        state, seq = await read_state(self._context.log, subjects.checked(space), kinds=(Kind.EV,))
        if state is None:
            return
        if _needs_recorder(state):
            self._start(space)
        elif state.status is Status.SCHEDULED:
            self._seen[space] = seq
            if state.polls or await self._has_talk(space):
                self._count_votes(space)
        else:
            await self._settle(space)

    async def _has_talk(self, space: str) -> bool:
        try:
            return await self._context.log.last(space, Kind.TALK) is not None
        except LogAway:
            raise
        except LogError:
            return False  # a space of an earlier version has no stream for it

    def _count_votes(self, space: str) -> None:
        if space not in self._votes:
            votes = Votes(space, log=self._context.log, live=self._context.live)
            self._votes[space] = votes, self._group.create_task(self._counting(votes))

    async def _counting(self, votes: Votes) -> None:
        try:
            await votes.run()
        except LogError as error:
            log.warning("space %s: votes are counted again later: %s", votes.space, error)
        finally:
            if self._votes.get(votes.space, (None,))[0] is votes:
                del self._votes[votes.space]

    async def _stop_counting(self, space: str) -> None:
        counting = self._votes.pop(space, None)
        if counting is not None:
            counting[1].cancel()
            await counting[0].last_word()

    def _start(self, space: str) -> None:
        recorder = Recorder(
            space,
            folder=self._folder / space,
            log=self._context.log,
            live=self._context.live,
            objects=self._objects,
            keys=self._context.keys,
            address=f"{self._context.settings.public_url('listen')}/s/{space}",
            tallies=partial(self._results, space),
        )
        task = self._group.create_task(self._record(recorder))
        self._running[space] = (recorder, task)
        self._count_votes(space)
        log.info("space %s: recording", space)

    async def _results(self, space: str) -> Mapping[str, Tally]:
        """The results of a space's votes; nothing while nobody counts them: they come again."""
        counting = self._votes.get(space)
        if counting is None:
            raise LogAway(f"the votes of space {space} are not counted at the moment")
        return await counting[0].results()

    async def _record(self, recorder: Recorder) -> None:
        try:
            await recorder.run()
        except asyncio.CancelledError:
            # A task group takes no notice of a task that ends so; the next scan starts another.
            if not self._context.stopping.is_set():
                log.exception("space %s: the recorder was cancelled from within", recorder.space)
            raise
        except LogError as error:
            log.warning("space %s: recorded again later: %s", recorder.space, error)
        else:
            await self._settle(recorder.space)
        finally:
            del self._running[recorder.space]

    async def _settle(self, space: str) -> None:
        self._settled.add(space)
        await self._stop_counting(space)
        self._seen.pop(space, None)
        shutil.rmtree(self._folder / space, ignore_errors=True)


def _needs_recorder(state: Space) -> bool:
    if state.status is Status.WITHHELD:
        # Withheld by a host before it was finished: it may still be published later. The archive
        # itself withholds what is finished, or where nothing was said.
        return not state.recording_ready and state.withheld_by != BY
    return state.status in ON_STAGE or state.status is Status.ENDED
