"""The addresses of the listen origin, and what answers each. `docs/listen.md` describes them.

/s/{space}                       the page of a space
/assets/{digest}/{name}          the player's files
/live/{space}/door.json          the page's state
/live/{space}/push               endless fMP4 (codec=opus|aac, from=MS)
/live/{space}/listen.aac         endless ADTS
/live/{space}/events             server-sent events
/live/{space}/{codec}/init.mp4   header of the segments
/live/{space}/{codec}/{k}.m4s    segments
/live/{space}/replay.m4a, replay.opus, receipt.json, timeline.json, stems/{seat}.opus
/healthz  /readyz  /metrics
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.edge import admission, news, push, reply, segments
from hustings.edge.admission import Load, Wait
from hustings.edge.assets import Assets
from hustings.edge.connection import Connection
from hustings.edge.door import Door
from hustings.edge.forms import Form, of_codec
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.metrics import CONTENT_TYPE, Metrics
from hustings.edge.push import Push
from hustings.edge.replay import Replay
from hustings.edge.reply import Reply, problem
from hustings.edge.room import Room
from hustings.edge.rooms import Rooms
from hustings.errors import BadInput, LogError, StoreError
from hustings.formats import fmp4
from hustings.formats.fmp4 import CODECS, Codec
from hustings.log.subjects import checked
from hustings.space import Status

_SEGMENT: Final = re.compile(r"(\d{1,9})\.m4s")
_REPLAYS: Final = frozenset({"replay.m4a", "replay.opus", "receipt.json", "timeline.json"})
_PREFLIGHT: Final = Reply(
    status=204,
    fields=(
        ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
        ("Access-Control-Allow-Headers", "Authorization, Range"),
        ("Access-Control-Max-Age", "86400"),
        ("Allow", "GET, HEAD, OPTIONS"),
    ),
)
_NOWHERE: Final = problem(404, "address", "There is nothing at this address.")

InRoom = Callable[[Request, Room], Outcome | Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the routes answer from. `load` is how full the edge is; `stopping`, that it leaves."""

    rooms: Rooms
    door: Door
    push: Push
    assets: Assets
    replay: Replay
    metrics: Metrics
    load: Callable[[], Load]
    stopping: Callable[[], bool]
    refresh: Callable[[], None]


