"""A conversation that was recorded by the real archive, and a real edge that serves its replay.

Three people speak in turn, by espeak-ng; what each says, and when, is known to the sample, so a
transcript stands beside it as the archive makes one of what the captions' engine has heard. A hold,
a gap, a silence, chat, a question, a poll and a pin are in it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hustings import talk
from hustings.clock import CHUNK_SAMPLES
from hustings.config import Settings
from hustings.log.subjects import Kind
from hustings.space import Role
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.script import SPACE, WALL_MS, Script, Sound, Speaker
from tests.edge.archives import archive
from tests.edge.house import House, house
from tests.tones import decode_file

TITLE: Final = "What the river took, and who pays to give it back"
DESCRIPTION: Final = (
    "Two neighbours of the Ahr valley on the flood and the five years since.\n\n"
    "Bring a question: the second half belongs to those who listen."
)
SEATS: Final = {"ada": "Ada Obi", "ben": "Ben Calloway-Ferreira", "chi": "Chiara Ricci"}
_VOICES: Final = {"ada": "en-gb+f3", "ben": "en-us+m3", "chi": "en-gb-scotland+f1"}
SPOKEN: Final = (
    ("ada", "Good evening, and welcome to the river talk."),
    ("ada", "Tonight we speak about the flood, and about what came after it."),
    ("ben", "Thank you. I lived two streets from the old bridge."),
    ("ben", "At nine in the evening the water stood in my kitchen."),
    ("ben", "By midnight it had taken the bridge, the school and the mill."),
    ("chi", "I was the engineer on duty that night."),
    ("chi", "Our gauge failed at eleven, so nobody knew how high it was."),
    ("ada", "Why was there no second gauge?"),
    ("chi", "Because a gauge costs money, and a flood is always next year."),
    ("ben", "The insurance paid for the house, but never for the garden."),
    ("ada", "Let us come to the question of who pays."),
    ("chi", "The valley pays twice: once in taxes, and once in silence."),
    ("ben", "And yet the café by the bridge is open again."),
    ("ada", "Thank you all for listening, and good night."),
)
# Who wrote what, and when on the replay's clock, in milliseconds.
WRITTEN: Final = (
    ("p1", "Mina", "The water stood at our door, too.", 9_000),
    ("p2", "Jonas Weber", "Which bridge was it? The old one?", 14_500),
    ("p3", "Ruth", "مرحبا بالجميع", 22_000),
    ("p1", "Mina", "There are photographs in the town hall.", 31_000),
    ("p4", "Tom", "Good question!", 44_000),
    ("p2", "Jonas Weber", "The café has the best cake in the valley.", 56_000),
)
ASKED_MS: Final = 30_000
_PAUSE_CHUNKS: Final = 2
_SILENCE_CHUNKS: Final = 14  # once, in the middle: 4.5 s
_GAP_CHUNKS: Final = 4


@dataclass
class Recorded:
    """What was said, on the replay's clock, in milliseconds."""

    house: House
    page: str
    cues: list[dict[str, Any]]
    silence_ms: tuple[int, int]
    gap_ms: tuple[int, int]
    objects: Objects

    @property
    def origin(self) -> str:
        return self.page.split("/s/")[0]

    async def revise(self, number: int, *why: str) -> None:
        """A new receipt has been stored, as the archive says."""
        await self.house.event(
            r.Revised(
                at_ms=9, by="archive", number=number, sha256=f"{number:064x}", version=0,
                through=0, recording_seconds=self.cues[-1]["end_ms"] / 1000, kept_bytes=1,
            )
        )  # fmt: skip


