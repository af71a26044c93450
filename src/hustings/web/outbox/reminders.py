"""Reminders: who wants to be told that a space begins, is delayed, or does not take place.

A browser asks by Web Push and is told at once. An e-mail address must be confirmed by a link first,
so that nobody can have a stranger reminded. A mail that is not the last one carries the link that
ends the reminder; the last thing there is to tell (doors are open, it does not take place) uses it
up, and it is forgotten.

What is to be told is written beside each reminder before anything is sent, and tried with growing
pauses until it was taken, or until it is worth nothing any more.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits, words
from hustings.space import Status
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.outbox.letters import Letters, pause_s
from hustings.web.outbox.mail import Fate, Mail
from hustings.web.outbox.push import Push, Subscription
from hustings.web.tables import ReminderRow, SpaceRow
from hustings.words import mark

log = logging.getLogger("hustings.web")

_GONE = frozenset({404, 410})
_SUBJECT: Final = mark("Remind you of “{title}”?")
_ASKED: Final = mark("Somebody, we hope you, asked to be reminded of “{title}”.")
_YES: Final = mark("Yes, remind me:")
_NOT_YOU: Final = mark("If it was not you, do nothing: you get no further mail.")
_END: Final = mark("No more mail:")


# What is told of a space. After the first there is more to come; the others use a reminder up.
_SENTENCES: Final = {
    "space.delayed": "It begins later.",
    "space.doors": "The doors are open. You can come in now.",
    "space.cancelled": "It does not take place.",
}
_MORE: Final = frozenset({"space.delayed"})
TOLD: Final = frozenset(_SENTENCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be told: one of `TOLD`, with the hosts' reason, until `until_ms`."""

    what: str
    reason: str
    now_ms: int
    until_ms: int


