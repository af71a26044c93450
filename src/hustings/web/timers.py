"""What the studio does by itself: doors that open at their time, and a catalogue kept up to date.

Any number of web processes may run this: each asks for the same thing, and the compare-and-set of
the log lets it happen once. Doors open through the log or not at all: while it is away, they are
asked for again at every look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from sqlalchemy.exc import OperationalError

from hustings import limits
from hustings.errors import LogError
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.subjects import Kind
from hustings.space import Status
from hustings.space.command import OpenDoors
from hustings.web import studio as studios
from hustings.web.studio import Studio
from hustings.web.watch import subscribe

log = logging.getLogger("hustings.web")

_UNFINISHED: Final = (Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD, Status.ENDED)
_RECONCILE_S: Final = 60.0


async def run(studio: Studio) -> None:
    """Run until cancelled."""
    changed: set[str] = set()
    wake = asyncio.Event()

    async def on_event(message: Message) -> None:
        changed.add(subjects.space_of(message.subject))
        wake.set()

    end = await subscribe(studio.live, subjects.live("*", Kind.EV), on_event)
    reconciled = -_RECONCILE_S
    try:
        while True:
            try:
                await open_due_doors(studio)
                if time.monotonic() - reconciled > _RECONCILE_S:
                    changed.update(s.id for s in await studio.catalogue.in_status(_UNFINISHED))
                    reconciled = time.monotonic()
                while changed:
                    await _reconcile(studio, changed.pop())
            except (LogError, OperationalError) as error:
                log.warning("timers: %s", error)
            wake.clear()
            try:
                async with asyncio.timeout(limits.DOORS_CHECK_S):
                    await wake.wait()
            except TimeoutError:
                continue
    finally:
        await end()


async def open_due_doors(studio: Studio) -> None:
    """Open the doors of every space whose time has come."""
    now_ms = studios.now_ms()
    for listed in await studio.catalogue.due(now_ms=now_ms):
        opened = await studio.spaces.command(listed.id, OpenDoors(by="timer"), now_ms=now_ms)
        log.info("space %s: doors by timer: %s", listed.id, opened)
        # A refusal means that somebody else has moved it on: the catalogue catches up.
        await studio.spaces.reconcile(listed)


async def _reconcile(studio: Studio, space_id: str) -> None:
    listed = await studio.catalogue.get(space_id)
    if listed is not None:
        await studio.spaces.reconcile(listed)
