"""Reminders: who wants to be told that a space begins, is delayed, or does not take place.

A browser asks by Web Push and is told at once. An e-mail address must be confirmed by a link first,
so that nobody can have a stranger reminded. Every reminder carries the link that ends it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from hustings import limits
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.outbox.mail import Mail
from hustings.web.outbox.push import Push, Subscription
from hustings.web.tables import ReminderRow

_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told: a title, a sentence, the space's address."""

    title: str
    sentence: str
    url: str


class Reminders:
    """Reminders in the database, and the sending of them. `now_ms` is Unix milliseconds."""

    def __init__(
        self, database: Database, *, push: Push, mail: Mail, link: Callable[[str], str]
    ) -> None:
        self._database = database
        self._push = push
        self._mail = mail
        self._link = link  # from a token to the address that confirms or ends a reminder

    async def by_push(self, space: str, to: Subscription, *, now_ms: int) -> str | None:
        """Remind a browser; the token that ends it, None when the space has too many."""
        keys = json.dumps({"p256dh": to.p256dh, "auth": to.auth})
        return await self._add(space, "push", to.endpoint, keys, confirmed=True, now_ms=now_ms)

    async def by_mail(self, space: str, email: str, *, title: str, now_ms: int) -> bool:
        """Send the link that confirms a reminder; False when no mail can be sent.

        Somebody who has confirmed already gets nothing more: the answer is the same.
        """
        if not self._mail.works:
            return False
        if await self._confirmed(space, email):
            return True
        token = await self._add(space, "mail", email, "", confirmed=False, now_ms=now_ms)
        if token is None:
            return False
        text = (
            f"Somebody, we hope you, asked to be reminded of “{title}”.\n\n"
            f"Yes, remind me:\n{self._link(token)}\n\n"
            "If it was not you, do nothing: you get no further mail.\n"
        )
        return await self._mail.send(to=email, subject=f"Remind you of “{title}”?", text=text)

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

    async def tell(self, space: str, notice: Notice) -> int:
        """Tell everybody who asked for this space; how many were reached."""
        async with self._database.read() as session:
            rows = (
                await session.scalars(
                    select(ReminderRow).where(
                        ReminderRow.space_id == space, ReminderRow.confirmed.is_(True)
                    )
                )
            ).all()
        room = asyncio.Semaphore(limits.REMINDERS_AT_ONCE_COUNT)

        async def one(row: ReminderRow) -> bool:
            async with room:
                return await self._tell_one(row, notice)

        return sum(await asyncio.gather(*(one(row) for row in rows)))

    async def _tell_one(self, row: ReminderRow, notice: Notice) -> bool:
        if row.kind == "mail":
            # The link that ends it is new each time: the database keeps no token to repeat.
            token = secret.token()
            async with self._database.write() as session:
                await session.execute(
                    update(ReminderRow)
                    .where(ReminderRow.token_hash == row.token_hash)
                    .values(token_hash=secret.digest(token))
                )
            text = f"{notice.sentence}\n\n{notice.url}\n\nNo more mail: {self._link(token)}\n"
            return await self._mail.send(to=row.address, subject=notice.title, text=text)
        keys = json.loads(row.secrets)
        to = Subscription(row.address, keys["p256dh"], keys["auth"])
        message = {"title": notice.title, "body": notice.sentence, "url": notice.url}
        answer = await self._push.send(to, message)
        if answer.status in _GONE:
            async with self._database.write() as session:
                await session.execute(
                    delete(ReminderRow).where(ReminderRow.token_hash == row.token_hash)
                )
        return answer.taken

    async def _confirmed(self, space: str, email: str) -> bool:
        async with self._database.read() as session:
            found = await session.scalar(
                select(ReminderRow.confirmed).where(
                    ReminderRow.space_id == space,
                    ReminderRow.address_hash == secret.digest(email),
                )
            )
        return bool(found)

    async def _add(
        self, space: str, kind: str, address: str, keys: str, *, confirmed: bool, now_ms: int
    ) -> str | None:
        """A reminder instead of an earlier one to the same address."""
        token = secret.token()
        async with self._database.write() as session:
            await session.execute(
                delete(ReminderRow).where(
                    ReminderRow.space_id == space,
                    ReminderRow.address_hash == secret.digest(address),
                )
            )
            count = await session.scalar(
                select(func.count()).select_from(ReminderRow).where(ReminderRow.space_id == space)
            )
            if (count or 0) >= limits.REMINDERS_COUNT:
                return None
            session.add(
                ReminderRow(
                    token_hash=secret.digest(token),
                    space_id=space,
                    kind=kind,
                    address=address,
                    address_hash=secret.digest(address),
                    secrets=keys,
                    confirmed=confirmed,
                    language="",
                    created_at_ms=now_ms,
                )
            )
        return token
