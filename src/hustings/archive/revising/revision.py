"""One revision of a recording: from wishes to files, a receipt, and the word that it is done."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from hustings import limits
from hustings.archive import receipt
from hustings.archive.clips import plan as clip_plan
from hustings.archive.clips.plan import ClipPlan
from hustings.archive.cover import jpeg
from hustings.archive.label import day
from hustings.archive.receipt import StoredFile
from hustings.archive.revising import destroying, work
from hustings.archive.revising.changes import changes
from hustings.archive.revising.wishes import Wishes
from hustings.archive.revising.words import erased, published
from hustings.archive.revising.workshop import Workshop
from hustings.audio.loudness import Loudness
from hustings.formats import transcript, webvtt
from hustings.formats.transcript import Transcript
from hustings.keys import Keys
from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.space import Space
from hustings.space.cuts import widened
from hustings.space.replay_command import Revise
from hustings.store import layout, reel
from hustings.words import mark

log: Final = logging.getLogger("hustings.archive")

BY: Final = "archive"
MASTER: Final = "master.m4a"
# What a version is made of: everything else of the space is what it is made from, or stands alone.
_ORIGINAL: Final = (
    *("replay.m4a", "replay.opus", "stems/", "reel/", "reel.json"),
    *("timeline.json", "chapters.json", "talk.json", "waveform.json"),
)
FAILED: Final = mark("This could not be done yet. It is tried again; the operator's log says why.")
_WORDS: Final = ("transcript.json", "transcript.vtt", "transcript.txt")


class Revision:
    """The revision of `space` that carries out `wished`. `make` and then `clear`."""

    def __init__(
        self,
        space: Space,
        wished: Wishes,
        *,
        workshop: Workshop,
        log: Log,
        live: Live,
        keys: Keys,
        address: str,
    ) -> None:
        self._space = space
        self._replay = space.replay
        self._wished = wished
        self._shop = workshop
        self._source = log
        self._live = live
        self._keys = keys
        self._address = address
        self._cuts = self._replay.cuts(wished.through)
        self._version = self._replay.version + (1 if wished.sound else 0)
        self._files: dict[str, StoredFile] = {}  # what is new, by its name in the space's folder
        self._gone: set[str] = set()  # names that are not there any more
        self._redacted: tuple[str, ...] = ()  # sentences of which something was erased
        self._loudness: Loudness | None = None
        self._late: work.WorkFailed | None = None  # why a clip is not made yet
        self._told = 0.0

    async def make(self) -> Revise:
        """Make and store everything, and return what is to be said of it."""
        if not self._wished.any:
            return await self._rest()
        if self._wished.sound:
            await self._sound()
        if self._replay.transcript and (self._wished.sound or self._wished.words):
            await self._words()
        await self._clips()
        if self._wished.erased:
            await self._destroy()
        unfinished = self._wished.sound or self._replay.unfinished
        return await self._sign(why=self._wished.why, unfinished=unfinished)

    async def _rest(self) -> Revise:
        """What nobody waits for: the mastered version, and clips that could not be made before."""
        names = await self._shop.names()
        await self._clips(missing=True)
        clips = bool(self._files or self._gone)
        mastered = self._below + MASTER not in names and await self._master()
        if self._late is not None and not self._files:
            raise self._late
        if not clips and not mastered:
            return await self._told_of(self._replay.revision, "", unfinished=False)
        made = {"mastered": mastered, "clips": clips}
        return await self._sign(why=tuple(why for why in made if made[why]), unfinished=False)

    async def clear(self) -> None:
        """Delete what this revision replaced, and of the draft what was erased."""
        await destroying.forget_words(self._space, shop=self._shop)
        below = layout.version_folder("", self._version) if self._version else None
        keep = below.removeprefix(layout.folder("")) if below else ""
        names = await self._shop.names()
        old = [name for name in names if name.startswith("versions/")]
        await self._shop.drop(name for name in old if not keep or not name.startswith(keep))

    @property
    def _below(self) -> str:
        """What stands in front of the names of the version's files."""
        return f"versions/{self._version}/" if self._version else ""

    async def _sound(self) -> None:
        """The files of the next version, from those of the original."""
        names = [name for name in await self._shop.names() if name.startswith(_ORIGINAL)]
        source = await self._shop.fetch(names, "original")
        if self._wished.erased:
            source = await self._original(source, names)
        folder = self._shop.place("version")
        order = work.Rebuild(
            space=self._space.id,
            source=str(source),
            folder=str(folder),
            slots=self._replay.slots,
            kept=self._cuts.kept,
            silenced=self._cuts.silenced,
            said=await self._said(),
        )
        await self._do(order, "sound")
        # An attempt that failed may have left files that are not to be there any more.
        stored = await self._shop.names()
        await self._shop.drop(name for name in stored if name.startswith(self._below))
        self._store(await self._shop.keep_all(folder, below=self._below))
        told = json.loads((folder / "waveform.json").read_bytes())["loudness"]
        self._loudness = Loudness(**told)

    async def _original(self, source: Path, names: list[str]) -> Path:
        """The original without what was erased: on its own clock, so that every other time that
        is known of it stays true. It takes the place of the one before."""
        whole, quiet, without = (0, self._replay.slots), [], []
        for one in self._replay.erasures:
            span = widened(one.from_ms, one.to_ms)
            if one.seat:
                without.append(work.Without(one.seat, *span))
            else:
                quiet.append(span)
        folder = self._shop.place("erased")
        order = work.Rebuild(
            space=self._space.id,
            source=str(source),
            folder=str(folder),
            slots=self._replay.slots,
            kept=(whole,),
            silenced=tuple(quiet),
            without=tuple(without),
            reel=True,
            said=await self._said(),
        )
        await self._do(order, "original")
        self._store(await self._shop.keep_all(folder))
        # Who is heard nowhere any more has no track any more.
        await self._drop(name for name in names if not (folder / name).exists())
        return folder

    async def _destroy(self) -> None:
        """What was erased goes everywhere else."""
        data = await self._shop.whole("reel.json")
        slots = [
            slot
            for one in self._replay.erasures
            if one.id in self._wished.erased
            for slot in range(*widened(one.from_ms, one.to_ms))
        ]
        numbers = destroying.numbers_of(reel.decode(data), slots) if data else frozenset()
        self._gone |= set(
            await destroying.destroy(
                self._space, shop=self._shop, log=self._source, numbers=numbers
            )
        )

    async def _words(self) -> None:
        data = await self._shop.whole(destroying.DRAFT)
        if data is None:
            return
        # Seconds of work on a long day, in which others record.
        forms = await asyncio.to_thread(self._written, transcript.decode(data))
        for name, form in zip(_WORDS, forms, strict=True):
            self._store([await self._shop.keep(self._below + name, form)])

    def _written(self, whole: Transcript) -> tuple[bytes, ...]:
        """The published forms of a draft. It may be younger than an erasure: whoever heard the
        words may have begun before it."""
        draft = erased(whole, self._replay.erasures)
        left = {cue.id: cue for cue in draft.cues}
        gone = frozenset(cue.id for cue in whole.cues if left.get(cue.id) != cue)
        self._redacted = tuple(cue.id for cue in whole.cues if cue.id in gone)
        corrections = [one for one in self._wished.corrections if one.cue not in gone]
        said = published(draft, corrections, self._cuts, slots=self._replay.slots)
        return (
            transcript.encode(said),
            webvtt.write(said).encode(),
            transcript.plain(said).encode(),
        )

    async def _clips(self, *, missing: bool = False) -> None:
        """Make the clips that are wished, and those that what changed has changed; or those that
        are `missing`. One that cannot be made holds up nothing else, an erasure least of all: it is
        tried again with what nobody waits for."""
        plans = clip_plan.plan(self._space, self._cuts, listen=self._address)
        names = await self._shop.names()
        shapes = {one.id: self._replay.clips[one.id].shapes for one in plans}
        gone = [name for name in names if name.startswith("clips/") and not _wanted(name, shapes)]
        await self._drop(gone)
        again = self._wished.sound or self._wished.words
        wanted = [one for one in plans if again or one.id in self._wished.clips]
        if missing:
            wanted = [one for one in plans if f"clips/{one.id}/clip.json" not in names]
        if not wanted:
            return
        source = await self._published()
        for plan in wanted:
            try:
                await self._clip(plan, source)
            except work.WorkFailed as error:
                log.error("space %s: clip %s: %s", self._space.id, plan.id, error)
                self._late = error
                # What there was of it was made of what may be gone.
                await self._drop(name for name in names if name.startswith(f"clips/{plan.id}/"))

    async def _clip(self, plan: ClipPlan, source: Path) -> None:
        folder = self._shop.place(f"clips/{plan.id}")
        shapes = self._replay.clips[plan.id].shapes
        order = work.MakeClip(plan=plan, shapes=shapes, source=str(source), folder=str(folder))
        await self._do(order, "clip")
        self._store(await self._shop.keep_all(folder, below=f"clips/{plan.id}/"))

    async def _published(self) -> Path:
        """The files of the version that will be published, as clips are made of them."""
        names = (
            *("replay.m4a", "replay.opus", "waveform.json", "timeline.json", "chapters.json"),
            *_WORDS,
        )
        folder = await self._shop.fetch(
            [self._below + name for name in names], "published", below=self._below
        )
        if self._space.picture:
            picture = await self._shop.picture(self._space.picture, "square")
            if picture:
                await asyncio.to_thread((folder / "picture.webp").write_bytes, picture)
        return folder

    async def _master(self) -> bool:
        """Make the mastered version; whether there is one."""
        source = await self._published()
        target = self._shop.place("master") / MASTER
        order = work.Master(
            source=str(source / "replay.m4a"),
            target=str(target),
            duration_ms=self._cuts.duration_ms,
            said=await self._said(source / "chapters.json"),
        )
        await self._do(order, "master")
        if not target.exists():
            return False
        self._store([await self._shop.keep(self._below + MASTER, target)])
        return True

    async def _said(self, chapters: Path | None = None) -> work.Said:
        """What the files say of themselves, with the host's chapters or those in a file."""
        space = self._space
        picture = ""
        if space.picture:
            data = await self._shop.picture(space.picture, "square")
            path = self._shop.place("said") / "picture.jpg"
            made = await asyncio.to_thread(jpeg, data) if data else b""
            if made:
                await asyncio.to_thread(path.write_bytes, made)
                picture = str(path)
        headings: tuple[tuple[int, str], ...] | None = None
        if chapters is not None and chapters.exists():
            told = json.loads(chapters.read_bytes())["chapters"]
            headings = tuple((round(one["startTime"] * 1000), one["title"]) for one in told)
        elif chapters is None and self._replay.chapters is not None:
            headings = tuple((one.at_ms, one.title) for one in self._replay.chapters)
        return work.Said(
            title=space.title,
            artist=space.host,
            date=day(space.live_at_ms),
            address=f"{self._address}/s/{space.id}",
            description=space.description,
            picture=picture,
            chapters=headings,
        )

    async def _drop(self, names: Iterable[str]) -> None:
        gone = list(names)
        await self._shop.drop(gone)
        self._gone.update(gone)

    def _store(self, files: list[StoredFile]) -> None:
        self._files |= {file.name: file for file in files}

    async def _do(self, order: work.Work, part: str) -> None:
        """Have heavy work done, and tell how far it is."""
        loop = asyncio.get_running_loop()
        telling: set[asyncio.Task[None]] = set()

        def progress(done: float) -> None:
            now = time.monotonic()
            if done < 1 and now - self._told < limits.WORK_TOLD_S:
                return
            self._told = now
            told = msgspec.json.encode({"part": part, "done": round(done, 3)})
            task = loop.create_task(self._live.publish(subjects.work(self._space.id), told))
            telling.add(task)
            task.add_done_callback(telling.discard)

        progress(0.0)
        await work.done(order, folder=self._shop.place("orders"), progress=progress)

    async def _sign(self, *, why: tuple[str, ...], unfinished: bool) -> Revise:
        """Revise the receipt, store it, and return what is to be said."""
        newest = await self._shop.newest_receipt()
        changed = changes(
            json.loads(newest)["receipt"],
            self._space,
            through=self._wished.through,
            version=self._version,
            files=self._files,
            gone=self._gone,
            loudness=self._loudness,
        )
        signed, number = receipt.revise(
            newest,
            changes=changed,
            why=why,
            private_pem=self._keys.receipt_private(),
            at_ms=time.time_ns() // 1_000_000,
        )
        await self._shop.keep(f"receipts/{number}.json", signed)
        await self._shop.keep("receipt.json", signed)
        return await self._told_of(
            number, hashlib.sha256(signed).hexdigest(), unfinished=unfinished
        )

    async def _told_of(self, number: int, sha256: str, *, unfinished: bool) -> Revise:
        """What is to be said once receipt `number` is the newest; no hash: it was before."""
        return Revise(
            by=BY,
            number=number,
            sha256=sha256,
            version=self._version,
            through=self._wished.through,
            recording_seconds=self._cuts.duration_ms / 1000,
            kept_bytes=await self._shop.bytes_kept(),
            unfinished=unfinished or self._late is not None,
            failed=FAILED if self._late is not None else "",
            redacted=self._redacted,
        )


def _wanted(name: str, shapes: Mapping[str, Collection[str]]) -> bool:
    """Whether a file of a clip is to be there; `shapes` are those of each clip's videos."""
    _, clip, file = name.split("/", 2)
    shape = file.removeprefix("video-").removesuffix(".mp4")
    return clip in shapes and (shape == file or shape in shapes[clip])
