"""How programs come in, as one part of the studio: tokens, quotas, requests sent twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from hustings.quota import Quotas
from hustings.web.access.repeat import Repeats
from hustings.web.access.tokens import Tokens
from hustings.web.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What `studio.access` is."""

    tokens: Tokens
    repeats: Repeats
    quotas: Quotas = field(default_factory=Quotas)

    @classmethod
    def of(cls, database: Database, *, key: bytes) -> Access:
        """All of it, on this database; `key` seals kept answers."""
        return cls(tokens=Tokens(database), repeats=Repeats(database, key=key))
