"""The recorder of one space: follows its log while it is live, then posts what was recorded.

It keeps nothing that it needs: killed at any moment, it begins again at the log's first entry and
makes the same files. The order at the end is: files, receipt, `Post`; so a posted space has all its
files, and a receipt in the store says that the files are whole. Whether `Post` publishes is decided
where everything is decided: a recording that waits for its host's review, or that the host has
withheld meanwhile, is finished and stays withheld.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Final, cast

from hustings import limits
from hustings.archive import cover, minutes, receipt, salt
from hustings.archive.crowd import NAME as CROWD_NAME
from hustings.archive.crowd import Crowd
from hustings.archive.hearing import Hearing
from hustings.archive.minutes import Tallies
from hustings.archive.recording import (
    CHAPTERS_NAME,
    KINDS,
    TIMELINE_NAME,
    WAVEFORM_NAME,
    Finished,
    Recording,
)
from hustings.archive.reel import INDEX_NAME
from hustings.archive.replay import AAC_NAME, OPUS_NAME
from hustings.archive.upload import Upload
from hustings.errors import Conflict, LogAway, StoreError
from hustings.keys import Keys
from hustings.log.contract import Entry, Live, Log
from hustings.log.propose import propose
from hustings.space import Command, Refusal, Status
from hustings.space.command import Post, Withhold
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.words import mark

log = logging.getLogger("hustings.archive")

BY: Final = "archive"
NOTHING_SAID: Final = mark("Nothing was said on air.")

# While catching up, others get a turn this often. The connection above all: what it does not read
# in time stands in front of the answers to our requests, and of the server's signs of life.
_BREATH_ENTRIES: Final = 8
_POLL_S: Final = 0.05


class Recorder:
    """Records one space. `folder` is its own, and empty again when `run` returns. `address` is
    where the space is at home; `tallies` gives the results of its votes, should somebody count
    them."""

    def __init__(
        self,
        space: str,
        *,
        folder: Path,
        log: Log,
        live: Live,
        objects: Objects,
        keys: Keys,
        address: str = "",
        tallies: Callable[[], Awaitable[Tallies]] | None = None,
    ) -> None:
        self.space = space
        self._folder = folder
        self._log = log
        self._live = live
        self._objects = objects
        self._keys = keys
        self._address = address
        self._tallies = tallies
        self.crowd = Crowd(space, folder / "crowd")
        self.on_stage = False  # live or held

    def salt(self) -> bytes:
        """What the edges hash their visitors with; empty while there is none."""
        return salt.kept(self._folder)

    async def run(self) -> None:
        """Record until the space has ended, and post it; returns at once if it was called off."""
        while True:
            try:
                await self._record()
            except OSError as error:
                # A full disk, above all. What is written is thrown away to make room.
                log.error("space %s: recording begins again: %s", self.space, error)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)
                continue
            shutil.rmtree(self._folder, ignore_errors=True)
            return

    async def _record(self) -> None:
        folder = self._folder / "recording"
        recording = Recording(self.space, folder, address=self._address)
        hearing = Hearing(self.space, log=self._log, tallies=self._tallies)
        try:
            async with Upload(self.space, self._objects) as upload, hearing:
                await self._follow(recording, upload)
                if recording.ended:
                    await self._read_rest(recording)
                    await self._complete(recording, hearing, upload)
        finally:
            await asyncio.to_thread(recording.abandon)

    async def _follow(self, recording: Recording, upload: Upload) -> None:
        """Read the log until it says that the space has ended, or is called off."""
        tail = cast("AsyncGenerator[Entry, None]", self._log.tail(self.space, KINDS))
        async with aclosing(tail) as entries:
            async for entry in entries:
                recording.apply(entry)
                upload.give(recording.packs())
                self.on_stage = recording.space.status in (Status.LIVE, Status.HELD)
                if recording.ended or recording.space.status is Status.CANCELLED:
                    return
                if recording.behind > limits.ARCHIVE_BEHIND_COUNT:
                    await asyncio.to_thread(recording.rest)
                elif entry.seq % _BREATH_ENTRIES == 0:
                    await asyncio.sleep(0)

    async def _read_rest(self, recording: Recording) -> None:
        """Read what comes to the log after the end: the last chunk, its mark, its stems.

        The log is asked again and again instead of followed, because each answer says that nothing
        else was there: silence that is the log's outage ends nothing.
        """
        heard = time.monotonic()
        whole: float | None = None
        while True:
            now = time.monotonic()
            if await self._read_news(recording):
                heard = now
            if recording.on_air:
                whole = None
                if now - heard >= limits.LAST_CHUNK_S:
                    log.warning("space %s: the last chunk never came", self.space)
                    return
            else:
                whole = whole or now
                if now - heard >= limits.LOG_QUIET_S or now - whole >= limits.LAST_CHUNK_S:
                    return
            await asyncio.sleep(_POLL_S)

    async def _read_news(self, recording: Recording) -> bool:
        """Whether there was, or may have been, something new."""
        before = recording.seq
        try:
            async for entry in self._log.read(self.space, KINDS, after=recording.seq):
                recording.apply(entry)
        except LogAway:
            return True
        return recording.seq > before

    async def _complete(self, recording: Recording, hearing: Hearing, upload: Upload) -> None:
        began = time.monotonic()
        picture = await self._picture(recording.space.picture)
        beside = {CROWD_NAME: self.crowd.document()}
        if await asyncio.to_thread(recording.close, picture=picture):
            heard, tallies = await hearing.all(recording.space)
            beside[minutes.NAME] = recording.minutes(
                heard, tallies=tallies, reactions=self.crowd.reactions()
            )
        finished = await asyncio.to_thread(
            recording.finish, counts=self.crowd.counts(), beside=beside
        )
        if finished is None:
            await self._propose(Withhold(by=BY, reason=NOTHING_SAID))
            return
        upload.give(recording.packs())
        await upload.done()
        signed = receipt.sign(finished.receipt, self._keys.receipt_private())
        await self._store(finished, upload)
        await upload.put(layout.events(self.space), recording.decisions())
        # The receipt comes last: it says that the files are whole.
        await upload.put(layout.receipt_number(self.space, 1), signed)
        await upload.put(layout.receipt(self.space), signed)
        await self._propose(
            Post(
                by=BY,
                recording_seconds=finished.duration_ms / 1000,
                receipt_sha256=hashlib.sha256(signed).hexdigest(),
            )
        )
        took_s = time.monotonic() - began
        log.info(
            "space %s: %.1f s finished in %.2f s", self.space, finished.duration_ms / 1000, took_s
        )

    async def _store(self, finished: Finished, upload: Upload) -> None:
        for file in finished.files:
            await upload.put(_place(self.space, file.name), finished.folder / file.name)

    async def _picture(self, picture: str) -> bytes:
        """The space's picture as JPEG; empty if it has none, or none that can be had."""
        path = layout.picture(picture, "square")
        try:
            size = await self._objects.size(path) if picture else None
            if size is None or size > limits.PICTURE_BYTES:
                return b""
            return await asyncio.to_thread(cover.jpeg, await self._objects.get(path, 0, size))
        except StoreError as error:
            log.warning("space %s: posted without its picture: %s", self.space, error)
            return b""

    async def _propose(self, command: Command) -> None:
        while True:
            try:
                answer = await propose(
                    self._log, self._live, self.space, command, now_ms=wall_clock_ms
                )
            except (LogAway, Conflict) as error:
                log.warning("space %s: asked again: %s", self.space, error)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)
                continue
            if isinstance(answer, Refusal):
                # It is posted or withheld already.
                log.info("space %s: left as it is: %s", self.space, answer.reason)
            return


def _place(space: str, name: str) -> str:
    """Where a file of the recording stands in the store."""
    places = {
        AAC_NAME: layout.replay_aac(space),
        OPUS_NAME: layout.replay_opus(space),
        TIMELINE_NAME: layout.timeline(space),
        CHAPTERS_NAME: layout.chapters(space),
        WAVEFORM_NAME: layout.waveform(space),
        minutes.NAME: layout.talk(space),
        CROWD_NAME: layout.crowd(space),
        INDEX_NAME: layout.reel_index(space),
    }
    return places.get(name) or layout.stem(space, Path(name).stem)


def wall_clock_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
