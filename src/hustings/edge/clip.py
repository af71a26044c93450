"""What is written into a clip's page: the video, what is said in it, the way to the whole.

Complete without a script, which only adds sharing and follows the words. Pages of a private space
have the visitor's ticket in all their addresses.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec

from hustings.edge.assets import Wording
from hustings.edge.bundle import plain
from hustings.edge.transcript import clock
from hustings.space import Space
from hustings.space.replay import Clip
from hustings.words import mark

SIZES: Final[Mapping[str, tuple[int, int]]] = {
    "square": (1080, 1080),
    "wide": (1920, 1080),
    "tall": (1080, 1920),
}
CARD: Final = (1200, 630)
EMBED_WIDTH: Final = 480
_SHORTENED: Final = 200  # what preview cards show of a text

_WHOLE: Final = mark("Listen to the whole conversation from here")
_SHARE: Final = mark("Share")
_SAID: Final = mark("What is said")
_SOUND: Final = mark("Download the sound")
_VIDEOS: Final = {
    "square": mark("Download the video"),
    "wide": mark("Download the video, wide"),
    "tall": mark("Download the video, tall"),
}
_CLIP: Final = mark("Clip")


class Cue(msgspec.Struct, frozen=True):
    """A sentence on the clip's own clock."""

    at_ms: int
    end_ms: int
    name: str
    text: str


