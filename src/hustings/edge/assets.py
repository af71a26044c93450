"""The player's files, from memory, under a path that changes whenever one of them does.

`/assets/<digest>/<language>/<name>` is the same bytes for ever, so every cache may keep it. A page
of another version (two edges during an upgrade) gets today's file, and nobody keeps that. Every
language has all files, so that what one imports is in the same language.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hustings import words
from hustings.edge import joined, lean
from hustings.edge.head import Request
from hustings.edge.reader import VARY, reader
from hustings.edge.reply import NO_STORE, Edition, Fields, Reply, problem, unless_known
from hustings.words import Words

FOLDER: Final = Path(__file__).parents[1] / "player"
PAGE: Final = "page.html"
EMBED: Final = "embed.html"
# A service worker rules what lies below it, so it stands at the root, and what it needs with it.
ROOT: Final = ("sw.js", "manifest.webmanifest", "offline.html")

_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_PACKED: Final = frozenset({".js", ".css", ".html", ".json", ".webmanifest", ".svg", ".txt"})
# What there is to choose from, for scripts: tags with their own names.
_NAMES: Final = json.dumps(
    {tag: words.load(tag).name for tag in words.languages()}, separators=(",", ":")
)
_EDITION_S: Final = 60.0
_FOR_EVER: Final = (("Cache-Control", "public, max-age=31536000, immutable"),)


@dataclass(frozen=True, slots=True)
class _File:
    kind: str
    plain: bytes
    packed: bytes | None
    etag: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The files in one language. `page` and `embed` are templates with their style in them,
    `styles` what allows it; `prefix` is where the files lie."""

    words: Words
    prefix: str
    page: str
    embed: str
    styles: str
    files: dict[str, _File]


class Assets:
    """The files of a folder, read once, in every language."""

    def __init__(self, folder: Path = FOLDER) -> None:
        paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in _TYPES)
        languages = [words.load(tag) for tag in words.languages()]
        worded = {
            one.language: _joined(
                {p.relative_to(folder).as_posix(): _served(p, one) for p in paths}
            )
            for one in languages
        }
        total = hashlib.sha256()
        for contents in worded.values():
            for name, data in contents.items():
                total.update(f"{name}\0{len(data)}\0".encode() + data)
        self.digest = total.hexdigest()[:16]
        self._edition = Edition(_EDITION_S)
        alike: dict[bytes, _File] = {}
        self._wordings = {
            one.language: _wording(one, worded[one.language], self.digest, alike)
            for one in languages
        }

    def of(self, reader: Words) -> Wording:
        """The files in the reader's language."""
        return self._wordings[reader.language]

    def answer(self, request: Request, digest: str, language: str, name: str) -> Reply:
        """The file, packed if the visitor takes that."""
        wording = self._wordings.get(language)
        file = None if wording is None else wording.files.get(name)
        kept = _FOR_EVER if digest == self.digest else NO_STORE
        return self._answer(request, file, (("Vary", "Accept-Encoding"), *kept))

    def at_root(self, request: Request, name: str, fields: Fields) -> Reply:
        """One of `ROOT`, asked for again each time, so that a new one is not overlooked. In it
        `{{assets}}` is where the other files lie."""
        file = self.of(reader(request)).files.get(name)
        return self._answer(request, file, (VARY, ("Cache-Control", "no-cache"), *fields))

    def _answer(self, request: Request, file: _File | None, fields: Fields) -> Reply:
        if file is None:
            return problem(404, "asset", "There is no such file.")
        fields = (("Content-Type", file.kind), *fields)
        body = file.plain
        if file.packed is not None and takes_gzip(request):
            body = file.packed
            fields = (*fields, ("Content-Encoding", "gzip"))
        reply = Reply(fields=fields, body=body, edition=self._edition)
        return unless_known(reply, file.etag, request.headers.get("if-none-match"))


def takes_gzip(request: Request) -> bool:
    """Whether the visitor accepts gzip (RFC 9110 section 12.5.3)."""
    for coding in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = coding.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def packed(data: bytes) -> bytes:
    """`data` in gzip, always the same bytes for the same data."""
    return gzip.compress(data, compresslevel=9, mtime=0)


def _wording(
    reader: Words, contents: dict[str, bytes], digest: str, alike: dict[bytes, _File]
) -> Wording:
    """The files of one language; `alike` are those that other languages share."""
    prefix = f"/assets/{digest}/{reader.language}"
    sheets = {name: data.decode() for name, data in contents.items() if name.endswith(".css")}
    (page, one), (embed, other) = (
        joined.page(contents.pop(name, b"").decode(), sheets) for name in (PAGE, EMBED)
    )
    files: dict[str, _File] = {}
    for name, made in contents.items():
        data = made.replace(b"{{assets}}", prefix.encode()) if name in ROOT else made
        key = f"{Path(name).suffix}\0".encode() + data
        if key not in alike:
            alike[key] = _file(name, data)
        files[name] = alike[key]
    return Wording(reader, prefix, page, embed, f"{one} {other}", files)


def _joined(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The files with the first scripts as one."""
    scripts = {name: data.decode() for name, data in contents.items() if name.endswith(".js")}
    made = joined.scripts(scripts)
    return contents | {name: text.encode() for name, text in made.items()}


def _served(path: Path, reader: Words) -> bytes:
    match path.suffix:
        case ".js":
            script = path.read_text().replace("{{languages}}", _NAMES)
            return lean.script(words.plain(reader.script(script))).encode()
        case ".css":
            return lean.sheet(path.read_text()).encode()
        case ".html":
            return lean.markup(reader.markup(path.read_text())).encode()
        case ".webmanifest":
            return reader.markup(path.read_text()).encode()
    return path.read_bytes()


def _file(name: str, data: bytes) -> _File:
    suffix = Path(name).suffix
    small = packed(data) if suffix in _PACKED else None
    # Weak, because the packed and the plain form share it.
    etag = f'W/"{hashlib.sha256(data).hexdigest()[:20]}"'
    return _File(_TYPES[suffix], data, small if small and len(small) < len(data) else None, etag)