def spoken(seat: str, text: str, folder: Path) -> Sound:
    """A sentence by espeak-ng, filled up to whole chunks."""
    raw, path = folder / "raw.wav", folder / "said.wav"
    said = ["espeak-ng", "-v", _VOICES[seat], "-s", "165", "-w", str(raw), text]
    subprocess.run(said, check=True)
    sound = decode_file(raw) if raw != path else np.zeros(0, np.float32)
    level = float(np.max(np.abs(sound))) or 1.0
    count = -(-len(sound) // CHUNK_SAMPLES) * CHUNK_SAMPLES
    made = np.zeros(count, np.float32)
    made[: len(sound)] = sound * (0.5 / level)
    return made


class Evening:
    """The script of the conversation, and what is known about it. `rounds` makes it longer."""

    def __init__(self, folder: Path, *, rounds: int = 1) -> None:
        self.script = Script(wall_ms=WALL_MS)
        self.cues: list[dict[str, Any]] = []
        self.silence_ms = self.gap_ms = (0, 0)
        self._live = 0  # chunks on air so far
        self._speakers = {seat: Speaker(seat) for seat in SEATS}
        self._sounds: dict[tuple[str, str], Sound] = {}
        self._folder = folder
        self._open()
        for number in range(rounds):
            for place, (seat, text) in enumerate(SPOKEN):
                self._say(seat, text)
                if number == 0 and place == 6:
                    self._between()
        self.script.end()

    def _open(self) -> None:
        script = self.script
        at = script.wall_ms
        script.event(
            e.Scheduled(
                at_ms=at, by="account1", title=TITLE, host="Ada Obi", description=DESCRIPTION,
                language="en", starts_at_ms=at,
            )
        )  # fmt: skip
        for seat, name in SEATS.items():
            role = Role.HOST if seat == "ada" else Role.SPEAKER
            granted = e.SeatGranted(at_ms=at, by="account1", seat=seat, name=name, role=role)
            script.event(granted, e.SeatJoined(at_ms=at, seat=seat, join=0, n=script.n))
        script.event(e.DoorsOpened(at_ms=at, by="timer"))
        script.hold(3)
        script.go_live()

    def _say(self, seat: str, text: str) -> None:
        script = self.script
        key = seat, text
        if key not in self._sounds:
            self._sounds[key] = spoken(seat, text, self._folder)
        sound = self._sounds[key]
        begin = self._live
        script.event(e.Spoke(at_ms=script.wall_ms, seat=seat, speaking=True, n=script.n))
        at = script.n * CHUNK_SAMPLES
        script.stems(self._speakers[seat].speak(sound, at=at))
        self._on_air(sound)
        script.event(e.Spoke(at_ms=script.wall_ms, seat=seat, speaking=False, n=script.n))
        for other, speaker in self._speakers.items():
            if other != seat:
                speaker.skip(len(sound))
        self._cue(seat, text, begin * 320, self._live * 320 - 200)
        self._on_air(np.zeros(_PAUSE_CHUNKS * CHUNK_SAMPLES, np.float32))

    def _cue(self, seat: str, text: str, at_ms: int, end_ms: int) -> None:
        parts = text.split()
        letters = sum(map(len, parts))
        words, now = [], float(at_ms)
        for part in parts:
            length = (end_ms - at_ms) * len(part) / letters
            words.append([round(now), round(now + length), part])
            now += length
        self.cues.append(
            {"id": f"c{len(self.cues) + 1}", "at_ms": at_ms, "end_ms": end_ms, "seat": seat,
             "text": text, "words": words}
        )  # fmt: skip

    def _on_air(self, sound: Sound) -> None:
        self.script.live(sound)
        self._live += len(sound) // CHUNK_SAMPLES

    def _between(self) -> None:
        """A silence, a gap and a hold, one after the other."""
        script = self.script
        begin = self._live
        self._on_air(np.zeros(_SILENCE_CHUNKS * CHUNK_SAMPLES, np.float32))
        self.silence_ms = (begin * 320, self._live * 320)
        self.gap_ms = (self._live * 320, (self._live + _GAP_CHUNKS) * 320)
        script.take("takeover", _GAP_CHUNKS)
        self._live += _GAP_CHUNKS
        script.go_off("The kettle boils.")
        script.hold(5)
        script.resume()


def _transcript(evening: Evening) -> dict[str, Any]:
    return {
        "version": 1, "language": "en", "engine": "by hand", "seats": SEATS, "cues": evening.cues,
    }  # fmt: skip


def transcript_of(evening: Recorded, count: int) -> dict[str, Any]:
    """A transcript of so many sentences."""
    step = evening.cues[-1]["end_ms"] / count
    cues = [
        {"id": f"c{n}", "at_ms": int(n * step), "end_ms": int((n + 1) * step),
         "seat": list(SEATS)[n // 7 % 3], "text": f"Sentence number {n} is said.", "words": []}
        for n in range(count)
    ]  # fmt: skip
    return {"version": 1, "language": "en", "engine": "by hand", "seats": SEATS, "cues": cues}


def _vtt(evening: Evening) -> str:
    def at(ms: int) -> str:
        return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"

    cues = [
        f"{at(one['at_ms'])} --> {at(one['end_ms'])}\n<v {SEATS[one['seat']]}>{one['text']}"
        for one in evening.cues
    ]
    return "\n\n".join(["WEBVTT", *cues, ""])


async def store_transcript(objects: Objects, evening: Evening) -> None:
    """What the archive makes of what an engine has heard."""
    document = json.dumps(_transcript(evening)).encode()
    await objects.put(layout.transcript(SPACE), document)
    await objects.put(layout.transcript(SPACE, "vtt"), _vtt(evening).encode())
    text = "\n".join(f"{SEATS[one['seat']]}: {one['text']}" for one in evening.cues)
    await objects.put(layout.transcript(SPACE, "txt"), text.encode())


async def _crowd(h: House) -> None:
    """What the audience wrote while it was live."""
    pieces: list[talk.Piece] = [
        talk.Said(id=f"m{i}", person=who, name=name, text=text, role="", at_ms=WALL_MS + 960 + at)
        for i, (who, name, text, at) in enumerate(WRITTEN)
    ]
    asked = talk.Asked(
        id="q1",
        person="p2",
        name="Jonas Weber",
        text="Who owns the river?",
        at_ms=WALL_MS + ASKED_MS,
    )
    log = h.web[0]
    for i, batch in enumerate([pieces[:3], [*pieces[3:], asked]]):
        await log.append(SPACE, Kind.TALK, talk.encode(batch), message_id=f"talk-{i}")


async def _time_talk(objects: Objects) -> None:
    """The evening was fed to the log in a moment: what was written then is put where it belongs."""
    data = await objects.whole(layout.talk(SPACE))
    assert data is not None, "the archive keeps what was written"
    kept = json.loads(data)
    for one, (_, _, _, at_ms) in zip(kept["chat"], WRITTEN, strict=True):
        one["replay_ms"] = at_ms
    kept["questions"][0]["replay_ms"] = ASKED_MS
    await objects.put(layout.talk(SPACE), json.dumps(kept).encode())


@asynccontextmanager
async def recorded(
    folder: Path, *, rounds: int = 1, transcript: bool = True
) -> AsyncIterator[Recorded]:
    """The replay, posted, and an edge that serves it."""
    evening = await asyncio.to_thread(Evening, folder, rounds=rounds)
    async with house(folder / "house", edge=False) as h:
        data = h.folder / "archive"
        await h.web[0].create(SPACE)
        for number, entry in enumerate(evening.script.entries):
            log = h.web[0] if entry.kind is Kind.EV else h.stage[0]
            await log.append(SPACE, entry.kind, entry.data, message_id=f"{entry.kind}-{number}")
        await _crowd(h)
        objects = Objects.open(Settings(data=str(data)))
        async with archive(h):
            async with asyncio.timeout(30):
                while await objects.size(layout.receipt(SPACE)) is None:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.5)  # the space is posted after its receipt
        await _time_talk(objects)
        if transcript:
            await store_transcript(objects, evening)
        edge = await h.start_edge(data=str(data), listen_url="", studio_url="")
        page = f"http://127.0.0.1:{edge.port}/s/{SPACE}"
        made = Recorded(h, page, evening.cues, evening.silence_ms, evening.gap_ms, objects)
        h.space = SPACE
        h.count = 10_000
        yield made
