"""Which files of a recording are public, where they lie in the store, and what refuses them. Pure.

A name is what stands behind `/live/<space>/`; the file is that of the version that is published.
What is not named here (the reel, drafts, the log's decisions, other versions) nobody is given.
"""

from __future__ import annotations

import re
from typing import Final

from hustings.edge.reply import Reply, problem
from hustings.space import Space, Status
from hustings.space.cuts import widened
from hustings.store import layout

ALL: Final = "all.zip"  # of all files
TYPES: Final = {
    "m4a": "audio/mp4",
    "opus": "audio/ogg; codecs=opus",
    "json": "application/json",
    "vtt": "text/vtt; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "mp4": "video/mp4",
    "webp": "image/webp",
}
# As podcast players know it (JSON chapters 1.2).
_CHAPTERS: Final = "application/json+chapters"
_STEM: Final = re.compile(r"stems/([A-Za-z0-9_-]{1,64})\.opus")
_RECEIPT: Final = re.compile(r"receipts/([1-9][0-9]{0,8})\.json")
_TRANSCRIPT: Final = re.compile(r"transcript\.(json|vtt|txt)")
_CLIP: Final = re.compile(
    r"clips/([A-Za-z0-9_-]{1,64})/(clip\.json|audio\.m4a|card\.webp|video-(?:square|wide|tall)\.mp4)"
)
_BY_VERSION: Final = {
    "replay.m4a": layout.replay_aac,
    "replay.opus": layout.replay_opus,
    "master.m4a": layout.master,
    "timeline.json": layout.timeline,
    "chapters.json": layout.chapters,
    "waveform.json": layout.waveform,
    "talk.json": layout.talk,
}
_OF_ALL: Final = {"crowd.json": layout.crowd, "receipt.json": layout.receipt}

_GONE: Final = problem(
    410,
    "expired",
    "This recording was deleted, because its time was over.",
)
_ERASED: Final = problem(410, "erased", "This track was erased.")
_NO_CLIP: Final = problem(404, "clip", "There is no such clip.")
_CLIP_GONE: Final = problem(
    410, "clip", "What this clip was made of is not in the recording any more."
)
_CHANGING: Final = problem(
    503, "changing", "Something is being taken out of this recording.", retry_after_s=5
)


def path(space: Space, name: str) -> str | None:
    """Where a public file lies in the store; None when there is no such name."""
    version = space.version
    if made := _BY_VERSION.get(name):
        return made(space.id, version)
    if of_all := _OF_ALL.get(name):
        return of_all(space.id)
    if found := _STEM.fullmatch(name):
        return layout.stem(space.id, found[1], version)
    if found := _TRANSCRIPT.fullmatch(name):
        return layout.transcript(space.id, found[1], version)
    if found := _RECEIPT.fullmatch(name):
        return layout.receipt_number(space.id, int(found[1]))
    if found := _CLIP.fullmatch(name):
        return layout.clip(space.id, found[1], found[2])
    return None


def named(name: str) -> bool:
    """Whether recordings may have a file of this name; all of them together have one, too."""
    known = name in _BY_VERSION or name in _OF_ALL or name == ALL
    return known or any(form.fullmatch(name) for form in (_STEM, _TRANSCRIPT, _RECEIPT, _CLIP))


def public(space: Space, stored: dict[str, int]) -> dict[str, int]:
    """Sizes in bytes by name of what there is, of all that lies in the space's folders, by path.
    Clips are no part of the recording and not among them."""
    folders = (layout.version_folder(space.id, space.version), layout.folder(space.id))
    found: dict[str, int] = {}
    for place, size in stored.items():
        for folder in folders:
            name = place.removeprefix(folder)
            if name != place and path(space, name) == place and not _CLIP.fullmatch(name):
                found[name] = size
    return dict(sorted(found.items()))


def kind(name: str) -> str:
    """The media type of a file."""
    return _CHAPTERS if name == "chapters.json" else TYPES[name.rsplit(".", 1)[1]]


def seat(name: str) -> str:
    """Whose track a file is; empty when it is none."""
    found = _STEM.fullmatch(name)
    return found[1] if found else ""


def refusal(space: Space, name: str) -> Reply | None:
    """Why a file is not given out, where there is a reason.

    What is to be erased is given to nobody from the moment that it was decided: until the archive
    is done, no file is. Receipts say so, and stay.
    """
    if space.status is not Status.POSTED:
        return problem(404, "file", "The recording is not posted.")
    if name.startswith("receipt"):
        return None
    if space.gone:
        return _GONE
    whose = seat(name)
    for erasure in space.replay.erasures:
        if erasure.number > space.replay.done:
            return _CHANGING
        if whose and erasure.seat == whose and _whole(space, erasure.from_ms, erasure.to_ms):
            return _ERASED
    if found := _CLIP.fullmatch(name):
        shapes = [f"video-{one}.mp4" for one in _shapes(space, found[1])]
        unwanted = found[2].startswith("video-") and found[2] not in shapes
        return clip_refusal(space, found[1]) or (_NO_CLIP if unwanted else None)
    return None


def clip_refusal(space: Space, clip: str) -> Reply | None:
    """Why a clip of a recording that may be heard is not given out; None of one that is.

    Where something of it was erased it is gone, and where all of it was cut out.
    """
    known = space.replay.clips.get(clip)
    if known is None:
        return _NO_CLIP
    first, end = widened(known.from_ms, known.to_ms)
    erased = [widened(one.from_ms, one.to_ms) for one in space.replay.erasures]
    if any(low < end and first < high for low, high in erased):
        return _CLIP_GONE
    if not any(low < end and first < high for low, high in space.replay.shown.kept):
        return _CLIP_GONE
    return None


def altered(space: Space) -> Reply | None:
    """Why there is no sound by segments: these are as it was recorded, and that is not what is
    published."""
    if space.status is not Status.POSTED:
        return None
    if space.gone:
        return _GONE
    if space.version or space.replay.erasures:
        return problem(
            410, "edited", "This recording was edited: its files have what is published of it."
        )
    return None


def _shapes(space: Space, clip: str) -> tuple[str, ...]:
    known = space.replay.clips.get(clip)
    return known.shapes if known is not None else ()


def _whole(space: Space, from_ms: int, to_ms: int) -> bool:
    return from_ms <= 0 and to_ms >= space.replay.original_ms
