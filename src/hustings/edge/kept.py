"""What there is of a recording, as its page tells it: files with their sizes, chapters, length."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from hustings.edge import files
from hustings.space import Space, Status
from hustings.words import Words, mark

_PART: Final = mark("Part {n}")


class Chapter(msgspec.Struct, frozen=True):
    """Where a chapter begins on the replay's clock, and its title."""

    at_ms: int
    title: str


class Timeline(msgspec.Struct, frozen=True):
    """What a page wants of timeline.json."""

    chapters: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Sizes in bytes of the public files by name, and the chapters."""

    sizes: dict[str, int] = field(default_factory=dict)
    chapters: tuple[Chapter, ...] = ()


def heading(title: str, reader: Words) -> str:
    """A chapter's title; those that the archive numbers are in the reader's language."""
    number = title.removeprefix("Part ")
    numbered = number != title and number.isdecimal()
    return reader.text(_PART).replace("{n}", number) if numbered else title


def chapters(data: bytes | None) -> tuple[Chapter, ...]:
    """The chapters of a timeline; none where it cannot be read."""
    if data is None:
        return ()
    try:
        return _decoder.decode(data).chapters
    except msgspec.MsgspecError:
        return ()


def document(space: Space, kept: Kept, *, awaited: bool) -> dict[str, Any] | None:
    """`replay` in door.json. `awaited`: words were heard live, so a transcript follows."""
    if space.status is not Status.POSTED or space.gone:
        return None
    at = f"/live/{space.id}/"
    stems = {seat: at + name for name in kept.sizes if (seat := files.seat(name))}
    making = (awaited or bool(space.replay.transcript)) and "transcript.json" not in kept.sizes
    return {
        "seconds": space.recording_seconds,
        "revision": space.replay.revision,
        "version": space.version,
        "m4a": f"{at}replay.m4a",
        "opus": f"{at}replay.opus",
        "receipt": f"{at}receipt.json",
        "timeline": f"{at}timeline.json",
        "crowd": f"{at}crowd.json",
        "stems": stems,
        "files": kept.sizes,
        "transcript_follows": making,
        "clips": _clips(space),
        "expires_at_ms": space.replay.expires_at_ms,
    }


def _clips(space: Space) -> list[dict[str, Any]]:
    """Those that are made and of which something is published, in the order of their places."""
    replay = space.replay
    placed = [
        (replay.shown.nearest(one.from_ms), replay.shown.nearest(one.to_ms), one)
        for one in replay.clips.values()
        if one.number <= replay.done
    ]
    return [
        {"id": clip.id, "title": clip.title, "at_ms": at_ms, "end_ms": end_ms}
        for at_ms, end_ms, clip in sorted(placed, key=lambda one: (one[0], one[2].number))
        if at_ms < end_ms
    ]


_decoder = msgspec.json.Decoder(Timeline)
