"""Reminders: who wants to be told that a space begins, is delayed, or does not take place.

A browser asks by Web Push and is told at once. An e-mail address must be confirmed by a link first,
so that nobody can have a stranger reminded. A mail that is not the last one carries the link that
ends the reminder; the last thing there is to tell (doors are open, it does not take place) uses it
up: it is taken from the database first, so that no two studios tell it, and forgotten with that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update

from hustings import limits, words
from hustings.space import Status
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.outbox.mail import Mail
from hustings.web.outbox.push import Push, Subscription
from hustings.web.tables import ReminderRow, SpaceRow
from hustings.words import Words, mark

_GONE = frozenset({404, 410})
_SUBJECT: Final = mark("Remind you of “{title}”?")
_ASKED: Final = mark("Somebody, we hope you, asked to be reminded of “{title}”.")
_YES: Final = mark("Yes, remind me:")
_NOT_YOU: Final = mark("If it was not you, do nothing: you get no further mail.")
_END: Final = mark("No more mail:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told: a title, a sentence in English, the hosts' reason, the space's address."""

    title: str
    sentence: str
    url: str
    reason: str = ""

    def told(self, reader: Words) -> str:
        """The sentence and the reason, in the reader's language."""
        return f"{reader.sentence(self.sentence)} {self.reason}".strip()


class Reminders:
    """Reminders in the database, and the sending of them. `now_ms` is Unix milliseconds."""

    def __init__(
        self, database: Database, *, push: Push, mail: Mail, link: Callable[[str], str]
    ) -> None:
        self._database = database
        self._push = push
        self._mail = mail
        self._room = asyncio.Semaphore(limits.REMINDERS_AT_ONCE_COUNT)
        self._link = link  # from a token to the address that confirms or ends a reminder

    async def by_push(
        self, space: str, to: Subscription, *, now_ms: int, language: str = words.ENGLISH
    ) -> str | None:
        """Remind a browser; the token that ends it, None when the space has too many."""
        keys = json.dumps({"p256dh": to.p256dh, "auth": to.auth})
        row = ReminderRow(kind="push", address=to.endpoint, secrets=keys, confirmed=True)
        return await self._add(space, row, language, now_ms=now_ms)

    async def by_mail(
        self, space: str, email: str, *, title: str, now_ms: int, language: str = words.ENGLISH
    ) -> bool:
        """Send the link that confirms a reminder; False when no mail can be sent.

        Somebody who has confirmed already gets nothing more: the answer is the same.
        """
        if not self._mail.works:
            return False
        if await self._confirmed(space, email):
            return True
        row = ReminderRow(kind="mail", address=email, secrets="", confirmed=False)
        token = await self._add(space, row, language, now_ms=now_ms)
        if token is None:
            return False
        reader = words.load(language)
        asked, yes = reader.text(_ASKED).replace("{title}", title), reader.text(_YES)
        text = f"{asked}\n\n{yes}\n{self._link(token)}\n\n{reader.text(_NOT_YOU)}\n"
        subject = reader.text(_SUBJECT).replace("{title}", title)
        return await self._mail.send(to=email, subject=subject, text=text)

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
        """Spaces that are no longer to come, and still have reminders."""
        query = (
            select(ReminderRow.space_id)
            .join(SpaceRow, SpaceRow.id == ReminderRow.space_id)
            .where(SpaceRow.status != Status.SCHEDULED)
            .distinct()
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def forget(self, space: str) -> None:
        """Forget everybody who asked for this space."""
        async with self._database.write() as session:
            await session.execute(delete(ReminderRow).where(ReminderRow.space_id == space))

    async def tell(self, space: str, notice: Notice, *, last: bool = False) -> int:
        """Tell everybody who asked for this space; how many were reached.

        `last`: whoever is told is forgotten, and so is who never confirmed.
        """
        reached, after = 0, ""
        while rows := await self._some(space, after):
            reached += sum(
                await asyncio.gather(*(self._in_turn(row, notice, last) for row in rows))
            )
            after = rows[-1].address_hash
        if last:
            async with self._database.write() as session:
                await session.execute(
                    delete(ReminderRow).where(
                        ReminderRow.space_id == space, ReminderRow.confirmed.is_(False)
                    )
                )
        return reached

    async def _some(self, space: str, after: str) -> Sequence[ReminderRow]:
        """The next who are to be told: so many that none waits long for the slowest."""
        query = (
            select(ReminderRow)
            .where(
                ReminderRow.space_id == space,
                ReminderRow.confirmed.is_(True),
                ReminderRow.address_hash > after,
            )
            .order_by(ReminderRow.address_hash)
            .limit(10 * limits.REMINDERS_AT_ONCE_COUNT)
        )
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def _in_turn(self, row: ReminderRow, notice: Notice, last: bool) -> bool:
        async with self._room:
            if last and not await self._taken(row):
                return False  # by another studio
            return await self._tell_one(row, notice, last)

    async def _taken(self, row: ReminderRow) -> bool:
        async with self._database.write() as session:
            found = await session.scalar(
                delete(ReminderRow)
                .where(
                    ReminderRow.space_id == row.space_id,
                    ReminderRow.address_hash == row.address_hash,
                )
                .returning(ReminderRow.space_id)
            )
        return found is not None

    async def _tell_one(self, row: ReminderRow, notice: Notice, last: bool) -> bool:
        reader = words.load(row.language)
        if row.kind == "mail":
            text = f"{notice.told(reader)}\n\n{notice.url}\n"
            if not last:
                end = self._link(await self._renewed(row))
                text += f"\n{reader.text(_END)} {end}\n"
            return await self._mail.send(to=row.address, subject=notice.title, text=text)
        keys = json.loads(row.secrets)
        to = Subscription(row.address, keys["p256dh"], keys["auth"])
        message = {"title": notice.title, "body": notice.told(reader), "url": notice.url}
        answer = await self._push.send(to, message)
        if answer.status in _GONE:
            async with self._database.write() as session:
                await session.execute(
                    delete(ReminderRow).where(ReminderRow.token_hash == row.token_hash)
                )
        return answer.taken

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
