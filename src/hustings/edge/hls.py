"""The playlists of one space for HLS players (RFC 8216bis): the last minute, and the whole of it.

    index.m3u8   the last minute with parts of 320 ms: blocking reload, preload hint, delta updates
    dvr.m3u8     the live spans from go on, which only grows; the replay once the space has ended

Both list what the log holds and what it is known to skip, never what only the live path brought.
Segment `k` has media sequence number `k` in the first one, on every edge and after every restart,
and one date. In the second one what was off air is left out: a span that begins or ends within a
segment is listed there chunk by chunk. What a version says is made once for all who ask for it.
"""

from __future__ import annotations

import asyncio
import gzip
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hustings import limits
from hustings.chunk import SEGMENT_CHUNKS, segment_of
from hustings.clock import CHUNK_MS, ms_of
from hustings.edge.assets import takes_gzip
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import Edition, Fields, Reply, problem
from hustings.edge.segments import LEAVING, Segments
from hustings.edge.waiting import Waiting
from hustings.errors import BadInput
from hustings.formats import playlist
from hustings.formats.playlist import Control, Part, Segment
from hustings.space import Space, Status
from hustings.store.reel import Piece, Reel

_SEGMENT_MS: Final = SEGMENT_CHUNKS * CHUNK_MS
_TARGET_S: Final = 2
# Parts are listed up to three target durations from the end (section 6.2.2).
_PARTED: Final = 3_000 * _TARGET_S // _SEGMENT_MS
# How many parts ahead of the newest a request may be (section 6.2.5.2).
_AHEAD_PARTS: Final = 3_000 // CHUNK_MS
_MAP: Final = "aac/init.mp4"
_LIVE: Final = Control(
    target_s=_TARGET_S,
    hold_back_ms=3_000 * _TARGET_S,
    skip_until_ms=6_000 * _TARGET_S,
    part_ms=CHUNK_MS,
    part_hold_back_ms=3 * CHUNK_MS + 40,  # three parts and a poll: less is heard as gaps
    blocks=True,
)
_GROWING: Final = Control(
    target_s=_TARGET_S, hold_back_ms=3_000 * _TARGET_S, skip_until_ms=6_000 * _TARGET_S
)
_FINISHED: Final = Control(target_s=_TARGET_S)
_EDITION_S: Final = 1.0  # a version ends with the next chunk; this is for one that does not come
_BREATH_ENTRIES: Final = 256  # listed in one turn of the loop: 3 ms
_SHORT: Final = "public, max-age=1"
_BLOCKED: Final = f"public, max-age={limits.PLAYLIST_CACHE_S}"
_POSTED: Final = "public, max-age=60"

_EARLY: Final = problem(
    503, "early", "There is no sound yet: the programme has not begun.", retry_after_s=1
)
_LATE: Final = problem(503, "late", "The programme does not go on at the moment.", retry_after_s=1)
_GONE: Final = problem(410, "gone", "This conversation is not published.")
_AWAY: Final = problem(503, "away", "This cannot be looked up at the moment.", retry_after_s=2)
_AHEAD: Final = problem(400, "ahead", "This lies too far ahead.")
_REPLAYED: Final = Reply(status=307, fields=(("Location", "dvr.m3u8"), ("Cache-Control", _SHORT)))


@dataclass(frozen=True, slots=True)
class _Want:
    """What a visitor gets: a delta, packed, an answer to a blocking request."""

    skip: bool
    packed: bool
    blocking: bool


