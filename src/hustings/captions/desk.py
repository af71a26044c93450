"""The desk: hears all that is said in all live spaces, one piece after the other, on one thread.

Sentences that have ended come first, in their order; then whoever waits longest for a look at what
they are saying. Nothing here ever waits for the desk: it takes what it has time for (`Pace`), and
what has waited too long is left out and counted. Sound is not kept but in the sentences themselves.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from hustings import limits
from hustings.captions.engine import RATE, Live, Sound
from hustings.captions.engines import Engines
from hustings.captions.metrics import Metrics
from hustings.captions.pace import Pace
from hustings.captions.stretch import Stretch

log = logging.getLogger("hustings.captions")


class Talker(Protocol):
    """Somebody who may be speaking."""

    language: str

    @property
    def open(self) -> Stretch | None:
        """What they are saying now."""

    async def tell(self, stretch: Stretch, text: str, *, final: bool) -> None:
        """What they have said so far, or said in all; empty when it was nothing."""


@dataclass(slots=True, eq=False)
class _Said:
    """What is known of a stretch: how much of it was heard, what it was, since when it waits."""

    talker: Talker
    stretch: Stretch
    text: str = ""
    samples: int = 0
    voice_end: int = 0
    due_at: float | None = None


@dataclass(slots=True)
class _Engine:
    """An engine that is loaded, or failed to be."""

    live: Live | None


@dataclass(slots=True)
class _Work:
    said: _Said
    sound: Sound
    final: bool
    waited_s: float


@dataclass(slots=True)
class Desk:
    """The desk of this process. `run` works without end."""

    engines: Engines
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    pace: Pace = field(default_factory=Pace)
    _talkers: dict[Talker, _Said | None] = field(default_factory=dict)
    _finals: deque[_Said] = field(default_factory=deque)
    _loaded: dict[str, _Engine] = field(default_factory=dict)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _busy_with: Talker | None = None
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="hears")
    )

    def join(self, talker: Talker) -> None:
        """Somebody may speak from now on."""
        self._talkers[talker] = None

    def leave(self, talker: Talker) -> None:
        """They do not any more. What they said last is still heard."""
        self._talkers.pop(talker, None)

    def look(self) -> None:
        """Somebody has said more."""
        self._filled.set()

    def ended(self, talker: Talker, stretch: Stretch) -> None:
        """A stretch has ended: hear it for the last time."""
        said = self._talkers.get(talker)
        if said is None or said.stretch.at != stretch.at:
            said = _Said(talker, stretch)
        said.stretch = stretch  # of a long one that was cut, only its beginning
        if talker in self._talkers:
            self._talkers[talker] = None
        said.due_at = self.clock()
        self._finals.append(said)
        while len(self._finals) > limits.CAPTION_FINALS_COUNT:
            self._skip(self._finals.popleft())
        self._filled.set()

    def idle(self, talkers: set[Talker]) -> bool:
        """Whether nothing that these said waits or is being heard."""
        return self._busy_with not in talkers and not any(
            said.talker in talkers for said in self._finals
        )

    async def run(self) -> None:
        """Hear, without end."""
        loop = asyncio.get_running_loop()
        while True:
            work = self._next()
            if work is None:
                self._filled.clear()
                await self._filled.wait()
                continue
            self.pace.waited(work.waited_s, now=self.clock())
            self.metrics.set("wait_seconds", work.waited_s)
            self.metrics.set("rung", self.pace.rung)
            self._busy_with = work.said.talker
            began = self.clock()
            try:
                text = await loop.run_in_executor(self._thread, self._hear, work)
            finally:
                self._busy_with = None
            self.metrics.add("busy_seconds_total", self.clock() - began)
            await self._told(work, text)

    async def warm(self, language: str) -> None:
        """Load the engine for a language, so that the first words do not wait for it."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._engine, language)

    def rest(self) -> None:
        """Let go of all engines: nobody speaks anywhere."""
        if not self._finals and self._busy_with is None:
            self._loaded.clear()

    def close(self) -> None:
        """End the thread, after what it is at."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> _Work | None:
        now = self.clock()
        while self._finals:
            said = self._finals.popleft()
            waited = now - (said.due_at or now)
            if waited > limits.CAPTION_FINAL_WAIT_S:
                self._skip(said)
                self.pace.waited(waited, now=now)
                continue
            return _Work(said, said.stretch.sound(), True, waited)
        said_now = [one for talker in self._talkers if (one := self._due(talker, now)) is not None]
        if not said_now:
            return None
        said = min(said_now, key=lambda one: one.due_at or now)
        sound = said.stretch.sound()
        work = _Work(said, sound, False, now - (said.due_at or now))
        said.samples, said.voice_end = len(sound), said.stretch.voice_end
        said.due_at = None
        return work

    def _due(self, talker: Talker, now: float) -> _Said | None:
        """What somebody is saying, if it should be looked at again."""
        stretch = talker.open
        said = self._talkers[talker]
        if stretch is None:
            return None
        if said is None or said.stretch is not stretch:
            said = self._talkers[talker] = _Said(talker, stretch)
        interval_s = self.pace.interval_s
        if interval_s is None or stretch.voice_end == said.voice_end or not stretch.enough:
            said.due_at = None
            return None
        if stretch.samples - said.samples < interval_s * RATE:
            return None
        said.due_at = said.due_at or now
        return said

    def _hear(self, work: _Work) -> str:
        """In the thread: what an engine hears; empty when it fails, which ends nothing."""
        live = self._engine(work.said.talker.language)
        if live is None:
            return ""
        hear = live.final if work.final else live.partial
        try:
            return hear(work.sound, before=work.said.text).strip()
        except Exception:
            self.metrics.add("failed_total")
            log.exception("an engine failed at %.1f s of speech", len(work.sound) / RATE)
            return ""

    def _engine(self, language: str) -> Live | None:
        loaded = self._loaded.get(language)
        if loaded is None:
            loaded = self._loaded[language] = _Engine(self._opened(language))
        return loaded.live

    def _opened(self, language: str) -> Live | None:
        engine = self.engines.live(language)
        if engine is None:
            return None
        began = time.monotonic()
        try:
            live = engine.open_live(language)
        except Exception as error:
            log.error("%s cannot be loaded, so nothing is captioned live: %s", engine.name, error)
            return None
        log.info("%s loaded for %s in %.1f s", engine.name, language, time.monotonic() - began)
        return live

    async def _told(self, work: _Work, text: str) -> None:
        said = work.said
        if work.final:
            self.metrics.add("speech_seconds_total", len(work.sound) / RATE)
            if text:
                self.metrics.add("finals_total")
            # One that was shown and was nothing after all is taken back by an empty one.
            if text or said.text:
                await said.talker.tell(said.stretch, text, final=True)
        elif text:
            said.text = text
            self.metrics.add("partials_total")
            # It may have ended meanwhile; then the last word is still to come.
            await said.talker.tell(said.stretch, text, final=False)

    def _skip(self, said: _Said) -> None:
        self.metrics.add("skipped_total")
        self.metrics.add("skipped_seconds_total", said.stretch.samples / RATE)
