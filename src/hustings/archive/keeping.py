"""Keeping what is recorded: the store has all that was decided, the log gives up what the store
has, and what was to be kept for a time goes when it is over, announced.

One space at a time, in no hurry. Everything here may be killed at any moment: whether something is
to be done is seen from log and store alone, and what is done twice is done once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from hustings import limits
from hustings.archive import expiry, purge, retention, revival
from hustings.archive.revising import reviser
from hustings.config import Settings
from hustings.errors import BadInput, HustingsError, LogAway, LogError, StoreError
from hustings.log import subjects
from hustings.log.api import ApiError
from hustings.log.contract import Live, Log, Message
from hustings.log.propose import Proposals
from hustings.log.subjects import Kind
from hustings.space import Refusal, Space, Status, decode
from hustings.space.event import Cancelled, Posted, Withheld
from hustings.space.replay_command import Expire
from hustings.store import decided, layout
from hustings.store.decided import Decision
from hustings.store.objects import Objects

_log: Final = logging.getLogger("hustings.archive")

UNLIKE: Final = "unlike.json"  # in the data folder: where log and store differ, for the doctor
_OVER: Final = frozenset({Status.POSTED, Status.WITHHELD, Status.CANCELLED})
_HOUR_MS: Final = 3_600_000
# Everything that somebody said or wrote.
_SAID: Final = (Kind.MIX, Kind.STEM, Kind.CAPTION, Kind.TALK)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A space that is over, and everything that was decided in it."""

    space: Space
    decisions: tuple[Decision, ...]


class _Type(msgspec.Struct):
    type: str


