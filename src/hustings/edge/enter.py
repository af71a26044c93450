"""A visitor's way in: POST /live/{space}/enter, and what is answered where sound is refused.

The answer is always a rung and all that a page needs to stand on it; docs/listen.md describes the
fields. A page that waits shows place and estimate, and says that the recording will be posted at
the same address: there is nothing to sign up for, whoever comes back finds it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from hustings import limits
from hustings.chunk import segment_of
from hustings.crowd import Rung
from hustings.edge import admission
from hustings.edge.admission import Admit, Redirect, Way
from hustings.edge.connection import Connection
from hustings.edge.forms import PLAIN, Form
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.ladder import Ladder, Offer
from hustings.edge.places import Visitor
from hustings.edge.reply import NO_STORE, Reply, problem
from hustings.edge.room import Room
from hustings.edge.visitors import Who, who, who_says
from hustings.errors import BadInput
from hustings.formats.fmp4 import Codec

TOKEN_CHARS: Final = 160
_RETRY_S: Final = 5
_JSON: Final = (("Content-Type", "application/json"), *NO_STORE)
# Of edges that share an address another one answers whoever comes on a new connection.
LEAVING: Final = problem(
    503, "stopping", "This server is being stopped.", retry_after_s=1, close=True
)
_BACK: Final = 16  # segments behind the newest chunk among which one is settled: 30 s

_Text = Annotated[str, Meta(max_length=limits.VISITOR_CHARS_MAX)]


class _Asked(msgspec.Struct, frozen=True):
    v: _Text | None = None
    t: _Text | None = None
    codec: Codec = "opus"
    line: Annotated[str, Meta(max_length=TOKEN_CHARS)] | None = None
    rung: Rung | None = None


def visitor(request: Request, room: Room) -> Visitor:
    """Who asks by GET. `BadInput` when the keys in the query have another form."""
    return _of(room, who(request))


def token(request: Request) -> str | None:
    """The token that stands in a query."""
    given = request.query.get("line")
    return given if given and len(given) <= TOKEN_CHARS else None


def cadence(request: Request) -> Admit:
    """The cadence that is asked for: nobody is given a quicker one, but maybe a slower one."""
    given = request.query.get("cadence", str(admission.CADENCES_MS[0]))
    if given not in map(str, admission.CADENCES_MS):
        raise BadInput(
            "cadence", expected=" or ".join(map(str, admission.CADENCES_MS)), got=repr(given[:20])
        )
    return Admit(int(given))


def answer(request: Request, room: Room, ladder: Ladder) -> Reply:
    """The answer to POST /enter. Raises `BadInput` when the body is no such question."""
    if room.over or room.programme.over:
        return over()
    try:
        asked = _decoder.decode(request.body or b"{}")
    except msgspec.MsgspecError as error:
        raise BadInput("body", expected='{"v", "t", "codec", …}', got=str(error)) from error
    asker = _of(room, who_says(request, asked.v, asked.t))
    offer = ladder.enter(asker, token=asked.line, rung=asked.rung)
    document = {
        "rung": admission.rung_of(offer.way),
        "called": offer.called or None,
        "number": offer.number,
        "place": offer.place,
        "estimate_s": offer.estimate_s,
        "line": offer.token,
        "again_ms": int(offer.again_s * 1000),
        "limit": _limit(offer, room),
        **_addresses(offer, asked, room),
    }
    # Of edges that share an address another one may answer: only a new connection reaches it.
    elsewhere = isinstance(offer.way, Redirect) and offer.way.rung is Rung.EDGE
    return Reply(fields=_JSON, body=msgspec.json.encode(document), close=elsewhere)


def refused(way: Way, request: Request, room: Room, ladder: Ladder, form: Form) -> Reply:
    """The answer to whoever asked for sound and is not let in.

    A page asks POST /enter next. A plain player knows no ladder: it is sent to an edge with room,
    or asked to come again.
    """
    if isinstance(way, Redirect) and way.rung is Rung.EDGE and form in PLAIN:
        ladder.redirected(way.url)
        query = f"?{urlencode(request.query)}" if request.query else ""
        there = f"{way.url}{quote(request.path)}{query}"
        # That edge may share this one's address: on this connection it would be asked here again.
        return Reply(status=302, fields=(("Location", there), *NO_STORE), close=True)
    if (limit := _limit_of(room)) is not None:
        return full(f"This conversation is for {limit} listeners, and as many are here.")
    return full("Every place for listeners is taken at the moment.")


def events(request: Request, room: Room, ladder: Ladder) -> Outcome:
    """The answer to GET /events: the stream, if there is room for one more reader.

    Who waits reads on it which numbers are called, and need not ask meanwhile.
    """
    asker = visitor(request, room)
    if not ladder.read(asker, token=token(request)):
        return full("Every place for readers is taken at the moment.")
    stream = room.news.admit(request, guest=room.visitors.visit(asker.who, Rung.TEXT))

    def take(connection: Connection) -> None:
        sock = connection.sock
        stream.take(connection)
        ladder.reads(asker, token(request), lambda: sock.fileno() >= 0)

    return Handover(take)


def full(detail: str) -> Reply:
    """503: there is no room for this, come again."""
    return problem(503, "full", detail, retry_after_s=_RETRY_S)


def over() -> Reply:
    """410: no more sound follows."""
    return problem(410, "over", "This conversation has ended; its page has the rest.")


def _of(room: Room, asks: Who) -> Visitor:
    private = room.state is not None and room.state.private
    return Visitor(room.space, asks, room.visitors, private, room.full)


def _limit(offer: Offer, room: Room) -> int | None:
    """The space's own limit, where it is the reason why there is no place."""
    return None if isinstance(offer.way, Admit) else _limit_of(room)


def _limit_of(room: Room) -> int | None:
    return room.state.listeners_max if room.state is not None and room.full else None


def _addresses(offer: Offer, asked: _Asked, room: Room) -> dict[str, Any]:
    """Where the rung is to be had."""
    at = f"/live/{room.space}/"
    found: dict[str, Any] = dict.fromkeys(("cadence_ms", "push", "edge", "segments", "events"))
    push = f"{at}push?codec={asked.codec}"
    match offer.way:
        case Admit(cadence_ms):
            found["cadence_ms"], found["push"] = cadence_ms, push
        case Redirect(url, Rung.EDGE):
            found["edge"], found["push"] = url, push
        case Redirect(url, _):
            found["segments"] = {"base": url + at, "k": _newest(room)}
        case admission.Text():
            found["events"] = f"{at}events"
        case _:
            pass
    return found


def _newest(room: Room) -> int | None:
    """The newest segment that is final, and so can be had from any cache."""
    newest = room.programme.ring.newest
    if newest is None:
        return None
    first = segment_of(newest)
    behind = range(first, max(first - _BACK, -1), -1)
    return next((k for k in behind if room.segments.has(k)), None)


_decoder: Final = msgspec.json.Decoder(_Asked)