class Hls:
    """The playlists of one space. `state` gives the space as it is known now."""

    def __init__(self, segments: Segments, *, state: Callable[[], Space | None]) -> None:
        self._segments = segments
        self._state = state
        self._held: Waiting[_Want] = Waiting(late=_LATE)
        self._version = (-1, False)
        self._made: dict[_Want, Reply] = {}
        self._edition = Edition(_EDITION_S)
        self._of_dvr = Edition(_EDITION_S)
        self._bodies: dict[tuple[bool, bool], bytes] = {}
        self._entries: OrderedDict[tuple[int, bool], str] = OrderedDict()
        self._whole = _Whole()
        self._known = 1 << 62  # the log's numbers from here on are in the segments' reel
        self._reaching = asyncio.Lock()
        segments.changed = self.changed

    def changed(self) -> None:
        """The log has gone on or has ended, or the space is in another state."""
        self._edition.over = self._of_dvr.over = True
        self._of_dvr = Edition(_EDITION_S)
        if self._held:
            end = 1 << 62 if self._segments.over else self._segments.reel.newest + 1
            silent = self._segments.reel.first is None
            self._held.release(end, lambda _, want: _EARLY if silent else self._reply(want))

    def cut(self) -> None:
        """Let go of those who wait: this edge leaves."""
        self._held.let_go(LEAVING)

    def index(self, request: Request) -> Outcome | Awaitable[Outcome]:
        """index.m3u8: at once where everything is at hand, as it nearly always is."""
        state = self._state()
        refusal = _refused(state)
        if refusal is not None:
            return refusal
        if state is not None and state.status is Status.POSTED:
            return _REPLAYED
        if self._segments.caught_up.is_set() and self._window() >= self._from():
            return self._index(request)
        return self._index_later(request)

    async def dvr(self, request: Request) -> Outcome:
        """dvr.m3u8."""
        state = self._state()
        refusal = _refused(state)
        if refusal is not None or state is None:
            return refusal or _AWAY
        posted, edition = state.status is Status.POSTED, self._of_dvr
        if state.live_n is None and not posted:
            return _EARLY
        if not await self._segments.catch_up():
            return _AWAY
        await self._reach(state.live_n or 0)
        # Posted it may be before this edge has read all of it: a playlist that is said to be whole
        # is never looked at again.
        over = self._segments.over
        await self._whole.grow(self._segments.reel, over=over, date=self._date)
        if not self._whole.entries:
            return _EARLY
        # A delta is for a player that reloads, and nobody reloads what has ended.
        skip = not over and _skips(request)
        fields = _fields(_POSTED if posted and over else _SHORT)
        if not takes_gzip(request):
            body = self._whole.body(skip=skip)
        else:
            body = await self._whole.packed(skip=skip)
            fields = (*fields, ("Content-Encoding", "gzip"))
        return Reply(fields=fields, body=body, edition=edition)

    async def _index_later(self, request: Request) -> Outcome:
        if not await self._segments.catch_up():
            return _AWAY
        await self._reach(self._window())
        return self._index(request)

    def _index(self, request: Request) -> Outcome:
        asked = _asked(request)
        want = _Want(_skips(request), takes_gzip(request), asked is not None)
        newest, first = self._segments.reel.newest, self._segments.reel.first
        if self._segments.over:
            return _EARLY if first is None else self._reply(want)
        wanted = -1
        if asked is not None:
            wanted = asked.number
            last = segment_of(newest + 1) - 1
            if asked.segment > last + 2 or (asked.parted and wanted > newest + _AHEAD_PARTS):
                return _AHEAD
        if first is None or segment_of(newest + 1) <= segment_of(first):
            # Players take a playlist without a segment for a broken one.
            wanted = max(wanted, SEGMENT_CHUNKS * (segment_of(first or 0) + 1) - 1)
        if wanted <= newest:
            return self._reply(want)
        return Handover(lambda connection: self._held.hold(wanted, want, connection))

    def _window(self) -> int:
        """The number with which the live playlist begins, if the log goes back so far."""
        first = self._segments.reel.newest - limits.PLAYLIST_SEGMENTS_COUNT * SEGMENT_CHUNKS
        return SEGMENT_CHUNKS * segment_of(max(0, first))

    def _from(self) -> int:
        return min(self._known, self._segments.begun * SEGMENT_CHUNKS)

    async def _reach(self, n: int) -> None:
        """Know the log's numbers from `n` on; asked for once by all."""
        async with self._reaching:
            if n < self._from():
                older = await self._segments.past.runs(n, self._from())
                self._segments.reel.prepend(older)
                self._known = n

    def _reply(self, want: _Want) -> Reply:
        version = (self._segments.reel.newest, self._segments.over)
        if version != self._version or self._edition.over:
            self._version = version
            self._edition = Edition(_EDITION_S)
            self._made.clear()
            self._bodies.clear()
        made = self._made.get(want)
        if made is None:
            fields = _fields(_BLOCKED if want.blocking else _SHORT)
            if want.packed:
                fields = (*fields, ("Content-Encoding", "gzip"))
            body = self._body(want.skip, want.packed)
            made = Reply(fields=fields, body=body, edition=self._edition)
            self._made[want] = made
        return made

    def _body(self, skip: bool, packed: bool) -> bytes:
        made = self._bodies.get((skip, packed))
        if made is None:
            made = self._text(skip=skip) if not packed else _packed(self._body(skip, packed=False))
            self._bodies[skip, packed] = made
        return made

    def _text(self, *, skip: bool) -> bytes:
        reel, over = self._segments.reel, self._segments.over
        done = segment_of(reel.newest + 1)
        first = max(segment_of(reel.first or 0), done - limits.PLAYLIST_SEGMENTS_COUNT)
        rest = range(done * SEGMENT_CHUNKS, reel.newest + 1)
        skipped = 0
        if skip and not over:
            until_ms = ms_of(reel.newest + 1) - _LIVE.skip_until_ms
            skipped = max(0, until_ms // _SEGMENT_MS - first)
        text = [playlist.head(_LIVE, sequence=first, map_uri=_MAP, skipped=skipped)]
        text += [self._entry(k, parted=k >= done - _PARTED) for k in range(first + skipped, done)]
        if not over:
            parts = [_part(reel, n) for n in rest]
            hint = f"aac/p{reel.newest + 1}.m4s"
            text.append(playlist.parts(parts, date=self._date(rest.start), hint=hint))
        elif rest:
            text.append(self._segment(done, len(rest), parted=True))
        return "".join((*text, playlist.END if over else "")).encode()

    def _entry(self, k: int, *, parted: bool) -> str:
        made = self._entries.get((k, parted))
        if made is None:
            made = self._entries[k, parted] = self._segment(k, SEGMENT_CHUNKS, parted=parted)
            while len(self._entries) > 2 * limits.PLAYLIST_SEGMENTS_COUNT:
                self._entries.popitem(last=False)
        return made

    def _segment(self, k: int, count: int, *, parted: bool) -> str:
        reel, n = self._segments.reel, k * SEGMENT_CHUNKS
        parts = [_part(reel, i) for i in range(n, n + count)] if parted else []
        return playlist.entry(
            Segment(
                uri=f"aac/{k}.m4s",
                ms=count * CHUNK_MS,
                date=self._date(n),
                gap=reel.empty(n, n + count),
                parts=parts,
            )
        )

    def _date(self, n: int) -> str:
        """When chunk `n` was heard, by the opening of the doors: the same on every edge."""
        state = self._state()
        if state is None or state.opened_at_ms is None:
            return ""
        at = datetime.fromtimestamp((state.opened_at_ms + ms_of(n)) / 1000, UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Whole:
    """The playlist of the whole programme: a text that grows, and what was made of it last."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self._n = 0  # the next number to be listed
        self._ms: list[int] = []  # where in the playlist each entry ends
        self._over = False
        self._bodies: dict[bool, bytes] = {}
        self._packs: dict[bool, bytes] = {}
        self._growing = asyncio.Lock()
        self._packing = asyncio.Lock()

    async def grow(self, reel: Reel, *, over: bool, date: Callable[[int], str]) -> None:
        """List what has come. At first this may be hours: others get a turn in between."""
        async with self._growing:
            if self._over:
                return
            before = len(self.entries)
            for piece in reel.pieces(self._n, whole=over):
                self._add(piece, date)
                if len(self.entries) % _BREATH_ENTRIES == 0:
                    await asyncio.sleep(0)
            if len(self.entries) > before or over:
                self._over = over
                self._bodies.clear()
                self._packs.clear()

    def body(self, *, skip: bool) -> bytes:
        """The playlist's text, without what is old if the visitor has it."""
        made = self._bodies.get(skip)
        if made is None:
            skipped = 0
            if skip and not self._over:
                until_ms = self._ms[-1] - _GROWING.skip_until_ms
                skipped = bisect_right(self._ms, until_ms)
            head = playlist.head(
                _FINISHED if self._over else _GROWING,
                sequence=0,
                map_uri=_MAP,
                kind="VOD" if self._over else "EVENT",
                skipped=skipped,
            )
            end = playlist.END if self._over else ""
            made = "".join((head, *self.entries[skipped:], end)).encode()
            self._bodies[skip] = made
        return made

    async def packed(self, *, skip: bool) -> bytes:
        """The text in gzip, made beside the loop: hours of programme take some milliseconds."""
        async with self._packing:
            body = self.body(skip=skip)
            made = self._packs.get(skip)
            if made is None:
                made = await asyncio.to_thread(_packed, body)
                if self._bodies.get(skip) is body:
                    self._packs[skip] = made
            return made

    def _add(self, piece: Piece, date: Callable[[int], str]) -> None:
        name = segment_of(piece.n) if piece.count > 1 else f"p{piece.n}"
        segment = Segment(
            uri=f"aac/{name}.m4s",
            ms=piece.count * CHUNK_MS,
            date=date(piece.n) if piece.opens or not self.entries else "",
            gap=piece.gap,
            breaks=piece.opens and bool(self.entries),
        )
        self._ms.append((self._ms[-1] if self._ms else 0) + segment.ms)
        self.entries.append(playlist.entry(segment))
        self._n = piece.n + piece.count


@dataclass(frozen=True, slots=True)
class _Reload:
    """A blocking request: for a segment, or for a part; `number` is the chunk that ends it."""

    segment: int
    number: int
    parted: bool


def _asked(request: Request) -> _Reload | None:
    """What the request is to wait for (section 6.2.5.2)."""
    segment, part = _count(request, "_HLS_msn"), _count(request, "_HLS_part")
    if segment is None:
        if part is not None:
            raise BadInput("_HLS_part", expected="_HLS_msn beside it")
        return None
    if part is None:
        return _Reload(segment, segment * SEGMENT_CHUNKS + SEGMENT_CHUNKS - 1, parted=False)
    # A part behind the segment's last stands for the next segment's first.
    number = segment * SEGMENT_CHUNKS + min(part, SEGMENT_CHUNKS)
    return _Reload(segment, number, parted=True)


def _count(request: Request, name: str) -> int | None:
    given = request.query.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise BadInput(name, expected="a number", got=given[:20])
    return int(given)


def _skips(request: Request) -> bool:
    # Of dates there are none to skip, so that both versions are one.
    return request.query.get("_HLS_skip") in ("YES", "v2")


def _refused(state: Space | None) -> Reply | None:
    if state is None:
        return _AWAY
    if state.status in (Status.WITHHELD, Status.CANCELLED):
        return _GONE
    return _EARLY if state.status is Status.SCHEDULED else None


def _part(reel: Reel, n: int) -> Part:
    return Part(uri=f"aac/p{n}.m4s", ms=CHUNK_MS, gap=reel.logged(n) is None)


def _fields(cache: str) -> Fields:
    return (
        ("Content-Type", playlist.MIME),
        ("Cache-Control", cache),
        ("Vary", "Accept-Encoding"),
    )


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)
