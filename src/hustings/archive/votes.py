"""The votes of one space: taken from the edges, written to the log, counted, and told.

An edge hands over a batch and keeps it until it is answered. A batch is answered once what counts
of it rests in the log (`Voted` in the crowd's stream), so an archive that is killed at any moment
loses none: what was answered is read back, what was not comes again. What comes twice counts once
(`talk.Count`). An edge has checked its visitors' votes against what it knew; here the log is asked
again, so nothing is counted for what never was, and nothing after the close but what an edge took
before it heard of it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from hustings import limits
from hustings.errors import BadInput, LogAway, LogError
from hustings.log import subjects
from hustings.log.contract import Entry, Live, Log, Message
from hustings.log.subjects import Kind
from hustings.space import Poll, Space, evolve
from hustings.space import decode as decode_event
from hustings.space.event import Ended, PollClosed
from hustings.talk import Asked, Count, Tally, Voted, ballot, decode, encode
from hustings.talk.count import is_voter

_log: Final = logging.getLogger("hustings.archive")

OK: Final = b"ok"
_AGAIN_S: Final = 0.5
_BREATH_ENTRIES: Final = 16

_Given = tuple[str, str, tuple[int, ...], int]  # ballot, voter, choices, when


class _Batch(msgspec.Struct, frozen=True):
    votes: list[_Given]


class _Told(msgspec.Struct, frozen=True):
    ballots: dict[str, Tally]


class Votes:
    """The votes of one space, served while `run` runs."""

    def __init__(self, space: str, *, log: Log, live: Live) -> None:
        self.space = space
        self._source = log
        self._live = live
        self._state = Space(id=space)
        self._closed: dict[str, int] = {}  # polls, and when they were closed
        self._ended_ms: int | None = None  # the space: everything closes with it
        self._questions: set[str] = set()  # as ballots
        self._count = Count()
        self._seqs = {Kind.EV: 0, Kind.TALK: 0}
        self._begun = secrets.token_hex(8)
        self._appended = 0
        self._told = (-1, float("-inf"))  # which version was told, and when
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Read back what there is, then take votes and tell the results, until cancelled."""
        await self._read_back()
        end = await self._live.serve(subjects.votes(self.space), self.take)
        following = asyncio.create_task(self._follow())
        try:
            while not following.done():
                await self._tell_if_due()
                await asyncio.sleep(limits.TALLY_EVERY_S)
        finally:
            following.cancel()
            await end()
        following.result()

    async def last_word(self) -> None:
        """Tell the results once more: nothing is counted any more."""
        await self._tell()

    async def results(self) -> dict[str, Tally]:
        """The results with all that the log has now; raises `LogAway`."""
        for kind in self._seqs:
            await self._read(kind)
        return self._tallies()

    async def take(self, message: Message) -> bytes:
        """The answer to an edge's batch: it is in the log. Raises, and so leaves it unanswered,
        while the log is away; what is no batch is answered with what is wrong."""
        try:
            batch = _decoder.decode(message.data)
        except msgspec.MsgspecError as error:
            return f"no batch of votes: {error}".encode()
        if any(not self._knows(one) for one, *_ in batch.votes):
            for kind in self._seqs:  # an edge may have read something first
                await self._read(kind)
        counts = [one for one in batch.votes if self._counts(*one)]
        if counts:
            await self._keep(counts)
        return OK

    async def _keep(self, counts: list[_Given]) -> None:
        votes: defaultdict[str, dict[str, list[int]]] = defaultdict(dict)
        times: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for one, voter, choices, at_ms in sorted(counts, key=lambda given: given[3]):
            votes[one][voter], times[one][voter] = list(choices), at_ms
        voted = Voted(votes=dict(votes), times=dict(times))
        self._appended += 1
        message_id = f"{subjects.log(self.space, Kind.TALK)}.{self._begun}.{self._appended}"
        await self._source.append(self.space, Kind.TALK, encode([voted]), message_id=message_id)
        self._count.apply(voted)

    def _knows(self, one: str) -> bool:
        return one in self._state.polls or one in self._questions

    def _counts(self, one: str, voter: str, choices: tuple[int, ...], at_ms: int) -> bool:
        """Whether a vote is to be written down."""
        if not (is_voter(voter) and at_ms >= 0 and self._may(one, choices)):
            return False
        closed_ms = min(self._closed.get(one, at_ms), self._ended_ms or at_ms)
        if at_ms > closed_ms + limits.VOTES_LATE_MS:
            return False
        return self._count.takes(one, voter, choices, at_ms)

    def _may(self, one: str, choices: tuple[int, ...]) -> bool:
        """Whether there is this ballot, and such a choice in it."""
        poll: Poll | None = self._state.polls.get(one)
        if poll is None and one not in self._questions:
            return False
        options = 1 if poll is None else len(poll.options)
        most = options if poll is not None and poll.multiple else 1
        return len(choices) <= most and all(0 <= choice < options for choice in choices)

    async def _read_back(self) -> None:
        while True:
            try:
                for kind in self._seqs:
                    await self._read(kind)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    async def _follow(self) -> None:
        """Hear of polls that open and close; of questions when somebody votes for one."""
        async for entry in self._source.tail(self.space, {Kind.EV}, after=self._seqs[Kind.EV]):
            self._fold(entry)

    async def _read(self, kind: Kind) -> None:
        """Take in what the log has of a kind since the last time."""
        count = 0
        async for entry in self._since(kind):
            self._fold(entry)
            count += 1
            if count % _BREATH_ENTRIES == 0:
                await asyncio.sleep(0)

    async def _since(self, kind: Kind) -> AsyncIterator[Entry]:
        try:
            async for entry in self._source.read(self.space, {kind}, after=self._seqs[kind]):
                yield entry
        except LogAway:
            raise
        except LogError:
            return  # nobody has written anything, or it is gone

    def _fold(self, entry: Entry) -> None:
        if entry.seq <= self._seqs[entry.kind]:
            return
        self._seqs[entry.kind] = entry.seq
        try:
            if entry.kind is Kind.EV:
                event = decode_event(entry.data)
                self._state = evolve(self._state, event)
                if isinstance(event, PollClosed):
                    self._closed.setdefault(event.poll, event.at_ms)
                elif isinstance(event, Ended):
                    self._ended_ms = event.at_ms
                return
            for piece in decode(entry.data):
                if isinstance(piece, Asked):
                    self._questions.add(ballot(piece.id))
                elif isinstance(piece, Voted):
                    self._count.apply(piece)
        except BadInput as error:
            _log.warning("space %s: entry %d is passed over: %s", self.space, entry.seq, error)

    async def _tell_if_due(self) -> None:
        version, told_s = self._told
        again = self._loop.time() - told_s >= limits.TALLY_AGAIN_S
        if (again and len(self._count)) or version != self._count.version:
            await self._tell()

    async def _tell(self) -> None:
        self._told = (self._count.version, self._loop.time())
        told = _Told(self._tallies())
        await self._live.publish(subjects.tally(self.space), _encoder.encode(told))

    def _tallies(self) -> dict[str, Tally]:
        options = {poll.id: len(poll.options) for poll in self._state.polls.values()}
        return self._count.tallies(options)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Batch)
