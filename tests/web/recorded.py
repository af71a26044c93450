"""Recordings for studios of tests: files in the store, and the archive's word for them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hustings.log.follow import read_state
from hustings.log.propose import Proposals
from hustings.space import Command, Space
from hustings.space.command import Post
from hustings.space.replay_command import Expire, NoteTranscript, Revise, WarnOfExpiry
from hustings.store import layout
from tests.servers import connected
from tests.web.running import Running


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence of a transcript."""

    at_ms: int
    text: str
    seat: str = "ada"


SEATS = {"ada": "Ada & Co", "bela": "Béla"}


async def decide(web: Running, space: str, *commands: Command) -> Space:
    """Have the archive say something about a space."""
    servers = web.engines
    async with connected("archive", servers.live, servers.log, servers.passwords) as (log, live):
        result: object = None
        for command in commands:
            now_ms = time.time_ns() // 1_000_000
            result = await Proposals(log, live).propose(space, command, now_ms=now_ms)
            assert isinstance(result, Space), result
        assert isinstance(result, Space)
        return result


def store(web: Running, path: str, data: bytes) -> None:
    """Put a file into the studio's store."""
    place = web.folder / "store" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def recording(web: Running, space: str, *, length: int, version: int = 0) -> str:
    """The files of a recording; the hash of its receipt."""
    store(web, layout.replay_aac(space, version), bytes(length))
    store(web, layout.chapters(space, version), b'{"version":"1.2.0","chapters":[]}')
    timeline = {
        "seats": [
            {"id": "ada", "name": SEATS["ada"], "role": "host"},
            {"id": "bela", "name": SEATS["bela"], "role": "speaker"},
            {"id": "mute", "name": "Never heard", "role": "speaker"},
        ]
    }
    store(web, layout.timeline(space, version), json.dumps(timeline).encode())
    seats = [
        {"id": "bela", "name": SEATS["bela"], "talk_ms": 320},
        {"id": "ada", "name": SEATS["ada"], "talk_ms": 9600},
        {"id": "mute", "name": "Never heard", "talk_ms": 0},
    ]
    receipt = {"receipt": {"version": 1, "seats": seats, "files": [], "length": length}}
    data = json.dumps(receipt).encode()
    store(web, layout.receipt(space), data)
    return hashlib.sha256(data).hexdigest()


def transcript(
    web: Running,
    space: str,
    sentences: Sequence[Spoken],
    *,
    version: int = 0,
    language: str = "en",
) -> None:
    """What was said, as the archive stores it."""
    cues = [
        {
            "id": f"c{number}",
            "at_ms": one.at_ms,
            "end_ms": one.at_ms + 2000,
            "seat": one.seat,
            "text": one.text,
            "words": [[one.at_ms, one.at_ms + 300, "word"]],
        }
        for number, one in enumerate(sentences, 1)
    ]
    made = {"version": 1, "language": language, "engine": "x", "seats": SEATS, "cues": cues}
    store(web, layout.transcript(space, "json", version), json.dumps(made).encode())


async def post(web: Running, space: str, *, length: int = 1000) -> Space:
    """Post the recording of a space that has ended."""
    sha256 = recording(web, space, length=length)
    return await decide(
        web, space, Post(by="system", recording_seconds=3725.12, receipt_sha256=sha256)
    )


async def revise(
    web: Running, space: str, *, length: int, version: int = 0, seconds: float = 3725.12
) -> Space:
    """Publish another version of the recording, or of what belongs to it."""
    servers = web.engines
    async with connected("archive", servers.live, servers.log, servers.passwords) as (log, _):
        before, _seq = await read_state(log, space)
        assert before is not None
    sha256 = recording(web, space, length=length, version=version)
    done = Revise(
        by="system",
        number=before.replay.revision + 1,
        sha256=sha256,
        version=version,
        through=before.replay.asked,
        recording_seconds=seconds,
        kept_bytes=length,
    )
    return await decide(web, space, done)


async def transcribe(
    web: Running, space: str, sentences: Sequence[Spoken], *, length: int = 1000
) -> Space:
    """Post what was said."""
    transcript(web, space, sentences)
    note = NoteTranscript(by="system", sha256="ab" * 32, engine="x", language="en")
    await decide(web, space, note)
    return await revise(web, space, length=length)


async def expire(web: Running, space: str) -> Space:
    """Delete the recording, because its time is over."""
    for path in (web.folder / "store" / layout.folder(space)).rglob("*"):
        if path.is_file():
            path.unlink()
    over_ms = time.time_ns() // 1_000_000 + 1
    warning = WarnOfExpiry(by="system", expires_at_ms=over_ms)
    return await decide(web, space, warning, Expire(by="system"))
