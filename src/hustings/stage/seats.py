"""The seats of one space: who may sit down, who sits, and by which transport.

A seat is granted by the space's state; a speaker takes it with an offer. A new offer for a taken
seat is how speakers come back after a failure: the old transport plays until the new one is
connected, then it is closed. While several are connecting, the newest that connects stays. Of two
pages of one speaker the one where somebody pressed Join last has the seat.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Protocol

from hustings import limits, signal
from hustings.errors import BadInput
from hustings.space import Space, Status
from hustings.space.state import Seat as Granted
from hustings.stage import fragment
from hustings.stage.endpoint import Endpoint, EndpointFull
from hustings.stage.lines import Reading
from hustings.stage.returns import Return
from hustings.stage.rtp import MediaPacket
from hustings.stage.seat import Seat
from hustings.stage.transport import Transport

OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD, Status.CANCELLED})

_ANY: Final = ("*", '"*"')  # RFC 9110 has it bare; RFC 9725's first readers quoted it


class Audience(Protocol):
    """Who is told what happens on the seats."""

    def joined(self, seat: Seat) -> None:
        """A seat's new transport is connected."""

    def left(self, seat: str, cause: str) -> None:
        """A seat has no transport any more."""

    def heard(self, seat: Seat, packet: MediaPacket) -> None:
        """A packet of a seat's present transport came in."""


@dataclass(slots=True, eq=False)
class _Link:
    """One transport of a seat. `order` grows with every offer."""

    order: int
    transport: Transport | None = None


@dataclass(slots=True, eq=False)
class _Place:
    """A granted seat: its sound, the transport that is connected, those that are connecting."""

    seat: Seat
    back: Return
    link: _Link | None = None
    waiting: list[_Link] = field(default_factory=list)
    page: str = ""  # what sat down last calls itself


