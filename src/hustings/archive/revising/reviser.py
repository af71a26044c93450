"""The reviser: carries out what is wished of recordings, one space at a time.

What is to be done is seen from the log alone: wishes are numbered, and the log says up to which
they are done. So whatever is interrupted is begun anew, and done once. The order of a revision is:
new files, receipt, `Revised`; nothing that is published is touched before that, and what it
replaces is deleted after it. An erasure alone destroys first.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hustings import limits
from hustings.archive import expiry, revival
from hustings.archive.recorder import wall_clock_ms
from hustings.archive.revising.destroying import forget_words
from hustings.archive.revising.revision import FAILED, Revision
from hustings.archive.revising.wishes import held_back, wishes
from hustings.archive.revising.work import WorkFailed
from hustings.archive.revising.workshop import Workshop
from hustings.errors import BadInput, Conflict, HustingsError, LogError, StoreError
from hustings.keys import Keys
from hustings.log.contract import Live, Log
from hustings.log.propose import Proposals
from hustings.space import Refusal, Space
from hustings.space.replay_command import Redact, Revise
from hustings.store import decided, layout
from hustings.store.decided import Decision
from hustings.store.objects import Objects

log: Final = logging.getLogger("hustings.archive")

BY: Final = "archive"
# A file of the store that is not what it was may be anything. One recording's is no reason for
# all others to wait.
_BROKEN: Final = (ArithmeticError, LookupError, TypeError, ValueError)


def wanted(space: Space) -> bool:
    """Whether there is anything to be made of a recording."""
    replay = space.replay
    undone = replay.asked > replay.done or replay.unfinished or bool(replay.redact)
    return undone and space.recording_ready and not space.gone


class Reviser:
    """Revises recordings while `run` runs. `folder` is its own."""

    def __init__(
        self, folder: Path, *, log: Log, live: Live, objects: Objects, keys: Keys, address: str
    ) -> None:
        self._folder = folder
        self._source = log
        self._live = live
        self._objects = objects
        self._keys = keys
        self._address = address
        self._proposals = Proposals(log, live)
        self._order: deque[str] = deque()
        self._filled = asyncio.Event()
        self._tries: dict[str, int] = {}

    def ask(self, space: str) -> None:
        """Have a space looked at."""
        if space not in self._order:
            self._order.append(space)
            self._filled.set()

    async def run(self) -> None:
        """Revise what is asked for, without end. What was left behind by work that was cut off may
        be what was to be destroyed."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        while True:
            await self._filled.wait()
            while self._order:
                # Wishes go before what nobody had to ask for, which is put behind again.
                await self._revise(self._order.popleft())
            self._filled.clear()

    async def _revise(self, space: str) -> None:
        try:
            more = await self.look(space)
        except (WorkFailed, *_BROKEN) as error:
            told = None if isinstance(error, WorkFailed) else error
            log.error("space %s: cannot be revised: %s", space, error, exc_info=told)
            await self._failed(space)
            self._again(space)
        except (HustingsError, OSError) as error:
            log.warning("space %s: is revised again later: %s", space, error)
            self._again(space)
        else:
            self._tries.pop(space, None)
            if more:
                self.ask(space)

    def _again(self, space: str) -> None:
        tries = self._tries[space] = self._tries.get(space, 0) + 1
        wait_s = min(limits.ARCHIVE_RETRY_S * 2**tries, limits.REVISING_RETRY_S)
        asyncio.get_running_loop().call_later(wait_s, self.ask, space)

    async def look(self, space: str) -> bool:
        """Make the next revision of a space, if there is anything to be done; whether there may be
        more."""
        decisions = await revival.logged(self._source, space)
        state = decided.fold(space, decisions)
        if state is None or not state.recording_ready or state.gone:
            return False
        if state.replay.erasures:
            await self._redact(state, decisions)
        done = state.replay.asked <= state.replay.done
        idle = done and not state.replay.unfinished
        if idle and not state.replay.erasures:
            return False
        workshop = Workshop(space, self._folder / space, self._objects)
        await workshop.empty()
        try:
            if done:
                await forget_words(state, shop=workshop)
            if idle:
                return False
            revision = Revision(
                state,
                wishes(state, decisions),
                workshop=workshop,
                log=self._source,
                live=self._live,
                keys=self._keys,
                address=self._address,
            )
            if await self._propose(space, await revision.make()):
                await revision.clear()
            else:
                await self._overtaken(space)
        finally:
            await workshop.close()
        return True

    async def _overtaken(self, space: str) -> None:
        """Something was decided meanwhile after which none of this was to be made."""
        state = await self._proposals.state(space)
        if state is not None and state.gone:
            await expiry.delete(state, self._objects)

    async def _redact(self, space: Space, decisions: Sequence[Decision]) -> None:
        """Take corrections of erased sentences out of the log, and out of its copy in the store."""
        if space.replay.redact:
            if space.replay.asked > space.replay.done:
                return
            answer = await self._proposals.propose(space.id, Redact(by=BY), now_ms=wall_clock_ms)
            if isinstance(answer, Refusal):
                return  # something was asked for meanwhile
        seqs = held_back(decisions)
        if not seqs:
            return
        await self._source.erase(space.id, seqs)
        path = layout.events(space.id)
        data = await self._objects.whole(path)
        left = await revival.logged(self._source, space.id)
        kept = decided.decode(data) if data else ()
        await self._objects.put(path, decided.encode(decided.joined(kept, left)))
        log.info("space %s: %d entries with erased words are gone", space.id, len(seqs))

    async def _failed(self, space: str) -> None:
        """Say that it could not be done, once."""
        state = await self._proposals.state(space)
        if state is None or state.replay.failed:
            return
        replay = state.replay
        command = Revise(
            by=BY,
            number=replay.revision,
            sha256="",
            version=replay.version,
            through=replay.done,
            recording_seconds=state.recording_seconds or 0.0,
            kept_bytes=replay.kept_bytes,
            unfinished=replay.unfinished,
            failed=FAILED,
        )
        try:
            await self._propose(space, command)
        except (LogError, StoreError, BadInput) as error:
            log.warning("space %s: %s", space, error)

    async def _propose(self, space: str, command: Revise) -> bool:
        """Whether it was taken as said."""
        while True:
            try:
                answer = await self._proposals.propose(space, command, now_ms=wall_clock_ms)
            except Conflict as error:
                log.warning("space %s: asked again: %s", space, error)
                continue
            if isinstance(answer, Refusal):
                log.info("space %s: left as it is: %s", space, answer.reason)
                return False
            return True
