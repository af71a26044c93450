"""Webhooks: programs that are told what happens, signed, with patience.

A message is written down before it is sent and tried again with growing pauses until it is taken,
so a receiver that is away for a day misses nothing. Signed as the Standard Webhooks specification
has it: HMAC-SHA256 over "<id>.<timestamp>.<body>", in `webhook-signature`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hustings import limits
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.outbox.fetch import Answer, Fetch
from hustings.web.tables import AccountRow, DeliveryRow, HookRow

log = logging.getLogger("hustings.web")

EVENTS: Final = (
    "space.scheduled",
    "space.delayed",
    "space.cancelled",
    "space.doors",
    "space.live",
    "space.ended",
    "space.posted",
    "space.expiring",
    "space.expired",
    "hand.raised",
    "report.made",
)
PING: Final = "ping"
_OPEN: Final = "whsec_"  # how a receiver knows a secret; none rests so
_FIRST_PAUSE_S: Final = 20  # longer than an attempt takes: what is claimed is not sent twice
_PAUSE_FACTOR: Final = 5


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver. `last_status` is the answer to the newest delivery: 0 for none, None before."""

    id: str
    url: str
    events: tuple[str, ...]
    everywhere: bool
    created_at_ms: int
    last_status: int | None = None
    last_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to a receiver, as its owner sees it."""

    id: str
    event: str
    made_at_ms: int
    tries: int
    status: int
    taken: bool
    due_at_ms: int | None


class Hooks:
    """Receivers and what is on the way to them. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database, fetch: Fetch, *, key: bytes) -> None:
        self._database = database
        self._fetch = fetch
        self._key = key  # under which their secrets rest
        self.wake = asyncio.Event()

    async def add(
        self, *, account: str, url: str, events: tuple[str, ...], everywhere: bool, now_ms: int
    ) -> tuple[Hook, str] | None:
        """A new receiver and its secret, which is shown once; None when there are too many.

        `BadInput` for an address that cannot be posted to.
        """
        self._fetch.checked(url)
        hook, key = secret.identifier(), secrets.token_bytes(32)
        row = HookRow(
            id=hook,
            account_id=account,
            url=url,
            secret=self._concealed(key, hook),
            events=",".join(events),
            everywhere=everywhere,
            created_at_ms=now_ms,
        )
        async with self._database.write() as session:
            count = await session.scalar(
                select(func.count()).select_from(HookRow).where(HookRow.account_id == account)
            )
            if (count or 0) >= limits.HOOKS_COUNT:
                return None
            session.add(row)
        return _hook(row), _OPEN + base64.b64encode(key).decode()

    async def conceal(self) -> None:
        """Encrypt the secrets that an earlier version wrote down as they are."""
        async with self._database.write() as session:
            rows = await session.scalars(select(HookRow).where(HookRow.secret.startswith(_OPEN)))
            for row in rows:
                row.secret = self._concealed(base64.b64decode(row.secret[len(_OPEN) :]), row.id)

    def _concealed(self, key: bytes, hook: str) -> str:
        return secret.conceal(key, key=self._key, about=f"hook:{hook}")

    async def of(self, account: str) -> list[Hook]:
        """An account's receivers, oldest first, with their newest delivery's fate."""
        async with self._database.read() as session:
            rows = (
                await session.scalars(
                    select(HookRow)
                    .where(HookRow.account_id == account)
                    .order_by(HookRow.created_at_ms)
                )
            ).all()
            out = []
            for row in rows:
                last = await session.scalar(
                    select(DeliveryRow)
                    .where(DeliveryRow.hook_id == row.id, DeliveryRow.tries > 0)
                    .order_by(DeliveryRow.made_at_ms.desc())
                    .limit(1)
                )
                out.append(_hook(row, last))
        return out

    async def remove(self, hook: str, *, account: str) -> bool:
        """Forget a receiver and what is on the way to it; False if the account has no such one."""
        async with self._database.write() as session:
            gone = await session.scalar(
                delete(HookRow)
                .where(HookRow.id == hook, HookRow.account_id == account)
                .returning(HookRow.id)
            )
        return gone is not None

    async def deliveries(self, hook: str, *, account: str) -> list[Delivery] | None:
        """The newest messages to a receiver; None if the account has no such one."""
        async with self._database.read() as session:
            row = await session.get(HookRow, hook)
            if row is None or row.account_id != account:
                return None
            rows = await session.scalars(
                select(DeliveryRow)
                .where(DeliveryRow.hook_id == hook)
                .order_by(DeliveryRow.made_at_ms.desc())
                .limit(limits.HOME_SPACES_COUNT)
            )
            return [
                Delivery(d.id, d.event, d.made_at_ms, d.tries, d.status, d.taken, d.due_at_ms)
                for d in rows
            ]

    async def ping(self, hook: str, *, account: str, now_ms: int) -> bool:
        """Send a message that means nothing, to see whether it arrives."""
        async with self._database.write() as session:
            row = await session.get(HookRow, hook)
            if row is None or row.account_id != account:
                return False
            session.add(_delivery(row, PING, {}, now_ms))
        self.wake.set()
        return True

    async def tell(self, event: str, data: Mapping[str, Any], *, owner: str, now_ms: int) -> None:
        """Write a message down for everybody who wants it: hooks of the space's `owner`, and those
        of site owners that listen everywhere."""
        async with self._database.write() as session:
            await write_down(session, event, data, owner=owner, now_ms=now_ms)
        self.wake.set()

    async def send_due(self, clock: Callable[[], int]) -> int | None:
        """Try what is due; when the next one is (Unix milliseconds), None for never.

        A message is claimed by moving its due time on before it is sent: of several studios one
        sends it, and one that dies over it leaves it to be tried again.
        """
        now_ms = clock()
        async with self._database.write() as session:
            await session.execute(
                delete(DeliveryRow).where(
                    DeliveryRow.due_at_ms.is_(None),
                    DeliveryRow.made_at_ms < now_ms - limits.HOOK_KEPT_S * 1000,
                )
            )
            due = (
                await session.execute(
                    select(DeliveryRow, HookRow)
                    .join(HookRow, HookRow.id == DeliveryRow.hook_id)
                    .where(DeliveryRow.due_at_ms <= now_ms)
                    .order_by(DeliveryRow.due_at_ms)
                    .limit(limits.HOOKS_AT_ONCE_COUNT)
                    # SQLite has one writer at a time; elsewhere two could read the same rows.
                    .with_for_update(skip_locked=True, of=DeliveryRow)
                )
            ).all()
            for delivery, _ in due:
                delivery.tries += 1
                delivery.due_at_ms = now_ms + pause_s(delivery.tries) * 1000
        await asyncio.gather(*(self._send(d, hook, now_ms) for d, hook in due))
        async with self._database.read() as session:
            next_ms: int | None = await session.scalar(select(func.min(DeliveryRow.due_at_ms)))
        return next_ms

    async def _send(self, delivery: DeliveryRow, hook: HookRow, now_ms: int) -> None:
        answer = await self._post(delivery, hook, stamp=str(now_ms // 1000))
        over = answer.taken or answer.status == 410 or delivery.tries >= limits.HOOK_TRIES_COUNT
        values: dict[str, Any] = {"status": answer.status, "taken": answer.taken}
        if over:
            values["due_at_ms"] = None
        async with self._database.write() as session:
            await session.execute(
                update(DeliveryRow).where(DeliveryRow.id == delivery.id).values(**values)
            )

    async def _post(self, delivery: DeliveryRow, hook: HookRow, *, stamp: str) -> Answer:
        key = secret.reveal(hook.secret, key=self._key, about=f"hook:{hook.id}")
        if key is None:
            log.error("webhook %s: its secret is of another installation: make it anew", hook.id)
            return Answer(0, "no secret")
        body = delivery.body.encode()
        return await self._fetch.post(
            hook.url,
            body=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Hustings",
                "webhook-id": delivery.id,
                "webhook-timestamp": stamp,
                "webhook-signature": signature(delivery.id, stamp, body, key=key),
            },
        )


def signature(message: str, stamp: str, body: bytes, *, key: bytes) -> str:
    """The `webhook-signature` of a message (Standard Webhooks, "Signature scheme")."""
    made = hmac.digest(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(made).decode()


def pause_s(tries: int) -> int:
    """Seconds until the next try after `tries` of them: 20 s, 100 s, 8 min … at most a day."""
    pause: int = _FIRST_PAUSE_S * _PAUSE_FACTOR ** (tries - 1)
    return min(pause, 24 * 3600)


async def write_down(
    session: AsyncSession, event: str, data: Mapping[str, Any], *, owner: str, now_ms: int
) -> None:
    """Write a message down for everybody who wants it. Once that is committed, set `wake`."""
    rows = await session.scalars(
        select(HookRow)
        .join(AccountRow, AccountRow.id == HookRow.account_id)
        .where(
            or_(
                HookRow.account_id == owner,
                HookRow.everywhere.is_(True) & (AccountRow.role == "owner"),
            )
        )
    )
    for row in rows.all():
        if event in row.events.split(","):
            session.add(_delivery(row, event, data, now_ms))


def _delivery(hook: HookRow, event: str, data: Mapping[str, Any], now_ms: int) -> DeliveryRow:
    number = "msg_" + secret.identifier(24)
    told = {"type": event, "timestamp_ms": now_ms, "data": data}
    return DeliveryRow(
        id=number,
        hook_id=hook.id,
        event=event,
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        made_at_ms=now_ms,
        due_at_ms=now_ms,
        tries=0,
        status=0,
        taken=False,
    )


def _hook(row: HookRow, last: DeliveryRow | None = None) -> Hook:
    return Hook(
        row.id,
        row.url,
        tuple(row.events.split(",")),
        row.everywhere,
        row.created_at_ms,
        last.status if last else None,
        last.made_at_ms if last else None,
    )
