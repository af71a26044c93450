"""The player's files, from memory, under a path that changes whenever one of them does.

`/assets/<digest>/<name>` is the same bytes for ever, so every cache may keep it. A page of another
version (two edges during an upgrade) gets today's file, and nobody keeps that.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hustings.edge import lean
from hustings.edge.head import Request
from hustings.edge.reply import NO_STORE, Edition, Fields, Reply, problem, unless_known

FOLDER: Final = Path(__file__).parents[1] / "player"
PAGE: Final = "page.html"
EMBED: Final = "embed.html"

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
_LEAN: Final = {".js": lean.script, ".css": lean.sheet, ".html": lean.markup}
_PACKED: Final = frozenset({".js", ".css", ".html", ".json", ".webmanifest", ".svg", ".txt"})
_EDITION_S: Final = 60.0
_FOR_EVER: Final = (("Cache-Control", "public, max-age=31536000, immutable"),)


@dataclass(frozen=True, slots=True)
class _File:
    kind: str
    plain: bytes
    packed: bytes | None
    etag: str


class Assets:
    """The files of a folder, read once. `page` and `embed` are templates."""

    def __init__(self, folder: Path = FOLDER) -> None:
        paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in _TYPES)
        contents = {p.relative_to(folder).as_posix(): _served(p) for p in paths}
        self.page = contents.pop(PAGE, b"").decode()
        self.embed = contents.pop(EMBED, b"").decode()
        total = hashlib.sha256()
        for name, data in contents.items():
            total.update(f"{name}\0{len(data)}\0".encode() + data)
        self.digest = total.hexdigest()[:16]
        self.prefix = f"/assets/{self.digest}"
        self._edition = Edition(_EDITION_S)
        self._files = {name: _file(name, data) for name, data in contents.items()}

    def answer(self, request: Request, digest: str, name: str) -> Reply:
        """The file, packed if the visitor takes that."""
        file = self._files.get(name)
        if file is None:
            return problem(404, "asset", "There is no such file.")
        fields: Fields = (
            ("Content-Type", file.kind),
            ("Vary", "Accept-Encoding"),
            *(_FOR_EVER if digest == self.digest else NO_STORE),
        )
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


def _served(path: Path) -> bytes:
    make = _LEAN.get(path.suffix)
    return path.read_bytes() if make is None else make(path.read_text()).encode()


def _file(name: str, data: bytes) -> _File:
    suffix = Path(name).suffix
    small = packed(data) if suffix in _PACKED else None
    # Weak, because the packed and the plain form share it.
    etag = f'W/"{hashlib.sha256(data).hexdigest()[:20]}"'
    return _File(_TYPES[suffix], data, small if small and len(small) < len(data) else None, etag)
