"""The first link: how the owner's account is made on a new installation.

At start, while there is no owner, a one-time token is made. The database keeps its hash, the file
`first-link` in the data folder (readable by its owner only) the whole address, so that whoever runs
the program can print it. Both go when the account is made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select

from hustings import limits
from hustings.web import secret
from hustings.web.accounts import has_owner
from hustings.web.database import Database
from hustings.web.tables import FirstLinkRow

FILE_NAME: Final = "first-link"


async def ensure(database: Database, *, folder: Path, studio_url: str, now_ms: int) -> None:
    """Make the link if there is no owner and no link that still works; remove it otherwise."""
    file = folder / FILE_NAME
    written = file.read_text().strip() if file.exists() else ""
    start = f"{studio_url}/first/"
    async with database.write() as session:
        if await has_owner(session):
            await session.execute(delete(FirstLinkRow))
            file.unlink(missing_ok=True)
            return
        known = written.startswith(start) and await session.scalar(
            select(FirstLinkRow.token_hash).where(
                FirstLinkRow.token_hash == secret.digest(written.removeprefix(start)),
                FirstLinkRow.expires_at_ms > now_ms,
            )
        )
        if known:
            return
        token = secret.token()
        await session.execute(delete(FirstLinkRow))
        session.add(
            FirstLinkRow(
                token_hash=secret.digest(token),
                expires_at_ms=now_ms + limits.FIRST_LINK_S * 1000,
            )
        )
    _write(file, start + token + "\n")


async def good(database: Database, token: str, *, now_ms: int) -> bool:
    """Whether the link can still be used."""
    async with database.read() as session:
        kept = await session.scalar(
            select(FirstLinkRow.token_hash).where(
                FirstLinkRow.token_hash == secret.digest(token),
                FirstLinkRow.expires_at_ms > now_ms,
            )
        )
    return kept is not None


def used(folder: Path) -> None:
    """Remove the file: the account exists."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def _write(file: Path, content: str) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(content)
    temporary.replace(file)
