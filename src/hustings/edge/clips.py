"""The pages of clips, /c/{space}/{clip}: what answers their requests.

Shown while the recording is, and to whom it is. A page is made once for each edition and language
from the space's state and clip.json; what has no clip has a page that says so.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hustings.edge import card, clip, files
from hustings.edge.assets import packed, takes_gzip
from hustings.edge.reader import VARY, reader
from hustings.edge.replay import edition
from hustings.edge.reply import Fields, Reply, problem, unless_known
from hustings.edge.rights import unshared
from hustings.errors import BadInput, LogError, StoreError
from hustings.log.subjects import checked
from hustings.words import mark

if TYPE_CHECKING:
    from hustings.edge.assets import Assets
    from hustings.edge.door import Door
    from hustings.edge.head import Request
    from hustings.edge.replay import Replay
    from hustings.edge.rights import Rights
    from hustings.edge.rooms import Rooms
    from hustings.space import Space

_PAGES_COUNT: Final = 64
_AGAIN_S: Final = 5
_HEADINGS: Final = {
    401: mark("A private conversation"),
    404: mark("No clip here"),
    410: mark("This clip is gone"),
    503: mark("One moment, please"),
}
_INVITE: Final = mark(
    "Open the link that you were sent once more. If that does not help, ask the host for a new one."
)
_MAKING: Final = mark("This clip is being made. This page tries again by itself.")
_AWAY: Final = mark(
    "This conversation cannot be looked up right now. This page tries again by itself."
)


@dataclass(frozen=True, slots=True)
class _Made:
    of: str
    plain: bytes
    packed: bytes


class Clips:
    """Answers for the clips of all spaces. `listen` is the public address of the edges."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        door: Door,
        replay: Replay,
        rights: Rights,
        assets: Assets,
        listen: str,
    ) -> None:
        self._rooms = rooms
        self._door = door
        self._replay = replay
        self._rights = rights
        self._assets = assets
        self._listen = listen
        self._made: OrderedDict[tuple[str, ...], _Made] = OrderedDict()

    async def page(
        self, request: Request, space: str, wanted: str, *, embed: bool = False
    ) -> Reply:
        """The page of a clip, or with `embed` its player for other pages."""
        try:
            state = await self._state(space)
        except LogError:
            return self._refused(request, 503, _AWAY)
        if state is None:
            return self._refused(request, 404, "Please check the address.")
        if self._rights.refusal(request, state, now_s=time.time()) is not None:
            return unshared(self._refused(request, 401, _INVITE))
        refusal = files.refusal(state, f"clips/{wanted}/clip.json")
        if refusal is not None:
            answer = self._refused(request, refusal.status, json.loads(refusal.body)["detail"])
            return unshared(answer) if state.private else answer
        try:
            made = await self._of(request, state, wanted, embed=embed)
        except StoreError:
            return self._refused(request, 503, _AWAY)
        if made is None:
            return self._refused(request, 503, _MAKING)
        answer = self._answer(request, state, wanted, made, embed=embed)
        return unshared(answer) if state.private else answer

    def named(self, request: Request) -> bool:
        """Whether it is asked how to embed a clip."""
        return card.clip_of(request.query.get("url", ""), listen=self._listen) is not None

    async def oembed(self, request: Request) -> Reply:
        """The oEmbed document of a clip (oembed.com, section 2.3.4.2)."""
        if request.query.get("format", "json") != "json":
            return problem(501, "format", "Only format=json is served.")
        width, height = (
            card.pixels(name, request.query.get(name)) for name in ("maxwidth", "maxheight")
        )
        named = card.clip_of(request.query.get("url", ""), listen=self._listen)
        assert named is not None, "the address was looked at"
        space, wanted = named
        state = await self._state(space)
        if state is None or state.private:
            return problem(404, "space", "There is no such conversation here.")
        name = f"clips/{wanted}/clip.json"
        if (refusal := files.refusal(state, name)) is not None:
            return refusal
        if (document := await self._document(state, wanted)) is None:
            return problem(503, "making", _MAKING, retry_after_s=_AGAIN_S)
        body = clip.oembed(
            state,
            state.replay.clips[wanted],
            document,
            listen=self._listen,
            max_width=width,
            max_height=height,
        )
        fields = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60"))
        return Reply(fields=fields, body=body)

    async def _state(self, space: str) -> Space | None:
        try:
            checked(space)
        except BadInput:
            return None
        room = self._rooms.get(space) or await self._rooms.open(space)
        return None if room is None else room.state

    async def _of(
        self, request: Request, space: Space, wanted: str, *, embed: bool
    ) -> _Made | None:
        """The page as it was made last, or now; None while the clip is being made."""
        wording = self._assets.of(reader(request))
        ticket = request.query.get("ticket", "") if space.private else ""
        key = space.id, wanted, wording.words.language, "embed" if embed else "", ticket
        of = self._edition(space, wanted)
        made = self._made.get(key)
        if made is not None and made.of == of:
            self._made.move_to_end(key)
            return made
        document = await self._document(space, wanted)
        if document is None:
            return None
        page = clip.Page(
            space=space,
            clip=space.replay.clips[wanted],
            document=document,
            wording=wording,
            listen=self._listen,
            ticket=ticket,
        )
        written = (page.embedded() if embed else page.whole()).encode()
        made = self._made[key] = _Made(of, written, packed(written))
        while len(self._made) > _PAGES_COUNT:
            self._made.popitem(last=False)
        return made

    async def _document(self, space: Space, wanted: str) -> clip.Document | None:
        """clip.json; None while there is none."""
        data = await self._replay.text(space, f"clips/{wanted}/clip.json")
        return None if data is None else clip.decode(data, space.replay.clips[wanted])

    def _answer(
        self, request: Request, space: Space, wanted: str, made: _Made, *, embed: bool
    ) -> Reply:
        fields: Fields = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Language", reader(request).language),
            ("Cache-Control", "public, max-age=60"),
            VARY,
            ("Content-Security-Policy", self._door.policy(framed_by="*" if embed else "'none'")),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
        )
        body = made.plain
        if takes_gzip(request):
            body, fields = made.packed, (*fields, ("Content-Encoding", "gzip"))
        etag = f'W/"{self._edition(space, wanted)}-{self._assets.digest}"'
        known = request.headers.get("if-none-match")
        return unless_known(Reply(fields=fields, body=body), etag, known)

    def _edition(self, space: Space, wanted: str) -> str:
        number = space.replay.clips[wanted].number
        return f"{edition(space)}-{space.replay.revision}-{number}"

    def _refused(self, request: Request, status: int, note: str) -> Reply:
        again_s = _AGAIN_S if status == 503 else None
        return self._door.nowhere(request, status, _HEADINGS[status], note, again_s=again_s)
