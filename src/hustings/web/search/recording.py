"""What a published recording says about itself: its files in the store, read for feeds and search.

Files that are missing are ordinary: a transcript comes later than the sound, or never. One that
cannot be read says so in the studio's log and counts as missing.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Final

import msgspec

from hustings import limits
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.web.catalogue import Listed
from hustings.web.database import storable
from hustings.web.feeds.episodes import Facts, Speaker
from hustings.web.search.index import Part, Sentence

log = logging.getLogger("hustings.web")

_RECEIPT_BYTES: Final = 16 * 1024**2
_HOSTS: Final = frozenset({"host", "cohost"})


class _Cue(msgspec.Struct):
    id: str
    at_ms: int
    end_ms: int
    seat: str
    text: str


class _Transcript(msgspec.Struct):
    language: str = ""
    seats: dict[str, str] = {}
    cues: list[_Cue] = []


async def read(objects: Objects, row: Listed) -> tuple[Facts | None, list[Sentence]]:
    """The facts and the sentences of a space's recording. Raises `StoreError`."""
    version = row.version
    length = await objects.size(layout.replay_aac(row.id, version))
    if not length:
        return None, []
    receipt = _loaded(await _whole(objects, layout.receipt(row.id), _RECEIPT_BYTES), row.id)
    timeline = _loaded(
        await _whole(objects, layout.timeline(row.id, version), _RECEIPT_BYTES), row.id
    )
    transcript = await _transcript(objects, row)
    facts = Facts(
        length=length,
        seconds=row.recording_seconds or 0.0,
        speakers=_speakers(receipt, timeline),
        chapters=bool(await objects.size(layout.chapters(row.id, version))),
        transcript=None if transcript is None else transcript.language,
    )
    return facts, _sentences(transcript) if transcript else []


async def _transcript(objects: Objects, row: Listed) -> _Transcript | None:
    path = layout.transcript(row.id, "json", row.version)
    data = await _whole(objects, path, limits.TRANSCRIPT_BYTES)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=_Transcript)
    except msgspec.MsgspecError as error:
        log.warning("%s cannot be read: %s", path, error)
        return None


def _sentences(transcript: _Transcript) -> list[Sentence]:
    """Its sentences, each as long as can be kept."""
    found = (
        Sentence(
            part=Part.SAID,
            text=" ".join(cue.text[: limits.SENTENCE_FOUND_CHARS].split()),
            cue=cue.id[: limits.CUE_ID_CHARS],
            at_ms=max(0, cue.at_ms),
            end_ms=max(0, cue.at_ms, cue.end_ms),
            who=transcript.seats.get(cue.seat, "")[: limits.NAME_CHARS],
        )
        for cue in transcript.cues[: limits.CUES_COUNT]
    )
    return [
        one for one in found if one.text and storable(one.text + one.cue + one.who) and
        storable(one.end_ms)
    ]  # fmt: skip


def _speakers(receipt: dict[str, Any], timeline: dict[str, Any]) -> tuple[Speaker, ...]:
    """Who was heard, hosts first; somebody who had two seats is one person."""
    try:
        roles = {str(seat["id"]): str(seat["role"]) for seat in timeline.get("seats", [])}
        heard = {
            str(seat["name"]): roles.get(str(seat["id"])) in _HOSTS
            for seat in receipt["receipt"]["seats"]
            if seat["talk_ms"] > 0
        }
    except (KeyError, TypeError, AttributeError):
        return ()
    ordered = sorted(heard.items(), key=lambda one: not one[1])
    return tuple(Speaker(name, host) for name, host in ordered)


def _loaded(data: bytes | None, space: str) -> dict[str, Any]:
    try:
        made = json.loads(data) if data else {}
    except (ValueError, RecursionError) as error:
        log.warning("space %s: a file of its recording cannot be read: %s", space, error)
        return {}
    return made if isinstance(made, dict) else {}


async def _whole(objects: Objects, path: str, most: int) -> bytes | None:
    """An object of at most so many bytes; None if it is absent or larger."""
    size = await objects.size(path)
    if not size:
        return None
    if size > most:
        log.warning("%s has %d bytes and is not read", path, size)
        return None
    return await objects.get(path, 0, size)
