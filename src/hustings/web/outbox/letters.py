"""Letters: mail that is kept until the mail server takes it.

A letter is written down before it is sent, encrypted, because it may hold a link that signs
somebody in. It is tried at once, in the time of whoever sends it, and then with growing pauses
until it was taken or is worth nothing any more: a restart goes on with it, and of several studios
one sends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.outbox.mail import Fate, Mail
from hustings.web.tables import LetterRow

log = logging.getLogger("hustings.web")

# Longer than any attempt takes: what is claimed for so long is not sent twice.
_FIRST_PAUSE_S: Final = 30
_PAUSE_FACTOR: Final = 3


class Letters:
    """The letters in the database and the way to the mail server; `key` encrypts them."""

    def __init__(self, database: Database, mail: Mail, *, key: bytes) -> None:
        self._database = database
        self._mail = mail
        self._key = key
        self.wake = asyncio.Event()

    @property
    def works(self) -> bool:
        """Whether there is a mail server at all."""
        return self._mail.works

    async def send(
        self, *, to: str, subject: str, text: str, within_s: int = limits.LETTER_S
    ) -> bool:
        """Send a letter, now or later within that time; False if no mail can be sent to there."""
        if not self.works:
            return False
        now_ms = time.time_ns() // 1_000_000
        async with self._database.write() as session:
            row = self.write_down(
                session,
                to=to,
                subject=subject,
                text=text,
                until_ms=now_ms + within_s * 1000,
                due_at_ms=now_ms + pause_s(1) * 1000,
            )
        fate = await self._settle(row)
        if fate is Fate.LATER:
            self.wake.set()
        return fate is not Fate.GONE

    def write_down(
        self,
        session: AsyncSession,
        *,
        to: str,
        subject: str,
        text: str,
        until_ms: int,
        due_at_ms: int,
    ) -> LetterRow:
        """Keep a letter that is to be tried at `due_at_ms`. Once that is committed, set `wake`."""
        letter, number = {"to": to, "subject": subject, "text": text}, secret.identifier()
        row = LetterRow(
            id=number,
            concealed=secret.conceal(
                json.dumps(letter).encode(), key=self._key, about=f"letter:{number}"
            ),
            until_ms=until_ms,
            due_at_ms=due_at_ms,
            tries=0,
        )
        session.add(row)
        return row

    async def send_due(self, now_ms: Callable[[], int]) -> int | None:
        """Try what is due; when the next one is (Unix milliseconds), None for never."""
        now = now_ms()
        async with self._database.write() as session:
            await session.execute(delete(LetterRow).where(LetterRow.until_ms <= now))
            due = (
                await session.scalars(
                    select(LetterRow)
                    .where(LetterRow.due_at_ms <= now)
                    .order_by(LetterRow.due_at_ms)
                    .limit(limits.LETTERS_AT_ONCE_COUNT)
                    # SQLite has one writer at a time; elsewhere two could read the same rows.
                    .with_for_update(skip_locked=True)
                )
            ).all()
            for row in due:
                row.tries += 1
                row.due_at_ms = now + pause_s(row.tries) * 1000
        await asyncio.gather(*(self._settle(row) for row in due))
        async with self._database.read() as session:
            next_ms: int | None = await session.scalar(select(func.min(LetterRow.due_at_ms)))
        return next_ms

    async def _settle(self, row: LetterRow) -> Fate:
        """One attempt; the letter is forgotten unless there is to be another."""
        letter = secret.reveal(row.concealed, key=self._key, about=f"letter:{row.id}")
        if letter is None:
            log.error("a letter was written by another installation: it is not sent")
        fate = await self._mail.attempt(**json.loads(letter)) if letter else Fate.GONE
        if fate is not Fate.LATER:
            async with self._database.write() as session:
                await session.execute(delete(LetterRow).where(LetterRow.id == row.id))
        return fate


def pause_s(tries: int) -> int:
    """Seconds until the next try after `tries` of them: 30 s, 90 s … at most an hour."""
    pause: int = _FIRST_PAUSE_S * _PAUSE_FACTOR ** min(tries - 1, 10)
    return min(pause, 3600)
