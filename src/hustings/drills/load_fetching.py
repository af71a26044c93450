"""A visitor who fetches: segments with computed numbers, as through a cache, or LL-HLS.

Both ask for what comes next before it exists; the edge holds the request until it does. All that is
fetched is checked as pushed sound is, and against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from hustings.drills.load_playout import Playout
from hustings.drills.load_reading import CHUNK_MS, CHUNK_S, SEGMENT_CHUNKS, Piece
from hustings.drills.load_wire import Answer, Place
from hustings.errors import BadInput

if TYPE_CHECKING:
    from hustings.drills.load_floor import Floor
    from hustings.drills.load_visitor import Visitor

_EARLY_S: Final = 0.32  # after a 404: what was asked for lies too far ahead
_PART: Final = re.compile(rb'#EXT-X-PART:[^\n]*URI="([^"]+)"')
_PART_NUMBER: Final = re.compile(r"p(\d+)\.m4s$")


@dataclass(frozen=True, slots=True)
class Playlist:
    """What a media playlist (RFC 8216bis) says: its parts in order, and which comes next."""

    parts: tuple[str, ...]
    next_msn: int
    next_part: int
    ended: bool


class Fetching:
    """One visitor's requests, one after the other."""

    def __init__(self, visitor: Visitor, floor: Floor, playout: Playout, *, hls: bool) -> None:
        self._visitor = visitor
        self._floor = floor
        self._playout = playout
        self._hls = hls
        plan = floor.plan
        self._codec = "aac" if hls else plan.codec
        self._library = floor.libraries[self._codec]
        self._base = f"/live/{plan.space}/"
        self._where: Place = floor.home
        self._k = -1
        self._next = -1
        self._parts: list[str] = []
        self._reload = ""
        self._heard = False
        playout.step(CHUNK_S if hls else SEGMENT_CHUNKS * CHUNK_S)

    def begin(self, base: str | None, k: int | None) -> None:
        """Begin, or begin again after a lost connection."""
        self._heard = False
        if base is not None:
            parts = urlsplit(base)
            self._base = parts.path
            if parts.netloc:
                self._where = self._floor.place(f"{parts.scheme}://{parts.netloc}")
        if self._hls:
            self._get("index.m3u8", self._playlist)
        elif self._k >= 0:
            self._segment()
        elif k is not None:
            self._k = k
            self._get(f"{self._codec}/init.mp4", self._init)
        else:
            door = f"/live/{self._floor.plan.space}/door.json"
            self._visitor.ask(door, self._door)

    def _door(self, answer: Answer, now: float) -> None:
        if answer.status != 200:
            self._refused("door.json", answer, now)
            return
        n = _newest(answer)
        if n is None:  # no chunk has been made yet, or none has reached this edge
            self._visitor.later(_EARLY_S, self._anew)
            return
        self._k = max(0, n // SEGMENT_CHUNKS - 1)
        self._get(f"{self._codec}/init.mp4", self._init)

    def _init(self, answer: Answer, now: float) -> None:
        if answer.status != 200:
            self._refused("init.mp4", answer, now)
        elif self._sound(answer.body, now) is not None:
            self._segment()

    def _segment(self) -> None:
        self._get(f"{self._codec}/{self._k}.m4s", self._segment_here)

    def _segment_here(self, answer: Answer, now: float) -> None:
        if answer.status != 200:
            self._refused("segment", answer, now)
            return
        piece = self._sound(answer.body, now)
        if piece is None:
            return
        if piece.chunks and not self._k == piece.first // 6 == (piece.after - 1) // 6:
            self._visitor.tally.mistake(f"segment {self._k} holds chunk {piece.first}")
        self._k += 1
        self._segment()

    def _playlist(self, answer: Answer, now: float) -> None:
        if answer.status != 200:
            self._refused("playlist", answer, now)
            return
        playlist = self._floor.playlist(answer.body, read)
        if playlist.ended:
            self._visitor.ended(now)
            return
        named = [(name, _part_number(name)) for name in playlist.parts]
        if self._next < 0:
            named = named[-3:]
        self._parts = [name for name, n in named if n >= self._next]
        self._reload = f"index.m3u8?_HLS_msn={playlist.next_msn}&_HLS_part={playlist.next_part}"
        self._part()

    def _part(self) -> None:
        if self._parts:
            self._get(self._parts.pop(0), self._part_here)
        else:
            self._get(self._reload, self._playlist)

    def _part_here(self, answer: Answer, now: float) -> None:
        if answer.status != 200:
            self._refused("part", answer, now)
        elif self._sound(answer.body, now) is not None:
            self._part()

    def _sound(self, body: bytes, now: float) -> Piece | None:
        """Check what came, and play it."""
        tally = self._visitor.tally
        tally.bytes += len(body)
        tally.pieces += 1
        try:
            piece = self._known(body)
        except BadInput as error:
            self._visitor.broken(str(error), now)
            return None
        if not piece.chunks:
            return piece
        missing = piece.missing
        if self._next >= 0:
            missing += max(0, piece.first - self._next)
            if piece.first < self._next:
                tally.repeated += 1
        if missing:
            tally.gaps += 1
            tally.gap_ms += missing * CHUNK_MS
            tally.gap_ms_max = max(tally.gap_ms_max, missing * CHUNK_MS)
        self._next = piece.after
        tally.chunks += piece.chunks
        self._playout.heard(piece.chunks * CHUNK_S, now)
        if not self._heard:
            self._heard = True
            self._visitor.stand("hls" if self._hls else "segments")
            self._visitor.heard_first(now)
        return piece

    def _known(self, body: bytes) -> Piece:
        for piece in self._library.at(self._next):
            if body == piece.framed:
                return piece
        return self._library.piece(body, 0, len(body))

    def _get(self, name: str, then: Any) -> None:
        self._visitor.ask(urljoin(self._base, name), then, where=self._where)

    def _refused(self, what: str, answer: Answer, now: float) -> None:
        name = f"{what} {answer.status}"
        refused = self._visitor.tally.refused
        refused[name] = refused.get(name, 0) + 1
        if answer.status == 410:
            self._visitor.ended(now)
        elif answer.status == 404:
            self._visitor.later(_EARLY_S, self._anew)
        else:
            self._visitor.again()

    def _anew(self) -> None:
        self.begin(None, None)


def read(text: bytes) -> Playlist:
    """Read a media playlist; `BadInput` if it is none."""
    if not text.startswith(b"#EXTM3U"):
        raise BadInput("playlist", expected="#EXTM3U", got=repr(text[:20]))
    first = re.search(rb"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)
    skipped = re.search(rb"#EXT-X-SKIP:[^\n]*SKIPPED-SEGMENTS=(\d+)", text)
    whole = text.count(b"#EXTINF:")
    after_last = text.rfind(b"#EXTINF:")
    open_parts = len(_PART.findall(text, max(0, after_last)))
    msn = (int(first[1]) if first else 0) + (int(skipped[1]) if skipped else 0) + whole
    parts = tuple(name.decode() for name in _PART.findall(text))
    return Playlist(parts, msn, open_parts, b"#EXT-X-ENDLIST" in text)


def _part_number(name: str) -> int:
    match = _PART_NUMBER.search(name)
    return int(match[1]) if match else 0


def _newest(answer: Answer) -> int | None:
    try:
        n = msgspec.json.decode(answer.body, type=dict[str, Any]).get("n")
    except msgspec.MsgspecError:
        return None
    return n if isinstance(n, int) else None