class Document(msgspec.Struct, frozen=True):
    """clip.json: what of it the page needs."""

    duration_ms: int
    language: str = ""
    text: str = ""
    shapes: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()

    @property
    def shown(self) -> str:
        """The shape of the video that the page plays; empty where there is none."""
        return next(iter(self.shapes), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A clip's two pages. `listen` is the public address of the edges; `ticket` what a visitor of a
    private space has, else empty."""

    space: Space
    clip: Clip
    document: Document
    wording: Wording
    listen: str
    ticket: str = ""

    def whole(self) -> str:
        """The page."""
        back = self._replay_address()
        host = self.space.host
        parts = [
            f'<p class="from"><a href="{back}" dir="auto">{_safe(self.space.title)}</a>'
            f"{f' · <bdi>{_safe(host)}</bdi>' if host else ''}</p>",
            f'<h1 dir="auto">{_safe(self.clip.title)}</h1>',
            f'<div class="screen {self.document.shown or "sound"}">{self._player()}</div>',
            f'<p class="row"><a class="button primary" href="{back}">{self._text(_WHOLE)}</a> '
            f'<button id="share" type="button" hidden>{self._text(_SHARE)}</button></p>',
            f'<p class="row downloads">{" ".join(self._downloads())}</p>',
            self._said(),
        ]
        return self._framed("\n".join(parts), head=self._tags(), kind="page clip", script="clip.js")

    def embedded(self) -> str:
        """The player alone, with a way to the page."""
        title = _safe(self.clip.title)
        head = f'<title>{title}</title>\n<meta name="robots" content="noindex">'
        page = f"{self.listen}/c/{self.space.id}/{self.clip.id}"
        body = (
            f'<h1 class="visually-hidden" dir="auto">{title}</h1>{self._player()}'
            f'<p><a href="{page}" target="_blank" rel="noopener" dir="auto">{title}</a></p>'
        )
        return self._framed(body, head=head, kind="clip embedded", script="")

    def _framed(self, body: str, *, head: str, kind: str, script: str) -> str:
        prefix = self.wording.prefix
        code = f'<script type="module" src="{prefix}/{script}"></script>' if script else ""
        page = self.wording.words.markup(
            '<!doctype html><html lang="{{language}}" dir="{{direction}}"><head>'
            '<meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "\0"
            f'<link rel="icon" href="{prefix}/icons/favicon.svg" type="image/svg+xml">'
            f'<link rel="stylesheet" href="{prefix}/base.css">'
            f'<link rel="stylesheet" href="{prefix}/clip.css">{code}</head>'
            f'<body><main class="{kind}">\1</main></body></html>'
        )
        # What people wrote comes last, so that nothing in it is taken for a placeholder.
        return page.replace("\0", head, 1).replace("\1", body, 1)

    def _player(self) -> str:
        shape = self.document.shown
        poster = self._file("card.webp")
        label = _safe(self.clip.title)
        if not shape:
            sound = self._file("audio.m4a")
            return f'<audio controls preload="metadata" src="{sound}" aria-label="{label}"></audio>'
        width, height = SIZES[shape]
        return (
            f'<video controls playsinline preload="metadata" poster="{poster}" width="{width}" '
            f'height="{height}" aria-label="{label}" src="{self._file(f"video-{shape}.mp4")}">'
            "</video>"
        )

    def _downloads(self) -> Iterable[str]:
        name = _safe(plain(self.clip.title) or self.clip.id)
        named = {f"video-{shape}.mp4": _VIDEOS[shape] for shape in self.document.shapes}
        for file, words in {**named, "audio.m4a": _SOUND}.items():
            ending = file.rsplit(".", 1)[1]
            yield (
                f'<a href="{self._file(file)}" download="{name}.{ending}">{self._text(words)}</a>'
            )

    def _said(self) -> str:
        cues = self.document.cues
        if not cues:
            return ""
        language = _safe(self.document.language or self.space.language)
        lines: list[str] = []
        speaker = ""
        for cue in cues:
            if cue.name != speaker:
                speaker = cue.name
                lines.append(f"<h3><bdi>{_safe(cue.name)}</bdi></h3>")
            begin, end = cue.at_ms / 1000, cue.end_ms / 1000
            lines.append(f'<p data-from="{begin}" data-to="{end}">{_safe(cue.text)}</p>')
        heading = self._text(_SAID)
        return f'<h2>{heading}</h2><article dir="auto" lang="{language}">{"".join(lines)}</article>'

    def _tags(self) -> str:
        space, clip, document = self.space, self.clip, self.document
        page = f"{self.listen}/c/{space.id}/{clip.id}"
        title = _safe(clip.title)
        length = clock(document.duration_ms // 1000)
        words = f"{self.wording.words.text(_CLIP)}, {length}. {document.text or space.title}"
        told = _safe(words if len(words) <= _SHORTENED else words[: _SHORTENED - 1] + "…")
        lines = [
            f"<title>{title} · {_safe(space.title)}</title>",
            f'<meta name="description" content="{told}">',
            f'<link rel="canonical" href="{_safe(page)}">',
        ]
        if space.private or not space.listed:
            lines.append('<meta name="robots" content="noindex">')
        if space.private:
            return "\n".join(lines)  # no other site may have what its cards would show
        media = f"{self.listen}/live/{space.id}/clips/{clip.id}"
        query = urlencode({"format": "json", "url": page})
        lines.append(
            '<link rel="alternate" type="application/json+oembed" '
            f'href="{_safe(f"{self.listen}/oembed?{query}")}" title="{title}">'
        )
        properties: list[tuple[str, str | int]] = [
            ("og:type", "video.other"),
            ("og:site_name", "Hustings"),
            ("og:title", clip.title),
            ("og:url", page),
            ("og:image", f"{media}/card.webp"),
            ("og:image:type", "image/webp"),
            ("og:image:width", CARD[0]),
            ("og:image:height", CARD[1]),
            ("og:image:alt", clip.title),
        ]
        if shape := document.shown:
            properties += [
                ("og:video", f"{media}/video-{shape}.mp4"),
                ("og:video:type", "video/mp4"),
                ("og:video:width", SIZES[shape][0]),
                ("og:video:height", SIZES[shape][1]),
                ("video:duration", max(1, document.duration_ms // 1000)),
            ]
        properties += [("og:audio", f"{media}/audio.m4a"), ("og:audio:type", "audio/mp4")]
        lines.append(f'<meta property="og:description" content="{told}">')
        lines += [
            f'<meta property="{name}" content="{_safe(str(value))}">' for name, value in properties
        ]
        lines.append('<meta name="twitter:card" content="summary_large_image">')
        return "\n".join(lines)

    def _replay_address(self) -> str:
        second = self.space.replay.shown.nearest(self.clip.from_ms) // 1000
        query = {"t": str(second), **({"ticket": self.ticket} if self.ticket else {})}
        return _safe(f"/s/{self.space.id}?{urlencode(query)}")

    def _file(self, name: str) -> str:
        query = f"?{urlencode({'ticket': self.ticket})}" if self.ticket else ""
        return _safe(f"/live/{self.space.id}/clips/{self.clip.id}/{name}{query}")

    def _text(self, english: str) -> str:
        return _safe(self.wording.words.text(english))


def _safe(text: str) -> str:
    return html.escape(text)


def decode(data: bytes, known: Clip) -> Document | None:
    """clip.json, with those of its videos that are still wished for; None when it is none."""
    try:
        document = _decoder.decode(data)
    except msgspec.MsgspecError:
        return None
    shapes = tuple(shape for shape in SIZES if shape in document.shapes and shape in known.shapes)
    return msgspec.structs.replace(document, shapes=shapes)


def oembed(
    space: Space, clip: Clip, document: Document, *, listen: str, max_width: int, max_height: int
) -> bytes:
    """The oEmbed answer of type "video", within a size in pixels."""
    width, height = SIZES.get(document.shown, CARD)
    scale = min(EMBED_WIDTH / width, max_width / width, max_height / height)
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    frame = (
        f'<iframe src="{_safe(f"{listen}/c/{space.id}/{clip.id}/embed")}" width="{width}" '
        f'height="{height}" allow="autoplay; fullscreen" style="border:0" '
        f'title="{_safe(clip.title)}"></iframe>'
    )
    whole = {
        "version": "1.0",
        "type": "video",
        "title": clip.title,
        "author_name": space.host,
        "provider_name": "Hustings",
        "provider_url": listen,
        "cache_age": 60,
        "thumbnail_url": f"{listen}/live/{space.id}/clips/{clip.id}/card.webp",
        "thumbnail_width": CARD[0],
        "thumbnail_height": CARD[1],
        "width": width,
        "height": height,
        "html": frame,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


_decoder = msgspec.json.Decoder(Document)
