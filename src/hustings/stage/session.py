"""One space on this stage process: from the lease to the last word, around one 20 ms tick.

Real-time contract: the tick of every space runs on the process's one loop, beside the UDP socket.
Nothing here may block it; what waits (the log, the live path) stands in tasks of its own.

Ordering: the state comes from the log's tail alone, so that every stage that follows the same log
does the same. A space without programme and without speakers is not ticked at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final

from hustings import limits
from hustings.clock import CHUNK_NS, TICKS_PER_CHUNK
from hustings.errors import Fenced, LogError
from hustings.log.appender import Appender
from hustings.log.follow import Follower
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import ON_STAGE, Event, Space, Status
from hustings.space.event import OnAir, SeatJoined, SeatLeft, StageTaken
from hustings.stage import boot
from hustings.stage.account import Account
from hustings.stage.air import Air
from hustings.stage.belated import Belated
from hustings.stage.broadcast import Broadcast
from hustings.stage.conference import Conference
from hustings.stage.delay import DelayLine
from hustings.stage.desk import Desk
from hustings.stage.encoder import ProgrammeEncoder
from hustings.stage.endpoint import Endpoint
from hustings.stage.holding import Holding, Sounds
from hustings.stage.lease import Lease, Resumption, cause, resumption
from hustings.stage.outlet import Outlet
from hustings.stage.pacer import Pacer, Plan
from hustings.stage.past import Past, read_past
from hustings.stage.patience import patiently
from hustings.stage.programme import ProgrammeFeed
from hustings.stage.reports import Reports
from hustings.stage.restart import Restart
from hustings.stage.rtp import MediaPacket
from hustings.stage.seat import Seat
from hustings.stage.seats import OVER, Seats

log = logging.getLogger("hustings.stage")

_NEVER: Final = 1 << 62


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Session:
    """The stage of one space, under one lease. `run` returns when its work is done."""

    def __init__(
        self, context: Context, endpoint: Endpoint, lease: Lease, boot_id: bytes, sounds: Sounds
    ) -> None:
        self.space_id = lease.space
        self.epoch = lease.epoch
        self.space: Space | None = None
        self.over = False  # whether the conversation is over, for good
        self._context = context
        self._lease = lease
        self._boot_id = boot_id
        self._endpoint = endpoint
        self._follower = Follower(context.log, lease.space, self._changed)
        self._appender = Appender(
            context.log, lease.space, lease.epoch, on_lost=self._lost, on_stop=self._stopped
        )
        self._outlet = Outlet(
            lease.space, live=context.live, appender=self._appender, epoch=lease.epoch
        )
        self._conference = Conference(complexity=context.settings.opus_complexity)
        self.account = Account(
            conference=self._conference, outlet=self._outlet, appender=self._appender
        )
        self._belated = Belated(self._outlet)
        self._reports = Reports(self._belated, now_ms=now_ms)
        self._group: asyncio.TaskGroup
        self._seats: Seats
        self._past: Past
        self._resumption: Resumption
        self._pacer = Pacer(origin_ns=time.monotonic_ns(), lateness=self.account.lateness)
        self._broadcast: Broadcast | None = None
        self._holding = Holding(sounds, lease.space)
        self._until = _NEVER  # slots from here on are not made any more
        self._desk: Desk | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._began = False
        self._leaving = False
        self._restart = Restart(lease.space, record=context.log, live=context.live)
        self._log_error: LogError | None = None
        self._wake = asyncio.Event()
        self._off_air = asyncio.Event()

    async def run(self) -> None:
        """Work for the space until it is over, the lease is lost, or `leave` was called.

        Raises what the log refuses for good, other than the lease.
        """
        async with asyncio.TaskGroup() as self._group:
            self._tasks = [
                self._group.create_task(self._follower.run()),
                self._group.create_task(self._appender.run()),
                self._group.create_task(self._outlet.run()),
            ]
            try:
                await self._begin()
                await self._play()
                await self._finish()
            finally:
                self._shut()
                for task in self._tasks:
                    task.cancel()
                if self._desk is not None:
                    await self._desk.close()
        if self._log_error is not None and not isinstance(self._log_error, Fenced):
            raise self._log_error

    async def leave(self) -> None:
        """End the work for this space in good order: a live space is held first."""
        self._leaving = True
        self._off_air.clear()
        live = self.space is not None and self.space.status is Status.LIVE
        if live and await self._restart.hold():
            await self._off_air.wait()
        if self._until == _NEVER:
            self._until = self._pacer.next
        self._wake.set()

    def give_way(self, epoch: int) -> None:
        """Another stage says that it holds the space under `epoch`.

        If that is newer than our lease this session ends at once. The log would say the same, but
        this stage may be cut off from the log and not from the live path.
        """
        if epoch > self.epoch and self._log_error is None:
            self._stopped(Fenced(self.space_id, epoch=self.epoch))

    # --- what happens on the seats ----------------------------------------------------------------

    def joined(self, seat: Seat) -> None:
        """A seat's transport is connected."""
        self._outlet.observe(SeatJoined(at_ms=now_ms(), seat=seat.id, join=seat.join, n=self._n))
        self._reports.joined(self.space, seat.id, n=self._n)
        self._wake.set()
        self._resume()

    def left(self, seat: str, cause: str) -> None:
        """A seat has no transport any more."""
        self._outlet.observe(SeatLeft(at_ms=now_ms(), seat=seat, cause=cause, n=self._n))
        self._reports.left(self.space, seat, cause, n=self._n)

    def heard(self, seat: Seat, packet: MediaPacket) -> None:
        """A packet came in: it goes to the jitter buffer, and to the stems if it will be on air."""
        ahead = seat.push(packet)
        if ahead is None or seat.muted or seat.testing:
            return
        enters = self._pacer.next + ahead
        if self._broadcast is not None and enters < self._until:
            self._broadcast.heard(seat, packet, enters=enters)

    # --- from the lease to the first tick ---------------------------------------------------------

    async def _begin(self) -> None:
        context = self._context
        self._past = await patiently(lambda: read_past(context.log, self.space_id))
        self._seats = Seats(
            endpoint=self._endpoint,
            audience=self,
            speakers_max=context.settings.speakers_max,
            complexity=context.settings.opus_complexity,
            joins=self._past.joins,
            denoise=context.settings.denoise == "on",
        )
        self.account.seats = self._seats
        await self._follower.ready.wait()
        self._resumption = await patiently(
            lambda: resumption(
                context.log, self._lease, boot_id=self._boot_id, boottime_ns=boot.boottime_ns
            )
        )
        self._began = True
        space = self._follower.space
        if space is None:
            self._until = 0
            return
        if space.status not in OVER:
            self._take(space)
        self._follow(space)
        self._desk = Desk(
            record=context.log, live=context.live, follower=self._follower, seats=self._seats
        )
        # The programme does not wait for the live path.
        self._tasks.append(self._group.create_task(self._desk.open()))

    def _take(self, space: Space) -> None:
        why, n = cause(self._lease, space, boot_id=self._boot_id), self._resumption.n
        self._outlet.observe(StageTaken(at_ms=now_ms(), n=n, epoch=self._lease.epoch, cause=why))
        for seat in space.seats.values():
            if seat.connected:
                self._outlet.observe(SeatLeft(at_ms=now_ms(), seat=seat.id, cause="lost", n=n))
        log.info("space %s: %s, from chunk %d", self.space_id, why, n)

    def _open(self, delay: DelayLine) -> Broadcast:
        """Begin the programme, or continue it where the clock says. The delay is empty then:
        what a stage before had in it was not logged yet."""
        self._belated.slots = delay.slots
        settings, at = self._context.settings, self._resumption
        now_ns = time.monotonic_ns()
        origin_ns = now_ns
        if at.n_last is not None:
            origin_ns = now_ns - at.into_ns - at.n * CHUNK_NS
        self._pacer = Pacer(origin_ns=origin_ns, chunk=at.n, lateness=self.account.lateness)
        programme = ProgrammeFeed(
            air=Air(),
            delay=delay,
            encoder=ProgrammeEncoder(
                opus_bps=settings.opus_bps,
                aac_bps=settings.aac_bps,
                opus_complexity=settings.opus_complexity,
            ),
            epoch=self._lease.epoch,
            boot_id=self._boot_id,
            told=self._past.on_air,
            stamp=lambda n: boot.at_ns(self._pacer.chunk_end_ns(n)),
            emit=self._outlet.chunk,
            on_air=self._on_air,
        )
        return Broadcast(programme, self._belated)

    # --- the state --------------------------------------------------------------------------------

    async def _changed(self, space: Space, event: Event | None) -> None:
        if self._began:
            self._follow(space)

    def _follow(self, space: Space) -> None:
        """Do what the state asks for; does nothing when it is done already."""
        self.space = space
        self._seats.sync(space)
        if space.status in OVER:
            self._end()
        elif space.status in ON_STAGE:
            if self._broadcast is None:
                self._broadcast = self._open(DelayLine(space.delay_chunks))
            self._holding.want(space.hold_sound, self._broadcast.programme, self._group)
            self._broadcast.follow(
                space, self._seats.connected, slot=self._pacer.next, at_ms=now_ms()
            )
        self._wake.set()
        self._resume()

    def _end(self) -> None:
        self.over = True
        if self._until != _NEVER:
            return
        following = self._pacer.next
        if self._broadcast is None:
            self._until = following
        else:
            self._broadcast.programme.air.want(False, slot=following, settle=0)
            self._until = -(-following // TICKS_PER_CHUNK) * TICKS_PER_CHUNK

    def _resume(self) -> None:
        if self.space is not None and self._seats.connected and not self._leaving:
            self._restart.resume(self.space, self._group)

    # --- the tick ---------------------------------------------------------------------------------

    async def _play(self) -> None:
        while self._log_error is None and self._pacer.next < self._until:
            if self._broadcast is None and self._seats.empty:
                if not await self._woken():
                    return
                continue
            # A tick that is late already waits for one round of the loop, so that the packets that
            # came in meanwhile are read before it.
            await asyncio.sleep(self._pacer.due_in_ns(time.monotonic_ns()) / 1e9)
            self._endpoint.read()
            if (plan := self._pacer.plan(time.monotonic_ns())) is not None:
                self._tick(plan)

    async def _woken(self) -> bool:
        """Wait in an empty green room; False when nobody came for so long that it is given up."""
        self._wake.clear()
        try:
            async with asyncio.timeout(limits.GREEN_ROOM_EMPTY_S):
                await self._wake.wait()
        except TimeoutError:
            return self._broadcast is not None or not self._seats.empty
        if self._broadcast is None and self._until == _NEVER:
            self._pacer = Pacer(origin_ns=time.monotonic_ns(), lateness=self.account.lateness)
        return True

    def _tick(self, plan: Plan) -> None:
        broadcast, slot = self._broadcast, plan.run
        if broadcast is not None:
            for skipped in plan.fill:
                if skipped < self._until:
                    broadcast.programme.skip(skipped)
            broadcast.open(slot, self._seats.connected)
        mix = self._conference.tick(self._seats.returns(), missed=plan.missed)
        live = False
        if broadcast is not None and slot < self._until:
            live = broadcast.tick(slot, mix, stems=self._reports.heard)
            if broadcast.programme.off_air:
                self._off_air.set()
        assert self.space is not None
        heard_in = slot + self._belated.slots
        self._reports.tick(self.space, self._seats.connected, slot=heard_in, live=live, mix=mix)
        self._reports.lines(self.space, self._seats.readings, n=self._n)
        if slot % TICKS_PER_CHUNK == 0:
            self._reports.log_waits(self.space, self._appender.buffered_s, n=self._n)

    @property
    def _n(self) -> int:
        """The chunk in which the audience hears what happens now; 0 before the doors open."""
        begun = self._broadcast is not None
        return (self._pacer.next + self._belated.slots) // TICKS_PER_CHUNK if begun else 0

    def _on_air(self, n: int, live: bool) -> None:
        self._outlet.observe(OnAir(at_ms=now_ms(), n=n, live=live))

    # --- the end ----------------------------------------------------------------------------------

    async def _finish(self) -> None:
        """Let the last chunk out, then the last word, then wait until the log has it all."""
        if self._log_error is not None:
            return
        patience_s = limits.STAGE_STOP_S if self._leaving else limits.LOG_BUFFER_S
        programme = self._broadcast.programme if self._broadcast is not None else None
        self._reports.flush()
        if programme is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limits.STAGE_TAIL_S):
                    await programme.finish()
        space = self.space
        if space is not None and space.status is Status.ENDED and self._unfinished(programme):
            last = programme.n_last if programme is not None else None
            last = self._resumption.n_last if last is None else last
            n = 0 if last is None else last + 1
            self._outlet.observe(OnAir(at_ms=now_ms(), n=n, live=False))
        elif not self.over:
            for seat in self._seats.connected:
                self.left(seat.id, "lost")
        self._seats.close()
        if not await self._appender.drain(patience_s) and self._log_error is None:
            log.error("space %s: the log has not taken everything", self.space_id)

    def _unfinished(self, programme: ProgrammeFeed | None) -> bool:
        """Whether the log lacks the last word: of this stage, or of one that died before it."""
        return programme is not None or self._past.on_air_seq < self._follower.ev_seq

    def _shut(self) -> None:
        self._outlet.shut()
        self._restart.close()
        self._holding.close()
        if self._began:
            self._seats.close()
        if self._broadcast is not None:
            self._broadcast.programme.close()
        self.account.log_lateness(self.space_id)

    def _stopped(self, error: LogError) -> None:
        self._log_error = error
        self._outlet.shut()
        self._off_air.set()
        self._wake.set()
        log.info("space %s: %s", self.space_id, error)

    def _lost(self, kind: Kind, number: int) -> None:
        if kind is Kind.MIX and self.space is not None:
            self._reports.log_lost(self.space, n=self._n)
