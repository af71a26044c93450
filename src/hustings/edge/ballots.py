"""Votes on their way: taken here, handed to the archive, kept until it has them.

A vote that was taken is not lost while this process lives: batches go to the archive until it says
that they rest in the log, and while it is away they wait, the newest of each voter only. What no
archive counts for an hour (the space was posted meanwhile) is given up. The bound is one for all
spaces; beyond it visitors are told to come again. Every vote carries the moment at
which it was taken, so that of two that a voter gave at two edges the later one counts, whichever
arrives first.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from hustings import limits
from hustings.crowd import hashed
from hustings.edge import talk
from hustings.edge.metrics import Metrics
from hustings.edge.salts import Salts
from hustings.errors import BadInput, NoResponder
from hustings.log import subjects
from hustings.log.contract import Live, Message
from hustings.log.hearing import hearing
from hustings.talk import Tally

_log: Final = logging.getLogger("hustings.edge")
_AGAIN_S: Final = 0.5  # after the archive gave no answer


@dataclass(frozen=True, slots=True)
class _Vote:
    choices: tuple[int, ...]
    at_ms: int


_Key: TypeAlias = tuple[str, str]  # ballot, and the voter's name
_Tallied: TypeAlias = Callable[[str, dict[str, Tally]], None]


class Ballots:
    """All votes of this edge. `tallied` is told a space and the results that the archive tells."""

    def __init__(
        self,
        live: Live,
        *,
        salts: Salts,
        tasks: asyncio.TaskGroup,
        metrics: Metrics,
        tallied: _Tallied,
    ) -> None:
        self._live = live
        self._salts = salts
        self._tasks = tasks
        self._metrics = metrics
        self._tallied = tallied
        self._waiting: dict[str, dict[_Key, _Vote]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    @property
    def waiting(self) -> int:
        """Votes that the archive does not have yet."""
        return sum(map(len, self._waiting.values()))

    def spaces(self) -> set[str]:
        """The spaces of which some wait."""
        return set(self._waiting)

    def take(
        self, space: str, ballot: str, voter: str, choices: tuple[int, ...], *, at_ms: int
    ) -> bool:
        """Take a vote; False when too many wait. `voter` is the visitor's name."""
        votes = self._waiting.get(space, {})
        key = (ballot, voter)
        if key not in votes and self.waiting >= limits.VOTES_COUNT:
            return False
        self._waiting.setdefault(space, votes)[key] = _Vote(choices, at_ms)
        self._metrics.add("hustings_edge_votes_total")
        self._none.clear()
        self._some.set()
        return True

    async def run(self) -> None:
        """Hand over and listen, without end."""
        async with hearing(self._live, subjects.tally("*"), self._hear):
            while True:
                await self._some.wait()
                self._some.clear()
                for space in self._waiting.keys() - self._sending.keys():
                    self._sending[space] = self._tasks.create_task(self._send(space))

    async def close(self, *, within_s: float) -> None:
        """Wait until the archive has all, but not longer than that, and stop."""
        try:
            async with asyncio.timeout(within_s):
                await self._none.wait()
        except TimeoutError:
            _log.warning("%d votes could not be handed to the archive", self.waiting)
        for task in self._sending.values():
            task.cancel()

    async def _send(self, space: str) -> None:
        """Hand over what waits of one space, until nothing does."""
        try:
            while votes := self._waiting.get(space):
                await asyncio.sleep(limits.VOTES_EVERY_S)
                if not await self._batch(space, votes):
                    await asyncio.sleep(_AGAIN_S)
                if not votes:
                    del self._waiting[space]
        finally:
            del self._sending[space]
        if not self._waiting:
            self._none.set()

    async def _batch(self, space: str, votes: dict[_Key, _Vote]) -> bool:
        """Hand over the oldest; whether the archive has them."""
        salt = self._salts.get(space)
        if salt is None:
            self._give_up(space, votes)
            return False
        batch = [
            item for item, _ in zip(votes.items(), range(limits.VOTES_BATCH_COUNT), strict=False)
        ]
        told = [
            (ballot, voter_of(name, salt), vote.choices, vote.at_ms)
            for (ballot, name), vote in batch
        ]
        data = msgspec.json.encode({"votes": told})
        try:
            answer = await self._live.request(subjects.votes(space), data, timeout=limits.REQUEST_S)
        except NoResponder:
            self._give_up(space, votes)
            return False
        if answer != b"ok":
            return False
        for key, vote in batch:
            if votes.get(key) is vote:  # else the voter has changed their mind meanwhile
                del votes[key]
        return True

    def _give_up(self, space: str, votes: dict[_Key, _Vote]) -> None:
        """Nobody counts them: those that have waited too long make room for others."""
        since_ms = (time.time() - limits.VOTES_WAIT_S) * 1000
        old = [key for key, vote in votes.items() if vote.at_ms < since_ms]
        for key in old:
            del votes[key]
        if old:
            _log.warning("space %s: %d votes were counted by nobody", space, len(old))

    async def _hear(self, message: Message) -> None:
        space = message.subject.removeprefix(subjects.tally(""))
        try:
            self._tallied(space, talk.results(message.data))
        except BadInput as error:
            _log.warning("%s: %s", message.subject, error)


def voter_of(name: str, salt: bytes) -> str:
    """What stands for a visitor in a space's votes: the same on every edge, and without the salt it
    leads nowhere. It is another than the crowd's sketch is made of."""
    return f"{hashed(f'vote {name}', salt):016x}"
