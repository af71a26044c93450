"""The files of a recording, for those who run its space: what is published, and how it was first.

They are read from the store; players ask for pieces of them (RFC 9110, section 14).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response, StreamingResponse

from hustings import limits
from hustings.errors import StoreError
from hustings.space import Status
from hustings.store import layout
from hustings.web.problem import Problem
from hustings.web.room.bodies import WordId
from hustings.web.standing import CurrentStudio, Host, Standing
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD})
NONE: Final = "There is no recording of this space yet."
AWAY: Final = "The recordings cannot be reached right now. Try again in a moment."
GONE: Final = "The recording was deleted, because its time was over."
_OWNER: Final = "Only the space's host has the original."
_NO_FILE: Final = "There is no such file."
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


def _transcript(form: str, space: str, version: int) -> str:
    return layout.transcript(space, form, version)


_KINDS: Final = {
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "opus": "audio/ogg",
    "json": "application/json",
    "vtt": "text/vtt",
    "txt": "text/plain; charset=utf-8",
    "wav": "audio/wav",
    "webp": "image/webp",
}
_SOUND: Final = {"replay.m4a": layout.replay_aac, "replay.opus": layout.replay_opus}
_FILES: Final[dict[str, Callable[[str, int], str]]] = {
    **_SOUND,
    "master.m4a": layout.master,
    "timeline.json": layout.timeline,
    "chapters.json": layout.chapters,
    "waveform.json": layout.waveform,
    **{f"transcript.{form}": partial(_transcript, form) for form in ("json", "vtt", "txt")},
}
_FACTS_BYTES: Final = 64 * 1024**2  # of what is read whole: the transcript of a long day

Name = Annotated[str, Path(pattern=r"^[a-z]{1,20}\.(m4a|opus|json|vtt|txt)$")]
ClipFile = Annotated[str, Path(pattern=r"^(audio\.m4a|card\.webp|video-(square|wide|tall)\.mp4)$")]
StemFile = Annotated[str, Path(pattern=r"^[a-z0-9]{1,16}\.opus$")]


@router.get("/s/{space_id}/recording.m4a")
async def recording(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """The recording as it is published, or will be."""
    over(asker)
    path = layout.replay_aac(asker.space.id, asker.space.version)
    return await served(request, studio, path)


@router.get("/s/{space_id}/recording/{name}")
async def file(request: Request, asker: Host, studio: CurrentStudio, name: Name) -> Response:
    """A file of the published version."""
    over(asker)
    path = _path(_FILES, asker.space.id, name, asker.space.version)
    return await served(request, studio, path)


@router.get("/s/{space_id}/original/{name}")
async def original(request: Request, asker: Host, studio: CurrentStudio, name: Name) -> Response:
    """The recording as it was first, whatever was cut out of it since."""
    _owned(asker)
    path = _path(_SOUND, asker.space.id, name, 0)
    return await served(request, studio, path, called=f"{asker.space.title}.{_kind(name)}")


@router.get("/s/{space_id}/original/stems/{name}")
async def stem(request: Request, asker: Host, studio: CurrentStudio, name: StemFile) -> Response:
    """One speaker's own track, as it was first."""
    _owned(asker)
    seat, space = name.partition(".")[0], asker.space
    who = {**space.seats_removed, **space.seats}.get(seat)
    called = f"{space.title} - {who.name if who else seat}.opus"
    return await served(request, studio, layout.stem(space.id, seat), called=called)


@router.get("/s/{space_id}/clips/{clip}/{name}")
async def clip_file(
    request: Request, asker: Host, studio: CurrentStudio, clip: WordId, name: ClipFile
) -> Response:
    """A clip's sound, picture or video; also while the recording is not published."""
    over(asker)
    made = asker.space.replay.clips.get(clip)
    if made is None:
        raise Problem(404, "not-found", _NO_FILE)
    called = f"{made.title}.{_kind(name)}"
    return await served(request, studio, layout.clip(asker.space.id, clip, name), called=called)


def _path(
    table: Mapping[str, Callable[[str, int], str]], space: str, name: str, version: int
) -> str:
    if name not in table:
        raise Problem(404, "not-found", _NO_FILE)
    return table[name](space, version)


def over(asker: Standing) -> None:
    """A problem unless there can be a recording."""
    if asker.space.gone:
        raise Problem(410, "gone", GONE)
    if asker.space.status not in OVER:
        raise Problem(404, "not-found", NONE)


def _owned(asker: Standing) -> None:
    if not asker.owns:
        raise Problem(403, "role", _OWNER)
    over(asker)


async def facts(studio: Studio, path: str) -> bytes | None:
    """All of a small file; None where it is missing or the store is away."""
    try:
        size = await studio.objects.size(path)
        return await studio.objects.get(path, 0, min(size, _FACTS_BYTES)) if size else None
    except StoreError:
        return None


async def there(studio: Studio, path: str) -> bool:
    """Whether the store has a file."""
    try:
        return bool(await studio.objects.size(path))
    except StoreError:
        return False


async def served(request: Request, studio: Studio, path: str, *, called: str = "") -> Response:
    """A file of the store, or the piece of it that was asked for; `called` is what it is saved
    as."""
    try:
        size = await studio.objects.size(path)
    except StoreError:
        raise Problem(503, "store-away", AWAY, retry_s=5) from None
    if not size:
        raise Problem(404, "not-found", NONE)
    start, end, status = 0, size, 200
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if called:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(called, safe='')}"
    if asked := _RANGE.fullmatch(request.headers.get("range", "")):
        start = int(asked[1])
        end = min(size, int(asked[2]) + 1) if asked[2] else size
        if start >= end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    pieces = _pieces(studio, path, start, end)
    return StreamingResponse(pieces, status, headers, media_type=_KINDS[_kind(path)])


async def _pieces(studio: Studio, path: str, start: int, end: int) -> AsyncIterator[bytes]:
    at = start
    while at < end:
        piece = await studio.objects.get(path, at, min(end, at + limits.RANGE_READ_BYTES))
        if not piece:
            return
        at += len(piece)
        yield piece


def _kind(name: str) -> str:
    return name.rpartition(".")[2]
