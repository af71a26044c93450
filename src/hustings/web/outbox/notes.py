"""Notes: mail to the people of one space. Each is sent once, however often its reason comes again.

In the language of the space where there is a catalogue for it: what its people speak there, all of
them read. Without a mail server there are none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from hustings import limits, words
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.catalogue import Listed
from hustings.web.standing import Standing
from hustings.web.studio import Studio
from hustings.web.tables import AnnouncedRow
from hustings.words import mark

_COHOST: Final = mark("You are a co-host of “{title}”")
_COHOST_TEXT: Final = mark(
    "{name} has made you a co-host of “{title}”. Sign in, and you find its desk here:"
)
_MEMBER: Final = mark("You are invited to listen to “{title}”")
_MEMBER_TEXT: Final = mark(
    "{name} invites you to listen to “{title}”, which is private. Sign in, and listen here:"
)
_SOON: Final = mark("“{title}” begins soon")
_SOON_TEXT: Final = mark("Your space “{title}” begins in less than half an hour. Its desk:")

_EXPIRING: Final = mark("The recording of “{title}” will be deleted on {day}")
_EXPIRING_TEXT: Final = mark(
    "The recording of “{title}” was to be kept until {day}. It will be deleted then; its receipt "
    "stays. If the recording is to stay as well, say so here:"
)
_STAYS: Final = mark("The recording of “{title}” stays")
_STAYS_TEXT: Final = mark(
    "The recording of “{title}” will not be deleted after all. How long it is kept stands here:"
)

_VALUE: Final = re.compile(r"(\{\w+\})")


async def to_cohost(studio: Studio, asker: Standing, account: Account) -> None:
    """Tell somebody that they run this space with its host."""
    await _send(
        studio,
        asker.listed,
        account,
        key=f"cohost-{account.id}",
        subject=_COHOST,
        text=_COHOST_TEXT,
        link=studio.stage_url(asker.space.id),
        name=_name(asker),
    )


async def to_member(studio: Studio, asker: Standing, account: Account) -> None:
    """Tell somebody that they may listen to this private space."""
    await _send(
        studio,
        asker.listed,
        account,
        key=f"member-{account.id}",
        subject=_MEMBER,
        text=_MEMBER_TEXT,
        link=f"{studio.settings.public_url('studio')}/s/{asker.space.id}",
        name=_name(asker),
    )


async def to_hosts(studio: Studio) -> None:
    """Tell hosts that their spaces begin soon; not those who have planned them just now."""
    if not studio.mail.works:
        return
    now_ms, lead_ms = studios.now_ms(), limits.HOST_LEAD_S * 1000
    for listed in await studio.catalogue.beginning(after_ms=now_ms, until_ms=now_ms + lead_ms):
        account = await studio.accounts.get(listed.owner_id)
        if account is None or listed.created_at_ms > listed.starts_at_ms - 2 * lead_ms:
            continue
        await _send(
            studio,
            listed,
            account,
            key=f"soon-{listed.starts_at_ms}",
            subject=_SOON,
            text=_SOON_TEXT,
            link=studio.stage_url(listed.id),
            within_s=limits.HOST_LEAD_S,
        )


async def of_expiry(studio: Studio, listed: Listed, expires_at_ms: int | None) -> None:
    """Tell the host when their recording will be deleted; None: that it will not."""
    account = await studio.accounts.get(listed.owner_id)
    if account is None:
        return
    day = "" if expires_at_ms is None else _day(expires_at_ms)
    before = await _told_before(studio, listed, "expiring-")
    if not day and not before:
        return
    await _send(
        studio,
        listed,
        account,
        key=f"expiring-{day}" if day else f"stays-{before}",
        subject=_EXPIRING if day else _STAYS,
        text=_EXPIRING_TEXT if day else _STAYS_TEXT,
        link=f"{studio.settings.public_url('studio')}/s/{listed.id}/keeping",
        day=day,
    )


async def _told_before(studio: Studio, listed: Listed, begins: str) -> int:
    """How often something of that kind was told of a space."""
    query = select(func.count()).where(
        AnnouncedRow.space_id == listed.id, AnnouncedRow.what.startswith(begins, autoescape=True)
    )
    async with studio.database.read() as session:
        return await session.scalar(query) or 0


def _day(at_ms: int) -> str:
    """A day as every language reads it (ISO 8601), by UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


async def _send(
    studio: Studio,
    listed: Listed,
    account: Account,
    *,
    key: str,
    subject: str,
    text: str,
    link: str,
    name: str = "",
    day: str = "",
    within_s: int = limits.LETTER_S,
) -> None:
    if not (studio.mail.works and account.email):
        return
    reader = words.load(words.choose(listed.language))
    values = {"{title}": listed.title, "{name}": name, "{day}": day}
    now_ms = studios.now_ms()
    try:
        async with studio.database.write() as session:
            session.add(AnnouncedRow(space_id=listed.id, what=key, at_ms=now_ms))
            await session.flush()
            studio.mail.write_down(
                session,
                to=account.email,
                subject=_filled(reader.text(subject), values),
                text=f"{_filled(reader.text(text), values)}\n\n  {link}\n",
                until_ms=now_ms + within_s * 1000,
                due_at_ms=now_ms,
            )
    except IntegrityError:
        return  # they were told before
    studio.mail.wake.set()


def _filled(text: str, values: dict[str, str]) -> str:
    # At once, so that a title may say "{name}".
    parts = _VALUE.split(text)
    return "".join(values.get(part, part) for part in parts)


def _name(asker: Standing) -> str:
    return asker.account.name if asker.account else asker.space.host
