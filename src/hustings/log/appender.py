"""The stage's writer for one space: in order, fenced, and holding what the log cannot take now.

`put` is called from the stage's 20 ms tick: it must not block, and it does not wait, log or grow
without bound. `run` appends one entry after another, one in flight, each with the lease's sequence
as its fence. While the log is away the entry is tried again under the same message id, until it
is stored or the buffer is past its bound; then the oldest sound is given up, entry by entry, and
counted. Observations are small and are given up last. A fenced writer stops for good.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.errors import LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Log
from hustings.log.subjects import Kind

_SOUND: Final = frozenset({Kind.MIX, Kind.STEM})
_AGAIN_S: Final = 0.05

OnLost = Callable[[Kind, int], None]
OnStop = Callable[[LogError], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    kind: Kind
    number: int
    data: bytes
    since: float
    order: int


class Appender:
    """The writer of one space during one epoch (the lease's sequence).

    `on_lost(kind, number)` is called for each entry that is given up; whether the log holds it all
    the same is not known. `on_stop(error)` is called once, when this writer must stop: `Fenced`, or
    the log refuses the space for good. `clock` gives monotonic seconds.
    """

    def __init__(
        self,
        log: Log,
        space: str,
        epoch: int,
        *,
        on_lost: OnLost,
        on_stop: OnStop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.space = space
        self.epoch = epoch
        self.lost_count = 0
        self.stored_count = 0
        self.stopped: LogError | None = None
        self._log = log
        self._on_lost = on_lost
        self._on_stop = on_stop
        self._clock = clock
        # Two rows of one order, so that giving up the oldest sound costs the same however much
        # else waits.
        self._sound: deque[_Waiting] = deque()
        self._other: deque[_Waiting] = deque()
        self._taken = 0
        self._current: _Waiting | None = None
        self._tried_since: float | None = None  # the entry in flight, at its first try
        self._failed = False  # whether a try of it has failed
        self._bytes = 0
        self._filled = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def away_since(self) -> float | None:
        """Since when the log has not taken the entry in flight; None while all is well."""
        since = self._tried_since
        if since is None or self._failed or self._clock() - since > limits.LOG_AWAY_S:
            return since
        return None

    @property
    def buffered_bytes(self) -> int:
        """Payload that waits, the entry in flight included."""
        return self._bytes

    @property
    def buffered_s(self) -> float:
        """How long the oldest entry has waited."""
        oldest = self._current
        if oldest is None and (row := self._row()):
            oldest = row[0]
        return 0.0 if oldest is None else self._clock() - oldest.since

    def put(self, kind: Kind, data: bytes, number: int) -> None:
        """Take an entry; `number` counts its kind within this epoch and names it for ever.

        Does nothing once this writer has stopped.
        """
        assert kind in _SOUND or kind is Kind.OBS, "decisions and leases are not the appender's"
        if self.stopped is not None:
            return
        row = self._sound if kind in _SOUND else self._other
        row.append(_Waiting(kind, number, data, self._clock(), self._taken))
        self._taken += 1
        self._bytes += len(data)
        self._give_up_oldest()
        self._settled.clear()
        self._filled.set()

    async def drain(self, timeout: float) -> bool:
        """Wait until everything is stored; False if it is not within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError:
            return False
        return self.stopped is None

    async def run(self) -> None:
        """Append what is put, until this writer must stop."""
        while True:
            while not (row := self._row()):
                self._filled.clear()
                await self._filled.wait()
            self._current = entry = row.popleft()
            try:
                await self._store(entry)
            except LogError as error:
                self._stop(error)
                return
            self._current = None
            self._bytes -= len(entry.data)
            if not self._row():
                self._settled.set()

    async def _store(self, entry: _Waiting) -> None:
        message_id = subjects.message_id(
            self.space, entry.kind, epoch=self.epoch, number=entry.number
        )
        self._tried_since = self._clock()
        try:
            while not await self._try(entry, message_id):
                self._failed = True
                self._give_up_oldest()
                if entry.kind in _SOUND and self._is_old(entry):
                    self._lose(entry)
                    return
                await asyncio.sleep(_AGAIN_S)
        finally:
            self._tried_since, self._failed = None, False

    async def _try(self, entry: _Waiting, message_id: str) -> bool:
        try:
            await self._log.append(
                self.space, entry.kind, entry.data, message_id=message_id, fence=self.epoch
            )
        except LogAway:
            return False
        self.stored_count += 1
        return True

    def _give_up_oldest(self) -> None:
        while self._bytes > limits.LOG_BUFFER_BYTES and (row := self._sound or self._other):
            self._drop(row)
        while self._sound and self._is_old(self._sound[0]):
            self._drop(self._sound)

    def _drop(self, row: deque[_Waiting]) -> None:
        entry = row.popleft()
        self._bytes -= len(entry.data)
        self._lose(entry)

    def _row(self) -> deque[_Waiting]:
        """The row whose first entry is the oldest of all; empty when nothing waits."""
        if self._sound and self._other:
            older = self._sound[0].order < self._other[0].order
            return self._sound if older else self._other
        return self._sound or self._other

    def _lose(self, entry: _Waiting) -> None:
        self.lost_count += 1
        self._on_lost(entry.kind, entry.number)

    def _is_old(self, entry: _Waiting) -> bool:
        return self._clock() - entry.since > limits.LOG_BUFFER_S

    def _stop(self, error: LogError) -> None:
        self.stopped = error
        self._sound.clear()
        self._other.clear()
        self._current = None
        self._bytes = 0
        self._settled.set()
        self._on_stop(error)
