"""The stage role: races for the leases of spaces, and runs a session for each that it wins.

Everything happens on one loop: the UDP socket of all speakers and the 20 ms ticks of all spaces. A
process without spaces ticks nothing and beats nothing; once a second it looks how busy it is.

A process that has no room for a space says so, and takes it as soon as there is room: nobody has to
ask again.

A session that fails takes nobody else down: its space is let go and taken anew, here or elsewhere,
a bounded number of times.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from hustings import limits, process, signal
from hustings.audio import denoise, opus
from hustings.audio.hold import HoldSound
from hustings.errors import BadInput, HustingsError, LogAway
from hustings.log import subjects
from hustings.log.api import NoStream
from hustings.log.contract import Entry, Message
from hustings.log.follow import read_state
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import ON_STAGE, Status, decode
from hustings.space.event import Cancelled, DoorsOpened, Posted, Withheld
from hustings.stage import boot
from hustings.stage.desk import farewell
from hustings.stage.endpoint import Endpoint
from hustings.stage.holding import Sounds
from hustings.stage.lease import Holder, Lease, holder_of, take
from hustings.stage.metrics import Metrics
from hustings.stage.rivals import Rivals
from hustings.stage.room import Room
from hustings.stage.session import Session
from hustings.stage.teller import FOLDER, Teller
from hustings.stage.waiting import Waiting

log = logging.getLogger("hustings.stage")

_AGAIN_S: Final = 0.5  # between questions to a log that is away
_BEAT_S: Final = limits.STAGE_BEAT_MS / 1000
_OVER: Final = signal.Answer(status=410, code="over", detail="This conversation is over.")
_UNKNOWN: Final = signal.Answer(status=404, code="space", detail="There is no such space.")


async def serve(context: Context) -> None:
    """Run the role until `context.stopping` is set."""
    opus.library()
    denoise.library()
    HoldSound().frame()  # computes the sound now, not in the first tick that needs it
    process.keep_heap()
    realtime = process.go_realtime()
    if not realtime:
        log.info("no real-time priority: ticks may come late on a busy machine")
    settings = context.settings
    endpoint = await Endpoint.open(
        host=settings.host,
        port=settings.media_port + settings.index,
        advertise=settings.advertise,
    )
    try:
        await Stage(context, endpoint, realtime=realtime).run()
    finally:
        endpoint.close()


class Stage:
    """One stage process. `realtime`: whether it has its priority."""

    def __init__(self, context: Context, endpoint: Endpoint, *, realtime: bool) -> None:
        settings = context.settings
        self._context = context
        self._endpoint = endpoint
        self._boot_id = boot.boot_id()
        self._sounds = Sounds(context.settings)
        self._rivals = Rivals(since_ns=time.monotonic_ns())
        self._sessions: dict[str, Session] = {}
        self._room = Room(spaces_max=settings.stage_spaces_max, index=settings.index)
        metrics = Metrics(index=settings.index)
        self._teller = Teller(
            instance=context.instance,
            live=context.live,
            folder=settings.folder / FOLDER,
            endpoint=endpoint,
            sessions=self._sessions,
            room=self._room,
            metrics=metrics,
            realtime=realtime,
        )
        self._waiting = Waiting(
            context,
            room=self._room,
            metrics=metrics,
            teller=self._teller,
            held=lambda: len(self._sessions) + len(self._taking),
            race=self._race,
            in_need=self._is_waiting,
        )
        self._racing: set[str] = set()
        self._taking: set[str] = set()
        self._failures: dict[str, deque[float]] = {}
        self._leavings: set[str] = set()
        self._group: asyncio.TaskGroup
        self._busy = asyncio.Event()  # a space is held
        self._idle = asyncio.Event()  # none is, for a beat
        self._rivalled = asyncio.Event()

    async def run(self) -> None:
        """Serve until the context is stopping."""
        stopping = self._context.stopping
        ends: list[Callable[[], Awaitable[None]]] = []
        try:
            async with asyncio.TaskGroup() as self._group:
                for work in (
                    self._beats(),
                    self._watch_rivals(),
                    self._timers(),
                    self._waiting.run(),
                ):
                    self._group.create_task(work)
                await self._subscribe(ends)
                self._group.create_task(self._scan())
                self._context.ready()
                await stopping.wait()
                await self._leave()
                raise _Stopped
        except* _Stopped:
            pass
        finally:
            for end in ends:
                await end()

    # --- what comes in ----------------------------------------------------------------------------

    async def _subscribe(self, ends: list[Callable[[], Awaitable[None]]]) -> None:
        for subject, handler in (
            (subjects.beat("*"), self._on_beat),
            (subjects.gone("*"), self._on_gone),
            (subjects.STAGE_OPEN, self._on_open),
            (subjects.live("*", Kind.EV), self._on_event),
        ):
            ends.append(await self._context.live.subscribe(subject, handler))

    async def _on_open(self, message: Message) -> None:
        with contextlib.suppress(BadInput, UnicodeDecodeError):
            self._race(subjects.checked(message.data.decode()))

    async def _on_event(self, message: Message) -> None:
        # Doors that open need a stage, whether or not somebody asks for one.
        if b'"doors_opened"' in message.data:
            with contextlib.suppress(BadInput):
                if isinstance(decode(message.data), DoorsOpened):
                    self._race(subjects.checked(subjects.space_of(message.subject)))

    async def _on_gone(self, message: Message) -> None:
        for space in self._rivals.gone(message.subject.rsplit(".", 1)[1]):
            self._race(space)

    async def _on_beat(self, message: Message) -> None:
        instance = message.subject.rsplit(".", 1)[1]
        if instance == self._context.instance:
            return
        try:
            epochs = msgspec.json.decode(message.data, type=dict[str, int])
        except msgspec.MsgspecError:
            return
        for space in epochs:
            self._room.served(space)
        self._rivals.beat(instance, epochs, now_ns=time.monotonic_ns())
        for space in epochs.keys() & self._sessions.keys():
            self._sessions[space].give_way(epochs[space])
        self._rivalled.set()

    async def _watch_rivals(self) -> None:
        while True:
            await self._rivalled.wait()
            await asyncio.sleep(_BEAT_S)
            for space in self._rivals.silent(now_ns=time.monotonic_ns()):
                self._race(space)
            if not self._rivals.any:
                self._rivalled.clear()

    async def _scan(self) -> None:
        """Look once for spaces that should have a stage, or whose stage died before its last word.

        Spaces that are only scheduled are left to their speakers, who ask.
        """
        while True:
            try:
                for space in await self._context.log.spaces():
                    if await self._is_waiting(space):
                        self._race(space)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
                continue
            return

    async def _is_waiting(self, space: str) -> bool:
        try:
            state, _ = await read_state(self._context.log, space, kinds=(Kind.EV,))
        except LogAway:
            raise
        except HustingsError as error:
            # Its log was deleted meanwhile, or is a stranger's on the same servers.
            log.warning("space %s is passed over: %s", space, error)
            return False
        return state is not None and state.status in ON_STAGE | {Status.ENDED}

    # --- the race for a lease ---------------------------------------------------------------------

    def _race(self, space: str) -> None:
        """Try to become the stage of `space`, unless this process has it, or has no room."""
        if self._context.stopping.is_set() or space in self._sessions or space in self._racing:
            return
        if space in self._leavings:
            return
        if self._has_failed(space):
            return
        self._racing.add(space)
        self._group.create_task(self._run_race(space))

    async def _run_race(self, space: str) -> None:
        head_start_ms = self._room.head_start_ms(len(self._sessions))
        lease = None
        try:
            await asyncio.sleep(head_start_ms / 1000)
            lease = await self._win(space)
        except NoStream:
            self._say_farewell(space, _UNKNOWN)
        except HustingsError as error:
            log.warning("space %s: %s", space, error)
        finally:
            self._racing.discard(space)
        if lease is not None:
            await self._hold(lease)

    async def _win(self, space: str) -> Lease | None:
        """The lease of `space`, or None: it is held, or nothing is to be done for it."""
        record = self._context.log
        while not self._context.stopping.is_set():
            try:
                last = await record.last(space, Kind.EV)
                if last is None:
                    raise NoStream(space)
                if _is_done(last.data):
                    self._room.served(space)
                    self._say_farewell(space, _OVER)
                    return None
                over = await record.last(space, Kind.LEASE)
                wait_ns = self._wait_ns(space, over)
                if wait_ns is None:
                    self._room.served(space)
                    return None
                if wait_ns == 0:
                    return await self._take(space, over)
                await asyncio.sleep(wait_ns / 1e9)
            except LogAway as error:
                # Whoever called this race may not call again: nobody may be on stage to ask.
                log.warning("space %s: %s", space, error)
                await asyncio.sleep(_AGAIN_S)
        return None

    async def _take(self, space: str, over: Entry | None) -> Lease | None:
        if not self._waiting.free:
            await self._waiting.refuse(space)
            return None
        holder = Holder(
            instance=self._context.instance,
            boot_id=self._boot_id.hex(),
            at_ns=boot.boottime_ns(),
        )
        self._taking.add(space)
        try:
            return await take(self._context.log, space, holder=holder, over=over)
        finally:
            self._taking.discard(space)

    def _wait_ns(self, space: str, over: Entry | None) -> int | None:
        """How long to wait before the lease `over` may be taken over; None: it is held."""
        if over is None:
            return 0
        holder = holder_of(over)
        if holder.instance == self._context.instance:
            return 0  # from a session of ours that has ended
        if holder.boot_id == self._boot_id.hex():
            age_ns = boot.boottime_ns() - holder.at_ns
        else:
            age_ns = time.time_ns() - over.stamp_ns
        now_ns = time.monotonic_ns()
        return self._rivals.held_for_ns(
            space, by=holder.instance, taken_ns=now_ns - max(0, age_ns), now_ns=now_ns
        )

    # --- what is held -----------------------------------------------------------------------------

    async def _hold(self, lease: Lease) -> None:
        space, publish = lease.space, self._context.live.publish
        if self._context.stopping.is_set():
            await publish(subjects.STAGE_OPEN, space.encode())
            return
        over = failed = False
        try:
            session = Session(self._context, self._endpoint, lease, self._boot_id, self._sounds)
            self._sessions[space] = session
            self._room.served(space)
            self._idle.clear()
            self._busy.set()
            await self._beat()
            await session.run()
            over = session.over
        except Exception:
            log.exception("space %s: the session failed", space)
            self._failures.setdefault(space, deque()).append(time.monotonic())
            failed = True
        finally:
            if (ended := self._sessions.pop(space, None)) is not None:
                self._teller.ended(ended)
        await self._beat()
        self._waiting.take_some()
        if over:
            self._say_farewell(space, _OVER)
        elif failed or self._context.stopping.is_set():
            # Others hear in the beat above that it is let go, and here that it needs a stage.
            await publish(subjects.STAGE_OPEN, space.encode())

    def _has_failed(self, space: str) -> bool:
        """Whether sessions of `space` have failed here too often lately."""
        failures = self._failures.get(space)
        while failures and time.monotonic() - failures[0] > limits.STAGE_FAILURES_S:
            failures.popleft()
        if not failures:
            self._failures.pop(space, None)
            return False
        return len(failures) >= limits.STAGE_FAILURES_COUNT

    def _say_farewell(self, space: str, answer: signal.Answer) -> None:
        """Tell those who still ask for a seat that there is none."""
        if space not in self._leavings and len(self._leavings) < limits.STAGE_SPACES_COUNT:
            self._leavings.add(space)
            self._group.create_task(self._run_farewell(space, answer))

    async def _run_farewell(self, space: str, answer: signal.Answer) -> None:
        try:
            await farewell(self._context.live, space, answer)
        finally:
            self._leavings.discard(space)

    async def _beats(self) -> None:
        while True:
            await self._busy.wait()
            await self._beat()
            await asyncio.sleep(_BEAT_S)
            if not self._sessions:
                self._busy.clear()
                self._idle.set()

    async def _timers(self) -> None:
        """Keep the transports' timers while there can be transports, and let them rest else."""
        while True:
            await self._busy.wait()
            timers = self._group.create_task(self._endpoint.run())
            await self._idle.wait()
            timers.cancel()

    async def _beat(self) -> None:
        data = msgspec.json.encode({space: one.epoch for space, one in self._sessions.items()})
        await self._context.live.publish(subjects.beat(self._context.instance), data)

    async def _leave(self) -> None:
        """End all sessions in good order, within a bound."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limits.STAGE_STOP_S):
                await asyncio.gather(*(one.leave() for one in self._sessions.values()))
                while self._sessions:
                    await asyncio.sleep(0.01)


class _Stopped(Exception):
    """The role was asked to stop."""


def _is_done(event: bytes) -> bool:
    """Whether nothing is left to do for a space whose last decided event this is."""
    try:
        return isinstance(decode(event), Cancelled | Posted | Withheld)
    except BadInput:
        return False
