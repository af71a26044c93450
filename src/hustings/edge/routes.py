"""The addresses of the listen origin, and what answers each. `docs/listen.md` describes them.

/s/{space}, /s/{space}/embed     the page of a space, and the player for other pages
/s/{space}/event.ics             the space in a calendar
/oembed                          how to embed a page
/receipt.pub.pem                 the key that checks receipts
/assets/{digest}/{language}/{name}   the player's files
/sw.js, /manifest.webmanifest, /offline.html  those of them that have to stand at the root
/pictures/{id}/{size}.webp       pictures of spaces and people
/live/{space}/door.json          the page's state
/live/{space}/push               endless fMP4 (codec=opus|aac, from=MS)
/live/{space}/listen.aac, .ogg   endless ADTS, endless Ogg Opus
/live/{space}/events             server-sent events
/live/{space}/captions           what is said, in words, as server-sent events
/live/{space}/enter              a visitor's rung (POST)
/live/{space}/say                reactions and votes (POST)
/live/{space}/talk.json          room, polls, chat and questions
/live/{space}/{codec}/init.mp4   header of the segments
/live/{space}/{codec}/{k}.m4s    segments, and their parts as p{n}.m4s
/live/{space}/index.m3u8         the last minute, for HLS players
/live/{space}/dvr.m3u8           all of it, for HLS players
/live/{space}/replay.m4a, stems/{seat}.opus  the recording's files (`files` names all)
/live/{space}/all.zip            all of them in one
/s/{space}/transcript            what was said, to be read
/c/{space}/{clip}, /c/{space}/{clip}/embed  the page of a clip, and its player for other pages
/healthz  /readyz  /metrics
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from hustings.edge import enter, events, files, pieces, push, reply
from hustings.edge.admission import Admit, rung_of
from hustings.edge.assets import ROOT, Assets
from hustings.edge.clips import Clips
from hustings.edge.forms import Form, of_codec
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.ladder import Ladder
from hustings.edge.metrics import CONTENT_TYPE, Metrics
from hustings.edge.pages import Pages
from hustings.edge.pictures import Pictures
from hustings.edge.push import Push
from hustings.edge.reader import reader
from hustings.edge.recalled import Recalled
from hustings.edge.replay import Replay
from hustings.edge.reply import Reply, problem
from hustings.edge.rights import InRoom, Rights
from hustings.edge.room import Room
from hustings.edge.rooms import Rooms
from hustings.edge.say import Sayings
from hustings.errors import BadInput
from hustings.formats.fmp4 import CODECS, Codec
from hustings.log.subjects import checked

_PREFLIGHT: Final = Reply(
    status=204,
    fields=(
        ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
        ("Access-Control-Allow-Headers", "Authorization, Content-Type, Range"),
        ("Access-Control-Max-Age", "86400"),
        ("Allow", "GET, HEAD, POST, OPTIONS"),
    ),
)
_NOWHERE: Final = problem(404, "address", "There is nothing at this address.")
_NOT_POSTED: Final = problem(
    405,
    "method",
    "Nothing can be posted to this address.",
    fields=(*reply.NO_STORE, ("Allow", "GET, HEAD, OPTIONS")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the routes answer from. `stopping` says that this edge leaves."""

    rooms: Rooms
    pages: Pages
    clips: Clips
    push: Push
    assets: Assets
    replay: Replay
    recalled: Recalled
    metrics: Metrics
    ladder: Ladder
    rights: Rights
    sayings: Sayings
    pictures: Pictures
    stopping: Callable[[], bool]
    refresh: Callable[[], None]


