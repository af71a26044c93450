"""What the crowd of a space that is over wrote, and the sums of its votes, kept in the spool.

Of a large evening the votes alone are a million: they are counted once, and not again each time
that somebody comes back to the recording. It outlives the log, which may be deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from hustings.edge.spool import Spool
from hustings.talk import Asked, Said, Talk, Tally

_log: Final = logging.getLogger("hustings.edge")
_NAME: Final = "talk.json"


class Minutes(msgspec.Struct, frozen=True, kw_only=True):
    """`seq` is the newest entry of the crowd's log that is in it; the rest is as in `Talk`."""

    seq: int
    written: int
    chat: tuple[Said, ...]
    questions: dict[str, Asked]
    ballots: dict[str, Tally]

    @classmethod
    def of(cls, talk: Talk, tallies: Mapping[str, Tally], seq: int) -> Minutes:
        """What is to be kept."""
        return cls(
            seq=seq,
            written=talk.written,
            chat=talk.chat,
            questions=dict(talk.questions),
            ballots=dict(tallies),
        )

    @classmethod
    async def kept(cls, spool: Spool, space: str) -> Minutes | None:
        """What was kept of a space, or None."""
        data = await spool.object(space, _NAME)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.MsgspecError as error:
            _log.warning("the kept talk of space %s cannot be read: %s", space, error)
            return None

    async def keep(self, spool: Spool, space: str) -> None:
        """Keep it."""
        await spool.keep_object(space, _NAME, msgspec.json.encode(self))

    def talk(self) -> Talk:
        """What a page is shown."""
        return Talk(chat=self.chat, written=self.written, questions=self.questions)
