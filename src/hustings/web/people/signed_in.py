"""Whether a browser is signed in still: what was given to it elsewhere ends with its sign-in.

A ticket to talk is used at the listen origin, which knows of no sign-ins. It names the one that it
was given for, and is asked for here before it is good; the answer is remembered for some seconds.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from sqlalchemy import select

from hustings import limits
from hustings.web.database import Database
from hustings.web.tables import SignInRow


class SignedIn:
    """The sign-ins that tickets name, by what the database keeps of their tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._good: OrderedDict[str, float] = OrderedDict()  # until when they need no new look

    async def still(self, sign_in: str, *, now_ms: int) -> bool:
        """Whether this sign-in neither ended nor expired, as of `SIGNED_IN_FRESH_S` ago."""
        now_s = time.monotonic()
        if self._good.get(sign_in, 0.0) > now_s:
            return True
        async with self._database.read() as session:
            query = select(SignInRow.token_hash).where(
                SignInRow.token_hash == sign_in, SignInRow.expires_at_ms > now_ms
            )
            good = await session.scalar(query) is not None
        self._good.pop(sign_in, None)
        if good:
            self._good[sign_in] = now_s + limits.SIGNED_IN_FRESH_S
            if len(self._good) > limits.TALK_TICKETS_COUNT:
                self._good.popitem(last=False)
        return good
