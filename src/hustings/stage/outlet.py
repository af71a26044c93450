"""The outlet: everything that the stage of one space makes leaves here, live first and then logged.

Real-time contract: called in the tick; it queues and never waits. Live messages that cannot be sent
are dropped, oldest first, because a second later they are worth nothing; the log's appender keeps
its own buffer. Once shut, nothing leaves: a stage that lost its lease is silent at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import Protocol

import msgspec

from hustings import chunk as chunks
from hustings import limits, space, stem
from hustings.log import subjects
from hustings.log.contract import Live
from hustings.log.subjects import Kind
from hustings.space.line import Line


class Appending(Protocol):
    """Where log entries are put; `log.appender.Appender` is one."""

    def put(self, kind: Kind, data: bytes, number: int) -> None:
        """Append `data` later, in order; `number` counts the entries of a kind in this epoch."""


class Outlet:
    """Publishes on `live.<space>.…` and appends to the space's log, under one epoch."""

    def __init__(self, space_id: str, *, live: Live, appender: Appending, epoch: int) -> None:
        self.space = space_id
        self.epoch = epoch
        self.open = True
        self._live = live
        self._appender = appender
        self._queue: deque[tuple[str, bytes]] = deque(maxlen=limits.STAGE_OUTBOX_COUNT)
        self._filled = asyncio.Event()
        self.warnings = Counter[str]()  # by code
        self._observed = 0
        self._batches = 0

    def chunk(self, chunk: chunks.Chunk) -> None:
        """A chunk of the programme is complete."""
        data = chunks.pack(chunk)
        self._publish("mix", data)
        self._append(Kind.MIX, data, chunk.n)

    def observe(self, event: space.Observed) -> None:
        """The stage noticed something."""
        if isinstance(event, space.event.Warned):
            self.warnings[event.code] += 1
        data = space.encode(event)
        self._publish("obs", data)
        self._append(Kind.OBS, data, self._observed)
        self._observed += 1

    def stems(self, packets: tuple[stem.StemPacket, ...]) -> None:
        """Packets that are, or will be, in the mix on air."""
        batch = stem.StemBatch(epoch=self.epoch, number=self._batches, packets=packets)
        self._append(Kind.STEM, stem.pack(batch), self._batches)
        self._batches += 1

    def levels(self, n: int, levels: dict[str, float], lines: dict[str, Line] | None) -> None:
        """Loudness per seat in dBFS and, once a second, the lines, for the desk; not logged."""
        told = {"n": n, "levels": levels} | ({"lines": lines} if lines is not None else {})
        self._publish("levels", msgspec.json.encode(told))

    def shut(self) -> None:
        """Let nothing out any more, what is queued included."""
        self.open = False
        self._queue.clear()

    async def run(self) -> None:
        """Publish what is queued, in order, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                subject, data = self._queue.popleft()
                await self._live.publish(subject, data)

    def _publish(self, what: str, data: bytes) -> None:
        if self.open:
            self._queue.append((subjects.live(self.space, what), data))
            self._filled.set()

    def _append(self, kind: Kind, data: bytes, number: int) -> None:
        if self.open:
            self._appender.put(kind, data, number)
