"""What the studio does by itself: doors that open at their time, announced ends, and a catalogue
kept up to date.

Any number of web processes may run this: each asks for the same thing, and the compare-and-set of
the log lets it happen once. Doors open through the log or not at all: while it is away, they are
asked for again at every look.

Between looks it sleeps until the next doors or the next end are due. Whatever is decided anywhere
wakes it; a look every few seconds makes good what it was not told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from hustings import limits
from hustings.errors import LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.subjects import Kind
from hustings.space import Space, Status
from hustings.space.command import End, OpenDoors
from hustings.space.decide_air import TIMER
from hustings.web import studio as studios
from hustings.web.database import Unstorable
from hustings.web.studio import Studio
from hustings.web.subscribe import subscribe

log = logging.getLogger("hustings.web")

_UNFINISHED: Final = (Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD, Status.ENDED)
_RECONCILE_S: Final = 60.0
_LOOK_S: Final = 5.0
_SETTLE_S: Final = 0.2


async def run(studio: Studio) -> None:
    """Run until cancelled."""
    changed: set[str] = set()
    ends = studio.spaces.ends
    wake = asyncio.Event()

    async def on_event(message: Message) -> None:
        changed.add(subjects.space_of(message.subject))
        wake.set()

    end = await subscribe(studio.live, subjects.live("*", Kind.EV), on_event)
    reconciled = -_RECONCILE_S
    try:
        while True:
            pause_s = limits.DOORS_CHECK_S
            try:
                if time.monotonic() - reconciled > _RECONCILE_S:
                    changed.update(s.id for s in await studio.catalogue.in_status(_UNFINISHED))
                    changed.update(s.id for s in await studio.catalogue.uncompared())
                    reconciled = time.monotonic()
                while changed:
                    await _reconcile(studio, changed)
                await open_due_doors(studio)
                await end_what_is_due(studio, ends)
                pause_s = min(await _until_doors_s(studio), _until_end_s(ends))
            except (LogError, SQLAlchemyError) as error:
                log.warning("timers: %s", error)
            await _sleep(wake, pause_s)
    finally:
        await end()


async def _sleep(wake: asyncio.Event, pause_s: float) -> None:
    """Until something is decided, or for so long."""
    try:
        async with asyncio.timeout(pause_s):
            await wake.wait()
    except TimeoutError:
        return
    wake.clear()
    # The row of a new space follows its event.
    await asyncio.sleep(_SETTLE_S)


async def _until_doors_s(studio: Studio) -> float:
    """How long there is nothing to do."""
    due_ms = await studio.catalogue.next_doors_ms()
    if due_ms is None:
        return _LOOK_S
    left_s = (due_ms - studios.now_ms()) / 1000
    return min(_LOOK_S, left_s) if left_s > 0 else limits.DOORS_CHECK_S


def _until_end_s(ends: dict[str, int]) -> float:
    if not ends:
        return _LOOK_S
    left_s = (min(ends.values()) - studios.now_ms()) / 1000
    return min(_LOOK_S, left_s) if left_s > 0 else limits.DOORS_CHECK_S


async def end_what_is_due(studio: Studio, ends: dict[str, int]) -> None:
    """End every space whose announced end has come, and take it out of `ends`."""
    now_ms = studios.now_ms()
    for space_id in [space for space, at_ms in ends.items() if at_ms <= now_ms]:
        try:
            ended = await studio.spaces.command(space_id, End(by=TIMER), now_ms=now_ms)
        except LogAway:
            raise
        except LogError as error:
            log.warning("space %s: the announced end does not come: %s", space_id, error)
            continue
        # Refused is an end that was undone or announced anew, at this studio or at another: then
        # its event tells when it is due.
        if ends.get(space_id, now_ms) <= now_ms:
            ends.pop(space_id, None)
        if isinstance(ended, Space):
            log.info("space %s: the announced end has come", space_id)


async def open_due_doors(studio: Studio) -> None:
    """Open the doors of every space whose time has come."""
    now_ms = studios.now_ms()
    for listed in await studio.catalogue.due(now_ms=now_ms):
        try:
            opened = await studio.spaces.command(listed.id, OpenDoors(by=TIMER), now_ms=now_ms)
            if isinstance(opened, Space):
                log.info("space %s: the doors open by themselves", listed.id)
            else:
                # Somebody else has moved it on: the catalogue catches up.
                await studio.spaces.reconcile(listed)
        except LogAway:
            raise
        except LogError as error:
            log.warning("space %s: the doors do not open: %s", listed.id, error)


async def _reconcile(studio: Studio, changed: set[str]) -> None:
    space_id = changed.pop()
    try:
        listed = await studio.catalogue.get(space_id)
        space = await studio.spaces.reconcile(listed) if listed is not None else None
        if space is None:
            studio.spaces.ends.pop(space_id, None)
    except Unstorable as error:
        log.warning("space %s: the catalogue cannot hold it: %s", space_id, error)
    except (LogAway, SQLAlchemyError):
        changed.add(space_id)
        raise
    except LogError as error:
        log.warning("space %s: the catalogue is behind: %s", space_id, error)
