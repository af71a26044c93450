"""The announcer: turns what is decided in spaces into reminders and webhook messages.

What it tells, it reads in the logs; what it hears on the live path only wakes it. So nothing is
lost when a studio dies between deciding and telling: the next one that looks finds it in the log.
That something was announced is written down with the messages, in one transaction: of any number of
studios one announces it. What is written down is sent beside that, each kind for itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from hustings import limits
from hustings.errors import BadInput, LogError
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.subjects import Kind
from hustings.space import Event, Status, decode
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.web import studio as studios
from hustings.web.catalogue import Listed
from hustings.web.database import Unstorable
from hustings.web.outbox import hooks, notes, reminders
from hustings.web.outbox.reminders import Notice
from hustings.web.studio import Studio
from hustings.web.subscribe import subscribe
from hustings.web.tables import AnnouncedRow

log = logging.getLogger("hustings.web")

_LOOK_S: Final = 30.0
_AGAIN_S: Final = 1.0
_CLAIMED_S: Final = 0.1  # what is due and still there, another studio is claiming at this moment
_HOOKED: Final[dict[type, str]] = {
    e.Scheduled: "space.scheduled",
    e.Delayed: "space.delayed",
    e.Cancelled: "space.cancelled",
    e.DoorsOpened: "space.doors",
    e.WentLive: "space.live",
    e.Ended: "space.ended",
    e.Posted: "space.posted",
    r.Expiring: "space.expiring",
    r.Expired: "space.expired",
    e.HandRaised: "hand.raised",
}
# What happens once in a space.
_ONCE: Final = frozenset({"space.scheduled", "space.doors", "space.live", "space.ended"})
_COMING: Final = frozenset({Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD})
_OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD, Status.CANCELLED})
# What is older is told to nobody any more.
_PAST_MS: Final = 24 * 3600 * 1000
_KEY_CHARS: Final = 48


class _Outbox(Protocol):
    """Messages in the database, and the sending of them."""

    wake: asyncio.Event

    async def send_due(self, clock: Callable[[], int]) -> int | None:
        """Send what is due; when the next one is (Unix milliseconds), None for never."""


async def run(studio: Studio) -> None:
    """Announce and deliver until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_announce(studio))
        for outbox in (studio.hooks, studio.reminders, studio.mail):
            group.create_task(_deliver(outbox))


async def _announce(studio: Studio) -> None:
    herald, wake = _Herald(studio), asyncio.Event()

    async def on_event(message: Message) -> None:
        try:
            event = decode(message.data)
        except BadInput:
            return  # of a newer version
        if type(event) in _HOOKED:
            herald.changed.add(subjects.space_of(message.subject))
            wake.set()

    end = await subscribe(studio.live, subjects.live("*", Kind.EV), on_event)
    looked = -_LOOK_S
    try:
        while True:
            pause_s = _LOOK_S
            wake.clear()
            try:
                if time.monotonic() - looked >= _LOOK_S:
                    await herald.look()
                    await notes.to_hosts(studio)
                    looked = time.monotonic()
                await herald.tell()
            except (LogError, SQLAlchemyError) as error:
                log.warning("announcements: %s", error)
                pause_s = _AGAIN_S
            try:
                async with asyncio.timeout(pause_s):
                    await wake.wait()
            except TimeoutError:
                continue
    finally:
        await end()


