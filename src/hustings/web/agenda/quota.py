"""How much of the store a host's recordings take, and what the operator allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from hustings.space import Refusal
from hustings.web.accounts import Account
from hustings.web.studio import Studio
from hustings.web.tables import SpaceRow

_GB: Final = 10**9


@dataclass(frozen=True, slots=True)
class Quota:
    """What is kept and what may be, in bytes."""

    kept_bytes: int
    allowed_bytes: int

    @property
    def full(self) -> bool:
        """Whether there is no room for another recording."""
        return self.kept_bytes >= self.allowed_bytes

    @property
    def kept_gb(self) -> str:
        """What is kept, in gigabytes, as it is shown."""
        return f"{self.kept_bytes / _GB:.1f}"

    @property
    def allowed_gb(self) -> str:
        """What may be kept, in gigabytes, as it is shown."""
        return f"{self.allowed_bytes / _GB:g}"


async def of(studio: Studio, account_id: str) -> Quota | None:
    """An account's, None where the operator sets no bound."""
    if not studio.settings.host_quota_gb:
        return None
    query = select(func.sum(SpaceRow.kept_bytes)).where(
        SpaceRow.owner_id == account_id, SpaceRow.gone.is_(False)
    )
    async with studio.database.read() as session:
        kept = await session.scalar(query)
    return Quota(int(kept or 0), studio.settings.host_quota_gb * _GB)


async def refusal(studio: Studio, account: Account) -> Refusal | None:
    """Why this account may make no space, None if it may. What is running is never cut."""
    found = await of(studio, account.id)
    if found is None or not found.full:
        return None
    return Refusal(
        "quota",
        f"Your recordings take {found.kept_gb} of the {found.allowed_gb} GB that you may have. "
        "Keep some of them for a shorter time, or ask whoever runs this installation for more.",
    )
