"""The announcer: turns what is decided in spaces into reminders and webhook messages.

Any number of studios hear of an event; the one that writes down that it was announced announces it.
What happened while no studio ran is found in the catalogue afterwards. Reminders may take minutes
to send: they are told beside the rest, and hold up neither webhooks nor another space's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from hustings.errors import BadInput
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.subjects import Kind
from hustings.space import Status, decode
from hustings.space import event as e
from hustings.web import studio as studios
from hustings.web.catalogue import Listed
from hustings.web.outbox.reminders import Notice
from hustings.web.studio import Studio
from hustings.web.watch import subscribe

log = logging.getLogger("hustings.web")

_LOOK_S: Final = 30.0
_WAITING_COUNT: Final = 10_000
_HOOKED: Final[dict[type, str]] = {
    e.Scheduled: "space.scheduled",
    e.Delayed: "space.delayed",
    e.Cancelled: "space.cancelled",
    e.DoorsOpened: "space.doors",
    e.WentLive: "space.live",
    e.Ended: "space.ended",
    e.Posted: "space.posted",
    e.HandRaised: "hand.raised",
}
# What the catalogue's status says has happened, for those who were not there to hear it.
_HAPPENED: Final = {
    Status.DOORS: ("space.doors",),
    Status.LIVE: ("space.doors", "space.live"),
    Status.HELD: ("space.doors", "space.live"),
    Status.ENDED: ("space.ended",),
    Status.POSTED: ("space.ended", "space.posted"),
}
_OPEN: Final = frozenset({Status.DOORS, Status.LIVE, Status.HELD})
# How far back it is looked for what was missed; and what is younger is still being announced.
_PAST_MS: Final = 24 * 3600 * 1000
_YOUNG_MS: Final = 60_000


async def run(studio: Studio) -> None:
    """Announce and deliver until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_announce(studio, _Bell(studio, group)))
        group.create_task(_deliver(studio))


class _Bell:
    """Tells those who asked to be reminded, a task for each space."""

    def __init__(self, studio: Studio, group: asyncio.TaskGroup) -> None:
        self._studio = studio
        self._group = group
        self._ringing: set[str] = set()

    def ring(self, space: str, notice: Notice, *, last: bool) -> None:
        """Tell them of `notice`; `last`: there is nothing to tell after it."""
        key = space if last else ""
        if key and key in self._ringing:
            return  # whoever is not told yet is told by that task
        self._ringing.add(key)
        self._group.create_task(self._tell(space, notice, key))

    async def _tell(self, space: str, notice: Notice, key: str) -> None:
        try:
            reached = await self._studio.reminders.tell(space, notice, last=bool(key))
            log.info("space %s: %d reminded: %s", space, reached, notice.sentence)
        except SQLAlchemyError as error:
            log.warning("reminders of space %s: %s", space, error)
        finally:
            self._ringing.discard(key)


async def _announce(studio: Studio, bell: _Bell) -> None:
    heard: asyncio.Queue[tuple[str, e.Event]] = asyncio.Queue(_WAITING_COUNT)

    async def on_event(message: Message) -> None:
        try:
            event = decode(message.data)
        except BadInput:
            return  # of a newer version
        if type(event) in _HOOKED and not heard.full():
            heard.put_nowait((subjects.space_of(message.subject), event))

    end = await subscribe(studio.live, subjects.live("*", Kind.EV), on_event)
    looked = -_LOOK_S
    try:
        while True:
            try:
                if time.monotonic() - looked >= _LOOK_S:
                    looked = time.monotonic()
                    await _missed(studio, bell)
                async with asyncio.timeout(_LOOK_S):
                    space, event = await heard.get()
                await _tell(studio, bell, space, event)
            except TimeoutError:
                continue
            except SQLAlchemyError as error:
                log.warning("announcements: %s", error)
                await asyncio.sleep(1.0)
    finally:
        await end()