class Routes:
    """Answers requests: at once where everything is at hand, else with something to await."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._listings: dict[str, asyncio.Event] = {}  # of stems, being asked of the store
        self._live: dict[str, InRoom] = {
            "door.json": self._door,
            "push": self._push,
            "listen.aac": self._plain,
            "events": self._events,
        }

    def answer(self, request: Request) -> Outcome | Awaitable[Outcome]:
        """The answer to a request, or something to await for it. May raise `HustingsError`."""
        if request.method == "OPTIONS":
            return _PREFLIGHT
        match request.parts:
            case ("s", space):
                return self._page(request, space)
            case ("live", space, name) if name in self._live:
                return self._inside(request, space, self._live[name])
            case ("live", space, codec, name) if codec in CODECS:
                return self._segment(request, space, codec, name)
            case ("live", space, *names) if names and (names[0] in (*_REPLAYS, "stems")):
                return self._inside(request, space, self._file(tuple(names)))
            case ("assets", digest, *names):
                return self._house.assets.answer(request, digest, "/".join(names))
            case ("healthz",):
                return _text("ok\n")
            case ("readyz",):
                return self._ready()
            case ("metrics",):
                self._house.refresh()
                kept = (("Content-Type", CONTENT_TYPE), *reply.NO_STORE)
                return Reply(fields=kept, body=self._house.metrics.render())
        return _NOWHERE

    def _inside(self, request: Request, space: str, answer: InRoom) -> Outcome | Awaitable[Outcome]:
        """Have `answer` answer, once the space's state is known."""
        room = self._house.rooms.get(space)
        if room is not None:
            return answer(request, room)
        return self._opened(request, space, answer)

    async def _opened(self, request: Request, space: str, answer: InRoom) -> Outcome:
        room = None
        if _is_id(space):
            room = await self._house.rooms.open(space)
        if room is None:
            return problem(404, "space", "There is no such conversation.")
        outcome = answer(request, room)
        return outcome if isinstance(outcome, Reply | Handover) else await outcome

    def _page(self, request: Request, space: str) -> Outcome | Awaitable[Outcome]:
        room = self._house.rooms.get(space)
        if room is not None and not self._house.door.needs_stems(room):
            return self._house.door.page(request, room, wall_s=time.time())
        return self._page_opened(request, space)

    async def _page_opened(self, request: Request, space: str) -> Outcome:
        try:
            room = await self._house.rooms.open(space) if _is_id(space) else None
        except LogError:
            return self._house.door.nowhere(
                503,
                "One moment, please",
                "This conversation cannot be looked up right now. This page tries again by itself.",
                again_s=3,
            )
        if room is None:
            return self._house.door.nowhere(
                404, "No conversation here", "Please check the address.", again_s=None
            )
        await self._list_stems(room)
        return self._house.door.page(request, room, wall_s=time.time())

    def _door(self, request: Request, room: Room) -> Outcome | Awaitable[Outcome]:
        if self._house.door.needs_stems(room):
            return self._door_listed(room)
        return self._house.door.document(room, wall_s=time.time())

    async def _door_listed(self, room: Room) -> Outcome:
        await self._list_stems(room)
        return self._house.door.document(room, wall_s=time.time())

    async def _list_stems(self, room: Room) -> None:
        """Ask the store for the stems' names: once for all who want to know, and not for long."""
        if not self._house.door.needs_stems(room):
            return
        try:
            async with asyncio.timeout(limits.REQUEST_S):
                if (listed := self._listings.get(room.space)) is not None:
                    await listed.wait()
                    return
                listed = self._listings[room.space] = asyncio.Event()
                try:
                    stems = await self._house.replay.stems(room.space)
                finally:
                    del self._listings[room.space]
                    listed.set()
        except (StoreError, TimeoutError):
            return  # the page is true without them
        self._house.door.give_stems(room, stems)

    def _push(self, request: Request, room: Room) -> Outcome:
        codec = request.query.get("codec", "opus")
        if codec not in CODECS:
            raise BadInput("codec", expected=" or ".join(CODECS), got=codec[:20])
        return self._listen(request, room, of_codec(codec), from_ms=_from(request))

    def _plain(self, request: Request, room: Room) -> Outcome:
        return self._listen(request, room, Form.PLAIN, from_ms=None)

    def _listen(self, request: Request, room: Room, form: Form, *, from_ms: int | None) -> Outcome:
        if room.over or room.programme.over:
            return problem(410, "over", "This conversation has ended; its page has the rest.")
        name = room.state.title if room.state is not None else ""
        if request.method == "HEAD":
            return push.preview(form, name)
        rung = admission.admit(self._house.load())
        if isinstance(rung, Wait):
            self._house.metrics.add("hustings_edge_listeners_refused_total")
            return problem(503, "full", rung.reason, retry_after_s=rung.retry_after_s)
        return self._house.push.admit(room.programme, form, request, from_ms=from_ms, name=name)

    def _events(self, request: Request, room: Room) -> Outcome:
        if request.method == "HEAD":
            return Reply(fields=news.FIELDS, close=True, endless=True)
        rung = admission.admit(self._house.load())
        if isinstance(rung, Wait):
            return problem(503, "full", rung.reason, retry_after_s=rung.retry_after_s)
        return room.news.admit(request)

    def _segment(
        self, request: Request, space: str, codec: Codec, name: str
    ) -> Outcome | Awaitable[Outcome]:
        if name == "init.mp4":
            # A constant, but only of spaces that exist: what a cache keeps must be true.
            return self._inside(
                request,
                space,
                lambda _, __: _tagged(request, segments.found(codec, fmp4.init_segment(codec)), -1),
            )
        match = _SEGMENT.fullmatch(name)
        if match is None:
            return _NOWHERE
        k = int(match[1])
        return self._inside(request, space, lambda _, room: self._piece(request, room, codec, k))

    def _piece(
        self, request: Request, room: Room, codec: Codec, k: int
    ) -> Outcome | Awaitable[Outcome]:
        at_hand = room.segments.at_hand(codec, k)
        if at_hand is not None:
            return _tagged(request, segments.found(codec, at_hand), k)
        if room.segments.has(k):
            return self._piece_read(request, room, codec, k)
        if not room.segments.is_next(k, newest=room.programme.ring.newest):
            return segments.never()

        def take(connection: Connection) -> None:
            room.segments.hold(codec, k, connection)

        return Handover(take)

    async def _piece_read(self, request: Request, room: Room, codec: Codec, k: int) -> Outcome:
        return _tagged(request, segments.found(codec, await room.segments.body(codec, k)), k)

    def _file(self, names: tuple[str, ...]) -> InRoom:
        async def answer(request: Request, room: Room) -> Outcome:
            if room.state is None or room.state.status is not Status.POSTED:
                return problem(404, "file", "The recording is not posted.")
            return await self._house.replay.answer(request, room.state, names)

        return answer

    def _ready(self) -> Reply:
        if self._house.stopping():
            return problem(503, "stopping", "This server is being stopped.")
        return _text("ready\n")


def _tagged(request: Request, found: Reply, k: int) -> Reply:
    # The address says which segment it is, and a settled one never changes.
    return reply.unless_known(found, f'"{k}"', request.headers.get("if-none-match"))


def _is_id(space: str) -> bool:
    try:
        checked(space)
    except BadInput:
        return False
    return True


def _from(request: Request) -> int | None:
    given = request.query.get("from")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 12):
        raise BadInput("from", expected="milliseconds of programme time", got=given[:20])
    return int(given)


def _text(text: str) -> Reply:
    fields = (("Content-Type", "text/plain; charset=utf-8"), *reply.NO_STORE)
    return Reply(fields=fields, body=text.encode())
