"""What was said, as a page to be read: for readers without scripts, for search engines, for paper.

Made from transcript.json in a thread, once for each edition and language: three thousand sentences
are a moment's work, and the sound must not wait for it. Each sentence is an address in the replay.
"""

from __future__ import annotations

import asyncio
import html
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from hustings.edge import files
from hustings.edge.assets import Assets, Wording, packed, takes_gzip
from hustings.edge.head import Request
from hustings.edge.kept import Chapter, chapters, heading
from hustings.edge.reader import VARY, reader
from hustings.edge.replay import Replay, edition
from hustings.edge.reply import Fields, Reply, unless_known
from hustings.space import Space
from hustings.words import Words, mark

_NAME: Final = "transcript.json"
_PAGES_COUNT: Final = 16
_TITLE: Final = mark("Transcript")
_MACHINE: Final = mark("Written down by a machine, which mishears. The recording counts.")
_BACK: Final = mark("To the recording")


class Cue(msgspec.Struct, frozen=True):
    """A sentence on the replay's clock."""

    id: str
    at_ms: int
    end_ms: int
    seat: str
    text: str


class Transcript(msgspec.Struct, frozen=True):
    """transcript.json, without the times of single words."""

    language: str = ""
    seats: Mapping[str, str] = {}
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Made:
    of: str
    plain: bytes
    packed: bytes


class Transcripts:
    """The pages of all spaces' transcripts."""

    def __init__(self, replay: Replay, assets: Assets) -> None:
        self._replay = replay
        self._assets = assets
        self._made: OrderedDict[tuple[str, str], _Made] = OrderedDict()

    async def answer(self, request: Request, space: Space, *, policy: str) -> Reply | None:
        """The page; None where there is no transcript, or none that may be read just now, whatever
        was made of it before. `policy` is what its content may do."""
        if files.refusal(space, _NAME) is not None:
            return None
        wording = self._assets.of(reader(request))
        made = await self._of(space, wording)
        if made is None:
            return None
        fields: Fields = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Language", space.language or wording.words.language),
            ("Cache-Control", "public, max-age=60"),
            VARY,
            ("Content-Security-Policy", policy),
        )
        body = made.plain
        if takes_gzip(request):
            body, fields = made.packed, (*fields, ("Content-Encoding", "gzip"))
        etag = f'W/"{edition(space)}-{len(made.plain)}"'
        return unless_known(
            Reply(fields=fields, body=body), etag, request.headers.get("if-none-match")
        )

    async def _of(self, space: Space, wording: Wording) -> _Made | None:
        key = space.id, wording.words.language
        of = f"{edition(space)} {space.version} {space.title}"
        made = self._made.get(key)
        if made is not None and made.of == of:
            self._made.move_to_end(key)
            return made
        data = await self._replay.text(space, _NAME)
        if data is None:
            return None
        timeline = await self._replay.text(space, "timeline.json")
        page = await asyncio.to_thread(_page, space, data, chapters(timeline), wording)
        if page is None:
            return None
        made = self._made[key] = _Made(of, page, packed(page))
        while len(self._made) > _PAGES_COUNT:
            self._made.popitem(last=False)
        return made


def _page(space: Space, data: bytes, parts: Sequence[Chapter], wording: Wording) -> bytes | None:
    try:
        found = _decoder.decode(data)
    except msgspec.MsgspecError:
        return None
    text = wording.words.text
    title = html.escape(space.title)
    back = f"/s/{space.id}"
    robots = "" if space.listed and not space.private else '<meta name="robots" content="noindex">'
    page = wording.words.markup(
        '<!doctype html><html lang="{{language}}" dir="{{direction}}"><head>'
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(text(_TITLE))} · \0</title>{robots}"
        f'<link rel="canonical" href="{back}/transcript">'
        f'<link rel="stylesheet" href="{wording.prefix}/base.css">'
        f'<link rel="stylesheet" href="{wording.prefix}/replay/reading.css"></head>'
        f'<body><main class="page reading"><p><a href="{back}">'
        f'{html.escape(text(_BACK))}</a></p><h1 dir="auto">\0</h1>'
        f'<p class="soft">{html.escape(text(_MACHINE))}</p>\1</main></body></html>'
    )
    language = html.escape(found.language or space.language)
    said = _said(found, parts, back, wording.words)
    body = f'<article dir="auto" lang="{language}">{said}</article>'
    # What people wrote comes last, so that nothing in it is taken for a placeholder.
    return page.replace("\0", title).replace("\1", body).encode()


def _said(found: Transcript, parts: Sequence[Chapter], back: str, words: Words) -> str:
    lines: list[str] = []
    speaker = ""
    left = list(parts)
    for cue in found.cues:
        while left and left[0].at_ms <= cue.at_ms:
            chapter = left.pop(0)
            lines.append(f"<h2>{html.escape(heading(chapter.title, words))}</h2>")
            speaker = ""
        if cue.seat != speaker:
            speaker = cue.seat
            lines.append(f"<h3><bdi>{html.escape(found.seats.get(cue.seat, cue.seat))}</bdi></h3>")
        second = cue.at_ms // 1000
        lines.append(
            f'<p id="{html.escape(cue.id)}"><a href="{back}?t={second}">{clock(second)}</a> '
            f"{html.escape(cue.text)}</p>"
        )
    return "\n".join(lines)


def clock(second: int) -> str:
    """A place in a recording as people read it: 12:03, 1:02:03."""
    hours, rest = divmod(second, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


_decoder = msgspec.json.Decoder(Transcript)