class Seats:
    """The seats of one space on this stage.

    `joins` says how many transports each seat has had before, under other stages. `denoise` is for
    seats that decided nothing else.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        audience: Audience,
        speakers_max: int,
        complexity: int,
        joins: dict[str, int],
        denoise: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._audience = audience
        self._speakers_max = speakers_max
        self._complexity = complexity
        self._joins = joins
        self._denoise = denoise
        self._places: dict[str, _Place] = {}
        self._leaving: list[Return] = []
        self._order = itertools.count()
        self._open = True
        self._past = Counter[str]()  # what the jitter buffers of former seats have counted

    @property
    def connected(self) -> list[Seat]:
        """The seats whose speakers are connected."""
        return [place.seat for place in self._places.values() if place.link is not None]

    def totals(self) -> Counter[str]:
        """What the jitter buffers of all seats have counted so far, by the stage's metrics."""
        totals = self._past.copy()
        for place in self._places.values():
            totals += counted(place.seat)
        return totals

    @property
    def empty(self) -> bool:
        """Whether nobody is connected, connecting, or fading out."""
        busy = any(place.link or place.waiting for place in self._places.values())
        return not busy and not self._leaving

    def readings(self) -> list[Reading]:
        """What is known of the lines of those who are connected."""
        return [
            Reading(
                seat=place.seat.id,
                join=place.seat.join,
                stats=place.link.transport.stats,
                buffer_ms=place.seat.buffer_ms,
            )
            for place in self._places.values()
            if place.link is not None and place.link.transport is not None
        ]

    def returns(self) -> list[Return]:
        """The ways back of all seats that are to be mixed in this tick."""
        now = [place.back for place in self._places.values() if place.link is not None]
        if self._leaving:
            self._leaving = [one for one in self._leaving if one.seat.open]
            now += self._leaving
        return now

    def sync(self, space: Space) -> None:
        """Follow the space's state: seats that were revoked are closed, muted ones are muted."""
        for name in [name for name in self._places if name not in space.seats]:
            self._close(name, cause="revoked")
        for name, place in self._places.items():
            seat = place.seat
            seat.mute(space.seats[name].muted, now_ns=time.monotonic_ns())
            seat.denoise(self._denoised(space.seats[name]))
            if seat.trial is not None and _on_air(space, seat):
                seat.trial.stop()

    def offer(self, space: Space, offer: signal.Offer) -> signal.Answer:
        """Let a speaker take a seat, or say why not, in the words and status codes of HTTP."""
        name = offer.ticket.seat
        if space.status in OVER:
            return _refused(410, "over", "This conversation is over.")
        if not self._open:
            return _refused(503, "stage_away", "The stage is changing. Try again.")
        granted = space.seats.get(name)
        if granted is None:
            return _refused(403, "seat", "This seat is not granted, or not any more.")
        others = sum(1 for key, p in self._places.items() if key != name and (p.link or p.waiting))
        if others >= self._speakers_max:
            return _refused(409, "full", f"All {self._speakers_max} places on stage are taken.")
        place = self._places.get(name)
        if place is not None and _elsewhere(place, offer):
            return _refused(409, "elsewhere", "You joined from elsewhere.")
        if place is None:
            seat = Seat(name)
            seat.muted = granted.muted
            seat.denoise(self._denoised(granted))
            place = _Place(seat, Return(seat, None, complexity=self._complexity))
        link = _Link(next(self._order))
        try:
            link.transport, sdp = self._endpoint.accept(
                offer.sdp,
                on_packet=lambda packet: self._packet(place, link, packet),
                on_state=lambda state: self._state(place, link, state),
            )
        except BadInput as error:
            return _refused(400, "offer", str(error))
        except EndpointFull:
            return _refused(503, "busy", "This server has no room for another speaker.")
        self._places[name] = place
        place.page = offer.page
        place.waiting.append(link)
        while len(place.waiting) > limits.SEAT_OFFERS_COUNT:
            _end(place.waiting.pop(0))
        etag = link.transport.ice[0].tag
        return signal.Answer(status=201, sdp=sdp, session=link.transport.id, etag=etag)

    def change(self, patch: signal.Patch) -> signal.Answer:
        """Take a speaker's candidates, or restart ICE (RFC 9725 sections 4.3.1 to 4.3.3)."""
        _, link = self._find(patch.ticket.seat, patch.session)
        if link is None or link.transport is None:
            return _refused(404, "session", "There is no such session.")
        newest = link.transport.ice[-1]
        restarts = patch.match in _ANY
        if not patch.match:
            return _refused(428, "etag", "Send If-Match: the newest ETag, or * to restart ICE.")
        if not restarts and patch.match.strip('"') != newest.tag:
            return _refused(412, "etag", "If-Match names an ICE session that is over.")
        try:
            said = fragment.parse(patch.fragment)
        except BadInput as error:
            return _refused(422, "fragment", str(error))
        theirs = said.credentials
        if not restarts:
            if theirs is not None and theirs.ufrag != newest.theirs:
                return _refused(422, "fragment", "To restart ICE, send If-Match: *.")
            return signal.Answer(status=204, session=patch.session, etag=newest.tag)
        if theirs is None or theirs.ufrag == newest.theirs:
            return _refused(422, "fragment", "To restart ICE, send a new ice-ufrag and ice-pwd.")
        tag, sdp = self._endpoint.restart(link.transport, theirs=theirs.ufrag)
        return signal.Answer(status=200, sdp=sdp, session=patch.session, etag=tag)

    def leave(self, close: signal.Close) -> signal.Answer:
        """End one session of a seat, because its speaker asked for it."""
        place, link = self._find(close.ticket.seat, close.session)
        if place is None or link is None:
            return _refused(404, "session", "There is no such session.")
        if link is place.link:
            self._disconnect(place, "bye")
        else:
            place.waiting.remove(link)
        _end(link)
        return signal.Answer(status=200, session=close.session)

    def trial(self, space: Space, message: signal.Trial) -> signal.Answer:
        """Begin, report or break off the round trip of a seat's present session."""
        place = self._places.get(message.ticket.seat)
        link = place.link if place is not None else None
        transport = link.transport if link is not None else None
        if place is None or transport is None or transport.id != message.session:
            return _refused(404, "session", "There is no such session.")
        seat, status = place.seat, 200
        if message.act == "start" and not seat.testing:
            if _on_air(space, seat):
                return _refused(409, "on_air", "You are on air. Mute yourself to test your sound.")
            seat.test(lambda: transport.stats)
            status = 202
        elif seat.trial is None:
            return _refused(404, "trial", "No test was begun on this connection.")
        elif message.act == "stop":
            seat.trial.stop()
        assert seat.trial is not None
        return signal.Answer(status=status, session=message.session, trial=seat.trial.report)

    def close(self) -> None:
        """Close all transports, without a word: the stage has ended its work for this space."""
        self._open = False
        for place in self._places.values():
            for link in [*place.waiting, place.link]:
                if link is not None:
                    _end(link)
        self._past = self.totals()
        self._places.clear()
        self._leaving.clear()

    def _find(self, seat: str, session: str) -> tuple[_Place | None, _Link | None]:
        """The link of a seat whose transport has this id."""
        place = self._places.get(seat)
        for link in [*place.waiting, place.link] if place is not None else []:
            if link and link.transport and link.transport.id == session:
                return place, link
        return None, None

    def _denoised(self, granted: Granted) -> bool:
        return self._denoise if granted.denoised is None else granted.denoised

    def _packet(self, place: _Place, link: _Link, packet: MediaPacket) -> None:
        if link is place.link:
            self._audience.heard(place.seat, packet)

    def _state(self, place: _Place, link: _Link, state: str) -> None:
        if not self._open:
            return
        if state == "connected" and link in place.waiting:
            self._connect(place, link)
            return
        head, _, cause = state.partition(":")
        if head != "closed":
            return
        if link in place.waiting:
            place.waiting.remove(link)
        elif link is place.link:
            self._disconnect(place, "bye" if cause == "bye" else "lost")

    def _connect(self, place: _Place, link: _Link) -> None:
        older = [other for other in place.waiting if other.order < link.order]
        place.waiting = [other for other in place.waiting if other.order > link.order]
        old, place.link = place.link, link
        place.back.sink = link.transport
        name = place.seat.id
        self._joins[name] = self._joins.get(name, 0) + 1
        place.seat.connect(join=self._joins[name])
        self._leaving = [one for one in self._leaving if one is not place.back]
        self._audience.joined(place.seat)
        for other in (*older, old):
            if other is not None:
                _end(other)

    def _disconnect(self, place: _Place, cause: str) -> None:
        place.link = None
        place.back.sink = None
        place.seat.disconnect()
        if place.seat.open:
            self._leaving.append(place.back)
        self._audience.left(place.seat.id, cause)

    def _close(self, name: str, *, cause: str) -> None:
        place = self._places.pop(name)
        self._past += counted(place.seat)
        ending = [*place.waiting, place.link]
        place.waiting = []
        if place.link is not None:
            self._disconnect(place, cause)
        for link in ending:
            if link is not None:
                _end(link)


def _elsewhere(place: _Place, offer: signal.Offer) -> bool:
    """Whether another page has sat down since: one that comes back by itself does not take the seat
    from it, or the two would take it from each other for ever."""
    taken = place.link is not None or bool(place.waiting)
    return offer.again and taken and offer.page != place.page


def _on_air(space: Space, seat: Seat) -> bool:
    """Whether the audience hears what is said on this seat, or is about to."""
    return space.status is Status.LIVE and not seat.muted


def counted(seat: Seat) -> Counter[str]:
    """What a seat's jitter buffers have counted, by the stage's metrics."""
    stats = seat.stats
    return Counter(
        packets_received_total=stats.received,
        packets_lost_total=stats.lost,
        packets_late_total=stats.late,
        packets_rebuilt_total=stats.fec,
        packets_concealed_total=stats.concealed,
    )


def _end(link: _Link) -> None:
    if link.transport is not None:
        link.transport.close()


def _refused(status: int, code: str, detail: str) -> signal.Answer:
    return signal.Answer(status=status, code=code, detail=detail)
