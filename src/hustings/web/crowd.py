"""The crowds of all spaces, as the desk shows them.

Who is there now is the sum of the edges' gauges that are fresh. What only a whole evening can say,
the most at one time and how many different visitors, comes from the archive, which alone hears all
of it. The figures are told side by side and never added up.
"""

from __future__ import annotations

import logging
import time
from typing import Final

import msgspec

from hustings import limits
from hustings.crowd import Rung, Sums
from hustings.crowd.gauge import decode
from hustings.errors import BadInput
from hustings.log import subjects
from hustings.log.contract import Message

log = logging.getLogger("hustings.web")


_RUNGS: Final = tuple(Rung)


class _Whole(msgspec.Struct, frozen=True):
    """What the archive says."""

    peak: int
    distinct: int
    listener_minutes: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One space's crowd. What the archive has not told is None.

    `rung` is the lowest on which any edge lets newcomers in now; those who listen keep theirs.
    """

    rung: Rung = Rung.LIVE
    listening: int = 0
    rungs: dict[Rung, int] = {}
    waiting: int = 0
    turned_away: int = 0
    peak: int | None = None
    distinct: int | None = None
    listener_minutes: int | None = None


class Crowd:
    """What edges and archive have told."""

    def __init__(self) -> None:
        self._sums = Sums(fresh_s=limits.CROWD_FRESH_S)
        self._wholes: dict[str, tuple[float, _Whole]] = {}

    def take(self, message: Message) -> None:
        """An edge's gauge."""
        try:
            gauge = decode(message.data)
        except BadInput as error:
            log.warning("%s: %s", message.subject, error)
            return
        self._sums.take(message.subject, gauge, now=time.monotonic())

    def take_whole(self, message: Message) -> None:
        """The archive's word about one space."""
        try:
            whole = msgspec.json.decode(message.data, type=_Whole)
        except msgspec.MsgspecError as error:
            log.warning("%s: no figures of a crowd: %s", message.subject, error)
            return
        now = time.monotonic()
        self._wholes = {k: v for k, v in self._wholes.items() if _fresh(v[0], now)}
        self._wholes[message.subject.removeprefix(subjects.crowd_whole(""))] = (now, whole)

    def figures(self, space: str) -> Figures:
        """All that is known of a space's crowd."""
        now = time.monotonic()
        here = self._sums.here(space, now=now)
        at, whole = self._wholes.get(space, (0.0, None))
        if whole is not None and not _fresh(at, now):
            whole = None
        lowest = max(
            (one.rung for one in self._sums.edges(now=now).values()),
            key=_RUNGS.index,
            default=Rung.LIVE,
        )
        return Figures(
            rung=lowest,
            listening=here.listening,
            rungs=here.rungs,
            waiting=here.waiting,
            turned_away=here.turned_away,
            peak=whole.peak if whole else None,
            distinct=whole.distinct if whole else None,
            listener_minutes=whole.listener_minutes if whole else None,
        )


def _fresh(at: float, now: float) -> bool:
    return now - at <= limits.CROWD_FRESH_S
