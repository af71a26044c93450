"""What the crowd of one space writes, as this edge knows it, kept current while `run` runs.

    log   talk ──▶ chat, questions ──▶ payloads, talk.json
    live  tally ─▶ results of polls and questions

The log alone is read: the crowd's stream has its order and no holes. Of the chat so many messages a
second ride with the sound as a person can read; the others are counted. With the log away there is
nothing to add, and a space of an earlier version has no such stream: both are no errors.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Final

from hustings import limits
from hustings.edge import talk
from hustings.edge.assets import packed, takes_gzip
from hustings.edge.events import Payload
from hustings.edge.head import Request
from hustings.edge.metrics import Metrics
from hustings.edge.minutes import Minutes
from hustings.edge.reply import Edition, Fields, Reply, unless_known
from hustings.edge.spool import Spool
from hustings.errors import BadInput, LogAway, LogError
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind
from hustings.space import Space
from hustings.talk import Asked, Count, Piece, Said, Talk, Tally, decode, evolve

_log: Final = logging.getLogger("hustings.edge")
_AGAIN_S: Final = 0.5
_BREATH_ENTRIES: Final = 16  # of a long history, read in a row while the programme waits: 2 ms
_FRESH_S: Final = 0.5  # the same bytes for everybody, before it is looked whether they still hold
_JSON: Final = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "public, max-age=1"),
    ("Vary", "Accept-Encoding"),
)


class Chatter:
    """One space's. `state` gives the space as it is known, `tell` reaches listeners and readers;
    `over` says that nothing more will be written."""

    def __init__(
        self,
        space: str,
        *,
        log: Log,
        spool: Spool,
        state: Callable[[], Space | None],
        over: Callable[[], bool],
        tell: Callable[[list[Payload]], None],
        metrics: Metrics,
    ) -> None:
        self.talk = Talk()
        self._space = space
        self._source = log
        self._spool = spool
        self._state = state
        self._over = over
        self._tell = tell
        self._metrics = metrics
        self._tallies: Mapping[str, Tally] = {}
        self._count: Count | None = None  # of a space whose archive counts no more
        self._seq = 0
        self._fresh = False  # the history is read: what comes is new
        self._shown = float(limits.CHAT_SHOWN_PER_S)  # messages that may be shown now
        self._shown_s = 0.0
        self._asked_s = float("-inf")  # when "questions have changed" was told last
        self._asked = False  # it is to be told
        self._loop = asyncio.get_running_loop()
        self._version = 0
        self._made = (-1, -_FRESH_S)  # of which version talk.json is, and when it was made
        self._body = self._packed = b""
        self._etag = ""
        self._edition = Edition(0.0)

    def whole(self) -> list[Payload]:
        """What a newcomer is told."""
        state = self._state()
        if state is None:
            return []
        told = [talk.room_whole(state, self.talk)]
        if state.polls:
            told.append(talk.polls(state, self._tallies))
        return told

    def changed(self, old: Space | None, new: Space) -> list[Payload]:
        """What is to be told after the state went from `old` to `new`."""
        self._version += 1
        told: list[Payload] = []
        room = talk.room(new, self.talk)
        if old is None or room != talk.room(old, self.talk):
            told.append(room)
        if new.polls if old is None else old.polls != new.polls:
            told.append(talk.polls(new, self._tallies))
        if old is not None and (old.removed, old.answered) != (new.removed, new.answered):
            self._asked = True
        return told

    def tallied(self, tallies: Mapping[str, Tally]) -> None:
        """The archive has told the results."""
        state, before = self._state(), self._tallies
        if state is None or tallies == before:
            return
        old = talk.polls(state, before)
        self._tallies = tallies
        self._version += 1
        if (new := talk.polls(state, tallies)) != old:
            self._tell([new])
        self._asked = self._asked or any(
            ballot not in state.polls and before.get(ballot) != one
            for ballot, one in tallies.items()
        )

    def second(self) -> None:
        """Once a second: what is told less often than it happens."""
        now_s = self._loop.time()
        if self._asked and now_s - self._asked_s >= limits.QUESTIONS_TOLD_S:
            self._asked, self._asked_s = False, now_s
            self._tell([talk.questions()])

    def answer(self, request: Request) -> Reply:
        """talk.json."""
        body = self._document()
        fields: Fields = _JSON
        if takes_gzip(request):
            self._packed = self._packed or packed(body)
            body, fields = self._packed, (*fields, ("Content-Encoding", "gzip"))
        made = Reply(fields=fields, body=body, edition=self._edition)
        return unless_known(made, self._etag, request.headers.get("if-none-match"))

    async def run(self) -> None:
        """Follow until nothing more is written."""
        while True:
            try:
                await self._history()
                if self._over():
                    return
                async for entry in self._source.tail(self._space, {Kind.TALK}, after=self._seq):
                    self._take(entry)
            except LogAway:
                await asyncio.sleep(_AGAIN_S)
            except LogError:
                self._fresh = True  # there is no such stream, or none yet
                if self._over():
                    return
                await asyncio.sleep(limits.TALK_AGAIN_S)

    async def _history(self) -> None:
        """Read what there is. Of a space that is over the votes as well: nobody tells their sum. It
        is counted once."""
        if self._over() and self._count is None and not self._tallies:
            if await self._recall():
                return
            self._count, self._seq, self.talk = Count(), 0, Talk()
        read = 0
        async for entry in self._source.read(self._space, {Kind.TALK}, after=self._seq):
            self._take(entry)
            read += 1
            if read % _BREATH_ENTRIES == 0:
                await asyncio.sleep(0)
        self._fresh = True
        state = self._state()
        if self._count is not None and state is not None:
            options = {poll.id: len(poll.options) for poll in state.polls.values()}
            self._tallies = self._count.tallies(options)
            self._count = None
            await Minutes.of(self.talk, self._tallies, self._seq).keep(self._spool, self._space)
        self._version += 1
        if state is not None and state.asking in self.talk.questions:
            self._tell([talk.room(state, self.talk)])

    async def _recall(self) -> bool:
        """Take what was read before, if nothing was written since."""
        kept = await Minutes.kept(self._spool, self._space)
        if kept is None:
            return False
        try:
            last = await self._source.last(self._space, Kind.TALK)
        except LogError:
            last = None  # away or gone: what is kept is true enough
        if last is not None and last.seq != kept.seq:
            return False
        self.talk, self._tallies, self._seq = kept.talk(), kept.ballots, kept.seq
        self._fresh = True
        self._version += 1
        return True

    def _take(self, entry: Entry) -> None:
        self._seq = entry.seq
        try:
            pieces = decode(entry.data)
        except BadInput as error:
            _log.warning("space %s: entry %d is passed over: %s", self._space, entry.seq, error)
            return
        if self._count is not None:
            for voted in talk.votes(pieces):
                self._count.apply(voted)
        before, self.talk = self.talk, evolve(self.talk, pieces)
        if self.talk is before:
            return
        self._version += 1
        if self._fresh:
            self._show(pieces)

    def _show(self, pieces: list[Piece]) -> None:
        state = self._state()
        removed = frozenset() if state is None else state.removed
        count = sum(isinstance(piece, Said) for piece in pieces)
        said = talk.newly_said(pieces, removed, first=self.talk.written - count)
        if said:
            now_s = self._loop.time()
            gained = (now_s - self._shown_s) * limits.CHAT_SHOWN_PER_S
            self._shown = min(self._shown + gained, float(limits.CHAT_SHOWN_PER_S))
            self._shown_s = now_s
            shown = said[: int(self._shown)]
            self._shown -= len(shown)
            more = len(said) - len(shown)
            self._metrics.add("hustings_edge_chat_carried_total", len(shown))
            self._metrics.add("hustings_edge_chat_left_out_total", more)
            self._tell([talk.chat(shown, more)])
        if any(isinstance(piece, Asked) for piece in pieces):
            self._asked = True
            if state is not None and state.asking:
                self._tell([talk.room(state, self.talk)])

    def _document(self) -> bytes:
        """The body of talk.json, made anew when something has changed, and not too often."""
        version, made_s = self._made
        now_s = self._loop.time()
        if version != self._version and now_s - made_s >= _FRESH_S:
            state = self._state()
            assert state is not None, "it is asked for where the state is known"
            self._made = (self._version, now_s)
            self._body, self._packed = talk.document(state, self.talk, self._tallies), b""
            # By what is in it, so that all edges say the same of the same.
            self._etag = f'W/"{hashlib.sha256(self._body).hexdigest()[:20]}"'
            self._edition.over = True
            self._edition = Edition(_FRESH_S)
        return self._body