class Routes:
    """Answers requests: at once where everything is at hand, else with something to await."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._live: dict[str, InRoom] = {
            "door.json": self._house.pages.document,
            "push": self._push,
            "listen.aac": self._plain,
            "listen.ogg": self._ogg,
            "events": self._events,
            "captions": self._captions,
            "talk.json": self._house.recalled.answer,
            "index.m3u8": lambda request, room: _unaltered(room) or room.hls.index(request),
            "dvr.m3u8": lambda request, room: _unaltered(room) or room.hls.dvr(request),
        }
        # beside the page of a space
        self._pages: dict[str, Callable[[Request, str], Outcome | Awaitable[Outcome]]] = {
            "embed": lambda request, space: self._house.pages.page(request, space, embed=True),
            "transcript": self._house.pages.transcript,
            "event.ics": self._house.pages.event,
        }
        # of the edge itself, not of a space
        self._own: dict[str, Callable[[Request], Outcome | Awaitable[Outcome]]] = {
            "oembed": self._oembed,
            "robots.txt": self._house.pages.robots,
            "receipt.pub.pem": self._house.pages.receipt_key,
            "healthz": lambda _: _text("ok\n"),
            "readyz": self._ready,
            "metrics": self._metrics,
        }
        # what takes POST under /live/{space}/
        self._posts: dict[str, InRoom] = {"say": self._say, "enter": self._enter}

    def answer(self, request: Request) -> Outcome | Awaitable[Outcome]:
        """The answer to a request, or something to await for it. May raise `HustingsError`."""
        if request.method == "OPTIONS":
            return _PREFLIGHT
        if request.method == "POST":
            return self._post(request)
        match request.parts:
            case ("s", space):
                return self._house.pages.page(request, space)
            case ("s", space, name) if name in self._pages:
                return self._pages[name](request, space)
            case ("c", space, clip, *last) if last in ([], ["embed"]):
                return self._house.clips.page(request, space, clip, embed=bool(last))
            case ("live", space, name) if name in self._live:
                return self._inside(request, space, self._live[name])
            case ("live", space, codec, name) if codec in CODECS:
                return self._segment(request, space, codec, name)
            case ("live", space, *names) if names and files.named("/".join(names)):
                return self._inside(request, space, self._file(tuple(names)))
            case ("assets", digest, language, *names):
                return self._house.assets.answer(request, digest, language, "/".join(names))
            case ("pictures", picture, name):
                return self._house.pictures.answer(request, picture, name)
            case (name,) if name in ROOT:
                return self._house.pages.file(request, name)
            case (name,) if name in self._own:
                return self._own[name](request)
        return _NOWHERE

    def _post(self, request: Request) -> Outcome | Awaitable[Outcome]:
        match request.parts:
            case ("live", space, name) if name in self._posts:
                return self._inside(request, space, self._posts[name])
        return _NOT_POSTED

    def _inside(self, request: Request, space: str, answer: InRoom) -> Outcome | Awaitable[Outcome]:
        """Have `answer` answer, once the space's state is known."""
        room = self._house.rooms.get(space)
        if room is not None:
            return self._house.rights.apply(request, room, answer)
        return self._opened(request, space, answer)

    async def _opened(self, request: Request, space: str, answer: InRoom) -> Outcome:
        room = None
        if _is_id(space):
            room = await self._house.rooms.open(space)
        if room is None:
            return problem(404, "space", "There is no such conversation.")
        outcome = self._house.rights.apply(request, room, answer)
        return outcome if isinstance(outcome, Reply | Handover) else await outcome

    def _push(self, request: Request, room: Room) -> Outcome:
        codec = request.query.get("codec", "opus")
        if codec not in CODECS:
            raise BadInput("codec", expected=" or ".join(CODECS), got=codec[:20])
        return self._listen(request, room, of_codec(codec), from_ms=_from(request))

    def _plain(self, request: Request, room: Room) -> Outcome:
        return self._listen(request, room, Form.PLAIN, from_ms=None)

    def _ogg(self, request: Request, room: Room) -> Outcome:
        return self._listen(request, room, Form.OGG, from_ms=None)

    def _listen(self, request: Request, room: Room, form: Form, *, from_ms: int | None) -> Outcome:
        if room.over or room.programme.over:
            return enter.over()
        if self._house.stopping():
            return enter.LEAVING
        name = room.state.title if room.state is not None else ""
        if request.method == "HEAD":
            return push.preview(form, name)
        visitor = enter.visitor(request, room)
        slowest = enter.cadence(request)
        way = self._house.ladder.listen(visitor, token=enter.token(request))
        if not isinstance(way, Admit):
            return enter.refused(way, request, room, self._house.ladder, form)
        way = max(way, slowest)
        return self._house.push.admit(
            room.programme,
            form,
            request,
            from_ms=from_ms,
            name=name,
            cadence=way.cadence,
            guest=room.visitors.visit(visitor.who, rung_of(way), again=from_ms is not None),
        )

    def _events(self, request: Request, room: Room) -> Outcome:
        if request.method == "HEAD":
            return Reply(fields=events.STREAM, close=True, endless=True)
        if self._house.stopping():
            return enter.LEAVING
        return enter.events(request, room, self._house.ladder)

    def _captions(self, request: Request, room: Room) -> Outcome:
        if request.method == "HEAD":
            return Reply(fields=events.STREAM, close=True, endless=True)
        if self._house.stopping():
            return enter.LEAVING
        if room.over:
            return enter.over()
        if not self._house.ladder.read(enter.visitor(request, room)):
            return enter.full("Every place for readers is taken at the moment.")
        return room.news.captions.admit(request)

    def _enter(self, request: Request, room: Room) -> Outcome:
        if self._house.stopping():
            return enter.LEAVING
        return enter.answer(request, room, self._house.ladder)

    def _say(self, request: Request, room: Room) -> Outcome:
        now_s, wall_ms = time.monotonic(), time.time_ns() // 1_000_000
        said = self._house.sayings.answer(request, room, now_s=now_s, wall_ms=wall_ms)
        return reply.worded(said, reader(request))  # what is refused here, the page shows

    def _oembed(self, request: Request) -> Awaitable[Outcome]:
        house = self._house
        return (house.clips if house.clips.named(request) else house.pages).oembed(request)

    def _segment(
        self, request: Request, space: str, codec: Codec, name: str
    ) -> Outcome | Awaitable[Outcome]:
        if not pieces.is_piece(name):
            return _NOWHERE
        return self._inside(
            request, space, lambda of, room: _unaltered(room) or pieces.piece(of, room, codec, name)
        )

    def _file(self, names: tuple[str, ...]) -> InRoom:
        async def answer(request: Request, room: Room) -> Outcome:
            assert room.state is not None, "a room is opened with its state"
            return await self._house.replay.answer(request, room.state, names)

        return answer

    def _metrics(self, request: Request) -> Reply:
        self._house.refresh()
        kept = (("Content-Type", CONTENT_TYPE), *reply.NO_STORE)
        return Reply(fields=kept, body=self._house.metrics.render())

    def _ready(self, request: Request) -> Reply:
        if self._house.stopping():
            return problem(503, "stopping", "This server is being stopped.")
        return _text("ready\n")


def _is_id(space: str) -> bool:
    try:
        checked(space)
    except BadInput:
        return False
    return True


def _unaltered(room: Room) -> Reply | None:
    """Why there are no segments of a recording that is not published as it was made."""
    return None if room.state is None else files.altered(room.state)


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