class _Herald:
    """Reads on in the logs of spaces and announces what it finds. `changed` are those in which
    there may be something to tell."""

    def __init__(self, studio: Studio) -> None:
        self.changed: set[str] = set()
        self._studio = studio
        self._read: dict[str, int] = {}  # how far, by space

    async def look(self) -> None:
        """Find the spaces in which something may have been missed, and the people who asked to be
        reminded when it was too late for that."""
        catalogue, now_ms = self._studio.catalogue, studios.now_ms()
        spaces = await catalogue.in_status(_COMING)
        spaces += await catalogue.changed(_OVER, since_ms=now_ms - _PAST_MS)
        found = {listed.id for listed in spaces}
        self._read = {space: seq for space, seq in self._read.items() if space in found}
        self.changed |= found
        for space in await self._studio.reminders.overdue():
            await self._overdue(space, now_ms)

    async def tell(self) -> None:
        """Announce what is new in the spaces that have changed."""
        while self.changed:
            space = self.changed.pop()
            try:
                await self._tell(space)
            except Unstorable as error:
                log.warning("space %s is not announced: %s", space, error)
            except (LogError, SQLAlchemyError):
                self.changed.add(space)
                raise

    async def _tell(self, space: str) -> None:
        studio, after = self._studio, self._read.get(space, 0)
        events = await studio.spaces.history(space, after=after)
        known = await self._known(space) if events and not after else frozenset()
        since_ms = studios.now_ms() - _PAST_MS
        for seq, event in events:
            what = _HOOKED.get(type(event), "")
            # Earlier versions wrote what they had missed under its name alone.
            if what and _is_news(event, since_ms) and not known & {what, _key(event, what)}:
                listed = await self._listed(space)
                if listed is None:
                    return
                if isinstance(event, r.Expiring):
                    await notes.of_expiry(studio, listed, event.expires_at_ms)
                await self._once(listed, event, what)
            self._read[space] = seq

    async def _listed(self, space: str) -> Listed | None:
        """The catalogue's row; that of a new space follows its event."""
        for _ in range(20):
            listed = await self._studio.catalogue.get(space)
            if listed is not None:
                return listed
            await asyncio.sleep(0.05)
        return None

    async def _known(self, space: str) -> frozenset[str]:
        async with self._studio.database.read() as session:
            rows = await session.scalars(
                select(AnnouncedRow.what).where(AnnouncedRow.space_id == space)
            )
            return frozenset(rows)

    async def _once(self, listed: Listed, event: Event, what: str) -> None:
        studio, now_ms = self._studio, studios.now_ms()
        data = {
            "space": {
                "id": listed.id,
                "title": listed.title,
                "starts_at_ms": listed.starts_at_ms,
                "url": studio.share_url(listed.id),
            },
            **_more(event),
        }
        try:
            async with studio.database.write() as session:
                row = AnnouncedRow(space_id=listed.id, what=_key(event, what), at_ms=now_ms)
                session.add(row)
                await session.flush()
                await hooks.write_down(session, what, data, owner=listed.owner_id, now_ms=now_ms)
                # Nobody is called to a space that is over by now.
                if what in reminders.TOLD and (listed.status not in _OVER or _ends(what)):
                    notice = _notice(listed, event, what, now_ms)
                    await studio.reminders.note(session, listed.id, notice)
        except IntegrityError:
            return  # another studio has told it, or the space is gone
        studio.hooks.wake.set()
        studio.reminders.wake.set()

    async def _overdue(self, space: str, now_ms: int) -> None:
        listed = await self._studio.catalogue.get(space)
        if listed is None:
            return
        if listed.status in _COMING:
            what = "space.doors"
        elif listed.status is Status.CANCELLED:
            what = "space.cancelled"
        else:
            await self._studio.reminders.forget(space)
            return
        until_ms = now_ms + limits.REMINDER_LATE_S * 1000
        reason = listed.reason if _ends(what) else ""
        notice = Notice(what=what, reason=reason, now_ms=now_ms, until_ms=until_ms)
        await self._studio.reminders.note_overdue(space, notice)


def _is_news(event: Event, since_ms: int) -> bool:
    """Whether it is worth telling: for a day, and of what is to be deleted until it is."""
    if isinstance(event, r.Expiring) and event.expires_at_ms is not None:
        return event.expires_at_ms > since_ms + _PAST_MS
    return event.at_ms > since_ms


def _ends(what: str) -> bool:
    return what == "space.cancelled"


def _key(event: Event, what: str) -> str:
    """Under which it is written down that this was announced."""
    if isinstance(event, e.HandRaised):
        return f"hand-{event.person}-{event.at_ms}"[:_KEY_CHARS]
    return what if what in _ONCE else f"{what}-{event.at_ms}"


def _more(event: Event) -> dict[str, Any]:
    """What a webhook is told beside the space."""
    if isinstance(event, e.HandRaised):
        return {"name": event.name, "note": event.note}
    if isinstance(event, e.Delayed):
        return {"reason": event.reason, "starts_at_ms": event.starts_at_ms}
    if isinstance(event, r.Expiring):
        return {"expires_at_ms": event.expires_at_ms}
    return {"reason": event.reason} if isinstance(event, e.Cancelled) else {}


def _notice(listed: Listed, event: Event, what: str, now_ms: int) -> Notice:
    """What those who asked are told, until it is worth nothing any more: after the doors have been
    open for a while, or once the evening of which it is told has come."""
    late_ms = limits.REMINDER_LATE_S * 1000
    moment_ms = event.at_ms
    if isinstance(event, e.Delayed):
        moment_ms = event.starts_at_ms
    elif isinstance(event, e.Cancelled):
        moment_ms = max(event.at_ms, listed.starts_at_ms)
    until_ms = min(moment_ms + late_ms, now_ms + limits.LETTER_S * 1000)
    reason = event.reason if isinstance(event, e.Delayed | e.Cancelled) else ""
    return Notice(what=what, reason=reason, now_ms=now_ms, until_ms=until_ms)


async def _deliver(outbox: _Outbox) -> None:
    while True:
        pause_s = _LOOK_S
        outbox.wake.clear()
        try:
            due_ms = await outbox.send_due(studios.now_ms)
            if due_ms is not None:
                left_s = (due_ms - studios.now_ms()) / 1000
                pause_s = min(pause_s, max(_CLAIMED_S, left_s))
        except* SQLAlchemyError as errors:
            log.warning("%s: %s", type(outbox).__name__.lower(), errors.exceptions[0])
        try:
            async with asyncio.timeout(pause_s):
                await outbox.wake.wait()
        except TimeoutError:
            continue