async def _missed(studio: Studio, bell: _Bell) -> None:
    """Announce what happened while no studio heard it, and remind whoever was not reached."""
    now_ms = studios.now_ms()
    since_ms = now_ms - _PAST_MS
    spaces = await studio.catalogue.in_status(_OPEN)
    spaces += await studio.catalogue.changed((Status.ENDED, Status.POSTED), since_ms=since_ms)
    known = await studio.hooks.announced([listed.id for listed in spaces])
    for listed in spaces:
        for what in _HAPPENED[listed.status]:
            if what in known[listed.id]:
                continue
            if what in _LASTING or listed.changed_at_ms < now_ms - _YOUNG_MS:
                await _once(studio, bell, listed, what, key=what, extra={})
    for space in await studio.reminders.overdue():
        if (found := await studio.catalogue.get(space)) is None:
            continue
        if found.status in _OPEN:
            _remind(studio, bell, found, "space.doors", {})
        elif found.status is Status.CANCELLED:
            _remind(studio, bell, found, "space.cancelled", {"reason": found.reason})
        elif found.status is not Status.SCHEDULED:
            await studio.reminders.forget(space)


async def _tell(studio: Studio, bell: _Bell, space: str, event: e.Event) -> None:
    listed = await _listed(studio, space)
    if listed is None:
        return
    what = _HOOKED[type(event)]
    key = what if what in _LASTING else f"{what}-{event.at_ms}"
    extra: dict[str, Any] = {}
    if isinstance(event, e.HandRaised):
        key = f"hand-{event.person}-{event.at_ms}"[:48]
        extra = {"name": event.name, "note": event.note}
    elif isinstance(event, e.Delayed | e.Cancelled):
        extra = {"reason": event.reason}
        if isinstance(event, e.Delayed):
            extra["starts_at_ms"] = event.starts_at_ms
    await _once(studio, bell, listed, what, key=key, extra=extra)


_LASTING: Final = frozenset({"space.scheduled", "space.doors", "space.live", "space.ended"})


async def _listed(studio: Studio, space: str) -> Listed | None:
    """The catalogue's row; that of a new space follows its event."""
    for _ in range(20):
        listed = await studio.catalogue.get(space)
        if listed is not None:
            return listed
        await asyncio.sleep(0.05)
    return None


async def _once(
    studio: Studio, bell: _Bell, listed: Listed, what: str, *, key: str, extra: dict[str, Any]
) -> None:
    now_ms = studios.now_ms()
    data = {
        "space": {
            "id": listed.id,
            "title": listed.title,
            "starts_at_ms": listed.starts_at_ms,
            "url": studio.share_url(listed.id),
        },
        **extra,
    }
    if not await studio.hooks.tell_once(
        what, data, owner=listed.owner_id, space=listed.id, key=key, now_ms=now_ms
    ):
        return
    _remind(studio, bell, listed, what, extra)


def _remind(studio: Studio, bell: _Bell, listed: Listed, what: str, extra: dict[str, Any]) -> None:
    notice = _notice(listed, what, extra, studio.share_url(listed.id))
    if notice is not None:
        bell.ring(listed.id, notice, last=what != "space.delayed")


def _notice(listed: Listed, what: str, extra: dict[str, Any], url: str) -> Notice | None:
    sentence = {
        "space.doors": "The doors are open. You can come in now.",
        "space.delayed": "It begins later.",
        "space.cancelled": "It does not take place.",
    }.get(what)
    if sentence is None:
        return None
    reason = str(extra.get("reason", ""))
    return Notice(title=listed.title, sentence=sentence, reason=reason, url=url)


async def _deliver(studio: Studio) -> None:
    while True:
        pause_s = _LOOK_S
        try:
            studio.hooks.wake.clear()
            due_ms = await studio.hooks.send_due(now_ms=studios.now_ms())
            if due_ms is not None:
                pause_s = min(pause_s, max(0.0, (due_ms - studios.now_ms()) / 1000))
        except SQLAlchemyError as error:
            log.warning("webhooks: %s", error)
        try:
            async with asyncio.timeout(pause_s):
                await studio.hooks.wake.wait()
        except TimeoutError:
            continue
