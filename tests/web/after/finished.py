"""A finished recording: decided in a real log, its files in the store, told of as the archive does.

Forty seconds, 125 slots. Two people speak in turn, each on a tone of their own.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import httpx
import numpy as np

from hustings.log.propose import Proposals
from hustings.space import Space
from hustings.space.command import Command, Post
from hustings.space.replay_command import NoteTranscript, Revise
from hustings.store import layout
from tests.servers import connected
from tests.web.running import Running, make_space

SLOTS: Final = 125
LASTS_MS: Final = SLOTS * 320
TITLE: Final = "Who owns the river?"
WORDS: Final = (
    "Good evening, and welcome to the river talk.",
    "I lived two streets from the old bridge.",
    "Why was there no second gorge?",
    "Because a gauge costs money.",
    "Let us come to the question of who pays.",
    "The valley pays twice: once in taxes, and once in silence.",
    "And yet the café by the bridge is open again.",
    "Thank you all for listening, and good night.",
)
_EACH_MS: Final = LASTS_MS // len(WORDS)


@dataclass(frozen=True, slots=True)
class Finished:
    """A posted space: who runs it, its speakers' seats, and the archive's hand."""

    web: Running
    host: httpx.AsyncClient
    cohost: httpx.AsyncClient
    id: str
    seats: dict[str, str]
    archive: Proposals

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.web.folder / "store"

    async def does(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The host calls the API below the recording."""
        address = f"/api/spaces/{self.id}/recording{path}"
        answer = await self.host.request(method, address, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def decided(self, command: Command) -> Space:
        """Something that the platform decides."""
        now_ms = time.time_ns() // 1_000_000
        result = await self.archive.propose(self.id, command, now_ms=now_ms)
        assert isinstance(result, Space), result
        return result

    async def state(self) -> Space:
        """The space as it is decided."""
        found = await self.archive.state(self.id)
        assert found is not None
        return found

    async def carries_out(self, *, version: int | None = None, failed: str = "") -> Space:
        """The archive has done everything that was asked for."""
        replay = (await self.state()).replay
        made = Revise(
            by="archive",
            number=replay.revision + 1,
            sha256="cd" * 32,
            version=replay.version if version is None else version,
            through=replay.asked,
            recording_seconds=replay.cuts(replay.asked).duration_ms / 1000,
            kept_bytes=1_000_000,
            failed=failed,
        )
        return await self.decided(made)

    def put(self, path: str, data: bytes) -> None:
        """Store a file."""
        place = self.store / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def transcript(
        self,
        *,
        version: int = 0,
        cues: list[dict[str, Any]] | None = None,
        draft: list[dict[str, Any]] | None = None,
    ) -> None:
        """Store a transcript and its draft."""
        document = {
            "version": 1,
            "language": "en",
            "engine": "by hand",
            "seats": {seat: name for name, seat in self.seats.items()},
            "cues": self.cues if cues is None else cues,
        }
        data = json.dumps(document).encode()
        self.put(layout.transcript(self.id, "json", version), data)
        self.put(layout.transcript(self.id, "txt", version), "\n".join(WORDS).encode())
        self.put(
            layout.transcript_draft(self.id), json.dumps(document | {"cues": self.cues}).encode()
        )

    @property
    def cues(self) -> list[dict[str, Any]]:
        """What was said: the two take turns."""
        who = list(self.seats.values())
        return [
            {
                "id": f"c{number + 1}",
                "at_ms": number * _EACH_MS,
                "end_ms": (number + 1) * _EACH_MS - 400,
                "seat": who[number % len(who)],
                "text": text,
                "words": [],
            }
            for number, text in enumerate(WORDS)
        ]


@asynccontextmanager
async def finished(
    web: Running, *, transcript: bool = True, **fields: Any
) -> AsyncIterator[Finished]:
    """A recording that was just posted."""
    engines = web.engines
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(web.host())
        archive = connected("archive", engines.live, engines.log, engines.passwords)
        log, live = await stack.enter_async_context(archive)
        made = await make_space(host, **{"title": TITLE, **fields})
        space = made["id"]
        cohost, jonas = await stack.enter_async_context(
            web.speaker(host, space, name="Jonas Weber", role="cohost")
        )
        amara = (
            await host.post(f"/api/spaces/{space}/seats", json={"name": "Amara Okafor"})
        ).json()
        seats = {"Amara Okafor": amara["seat"], "Jonas Weber": jonas}
        for verb in ("doors", "live", "end"):
            assert (await host.post(f"/api/spaces/{space}/{verb}")).is_success
        found = Finished(web, host, cohost, space, seats, Proposals(log, live))
        _store(found)
        await found.decided(
            Post(by="system", recording_seconds=LASTS_MS / 1000, receipt_sha256="ab" * 32)
        )
        if transcript:
            found.transcript()
            await found.decided(
                NoteTranscript(by="system", sha256="ef" * 32, engine="by hand", language="en")
            )
            await found.carries_out()
        yield found


def _store(space: Finished) -> None:
    """The files that the archive makes of every recording."""
    space.put(layout.replay_aac(space.id), _sound())
    seats = [{"id": seat, "name": name, "role": "speaker"} for name, seat in space.seats.items()]
    spoke = [
        {"type": "spoke", "seat": one["seat"], "at_ms": one["at_ms"], "end_ms": one["end_ms"]}
        for one in space.cues
    ]
    timeline = {"version": 1, "space": space.id, "title": TITLE, "duration_ms": LASTS_MS,
                "seats": seats, "chapters": [], "events": spoke}  # fmt: skip
    space.put(layout.timeline(space.id), json.dumps(timeline).encode())
    swell = np.abs(np.sin(np.arange(SLOTS) / 5)) * 180 + 40 * np.cos(np.arange(SLOTS) / 1.7)
    waveform = {"version": 1, "step_ms": 320, "peaks": [int(p) for p in np.clip(swell, 0, 255)]}
    space.put(layout.waveform(space.id), json.dumps(waveform).encode())
    chapters = {"version": "1.2.0", "chapters": [
        {"startTime": 0, "title": "Part 1"}, {"startTime": 20.48, "title": "Amara Okafor"},
    ]}  # fmt: skip
    space.put(layout.chapters(space.id), json.dumps(chapters).encode())
    space.put(layout.receipt(space.id), b'{"receipt":{}}')


def _sound() -> bytes:
    """AAC in MP4: each sentence a tone."""
    samples = np.arange(48 * LASTS_MS)
    pitch = np.where((samples // (48 * _EACH_MS)) % 2, 330.0, 220.0)
    tone = (0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / 48_000)).astype(np.float32)
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return held.getvalue()
