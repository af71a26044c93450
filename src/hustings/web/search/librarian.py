"""The librarian: keeps what feeds and search know of spaces up to date.

Everything is read from where it is true: the log, and the recording's own files in the store. What
is heard on the live path only wakes it, so that a studio that was away finds what it missed: in the
catalogue's rows, and at its start in the logs of all recordings. Of any number of studios one reads
a space at a time (`Episodes.claim`), and what it has read appears in one transaction.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from hustings.errors import BadInput, LogError, StoreError
from hustings.formats import markup
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.subjects import Kind
from hustings.space import Space, Status, decode
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.web import studio as studios
from hustings.web.catalogue import Listed
from hustings.web.feeds.episodes import MADE_BY, RECORDED, Facts, Reading
from hustings.web.search import recording
from hustings.web.search.index import Part, Sentence, made
from hustings.web.studio import Studio
from hustings.web.subscribe import subscribe

log = logging.getLogger("hustings.web")
T = TypeVar("T")

# After these there is something else to be found, or something less.
_TOLD: Final = frozenset({
    *(e.Scheduled, e.Edited, e.Delayed, e.Cancelled, e.WentLive, e.Ended, e.Posted, e.Withheld),
    *(r.Erased, r.Revised, r.Expired),
})  # fmt: skip
_LOOK_S: Final = 30.0
_AGAIN_S: Final = 2.0
_TRIES: Final = 20
_SETTLE_S: Final = 0.05  # several events of one moment are read at once


async def run(studio: Studio) -> None:
    """Read until cancelled."""
    librarian, wake = Librarian(studio), asyncio.Event()

    async def on_event(message: Message) -> None:
        try:
            event = decode(message.data)
        except BadInput:
            return  # of a newer version
        if type(event) in _TOLD:
            librarian.changed.add(subjects.space_of(message.subject))
            wake.set()

    end = await subscribe(studio.live, subjects.live("*", Kind.EV), on_event)
    looked, missed = -_LOOK_S, False
    try:
        while True:
            pause_s = _LOOK_S
            try:
                if time.monotonic() - looked >= _LOOK_S:
                    await librarian.look()
                    looked = time.monotonic()
                if not missed:
                    await librarian.look_in_logs()
                    missed = True
                if not await librarian.read():
                    pause_s = _AGAIN_S
            except (LogError, SQLAlchemyError) as error:
                log.warning("feeds and search: %s", error)
                pause_s = _AGAIN_S
            try:
                async with asyncio.timeout(pause_s):
                    await wake.wait()
                wake.clear()
                await asyncio.sleep(_SETTLE_S)
            except TimeoutError:
                continue
    finally:
        await end()


class Librarian:
    """Reads spaces; `changed` are those to be read."""

    def __init__(self, studio: Studio) -> None:
        self.changed: set[str] = set()
        self._studio = studio

    async def look(self) -> None:
        """Find the spaces whose rows say something else than what was read."""
        behind = self._studio.episodes.behind(now_ms=studios.now_ms())
        self.changed.update(await _whole(behind))

    async def look_in_logs(self) -> None:
        """Find the recordings of which something was decided while no studio was there."""
        before = await _whole(self._studio.episodes.read_before())
        for space, seq in before.items():
            if await self._studio.spaces.history(space, after=seq):
                self.changed.add(space)

    async def read(self) -> bool:
        """Read what has changed; whether all of it could be read."""
        again: set[str] = set()
        while self.changed:
            space = self.changed.pop()
            try:
                done = await _whole(self._read(space))
            except StoreError as error:
                log.warning("space %s cannot be read for feeds and search: %s", space, error)
                done = False
            except (LogError, SQLAlchemyError):
                self.changed.add(space)
                self.changed |= again
                raise
            if not done:
                again.add(space)
        self.changed |= again
        return not again

    async def _read(self, space_id: str) -> bool:
        """Whether the space was read, or needs not be."""
        episodes, now_ms = self._studio.episodes, studios.now_ms()
        if not await self._known(space_id):
            return True
        reading = await episodes.claim(space_id, now_ms=now_ms)
        if reading is None:
            return False
        try:
            return await self._read_claimed(space_id, reading)
        except BaseException:
            # Whoever comes next need not wait until the claim is over, after a stop least of all.
            await episodes.release(space_id, read=False)
            raise

    async def _known(self, space_id: str) -> bool:
        """Whether it stands in the catalogue; the row of a new space follows its event."""
        for _ in range(_TRIES):
            if await self._studio.catalogue.get(space_id) is not None:
                return True
            await asyncio.sleep(_SETTLE_S)
        return False

    async def _read_claimed(self, space_id: str, reading: Reading) -> bool:
        studio = self._studio
        events = await studio.spaces.history(space_id, after=reading.ev_seq)
        space = await studio.spaces.decided(space_id)
        if space is not None:
            await studio.catalogue.refresh(space)
        row = await studio.catalogue.get(space_id)
        if row is None:
            return True
        if not events and (reading.row_changed_ms, reading.made_by) == (row.changed_at_ms, MADE_BY):
            await studio.episodes.release(space_id, read=True)  # another studio has read it
            return True
        posted = [event.at_ms for _, event in events if isinstance(event, e.Posted)]
        if reading.posted_at_ms is None and row.status is Status.POSTED:
            first_ms = min(posted, default=row.ended_at_ms or studios.now_ms())
            reading = replace(reading, posted_at_ms=first_ms)
        reading = replace(reading, ev_seq=max([reading.ev_seq, *(seq for seq, _ in events)]))
        if space is not None and _erasing(space):
            # At once: whether the store answers just now changes nothing about that.
            async with studio.database.write() as session:
                await studio.index.replace(session, space_id, made(space_id, _headings(row)))
        facts, said = await self._recorded(row, space)
        # Three thousand sentences take a tenth of a second, which no desk waits for.
        rows = await asyncio.to_thread(made, space_id, [*_headings(row), *said])
        async with studio.database.write() as session:
            await studio.index.replace(session, space_id, rows)
            await studio.episodes.keep(session, row, reading, facts)
        return True

    async def _recorded(
        self, row: Listed, space: Space | None
    ) -> tuple[Facts | None, list[Sentence]]:
        """What there is of the recording. Until a stretch that was erased is gone from the
        transcript, nothing of it is found."""
        if row.status not in RECORDED or row.gone or not row.receipt_sha256:
            return None, []
        facts, said = await recording.read(self._studio.objects, row)
        return facts, [] if space is not None and _erasing(space) else said


async def _whole(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. A stop waits for its end: a connection to the database that is left in
    the middle of a sentence goes back to nobody."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def _erasing(space: Space) -> bool:
    """Whether something was erased that is not gone from the recording's files yet."""
    return any(erasure.number > space.replay.done for erasure in space.replay.erasures)


def _headings(row: Listed) -> list[Sentence]:
    """The title, and all that is said about the space, so that words of both are found together."""
    return [
        Sentence(part=Part.TITLE, text=row.title),
        Sentence(
            part=Part.ABOUT, text=markup.text(row.description), also=f"{row.title} {row.host}"
        ),
    ]