class Keeping:
    """The keeping of all spaces of an installation, while `run` runs."""

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log,
        live: Live,
        objects: Objects,
        revise: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._source = log
        self._live = live
        self._objects = objects
        self._revise = revise
        self._proposals = Proposals(log, live)
        self._seen: dict[str, int] = {}  # the newest decision that was looked at, by space
        self._over: set[str] = set()  # spaces whose conversation is over
        self._order: deque[str] = deque()  # in which known spaces are asked for news
        self._due: dict[str, int] = {}  # when to look at a space again
        self._changed: set[str] = set()
        self._bare: set[str] = set()  # spaces whose logs have nothing to give up any more
        self._announced: dict[str, int] = {}  # when it was said that a recording goes, by space
        self._unlike: dict[str, list[str]] = {}
        self._wake = asyncio.Event()

    async def on_event(self, message: Message) -> None:
        """An event of some space, as it was decided. What happens before the end is no concern of
        this: a long evening has thousands of events."""
        space = subjects.space_of(message.subject)
        if space not in self._over:
            try:
                event = decode(message.data)
            except BadInput:
                return
            if not isinstance(event, Posted | Withheld | Cancelled):
                return
        self._changed.add(space)
        self._wake.set()

    async def run(self) -> None:
        """Look, without end. A store that cannot be used is told of; nothing is lost by it."""
        await self._greet()
        looked, lost = float("-inf"), float("-inf")
        while True:
            try:
                if time.monotonic() - lost >= limits.KEEPING_LOST_S:
                    await self._revive()
                    lost = time.monotonic()
                if time.monotonic() - looked >= limits.RESCAN_S * 10:
                    await self._missed()
                    looked = time.monotonic()
            except HustingsError as error:
                _log.warning("recordings are looked after again later: %s", error)
            await self._round()
            await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(limits.KEEPING_LOOK_S):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep(limits.KEEPING_LOOK_S / 10)  # decisions come in handfuls

    async def _greet(self) -> None:
        told = ""
        while True:
            try:
                await self._objects.check()
            except StoreError as error:
                if told != str(error):
                    told = str(error)
                    _log.error("the store %s cannot be used: %s", self._objects.place, told)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)
                continue
            if told:
                _log.info("the store %s can be used now", self._objects.place)
            return

    async def _revive(self) -> None:
        for space in await revival.revive_lost(self._source, self._objects):
            _log.warning("space %s: its log was gone, and is made again from the store", space)
            self._changed.add(space)

    async def _missed(self) -> None:
        """Find spaces in which something was decided unheard."""
        spaces = set(await self._source.spaces())
        for gone in self._seen.keys() - spaces:
            del self._seen[gone]
        self._over &= spaces
        self._changed |= spaces - self._seen.keys()
        # Of those that are known, some are asked for news in each round.
        self._order.extend(sorted(self._seen.keys() - set(self._order)))
        for _ in range(min(len(self._order), limits.RESCAN_SPACES_COUNT)):
            space = self._order.popleft()
            if space in self._seen:
                self._order.append(space)
                last = await self._source.last(space, Kind.EV)
                if last is not None and last.seq != self._seen[space]:
                    self._changed.add(space)

    async def _round(self) -> None:
        now_ms = _wall_ms()
        due = {space for space, at_ms in self._due.items() if at_ms <= now_ms}
        self._changed |= due
        for space in sorted(self._changed):
            self._changed.discard(space)
            self._due.pop(space, None)
            try:
                await self.look(subjects.checked(space))
            except BadInput:
                continue
            except LogAway as error:
                _log.warning("recordings are looked after again later: %s", error)
                self._changed.add(space)
                return
            except (LogError, StoreError, OSError) as error:
                _log.warning("space %s: is looked after again later: %s", space, error)
                self._later(space, _wall_ms() + int(limits.KEEPING_AGAIN_S * 1000))

    def _later(self, space: str, at_ms: int) -> None:
        self._due[space] = min(at_ms, self._due.get(space, at_ms))

    async def look(self, space: str) -> None:
        """Do for a space what is to be done now, and note when there is more."""
        decisions = await revival.logged(self._source, space)
        state = decided.fold(space, decisions)
        if state is None or state.status not in _OVER:
            self._seen[space] = decisions[-1].seq if decisions else 0
            return
        self._over.add(space)
        whole = _Whole(state, decisions)
        if state.recording_ready:
            await self._write_down(whole)
            if reviser.wanted(state) or state.replay.erasures:
                self._revise(space)
        if state.gone:
            await self._delete(whole)
        else:
            await self._retain(whole)
            await self._give_up(whole)
        self._seen[space] = decisions[-1].seq

    async def _write_down(self, whole: _Whole) -> None:
        """Have everything that was decided in the store as well, and nothing else: entries with
        words that were erased leave the log, maybe while this writes."""
        space, logged = whole.space.id, whole.decisions
        path = layout.events(space)
        while True:
            data = await self._objects.whole(path)
            try:
                kept = decided.decode(data) if data else ()
            except BadInput as error:
                _log.warning("space %s: %s; it is written anew", space, error)
                kept = ()
            wanted = decided.encode(decided.joined(kept, logged))
            if wanted == data:
                return
            await self._objects.put(path, wanted)
            logged = await revival.logged(self._source, space)

    async def _retain(self, whole: _Whole) -> None:
        space = whole.space
        now_ms = _wall_ms()
        days = self._settings.recordings_keep_days
        following = retention.following(space, keep_days=days, now_ms=now_ms)
        if following.command is not None:
            answer = await self._proposals.propose(space.id, following.command, now_ms=_wall_ms)
            if isinstance(answer, Refusal):
                _log.info("space %s: %s", space.id, answer.reason)
            elif isinstance(following.command, Expire):
                _log.info("space %s: its time is over, and its recording is deleted", space.id)
            self._changed.add(space.id)
        elif following.at_ms is not None:
            self._later(space.id, following.at_ms)
            if space.replay.expires_at_ms is not None:
                await self._announce_again(whole)

    async def _announce_again(self, whole: _Whole) -> None:
        """Say once more what is announced: no studio may have been there to tell the host."""
        now_ms, every_ms = _wall_ms(), limits.EXPIRY_TOLD_S * 1000
        self._later(whole.space.id, now_ms + every_ms)
        if now_ms - self._announced.get(whole.space.id, 0) < every_ms:
            return
        self._announced[whole.space.id] = now_ms
        for one in reversed(whole.decisions):
            if msgspec.json.decode(bytes(one.event), type=_Type).type == "expiring":
                await self._live.publish(subjects.live(whole.space.id, Kind.EV), bytes(one.event))
                break

    async def _delete(self, whole: _Whole) -> None:
        """Delete a recording whose time is over, and what the log has of it."""
        await expiry.delete(whole.space, self._objects)
        await self._source.purge(whole.space.id, _SAID)

    async def _give_up(self, whole: _Whole) -> None:
        """Let the log's sound go, when it is time and the store has it."""
        space = whole.space
        if space.id in self._bare:
            return
        due_ms = _finished_ms(whole.decisions) + self._settings.log_keep_h * _HOUR_MS
        if _wall_ms() < due_ms:
            self._later(space.id, due_ms)
            return
        if space.replay.asked > space.replay.done:
            return  # its files are being made anew: that ends with an event
        if not await purge.is_bare(self._source, space.id):
            found = await purge.compare(
                space, whole.decisions, log=self._source, objects=self._objects
            )
            if found.unlike and await self._moved(whole):
                # Files may have been made anew while they were compared.
                self._later(space.id, _wall_ms() + int(limits.KEEPING_AGAIN_S * 1000))
                return
            await self._tell(space.id, found.unlike)
            if found.unlike:
                self._later(space.id, _wall_ms() + _HOUR_MS)
                return
            talk = found.talk_stored or not space.recording_ready
            try:
                await purge.purge(self._source, space.id, talk=talk)
            except ApiError as error:
                _log.warning("space %s: its log does not give up its sound: %s", space.id, error)
            else:
                _log.info("space %s: the store has its sound, the log gave it up", space.id)
        self._bare.add(space.id)

    async def _moved(self, whole: _Whole) -> bool:
        """Whether something was decided or made meanwhile."""
        last = await self._source.last(whole.space.id, Kind.EV)
        return last is None or last.seq != whole.decisions[-1].seq

    async def _tell(self, space: str, unlike: list[str]) -> None:
        for sentence in unlike:
            _log.error("space %s: log and store differ, and both are kept: %s", space, sentence)
        if unlike:
            self._unlike[space] = unlike
        elif self._unlike.pop(space, None) is None:
            return
        path = self._settings.folder / UNLIKE
        await asyncio.to_thread(_write, path, msgspec.json.encode(self._unlike))


def _finished_ms(decisions: tuple[Decision, ...]) -> int:
    """When the log heard that the recording is finished; of a space without one, its last word."""
    seq = purge.finished_seq(decisions)
    last = next((one for one in decisions if one.seq == seq), decisions[-1])
    return last.stamp_ns // 1_000_000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
