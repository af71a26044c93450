"""Who is in charge while a host is away: the studio puts a deputy in charge, and the host back.

Any number of web processes may run this: the compare-and-set of the log lets each change happen
once. When something is due stands in the space's state (`space.charge`), which every process folds
from the same log, so nothing is lost by a restart.

If the studio is down, nobody is put in charge, and nobody could do anything if they were: the stage
and the recording go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from hustings import limits
from hustings.errors import BadInput, LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.subjects import Kind
from hustings.space import Space, Status, decode
from hustings.space.charge import due, host_of, successor
from hustings.space.charge_command import PutInCharge
from hustings.space.event import SeatGranted
from hustings.web import studio as studios
from hustings.web.problem import Problem
from hustings.web.studio import Studio
from hustings.web.subscribe import subscribe

log = logging.getLogger("hustings.web")

_T = TypeVar("_T")
_ON_STAGE: Final = (Status.DOORS, Status.LIVE, Status.HELD)
_SETTLE_S: Final = 0.05  # what the live path tells stands in the log a moment later,
_SETTLED_S: Final = 1.0  # on a busy machine as well
_DESK_MS: Final = 1_000  # between two looks whether a desk is still open
_LOOK_S: Final = 60.0  # makes good what was not told
_AGAIN_S: Final = 1.0
# Of what the stage observes, who comes and goes: a small part.
_SEATS: Final = (b'"seat_joined"', b'"seat_left"')


async def run(studio: Studio) -> None:
    """Run until cancelled."""
    charge = Charge(studio)
    ends = [
        await subscribe(studio.live, subjects.live("*", Kind.EV), charge.on_event),
        await subscribe(studio.live, subjects.live("*", Kind.OBS), charge.on_event),
    ]
    try:
        await charge.run()
    finally:
        for end in ends:
            await end()


class Charge:
    """What is due, by space."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._changed: set[str] = set()
        self._due_ms: dict[str, int] = {}
        # What was due when a deputy was asked for, and which: once each.
        self._asked: dict[str, tuple[int, str]] = {}
        self._seen_ms: dict[str, int] = {}  # when a host's desk was last open
        self._began_ms = studios.now_ms()
        self._wake = asyncio.Event()

    async def on_event(self, message: Message) -> None:
        """Something was decided or observed."""
        what = message.subject.rpartition(".")[2]
        if what == Kind.EV or any(tag in message.data for tag in _SEATS):
            space_id = subjects.space_of(message.subject)
            if _granted(message) == self._asked.get(space_id, (0, ""))[1]:
                del self._asked[space_id]  # in charge no more since the seat was taken away
            self._touch(space_id)
            asyncio.get_running_loop().call_later(_SETTLED_S, self._touch, space_id)

    def _touch(self, space_id: str) -> None:
        self._changed.add(space_id)
        self._wake.set()

    async def run(self) -> None:
        """Look at every space that changed, and again when something is due in it."""
        looked = -_LOOK_S
        while True:
            try:
                if time.monotonic() - looked > _LOOK_S:
                    found = await self._studio.catalogue.in_status(_ON_STAGE)
                    self._changed.update(one.id for one in found)
                    looked = time.monotonic()
                await self._look()
            except (LogError, SQLAlchemyError) as error:
                log.warning("who is in charge: %s", error)
                await asyncio.sleep(_AGAIN_S)
            await self._sleep()

    async def _sleep(self) -> None:
        left_s = _LOOK_S
        if self._due_ms:
            left_s = min(left_s, (min(self._due_ms.values()) - studios.now_ms()) / 1000)
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep(_SETTLE_S)

    async def _look(self) -> None:
        now_ms = studios.now_ms()
        self._changed |= {space for space, at_ms in self._due_ms.items() if at_ms <= now_ms}
        while self._changed:
            space_id = self._changed.pop()
            self._due_ms.pop(space_id, None)
            try:
                await self._review(space_id)
            except LogAway:
                self._changed.add(space_id)
                raise
            except (LogError, Problem) as error:
                log.warning("space %s: who is in charge: %s", space_id, error)

    async def _review(self, space_id: str) -> None:
        studio = self._studio
        space = await studio.spaces.state(space_id)
        now_ms = studios.now_ms()
        at_desk = studio.watches.at_desk(space_id)
        if at_desk:
            _remember(self._seen_ms, space_id, now_ms)
        if space.in_charge or (at_desk and due(space, at_desk=False) is not None):
            self._due_ms[space_id] = now_ms + _DESK_MS
        found = due(space, at_desk=at_desk)
        if found is None:
            return
        at_ms, command = found
        taking = successor(space, command.present) if isinstance(command, PutInCharge) else ""
        if taking and not _lost(space):
            # Who left the stage may have been at the desk until just now: a page that is loaded
            # anew is away for a moment, and so are all while the studio starts.
            seen_ms = self._seen_ms.get(space_id, self._began_ms)
            at_ms = max(at_ms, seen_ms + round(limits.HOST_AWAY_S * 1000))
        if at_ms > now_ms:
            self._due_ms[space_id] = min(at_ms, self._due_ms.get(space_id, at_ms))
            return
        if taking and self._asked.get(space_id) == (at_ms, taking):
            return  # the studio where the host's desk is open has taken it back
        result = await studio.spaces.command(space_id, command, now_ms=now_ms)
        _remember(self._asked, space_id, (at_ms, taking))
        if isinstance(result, Space):
            log.info("space %s: %s is in charge", space_id, result.in_charge or "the host")


def _granted(message: Message) -> str | None:
    """The seat that is granted by this, or None."""
    if b'"seat_granted"' not in message.data:
        return None
    with contextlib.suppress(BadInput):
        event = decode(message.data)
        if isinstance(event, SeatGranted):
            return event.seat
    return None


def _lost(space: Space) -> bool:
    host = host_of(space)
    return host is not None and host.lost


def _remember(kept: dict[str, _T], space_id: str, value: _T) -> None:
    """Keep a value for a space; of too many the oldest are forgotten."""
    kept.pop(space_id, None)
    kept[space_id] = value
    while len(kept) > limits.FOLDS_COUNT:
        kept.pop(next(iter(kept)))
