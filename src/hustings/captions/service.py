"""The captions' service: captions what is live, transcribes what was recorded.

It is the last of all to get the machine's time (nice), hears on one thread, and keeps nothing that
it needs: whatever happens to it, sound and recording do not notice.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from pathlib import Path
from typing import Final

from hustings import limits
from hustings.captions.captioner import ON_AIR, Captioner
from hustings.captions.desk import Desk
from hustings.captions.engine import primary
from hustings.captions.engines import Engines
from hustings.captions.metrics import Metrics
from hustings.captions.transcripts import Transcripts
from hustings.captions.writer import Writer
from hustings.errors import BadInput, LogError
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.follow import read_state
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import Space, Status
from hustings.store.objects import Objects

log = logging.getLogger("hustings.captions")

WORK: Final = "captions"  # in the data folder: weights, transcripts in the making, figures

_NICE: Final = 10
_FIGURES_S: Final = 5.0
_HEALTH_FIGURES: Final = 12  # a line about how it goes so often, while anybody speaks: a minute


async def serve(context: Context) -> None:
    """Caption until `stopping` is set. What is unfinished then goes on after the next start."""
    os.nice(_NICE)
    os.environ["OMP_NUM_THREADS"] = "1"
    settings = context.settings
    folder = settings.folder / WORK
    models = Path(settings.captions_model_dir) if settings.captions_model_dir else None
    engines = Engines(models=models, cache=folder)
    metrics = Metrics()
    async with asyncio.TaskGroup() as group:
        desk = Desk(engines, metrics)
        writer = Writer(context.log, metrics)
        transcripts = Transcripts(
            context, Objects.open(settings), engines, folder=folder, metrics=metrics
        )
        captions = Captions(
            context, desk, writer, transcripts, group=group, folder=folder, metrics=metrics
        )
        end = await context.live.subscribe(subjects.live("*", Kind.EV), captions.on_event)
        work = (
            *(captions.look(), captions.scan(), captions.tell(), desk.run(), writer.run()),
            transcripts.run(),
        )
        tasks = [group.create_task(one) for one in work]
        context.ready()
        await context.stopping.wait()
        await end()
        for task in [*tasks, *captions.running()]:
            task.cancel()
        desk.close()


class Captions:
    """Which spaces are captioned. Captioners run in `group`."""

    def __init__(
        self,
        context: Context,
        desk: Desk,
        writer: Writer,
        transcripts: Transcripts,
        *,
        group: asyncio.TaskGroup,
        folder: Path,
        metrics: Metrics,
    ) -> None:
        self._context = context
        self._desk = desk
        self._writer = writer
        self._transcripts = transcripts
        self._group = group
        self._folder = folder
        self._metrics = metrics
        self._running: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, int] = {}  # spaces that need nothing now: their last event
        self._order: deque[str] = deque()
        self._asked: deque[str] = deque()
        self._filled = asyncio.Event()
        self._spoken_at = 0.0

    def running(self) -> list[asyncio.Task[None]]:
        """The tasks of all captioners."""
        return list(self._running.values())

    async def on_event(self, message: Message) -> None:
        """An event of some space, as it was decided."""
        self._ask(subjects.space_of(message.subject))

    async def look(self) -> None:
        """Look at each space that was asked for, one after the other."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._asked:
                space = self._asked.popleft()
                try:
                    await self._look_at(space)
                except (BadInput, LogError) as error:
                    log.warning("space %s: looked at again later: %s", space, error)

    async def scan(self) -> None:
        """Look through the log for spaces whose events were missed, at the start and regularly."""
        while True:
            try:
                await self._scan()
            except LogError as error:
                log.warning("scan of the log: %s", error)
            await asyncio.sleep(limits.RESCAN_S)

    async def tell(self) -> None:
        """Keep the figures up to date, and say now and then how it goes."""
        rounds = 0
        while True:
            await asyncio.sleep(_FIGURES_S)
            rounds += 1
            self._rest()
            self._metrics.set("spaces", len(self._running))
            try:
                self._metrics.write(self._folder)
            except OSError as error:
                log.warning("figures are not written: %s", error)
            if self._running and rounds % _HEALTH_FIGURES == 0:
                log.info("%s", self._health())

    def _health(self) -> str:
        m = self._metrics
        return (
            f"{len(self._running)} spaces, {m['finals_total']:.0f} sentences of"
            f" {m['speech_seconds_total']:.0f} s heard in {m['busy_seconds_total']:.0f} s,"
            f" rung {m['rung']:.0f}, {m['skipped_total']:.0f} left out"
        )

    def _rest(self) -> None:
        """Without a live space for a while, the weights leave memory."""
        now = asyncio.get_running_loop().time()
        if self._running:
            self._spoken_at = now
        elif now - self._spoken_at > limits.CAPTION_IDLE_S:
            self._desk.rest()

    async def _scan(self) -> None:
        spaces = set(await self._context.log.spaces())
        self._known = {space: seq for space, seq in self._known.items() if space in spaces}
        for space in spaces - self._known.keys():
            self._ask(space)
        listed = set(self._order)
        self._order.extend(sorted(self._known.keys() - listed))
        for _ in range(min(len(self._order), limits.RESCAN_SPACES_COUNT)):
            space = self._order.popleft()
            if space not in self._known:
                continue
            self._order.append(space)
            last = await self._context.log.last(space, Kind.EV)
            if last is not None and last.seq != self._known.get(space):
                self._ask(space)

    def _ask(self, space: str) -> None:
        if space not in self._running and space not in self._asked:
            self._asked.append(space)
            self._filled.set()

    async def _look_at(self, space: str) -> None:
        state, seq = await read_state(self._context.log, subjects.checked(space), kinds=(Kind.EV,))
        self._known[space] = seq
        if state is None or space in self._running:
            return
        if state.status in ON_AIR:
            await self._start(space, state)
        elif state.status in (Status.POSTED, Status.WITHHELD) and state.recording_ready:
            self._transcripts.consider(state)

    async def _start(self, space: str, state: Space) -> None:
        language = primary(state.language or self._context.settings.captions_language)
        if self._desk.engines.live(language) is None:
            return
        if len(self._running) >= limits.CAPTION_SPACES_COUNT:
            log.warning("space %s: not captioned, because %d are", space, len(self._running))
            del self._known[space]  # asked again at the next scan
            return
        captioner = Captioner(
            space,
            language=language,
            log=self._context.log,
            live=self._context.live,
            desk=self._desk,
            writer=self._writer,
            metrics=self._metrics,
        )
        self._running[space] = self._group.create_task(self._caption(captioner))
        log.info("space %s: captioned in %s", space, language)

    async def _caption(self, captioner: Captioner) -> None:
        space = captioner.space_id
        try:
            await self._desk.warm(captioner.language)
            await captioner.run()
        except LogError as error:
            log.warning("space %s: captioned again later: %s", space, error)
            self._known.pop(space, None)
        finally:
            del self._running[space]
            self._ask(space)
