"""The better pass: when a recording is ready, its stems are heard again by an engine that has time.

One recording after the other, the newest first, in a child process at the lowest priority. What a
seat has said is kept while others are heard, so whatever is killed goes on where it was. The draft
is stored first and then noted in the space's log; a draft that is noted is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from hustings import limits
from hustings.captions.draft import draft, without
from hustings.captions.engine import Engine, Word, primary
from hustings.captions.engines import Engines
from hustings.captions.job import Job, heard
from hustings.captions.metrics import Metrics
from hustings.errors import Conflict, HustingsError, LogAway
from hustings.formats import transcript as transcripts
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import Refusal, Space
from hustings.space.replay_command import NoteTranscript
from hustings.store import layout
from hustings.store.objects import Objects

log = logging.getLogger("hustings.captions")

BY: Final = "captions"
WORK: Final = "transcripts"

_STOP_S: Final = 2.0
_TOLD_RATIO: Final = 0.1  # progress is logged in tenths


class TranscriptFailed(HustingsError):
    """A recording could not be transcribed this time."""


class Transcripts:
    """All recordings that wait for a transcript. `run` works without end."""

    def __init__(
        self,
        context: Context,
        objects: Objects,
        engines: Engines,
        *,
        folder: Path,
        metrics: Metrics,
    ) -> None:
        self._context = context
        self._objects = objects
        self._engines = engines
        self._cache = folder
        self._folder = folder / WORK
        self._metrics = metrics
        self._waiting: dict[str, int] = {}  # when each ended
        self._tries: dict[str, int] = {}
        self._at_work = ""
        self._filled = asyncio.Event()

    def consider(self, space: Space) -> None:
        """A recording is ready; one that has a transcript needs none, and nothing of its sound is
        kept here."""
        if space.replay.transcript or space.gone:
            if space.id != self._at_work:
                shutil.rmtree(self._folder / space.id, ignore_errors=True)
            return
        if self._engine(space) is None:
            return
        if self._tries.get(space.id, 0) < limits.TRANSCRIPT_TRIES_COUNT:
            self._waiting[space.id] = space.ended_at_ms or 0
            self._filled.set()

    async def run(self) -> None:
        """Transcribe what waits, newest first, without end."""
        while True:
            self._metrics.set("transcripts_waiting", len(self._waiting))
            if not self._waiting:
                self._filled.clear()
                await self._filled.wait()
                continue
            space = max(self._waiting, key=self._waiting.__getitem__)
            self._at_work = space
            try:
                await self._transcribe(space)
            except (HustingsError, OSError) as error:
                self._metrics.add("transcripts_failed_total")
                self._tries[space] = self._tries.get(space, 0) + 1
                log.warning("space %s: the transcript failed: %s", space, error)
                if self._tries[space] >= limits.TRANSCRIPT_TRIES_COUNT:
                    log.error("space %s: no transcript is made until the next start", space)
                    del self._waiting[space]
                    await self._clear(space)
                await asyncio.sleep(limits.TRANSCRIPT_AGAIN_S)
            else:
                self._waiting.pop(space, None)

    def _engine(self, space: Space) -> Engine | None:
        return self._engines.whole(self._language(space))

    def _language(self, space: Space) -> str:
        return primary(space.language or self._context.settings.captions_language)

    async def _transcribe(self, space_id: str) -> None:
        state = await self._state(space_id)
        engine = self._engine(state) if state is not None else None
        if state is None or engine is None or state.replay.transcript or state.gone:
            await self._clear(space_id)
            return
        folder = self._folder / space_id
        language = self._language(state)
        began = time.monotonic()
        seats = await self._fetch(state, folder)
        job = Job(
            language=language,
            engine=engine.name,
            models=self._context.settings.captions_model_dir,
            cache=str(self._cache),
            seats=tuple(seats),
        )
        await asyncio.to_thread(_write, folder / "job.json", msgspec.json.encode(job))
        await self._hear(space_id, folder)
        said = {seat: heard(folder, seat) for seat in seats}
        sha256 = await self._store(space_id, said, seats, job)
        if sha256:
            command = NoteTranscript(by=BY, sha256=sha256, engine=engine.name, language=language)
            await self._propose(space_id, command)
        await self._clear(space_id)
        self._metrics.add("transcripts_total")
        words = sum(map(len, said.values()))
        log.info(
            "space %s: %d words written down in %.0f s",
            *(space_id, words, time.monotonic() - began),
        )

    async def _clear(self, space_id: str) -> None:
        """Keep nothing of a recording's sound and words here."""
        await asyncio.to_thread(shutil.rmtree, self._folder / space_id, ignore_errors=True)

    async def _state(self, space_id: str) -> Space | None:
        state, _ = await read_state(self._context.log, space_id, kinds=(Kind.EV,))
        return state

    async def _fetch(self, state: Space, folder: Path) -> dict[str, str]:
        """Get the stems, those that are not here yet; returns the seats' names."""
        names = await self._names(state)
        found: dict[str, str] = {}
        stems = folder / "stems"
        await asyncio.to_thread(stems.mkdir, parents=True, exist_ok=True)
        prefix = layout.stem(state.id, "")
        for path in await self._objects.list(prefix.rpartition("/")[0] + "/"):
            seat = Path(path).stem
            found[seat] = names.get(seat, "")
            size = await self._objects.size(path)
            target = stems / f"{seat}.opus"
            if size is None or (target.is_file() and target.stat().st_size == size):
                continue
            with target.open("wb") as file:
                for start in range(0, size, limits.TRANSCRIPT_READ_BYTES):
                    end = min(size, start + limits.TRANSCRIPT_READ_BYTES)
                    file.write(await self._objects.get(path, start, end))
        return found

    async def _names(self, state: Space) -> dict[str, str]:
        """Names by seat, as the receipt has them; those taken away meanwhile as well."""
        names = {
            seat.id: seat.name for seat in (*state.seats_removed.values(), *state.seats.values())
        }
        path = layout.receipt(state.id)
        size = await self._objects.size(path)
        if size is not None:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                receipt: Any = json.loads(await self._objects.get(path, 0, size))["receipt"]
                names |= {seat["id"]: seat["name"] for seat in receipt["seats"]}
        return names

    async def _hear(self, space_id: str, folder: Path) -> None:
        """Have the child hear what is not heard yet."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hustings.captions.hearing", str(folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            told, words = await asyncio.gather(self._progress(space_id, child), _last_words(child))
            code = await child.wait()
        finally:
            if child.returncode is None:
                child.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(child.wait(), _STOP_S)
            if child.returncode is None:
                child.kill()
                await child.wait()
            self._metrics.set("transcript_ratio", 0)
        if code != 0 or told < 1:
            raise TranscriptFailed(f"its process ended with {code}: {words or 'no word'}")

    async def _progress(self, space_id: str, child: asyncio.subprocess.Process) -> float:
        """How much is done, as the child tells it, until it ends."""
        assert child.stdout is not None
        done, logged = 0.0, 0.0
        async for line in child.stdout:
            with contextlib.suppress(ValueError):
                done = float(line)
            self._metrics.set("transcript_ratio", done)
            if done >= logged + _TOLD_RATIO:
                logged = done
                log.info("space %s: transcript %.0f %%", space_id, done * 100)
        return done

    async def _store(
        self, space_id: str, said: dict[str, list[Word]], seats: dict[str, str], job: Job
    ) -> str:
        """Store the draft without what has been erased, also while this was at work. Returns its
        hash; empty where the whole recording is gone meanwhile, and the draft with it."""
        before = None
        while True:
            state = await self._state(space_id)
            if state is None or state.gone:
                await self._objects.delete(layout.transcript_draft(space_id))
                return ""
            erasures = state.replay.erasures
            if before is not None and erasures == before[0]:
                return before[1]
            left = {
                seat: without(
                    words,
                    [(e.from_ms, e.to_ms) for e in erasures if e.seat in ("", seat)],
                )
                for seat, words in said.items()
            }
            data = transcripts.encode(
                draft(left, seats=seats, language=job.language, engine=job.engine)
            )
            await self._objects.put(layout.transcript_draft(space_id), data)
            before = erasures, hashlib.sha256(data).hexdigest()

    async def _propose(self, space_id: str, command: NoteTranscript) -> None:
        log_, live = self._context.log, self._context.live
        while True:
            try:
                outcome = await propose(
                    log_, live, space_id, command, now_ms=lambda: time.time_ns() // 1_000_000
                )
            except (LogAway, Conflict) as error:
                log.warning("space %s: the transcript is noted again: %s", space_id, error)
                await asyncio.sleep(limits.ARCHIVE_RETRY_S)
                continue
            if isinstance(outcome, Refusal):
                log.info("space %s: the transcript is not wanted: %s", space_id, outcome)
            return


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)


async def _last_words(child: asyncio.subprocess.Process) -> str:
    """The last line that the child had to say about itself."""
    assert child.stderr is not None
    last = ""
    async for line in child.stderr:
        last = line.decode(errors="replace").strip() or last
    return last[-300:]