class Reminders:
    """Reminders in the database, and the sending of them. `now_ms` is Unix milliseconds."""

    def __init__(
        self,
        database: Database,
        *,
        push: Push,
        mail: Mail,
        letters: Letters,
        link: Callable[[str], str],
        page: Callable[[str], str],
    ) -> None:
        self._database = database
        self._push = push
        self._mail = mail
        self._letters = letters
        self._link = link  # from a token to the address that confirms or ends a reminder
        self._page = page  # from a space to its address
        self.wake = asyncio.Event()

    async def by_push(
        self, space: str, to: Subscription, *, now_ms: int, language: str = words.ENGLISH
    ) -> str | None:
        """Remind a browser; the token that ends it, None when the space has too many."""
        keys = json.dumps({"p256dh": to.p256dh, "auth": to.auth})
        row = ReminderRow(kind="push", address=to.endpoint, secrets=keys, confirmed=True)
        return await self._add(space, row, language, now_ms=now_ms)

    async def by_mail(
        self, space: str, email: str, *, title: str, now_ms: int, language: str = words.ENGLISH
    ) -> bool | None:
        """Send the link that confirms a reminder; False when no mail can be sent, None when the
        space has too many.

        Somebody who has confirmed already gets nothing more: the answer is the same.
        """
        if not self._mail.works:
            return False
        if await self._confirmed(space, email):
            return True
        row = ReminderRow(kind="mail", address=email, secrets="", confirmed=False)
        token = await self._add(space, row, language, now_ms=now_ms)
        if token is None:
            return None
        reader = words.load(language)
        asked, yes = reader.text(_ASKED).replace("{title}", title), reader.text(_YES)
        text = f"{asked}\n\n{yes}\n{self._link(token)}\n\n{reader.text(_NOT_YOU)}\n"
        subject = reader.text(_SUBJECT).replace("{title}", title)
        return await self._letters.send(to=email, subject=subject, text=text)

    async def confirm(self, token: str) -> str | None:
        """Confirm a reminder by mail; its space, None if there is no such reminder."""
        async with self._database.write() as session:
            found: str | None = await session.scalar(
                update(ReminderRow)
                .where(ReminderRow.token_hash == secret.digest(token))
                .values(confirmed=True)
                .returning(ReminderRow.space_id)
            )
        return found

    async def end(self, token: str) -> str | None:
        """End a reminder; its space, None if there was none."""
        async with self._database.write() as session:
            found: str | None = await session.scalar(
                delete(ReminderRow)
                .where(ReminderRow.token_hash == secret.digest(token))
                .returning(ReminderRow.space_id)
            )
        return found

    async def space_of(self, token: str) -> str | None:
        """The space that a reminder is about."""
        async with self._database.read() as session:
            found: str | None = await session.scalar(
                select(ReminderRow.space_id).where(ReminderRow.token_hash == secret.digest(token))
            )
        return found

    async def is_confirmed(self, token: str) -> bool:
        """Whether the reminder counts."""
        async with self._database.read() as session:
            found = await session.scalar(
                select(ReminderRow.confirmed).where(ReminderRow.token_hash == secret.digest(token))
            )
        return bool(found)

    async def overdue(self) -> list[str]:
        """Spaces that are no longer to come, and whose reminders wait for nothing."""
        query = (
            select(ReminderRow.space_id)
            .join(SpaceRow, SpaceRow.id == ReminderRow.space_id)
            .where(SpaceRow.status != Status.SCHEDULED, ReminderRow.due_at_ms.is_(None))
            .distinct()
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def forget(self, space: str) -> None:
        """Forget everybody who asked for this space."""
        async with self._database.write() as session:
            await session.execute(delete(ReminderRow).where(ReminderRow.space_id == space))

    async def note(self, session: AsyncSession, space: str, notice: Notice) -> None:
        """Write down what everybody who asked for this space is to be told. It takes the place of
        what they were not told yet. Once that is committed, set `wake`."""
        await session.execute(
            update(ReminderRow)
            .where(ReminderRow.space_id == space, ReminderRow.confirmed.is_(True))
            .values(
                what=notice.what,
                reason=notice.reason,
                until_ms=notice.until_ms,
                due_at_ms=notice.now_ms,
                tries=0,
            )
        )

    async def note_overdue(self, space: str, notice: Notice) -> None:
        """The same for those who asked too late to be told with the others."""
        async with self._database.write() as session:
            await session.execute(
                update(ReminderRow)
                .where(
                    ReminderRow.space_id == space,
                    ReminderRow.confirmed.is_(True),
                    ReminderRow.due_at_ms.is_(None),
                )
                .values(
                    what=notice.what,
                    reason=notice.reason,
                    until_ms=notice.until_ms,
                    due_at_ms=notice.now_ms,
                    tries=0,
                )
            )
        self.wake.set()

    async def send_due(self, now_ms: Callable[[], int]) -> int | None:
        """Tell whoever is to be told by now; when the next one is (Unix milliseconds), None for
        never. As many side by side as `limits` says, so that none waits for the slowest."""
        async with asyncio.TaskGroup() as group:
            sending: set[asyncio.Task[None]] = set()
            while True:
                room = limits.REMINDERS_AT_ONCE_COUNT - len(sending)
                due = await self._claim(room, now_ms())
                sending |= {
                    group.create_task(self._one(row, title, now_ms())) for row, title in due
                }
                if not sending:
                    break
                _, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        async with self._database.read() as session:
            next_ms: int | None = await session.scalar(select(func.min(ReminderRow.due_at_ms)))
        return next_ms

    async def _claim(self, count: int, now_ms: int) -> Sequence[tuple[ReminderRow, str]]:
        """The next who are to be told, with their space's title, for this studio alone.

        Their due time moves on before they are told: one that dies over it leaves them to be told
        again.
        """
        async with self._database.write() as session:
            found = await session.execute(
                select(ReminderRow, SpaceRow.title)
                .join(SpaceRow, SpaceRow.id == ReminderRow.space_id)
                .where(ReminderRow.due_at_ms <= now_ms)
                .order_by(ReminderRow.due_at_ms)
                .limit(count)
                # SQLite has one writer at a time; elsewhere two could read the same rows.
                .with_for_update(skip_locked=True, of=ReminderRow)
            )
            due = [(row, title) for row, title in found]
            for row, _ in due:
                row.tries += 1
                row.due_at_ms = now_ms + pause_s(row.tries) * 1000
        return due

    async def _one(self, row: ReminderRow, title: str, now_ms: int) -> None:
        try:
            await self._settle(row, title, now_ms)
        except SQLAlchemyError as error:
            log.warning("a reminder is told again later: %s", error)

    async def _settle(self, row: ReminderRow, title: str, now_ms: int) -> None:
        last = row.what not in _MORE
        if now_ms < (row.until_ms or 0):
            fate = await self._tell_one(row, title, last)
            if fate is Fate.LATER:
                return
            last = last or fate is Fate.GONE
        mine = and_(
            ReminderRow.space_id == row.space_id,
            ReminderRow.address_hash == row.address_hash,
            # Otherwise there is something newer to tell, or somebody has asked anew.
            ReminderRow.due_at_ms == row.due_at_ms,
        )
        async with self._database.write() as session:
            if last:
                await session.execute(delete(ReminderRow).where(mine))
            else:
                await session.execute(
                    update(ReminderRow).where(mine).values(what="", reason="", due_at_ms=None)
                )

    async def _tell_one(self, row: ReminderRow, title: str, last: bool) -> Fate:
        reader, url = words.load(row.language), self._page(row.space_id)
        told = f"{reader.sentence(_SENTENCES[row.what])} {row.reason}".strip()
        if row.kind == "mail":
            text = f"{told}\n\n{url}\n"
            if not last:
                end = self._link(await self._renewed(row))
                text += f"\n{reader.text(_END)} {end}\n"
            return await self._mail.attempt(to=row.address, subject=title, text=text)
        keys = json.loads(row.secrets)
        to = Subscription(row.address, keys["p256dh"], keys["auth"])
        answer = await self._push.send(to, {"title": title, "body": told, "url": url})
        if answer.status in _GONE:
            return Fate.GONE
        return Fate.TAKEN if answer.taken else Fate.LATER

    async def _renewed(self, row: ReminderRow) -> str:
        """A new token for the link in a mail: the database keeps none to repeat."""
        token = secret.token()
        async with self._database.write() as session:
            await session.execute(
                update(ReminderRow)
                .where(ReminderRow.token_hash == row.token_hash)
                .values(token_hash=secret.digest(token))
            )
        return token

    async def _confirmed(self, space: str, email: str) -> bool:
        async with self._database.read() as session:
            found = await session.scalar(
                select(ReminderRow.confirmed).where(
                    ReminderRow.space_id == space,
                    ReminderRow.address_hash == secret.digest(email),
                )
            )
        return bool(found)

    async def _add(self, space: str, row: ReminderRow, language: str, *, now_ms: int) -> str | None:
        """A reminder instead of an earlier one to the same address."""
        token = secret.token()
        row.token_hash, row.space_id = secret.digest(token), space
        row.address_hash = secret.digest(row.address)
        row.language, row.created_at_ms = language, now_ms
        async with self._database.write() as session:
            await session.execute(
                delete(ReminderRow).where(
                    ReminderRow.space_id == space,
                    ReminderRow.address_hash == row.address_hash,
                )
            )
            count = await session.scalar(
                select(func.count()).select_from(ReminderRow).where(ReminderRow.space_id == space)
            )
            if (count or 0) >= limits.REMINDERS_COUNT:
                return None
            session.add(row)
        return token
