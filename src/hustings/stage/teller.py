"""The teller: what a stage process says of itself, to Prometheus and to the operator's page.

Reads the sessions' running totals beside the tick, and writes its file from a thread: a disk that
stalls is waited for by nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hustings import limits, load
from hustings.log import subjects
from hustings.log.contract import Live
from hustings.stage.endpoint import Endpoint
from hustings.stage.metrics import Metrics, labelled
from hustings.stage.room import Room
from hustings.stage.session import Session

FOLDER: Final = "stage"
_log = logging.getLogger("hustings.stage")


class Teller:
    """Tells of one process. `folder` is where its figures lie."""

    def __init__(
        self,
        *,
        instance: str,
        live: Live,
        folder: Path,
        endpoint: Endpoint,
        sessions: Mapping[str, Session],
        room: Room,
        metrics: Metrics,
        realtime: bool,
    ) -> None:
        self._instance = instance
        self._live = live
        self._folder = folder
        self._endpoint = endpoint
        self._sessions = sessions
        self._room = room
        self._metrics = metrics
        self._told: load.Load | None = None
        self._looks = 0
        self._failed = False
        metrics.set("spaces_max", room.spaces_max)
        metrics.set("realtime", int(realtime))

    def ended(self, session: Session) -> None:
        """Take a session's last totals."""
        self._metrics.grow(session.epoch, session.account.totals())
        self._metrics.end(session.epoch)

    async def tell(self, *, free: bool) -> None:
        """Called about every `limits.STAGE_LOAD_S`: tell what is news, the rest now and then.

        `free`: whether another space would be taken.
        """
        before = self._told
        due = self._looks % round(limits.STAGE_METRICS_S / limits.STAGE_LOAD_S) == 0
        self._looks += 1
        spaces = len(self._sessions)
        if not due and before and (before.room, before.spaces) == (free, spaces):
            return
        self._gather()
        self._told = self._load(free=free)
        await self._live.publish(subjects.load(self._instance), load.encode(self._told))
        if due:
            await self._write()

    def _gather(self) -> None:
        metrics = self._metrics
        metrics.grow(0, self._endpoint.totals())
        for session in self._sessions.values():
            metrics.grow(session.epoch, session.account.totals())
        accounts = [session.account for session in self._sessions.values()]
        seats = [seat for account in accounts for seat in account.connected]
        waits = [account.log_waits for account in accounts]
        metrics.set("spaces", len(accounts))
        metrics.set("seats", len(seats))
        metrics.set("lines_lossy", sum(one.lossy for one in self._endpoint.transports))
        metrics.set("spaces_waiting", self._room.waiting)
        metrics.set("busy_ratio", round(self._room.busy, 4))
        metrics.set("log_buffer_bytes", sum(size for size, _ in waits))
        metrics.set("log_buffer_seconds", max((wait_s for _, wait_s in waits), default=0.0))
        for name, held_ms in (
            ("jitter_depth_seconds", [seat.depth_ms for seat in seats]),
            ("jitter_target_seconds", [seat.target_ms for seat in seats]),
        ):
            mean_ms = sum(held_ms) / len(held_ms) if held_ms else 0.0
            metrics.set(labelled(name, "of", "mean"), mean_ms / 1000)
            metrics.set(labelled(name, "of", "worst"), max(held_ms, default=0.0) / 1000)
        for kind, count in self._endpoint.kinds().items():
            metrics.set(labelled("transports", "kind", kind), count)

    def _load(self, *, free: bool) -> load.Load:
        metrics = self._metrics
        return load.Load(
            spaces=len(self._sessions),
            spaces_max=self._room.spaces_max,
            seats=round(metrics["seats"]),
            busy=round(self._room.busy, 3),
            room=free,
            waiting=self._room.waiting,
            realtime=bool(metrics["realtime"]),
            ticks=metrics.ticks,
            skipped=round(metrics["ticks_skipped_total"]),
            late_p99_ms=metrics.late_s(0.99) * 1000,
        )

    async def _write(self) -> None:
        try:
            await asyncio.to_thread(self._metrics.write, self._folder)
            self._failed = False
        except OSError as error:
            if not self._failed:
                _log.warning("figures are not written: %s", error)
            self._failed = True
