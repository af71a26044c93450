"""Captions of one live space: follows its log, hears its seats, tells what they say.

Partials go over the live path only; finals also into the log, so that whoever comes later reads
them too. It keeps nothing: killed at any moment, the next one begins some seconds back in the log
and goes on behind each seat's last final.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, cast

import msgspec

from hustings import caption as captions
from hustings import limits, stem
from hustings.caption import Caption
from hustings.captions.desk import Desk
from hustings.captions.ear import Ear
from hustings.captions.engine import RATE
from hustings.captions.lag import Lag
from hustings.captions.metrics import Metrics
from hustings.captions.stretch import Bounds, Stretch, Stretches
from hustings.captions.writer import Writer
from hustings.errors import BadInput
from hustings.log import subjects
from hustings.log.contract import Entry, Live, Log
from hustings.log.follow import Fold, read_on
from hustings.log.subjects import Kind
from hustings.space import Space, Status, decode, evolve
from hustings.stem import StemPacket

log = logging.getLogger("hustings.captions")

ON_AIR: Final = frozenset({Status.DOORS, Status.LIVE, Status.HELD})
BOUNDS: Final = Bounds(
    pause_ms=limits.CAPTION_PAUSE_MS,
    long_ms=limits.CAPTION_LONG_MS,
    breath_ms=limits.CAPTION_BREATH_MS,
    most_ms=limits.CAPTION_MOST_MS,
)

_SWEEP_S: Final = 0.25
_SILENT_S: Final = 0.6  # without a packet: muted, held, or gone
_LAST_S: Final = 3.0  # for what was said before the end


class Captioner:
    """The captions of one space, in one language, while `run` runs."""

    def __init__(
        self,
        space: str,
        *,
        language: str,
        log: Log,
        live: Live,
        desk: Desk,
        writer: Writer,
        metrics: Metrics,
    ) -> None:
        self.space_id = space
        self.language = language
        self._log = log
        self._live = live
        self._desk = desk
        self._writer = writer
        self._metrics = metrics
        self._space = Space(id=space)
        self._ev_seq = 0
        self._seats: dict[str, _Seat] = {}
        self._said: dict[str, int] = {}  # by seat, the sample behind its last final

    async def run(self) -> None:
        """Caption until the space has ended; `LogError` when it has no log."""
        async for entry in self._log.read(self.space_id, (Kind.CAPTION,)):
            self._note(entry)
        after: int | None = await self._back()
        sweeping = asyncio.create_task(self._sweep())
        try:
            while after is not None:
                after = await self._follow(after)
            await self._finish()
        finally:
            sweeping.cancel()
            for seat in self._seats.values():
                self._desk.leave(seat)

    async def say(self, seat: str, stretch: Stretch, text: str, *, final: bool) -> None:
        """Tell what a seat has said."""
        at_ms, end_ms = stretch.at * 1000 // RATE, stretch.voice_end * 1000 // RATE
        name = f"{seat}-{at_ms}"
        granted = self._space.seats.get(seat) or self._space.seats_removed.get(seat)
        told = {
            "seat": seat,
            "name": granted.name if granted else "",
            "id": name,
            "final": final,
            "at_ms": at_ms,
            "end_ms": end_ms,
            "text": text,
        }
        subject = subjects.live(self.space_id, "captions")
        await self._live.publish(subject, msgspec.json.encode(told))
        if final and text:
            engine = self._desk.engines.live(self.language)
            self._writer.put(
                self.space_id,
                Caption(
                    id=name,
                    seat=seat,
                    at_ms=at_ms,
                    end_ms=end_ms,
                    text=text,
                    language=self.language,
                    engine=engine.name if engine else "",
                ),
            )

    async def _back(self) -> int:
        """Where in the log to begin: some seconds back, for what was being said."""
        last = await self._log.last(self.space_id, Kind.STEM)
        return max(0, last.seq - limits.CAPTION_BACK_COUNT) if last is not None else 0

    async def _follow(self, after: int) -> int | None:
        """Follow the log from an entry on; returns where to go on when it was left behind, None
        when the space has ended."""
        # What was decided is read from where it was read last: sound may be leapt over, it not.
        fold = Fold(self._space, self._ev_seq, self._ev_seq)
        fold = await read_on(self._log, self.space_id, fold, kinds=(Kind.EV,))
        self._space, self._ev_seq = fold.space or self._space, fold.ev_seq
        lag = Lag()
        tail = self._log.tail(self.space_id, (Kind.EV, Kind.STEM), after=after)
        async with aclosing(cast("AsyncGenerator[Entry, None]", tail)) as entries:
            async for entry in entries:
                if entry.kind is Kind.STEM:
                    behind_s = lag.seconds(entry.stamp_ns, now_ns=time.monotonic_ns())
                    if behind_s > limits.CAPTION_BEHIND_S:
                        return await self._leap(behind_s)
                    self._hear(entry)
                elif entry.seq > self._ev_seq:
                    self._fold(entry)
                if self._space.status not in ON_AIR:
                    return None
        return None

    async def _leap(self, behind_s: float) -> int:
        log.warning("space %s: %.0f s behind, and left out", self.space_id, behind_s)
        self._metrics.add("skipped_seconds_total", behind_s)
        last = await self._log.last(self.space_id, Kind.STEM)
        return last.seq if last is not None else 0

    def _fold(self, entry: Entry) -> None:
        self._ev_seq = entry.seq
        try:
            self._space = evolve(self._space, decode(entry.data))
        except BadInput as error:
            log.warning("space %s: entry %d is passed over: %s", self.space_id, entry.seq, error)

    def _note(self, entry: Entry) -> None:
        with contextlib.suppress(BadInput):
            said = captions.decode(entry.data)
            end = said.end_ms * RATE // 1000
            self._said[said.seat] = max(end, self._said.get(said.seat, 0))

    def _hear(self, entry: Entry) -> None:
        try:
            batch = stem.unpack(entry.data)
        except BadInput as error:
            log.warning("space %s: entry %d is passed over: %s", self.space_id, entry.seq, error)
            return
        packets: dict[str, list[StemPacket]] = {}
        for packet in batch.packets:
            packets.setdefault(packet.seat, []).append(packet)
        for name, own in packets.items():
            seat = self._seats.get(name)
            if seat is None:
                if len(self._seats) >= limits.STEMS_COUNT:
                    continue
                seat = self._seats[name] = _Seat(name, self, self._desk, self._said.get(name, 0))
            seat.hear(own)
            late, seat.ear.late = seat.ear.late, 0
            self._metrics.add("late_packets_total", late)
        self._desk.look()

    async def _sweep(self) -> None:
        """End the sentences of seats that send nothing any more."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = time.monotonic()
            for seat in self._seats.values():
                if seat.open is not None and now - seat.heard_at > _SILENT_S:
                    seat.end()

    async def _finish(self) -> None:
        """What was said last is still heard."""
        for seat in self._seats.values():
            seat.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_S):
                while not self._desk.idle(set(self._seats.values())):
                    await asyncio.sleep(_SWEEP_S / 5)


class _Seat:
    """One seat: its ear, and what it is saying."""

    def __init__(self, name: str, captioner: Captioner, desk: Desk, said: int) -> None:
        self.language = captioner.language
        self.ear = Ear()
        self.heard_at = time.monotonic()
        self._name = name
        self._captioner = captioner
        self._desk = desk
        self._from = said  # what lies before was captioned by a process before this one
        self._stretches = Stretches(BOUNDS)
        desk.join(self)

    @property
    def open(self) -> Stretch | None:
        """What is being said."""
        return self._stretches.open

    def hear(self, packets: list[StemPacket]) -> None:
        """Take packets as the log has them."""
        self.heard_at = time.monotonic()
        for at, sound in self.ear.hear(packets):
            if at < self._from:
                continue
            for stretch in self._stretches.feed(sound, at=at):
                self._desk.ended(self, stretch)

    def end(self) -> None:
        """Nothing more comes for now."""
        for stretch in self._stretches.flush():
            self._desk.ended(self, stretch)

    async def tell(self, stretch: Stretch, text: str, *, final: bool) -> None:
        """What was said."""
        await self._captioner.say(self._name, stretch, text, final=final)
