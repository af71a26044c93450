"""The addresses of segments, parts and playlists: at once from memory, later, or never.

    /live/{space}/{codec}/init.mp4   header of the segments
    /live/{space}/{codec}/{k}.m4s    six chunks; the next one is held until it is settled
    /live/{space}/{codec}/p{n}.m4s   one chunk; the next one is held until it is logged

What is withheld or called off is not handed out by whoever knows its address.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from hustings.chunk import segment_of
from hustings.edge import segments
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import Reply, matches, problem
from hustings.edge.room import Room
from hustings.formats import fmp4
from hustings.formats.fmp4 import Codec
from hustings.space import Status

_NAME: Final = re.compile(r"(p?)(\d{1,9})\.m4s")
_GONE: Final = problem(410, "gone", "This conversation is not published.")
_AWAY: Final = problem(503, "away", "This cannot be looked up at the moment.", retry_after_s=2)
_INIT: Final = {
    codec: segments.found(codec, fmp4.init_segment(codec), '"init"') for codec in fmp4.CODECS
}


def is_piece(name: str) -> bool:
    """Whether a name is one of the above."""
    return name == "init.mp4" or _NAME.fullmatch(name) is not None


def piece(request: Request, room: Room, codec: Codec, name: str) -> Outcome | Awaitable[Outcome]:
    """The answer to a request for one of the above."""
    if _is_gone(room):
        return _GONE
    match = _NAME.fullmatch(name)
    if match is None:
        # A constant, but only of spaces that exist: what a cache keeps must be true.
        return _INIT[codec]
    asked = request.headers.get("if-none-match")
    etag = f'"{match[1]}{match[2]}"'
    number = int(match[2])
    answer = _part if match[1] else _segment
    there = room.segments.is_there(number) if match[1] else room.segments.has(number)
    if there and asked is not None and matches(etag, asked):
        # Whoever has it has it whole: it never changes.
        return Reply(status=304, fields=(*segments.FOR_EVER, ("ETag", etag)))
    if room.segments.caught_up.is_set():
        return answer(room, codec, number, etag)
    return _caught_up(answer, room, codec, number, etag)


async def _caught_up(
    answer: Callable[[Room, Codec, int, str], Outcome | Awaitable[Outcome]],
    room: Room,
    codec: Codec,
    number: int,
    etag: str,
) -> Outcome:
    """The answer of an edge that has only begun to follow: it cannot say yet what there is."""
    kept = room.segments.has(number if answer is _segment else segment_of(number))
    if not kept and not await room.segments.catch_up():
        return _AWAY
    if _is_gone(room):  # what was known when this was asked for may have been what the spool kept
        return _GONE
    outcome = answer(room, codec, number, etag)
    return outcome if isinstance(outcome, Reply | Handover) else await outcome


def _is_gone(room: Room) -> bool:
    return room.state is not None and room.state.status in (Status.WITHHELD, Status.CANCELLED)


def _segment(room: Room, codec: Codec, k: int, etag: str) -> Outcome | Awaitable[Outcome]:
    at_hand = room.segments.at_hand(codec, k)
    if at_hand is not None:
        return segments.found(codec, at_hand, etag, room.segments.edition)
    if room.segments.has(k):
        return _segment_read(room, codec, k, etag)
    if not room.segments.is_next(k, newest=room.programme.ring.newest):
        return segments.never()
    return Handover(lambda connection: room.segments.hold(codec, k, connection))


async def _segment_read(room: Room, codec: Codec, k: int, etag: str) -> Outcome:
    edition = room.segments.edition  # it may be withdrawn while this reads
    body = await room.segments.body(codec, k)
    return segments.never() if body is None else segments.found(codec, body, etag, edition)


def _part(room: Room, codec: Codec, n: int, etag: str) -> Outcome | Awaitable[Outcome]:
    at_hand = room.segments.part_at_hand(codec, n)
    if at_hand is not None:
        return segments.found(codec, at_hand, etag, room.segments.edition)
    if room.segments.is_gap(n):
        return segments.never()
    if room.segments.has_part(n):
        return _part_read(room, codec, n, etag)
    if not room.segments.is_next_part(n, newest=room.programme.ring.newest):
        return segments.never()
    return Handover(lambda connection: room.segments.hold_part(codec, n, connection))


async def _part_read(room: Room, codec: Codec, n: int, etag: str) -> Outcome:
    edition = room.segments.edition
    body = await room.segments.part(codec, n)
    return segments.never() if body is None else segments.found(codec, body, etag, edition)
