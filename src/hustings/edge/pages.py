"""What visitors see of a space before and beside the sound: its page, its state, its cards.

/s/{space}                       the page of a space
/s/{space}/transcript            what was said, to be read
/s/{space}/embed                 the player that other pages show in a frame
/s/{space}/event.ics             the space in a calendar
/live/{space}/door.json          the page's state
/oembed?url=                     how to embed the page (oembed.com)
/sw.js and the like              files of the page that have to stand at the root
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hustings import limits
from hustings.edge import card
from hustings.edge.kept import Kept, chapters
from hustings.edge.reply import Fields, Reply, problem
from hustings.edge.rights import unshared
from hustings.errors import BadInput, LogError, StoreError
from hustings.formats import calendar
from hustings.log.subjects import checked
from hustings.words import mark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hustings.edge.door import Door
    from hustings.edge.head import Request
    from hustings.edge.http import Outcome
    from hustings.edge.replay import Replay
    from hustings.edge.rights import Rights
    from hustings.edge.room import Room
    from hustings.edge.rooms import Rooms
    from hustings.edge.transcript import Transcripts


class Pages:
    """Answers with what `door` renders, once the space's state is known. `listen` is the public
    address of the edges, `receipt_key` gives the public key that checks receipts (PEM)."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        door: Door,
        replay: Replay,
        transcripts: Transcripts,
        rights: Rights,
        listen: str,
        receipt_key: Callable[[], bytes],
    ) -> None:
        self._rooms = rooms
        self._door = door
        self._replay = replay
        self._transcripts = transcripts
        self._rights = rights
        self._listen = listen
        self._receipt_key = receipt_key
        self._looking: dict[str, asyncio.Event] = {}  # what the store is being asked of

    def page(
        self, request: Request, space: str, *, embed: bool = False
    ) -> Outcome | Awaitable[Outcome]:
        """The page; of an address without a known space, one that says so."""
        room = self._rooms.get(space)
        if room is not None and not self._door.needs_kept(room):
            return self._shown(request, room, embed=embed)
        return self._page_opened(request, space, embed=embed)

    async def transcript(self, request: Request, space: str) -> Outcome:
        """What was said, to be read; where nobody has written it down, a page that says so."""
        try:
            room = await self._open(space)
        except LogError:
            room = None
        state = None if room is None else room.state
        if room is None or state is None:
            return self._nowhere(request)
        if self._rights.refusal(request, state, now_s=time.time()) is not None:
            return unshared(self._door.closed(request, room))
        policy = self._door.policy()
        made = await self._transcripts.answer(request, state, policy=policy)
        if made is None:
            heading, note = mark("No transcript here"), "Nobody has written this down, or not yet."
            return self._door.nowhere(request, 404, heading, note, again_s=None)
        return unshared(made) if state.private else made

    def document(self, request: Request, room: Room) -> Outcome | Awaitable[Outcome]:
        """door.json."""
        if self._door.needs_kept(room):
            return self._document_looked_up(room)
        return self._door.document(room, wall_s=time.time())

    def robots(self, _: Request) -> Reply:
        """robots.txt."""
        return self._door.robots()

    def receipt_key(self, _: Request) -> Reply:
        """The public key that checks this installation's receipts (PEM)."""
        fields: Fields = (
            ("Content-Type", "application/x-pem-file"),
            ("Cache-Control", "public, max-age=3600"),
        )
        return Reply(fields=fields, body=self._receipt_key())

    def file(self, request: Request, name: str) -> Reply:
        """One of the files at the root."""
        return self._door.file(request, name)

    def event(self, request: Request, space: str) -> Outcome | Awaitable[Outcome]:
        """The space as a calendar file."""
        room = self._rooms.get(space)
        return self._event_opened(request, space) if room is None else self._event(request, room)

    async def oembed(self, request: Request) -> Outcome:
        """The oEmbed document of a page on this origin (oembed.com, section 2.3)."""
        url = request.query.get("url")
        if url is None:
            raise BadInput("url", expected="the address of a conversation's page", got="nothing")
        if request.query.get("format", "json") != "json":
            return problem(501, "format", "Only format=json is served.")
        space = card.space_of(url, listen=self._listen)
        room = None if space is None else await self._open(space)
        if room is None or room.state is None or room.state.private:
            return problem(404, "space", "There is no such conversation here.")
        body = card.oembed(
            room.state,
            listen=self._listen,
            max_width=request.query.get("maxwidth"),
            max_height=request.query.get("maxheight"),
        )
        fields = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60"))
        return Reply(fields=fields, body=body)

    async def _page_opened(self, request: Request, space: str, *, embed: bool) -> Outcome:
        try:
            room = await self._open(space)
        except LogError:
            return self._door.nowhere(
                request,
                503,
                mark("One moment, please"),
                "This conversation cannot be looked up right now. This page tries again by itself.",
                again_s=3,
            )
        if room is None:
            return self._nowhere(request)
        await self._look_up(room)
        return self._shown(request, room, embed=embed)

    def _nowhere(self, request: Request) -> Reply:
        heading, note = mark("No conversation here"), "Please check the address."
        return self._door.nowhere(request, 404, heading, note, again_s=None)

    def _shown(self, request: Request, room: Room, *, embed: bool) -> Reply:
        assert room.state is not None
        if self._rights.refusal(request, room.state, now_s=time.time()) is not None:
            return unshared(self._door.closed(request, room, embed=embed))
        made = self._door.page(request, room, wall_s=time.time(), embed=embed)
        return unshared(made) if room.state.private else made

    async def _document_looked_up(self, room: Room) -> Outcome:
        await self._look_up(room)
        return self._door.document(room, wall_s=time.time())

    async def _event_opened(self, request: Request, space: str) -> Outcome:
        room = await self._open(space)
        if room is None:
            return problem(404, "space", "There is no such conversation.")
        return self._event(request, room)

    def _event(self, request: Request, room: Room) -> Reply:
        assert room.state is not None
        refusal = self._rights.refusal(request, room.state, now_s=time.time())
        if refusal is not None:
            return refusal
        made = card.calendar(room.state, listen=self._listen, now_ms=time.time_ns() // 1_000_000)
        fields = (
            ("Content-Type", calendar.MIME),
            ("Content-Disposition", f'attachment; filename="{room.space}.ics"'),
            ("Cache-Control", "public, max-age=60"),
        )
        answer = Reply(fields=fields, body=made)
        return unshared(answer) if room.state.private else answer

    async def _open(self, space: str) -> Room | None:
        try:
            checked(space)
        except BadInput:
            return None
        return await self._rooms.open(space)

    async def _look_up(self, room: Room) -> None:
        """Ask the store what there is of the recording: once for all who want to know, and not for
        long."""
        if not self._door.needs_kept(room):
            return
        try:
            async with asyncio.timeout(limits.REQUEST_S):
                if (looking := self._looking.get(room.space)) is not None:
                    await looking.wait()
                    return
                looking = self._looking[room.space] = asyncio.Event()
                try:
                    kept = await self._kept(room)
                finally:
                    del self._looking[room.space]
                    looking.set()
        except (StoreError, TimeoutError):
            return  # the page is true without them
        self._door.give_kept(room, kept)

    async def _kept(self, room: Room) -> Kept:
        assert room.state is not None
        sizes = await self._replay.sizes(room.state)
        timeline = None
        if "timeline.json" in sizes:
            timeline = await self._replay.text(room.state, "timeline.json")
        return Kept(sizes, chapters(timeline))
