"""The ladder of one edge: on which rung the next visitor begins, decided from the load each second.

    way = ladder.listen(visitor, token=...)    somebody asks for sound: Admit, or what else there is
    offer = ladder.enter(visitor, ...)         the same for a page, with number, place and estimate
    ladder.read(visitor, token=...)            somebody asks for the event stream

`admission` decides, `line` keeps the numbers and `places` who had one, all pure; here are the clock
and the counters. Whoever listens is never moved down: it may come back whatever the load.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hustings import limits
from hustings.crowd import Rung
from hustings.edge import admission, events
from hustings.edge.admission import Admit, Bounds, Elsewhere, Level, Load, Redirect, Standing, Text
from hustings.edge.events import Payload
from hustings.edge.gauge import House, Neighbour
from hustings.edge.line import Line, Waiter
from hustings.edge.memory import Memory
from hustings.edge.metrics import Metrics
from hustings.edge.places import Places, Visitor
from hustings.pin import Pin

_log: Final = logging.getLogger("hustings.edge")

_EVERY_S: Final = 1.0
_LINE_TOLD_S: Final = 5.0  # how old the length of the line may be; a call is told at once
_JITTER: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is measured once a second; the units are those of `admission.Load`."""

    listeners: int
    readers: int
    descriptors_left: int
    busy: float
    late_s: float
    egress_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A way and all that goes with it. `again_s` is when to ask again, `called` the highest number
    called at the edge that the visitor's number is from."""

    way: admission.Way
    again_s: float
    called: int
    token: str | None = None
    number: int | None = None
    place: int | None = None
    estimate_s: int | None = None


class Ladder:
    """One edge's. `tell` reaches all listeners and readers, `tell_readers` only the latter."""

    def __init__(
        self,
        *,
        url: str,
        bounds: Bounds,
        line: Line,
        pin: Pin,
        memory: Memory,
        metrics: Metrics,
        read: Callable[[], Reading],
        neighbours: Callable[[], list[Neighbour]],
        tell: Callable[[list[Payload]], None],
        tell_readers: Callable[[list[Payload]], None],
    ) -> None:
        self.rung = Rung.LIVE
        self.line = line
        self._url = url
        self._bounds = bounds
        self._pin = pin
        self._memory = memory
        self._metrics = metrics
        self._read = read
        self._neighbours = neighbours
        self._tell = tell
        self._tell_readers = tell_readers
        self._loop = asyncio.get_running_loop()
        self._pinned: Rung | None = None
        self._level, self._shown = Standing(), Standing()
        self._places = Places()
        self._admitted = self._reading = 0  # since the last second
        self._sent: dict[str, int] = {}  # to other edges, this second and the one before
        self._sent_before: dict[str, int] = {}
        self._told: tuple[int, int] | None = (0, 0)
        self._told_s = 0.0
        self._past = read()
        self._load = self._measured(self._past, self._past)

    async def run(self) -> None:
        """Look at the load each second, without end."""
        while True:
            self.second()
            await asyncio.sleep(_EVERY_S)

    def house(self) -> House:
        """This edge as the others see it."""
        room = 0 if self.line.waiting else self._free()
        calls = dict.fromkeys(self.line.spaces(), self.line.called)
        return House(url=self._url, headroom=room, rung=self.rung, calls=calls)

    def listen(self, visitor: Visitor, *, token: str | None = None) -> admission.Way:
        """Somebody asks for sound. `Admit` gives it a place; else what there is instead."""
        kept_ms = self._kept_ms(visitor)
        if kept_ms is not None:
            # A new connection of one who is connected replaces the old one: no more room is taken.
            return self._admit(visitor, kept_ms, anew=not visitor.crowd.holds(visitor.who))
        if visitor.full:
            way: admission.Way = self._no_place()
        elif self._honours(visitor, token):
            return self._admit(visitor, self._cadence_ms())
        else:
            way = admission.admit(self._now(), self._bounds, self._at(), self._pinned)
        if isinstance(way, Admit):
            return self._admit(visitor, way.cadence_ms)
        self._metrics.add("hustings_edge_listeners_refused_total")
        visitor.crowd.refused(visitor.who)
        return way

    def redirected(self, url: str) -> None:
        """A visitor was sent to this edge: its room there is taken."""
        self._sent[url] = self._sent.get(url, 0) + 1

    def read(self, visitor: Visitor, *, token: str | None = None) -> bool:
        """Somebody asks for the event stream: whether there is room. Those who wait and were
        offered it have room already."""
        waiter = self._waiter(visitor, token)
        kept = waiter is not None and waiter.reserves
        if not kept and not admission.may_read(self._now(), self._bounds):
            return False
        self._reading += 1
        return True

    def reads(self, visitor: Visitor, token: str | None, still: Callable[[], bool]) -> None:
        """Its event stream is open as long as `still` says so: it need not ask again."""
        waiter = self._waiter(visitor, token)
        if waiter is not None:
            self.line.reads(waiter, still)
            self._told = None  # it may have missed a call on its way here

    def enter(
        self, visitor: Visitor, *, token: str | None = None, rung: Rung | None = None
    ) -> Offer:
        """A page asks for its way. `rung` is where it stands, `token` what it was given before."""
        now_s = self._loop.time()
        bounds = self._bounds_for(visitor)
        if rung is Rung.SEGMENTS and bounds.cdn_url:
            visitor.crowd.seen(visitor.who, now_s=now_s)
            return self._offer(Redirect(bounds.cdn_url, Rung.SEGMENTS))
        if (kept_ms := self._kept_ms(visitor)) is not None:
            return self._offer(Admit(kept_ms))
        if visitor.full:
            # No number: those of the line are called for places of this edge, of which it has some.
            again_s = self._spread(limits.FULL_AGAIN_S)
            return replace(self._offer(self._no_place()), again_s=again_s)
        waiter = self._waiter(visitor, token)
        if waiter is not None and self.line.is_called(waiter):
            return self._offer(Admit(self._cadence_ms()), waiter)
        if waiter is None:
            if self._called_elsewhere(visitor, token):
                return replace(self._offer(Admit(self._cadence_ms())), token=token)
            way = admission.admit(self._now(), bounds, self._at(), self._pinned)
            if isinstance(way, Admit | Redirect):
                return self._offer(way)
            if (waits := self._waits_elsewhere(visitor, token, rung, now_s)) is not None:
                return waits
            keyed = visitor.who.key is not None
            waiter = self.line.join(visitor.space, visitor.id, keyed=keyed, now_s=now_s)
            if waiter is None:  # the line is at its end: a true answer, without a number
                return self._offer(admission.Wait())
        return self._waits(waiter, bounds, now_s)

    def second(self) -> None:
        """Read the load, call who is next, say what has changed."""
        now_s = self._loop.time()
        before, self._past = self._past, self._read()
        self._pinned = None if (pinned := self._pin.look()) is None else Rung(pinned)
        self._sent_before, self._sent = self._sent, {}
        self._admitted = self._reading = 0
        self._places.second(now_s=now_s)
        edges = 1 + sum(one.url == self._url for one in self._neighbours())
        lapsed = self.line.second(now_s=now_s, edges=edges)
        self._load = self._measured(self._past, before)
        self._level = admission.settle(self._level, self._load, self._bounds, now_s=now_s)
        called = self.line.call(min(self._free(), limits.CALLS_COUNT), now_s=now_s, edges=edges)
        self._metrics.add("hustings_edge_called_total", len(called))
        self._metrics.add("hustings_edge_no_shows_total", lapsed)
        self._metrics.set("hustings_edge_waiting", self.line.waiting)
        self._show(now_s)
        self._tell_line(now_s)

    def _at(self) -> Level:
        return Level(self._level.rank)

    def _cadence_ms(self) -> int:
        return admission.cadence_ms(admission.effective(self._at(), self._pinned))

    def _bounds_for(self, visitor: Visitor) -> Bounds:
        return replace(self._bounds, cdn_url="") if visitor.private else self._bounds

    def _now(self) -> Load:
        """The load with all that has come in since it was read. Who left since then is not known,
        so no bound is ever exceeded."""
        line = self.line
        elsewhere = tuple(
            Elsewhere(one.url, one.headroom - self._sent_to(one.url)) for one in self._neighbours()
        )
        return replace(
            self._load,
            taken=self._past.listeners + self._admitted + line.claims + self._places.held,
            readers=self._past.readers + self._reading + line.texts,
            waiting=line.waiting,
            descriptors_left=self._past.descriptors_left - self._admitted - self._reading,
            elsewhere=elsewhere,
        )

    def _sent_to(self, url: str) -> int:
        return self._sent.get(url, 0) + self._sent_before.get(url, 0)

    def _free(self) -> int:
        return admission.free(self._now(), self._bounds, self._at(), self._pinned)

    def _measured(self, reading: Reading, before: Reading) -> Load:
        return Load(
            taken=reading.listeners,
            readers=reading.readers,
            waiting=self.line.waiting,
            descriptors_left=reading.descriptors_left,
            memory_left_bytes=self._memory.left_bytes(),
            busy=(reading.busy + before.busy) / 2,
            # One late broadcast is a crowd at the door; two in a row are a process at its limit.
            late_s=min(reading.late_s, before.late_s),
            egress_bps=reading.egress_bps,
            elsewhere=(),
        )

    def _kept_ms(self, visitor: Visitor) -> int | None:
        """The cadence at which this listener hears already, or did a moment ago."""
        cadence_ms = self._places.of(visitor)
        if cadence_ms is None and visitor.crowd.holds(visitor.who):
            return self._cadence_ms()
        return cadence_ms

    def _admit(self, visitor: Visitor, cadence_ms: int, *, anew: bool = True) -> Admit:
        if anew:
            self._admitted += 1
        self._places.give(visitor, cadence_ms)
        return Admit(cadence_ms)

    def _waiter(self, visitor: Visitor, token: str | None) -> Waiter | None:
        """The visitor's place in the line here, by its token or by its own key."""
        if visitor.who.key is not None:
            found = self.line.found(visitor.space, visitor.id)
            if found is not None:
                return found
        given = self.line.read(token, visitor.space, visitor.id) if token else None
        if given is None or not self.line.is_own(given[0]):
            return None
        return self.line.find(given[1])

    def _honours(self, visitor: Visitor, token: str | None) -> bool:
        """Whether a called number gives this visitor a place now; it is used up by that."""
        waiter = self._waiter(visitor, token)
        if waiter is not None:
            return self.line.take(waiter.number)
        given = self.line.read(token, visitor.space, visitor.id) if token else None
        if given is not None and self.line.is_own(given[0]):
            return given[1] <= self.line.called and self._free() > 0
        return self._called_elsewhere(visitor, token)

    def _called_elsewhere(self, visitor: Visitor, token: str | None) -> bool:
        """Whether another edge has called its number, and there is a place for it here."""
        given = self.line.read(token, visitor.space, visitor.id) if token else None
        if given is None:
            return False
        called = next((n.calls for n in self._neighbours() if n.edge == given[0]), {})
        return given[1] <= called.get(visitor.space, 0) and self._free() > 0

    def _waits_elsewhere(
        self, visitor: Visitor, token: str | None, rung: Rung | None, now_s: float
    ) -> Offer | None:
        """The offer to one who has a number at another edge: of edges behind one address each is
        asked at times, and one number is enough. That edge hears that it still waits."""
        given = self.line.read(token, visitor.space, visitor.id) if token else None
        if given is None:
            return None
        edge, number = given
        there = next((n for n in self._neighbours() if n.edge == edge), None)
        if there is None or visitor.space not in there.calls:
            return None  # it is gone, and its numbers with it
        visitor.crowd.asks(visitor.who)
        called = there.calls[visitor.space]
        if number <= called:  # a place is kept there
            way: admission.Way = Redirect(there.url, Rung.EDGE)
            again_s = limits.LINE_AGAIN_S_MIN
            return Offer(way=way, again_s=again_s, called=called, token=token, number=number)
        place = number - called - 1
        reads = rung is Rung.TEXT or admission.may_read(self._now(), self._bounds)
        way = Text() if reads and self._pinned is not Rung.WAIT else admission.Wait()
        offer = self._offer(way, place=place)
        return replace(offer, called=called, token=token, number=number, place=place)

    def _waits(self, waiter: Waiter, bounds: Bounds, now_s: float) -> Offer:
        """The offer to one who has a number that is not called."""
        place = self.line.place(waiter)
        way = admission.beyond(self._now(), bounds, self._pinned, before=place)
        if isinstance(way, admission.Wait) and waiter.text:
            way = Text()  # its reading place is its own
        if isinstance(way, Text):
            self.line.offer_text(waiter)
        waiter.seen_s = now_s
        offer = self._offer(way, waiter, place)
        waiter.again_s = offer.again_s
        return offer

    def _offer(
        self, way: admission.Way, waiter: Waiter | None = None, place: int | None = None
    ) -> Offer:
        match way:
            case Redirect(url, Rung.EDGE):
                self.redirected(url)
                wait_s = limits.LINE_AGAIN_S_MIN
            case Redirect():
                wait_s = limits.SEGMENTS_AGAIN_S
            case Admit():
                wait_s = limits.LINE_AGAIN_S_MIN
            case _:
                before = limits.LINE_COUNT if place is None else place
                wait_s = min(
                    max(limits.LINE_AGAIN_S_MIN, before / limits.LINE_PACE_COUNT),
                    limits.LINE_AGAIN_S_MAX,
                )
        again_s = self._spread(wait_s)
        if waiter is None:
            return Offer(way=way, again_s=again_s, called=self.line.called)
        return Offer(
            way=way,
            again_s=again_s,
            called=self.line.called,
            token=self.line.token(waiter),
            number=waiter.number,
            place=place,
            estimate_s=None if place is None else self.line.estimate_s(place),
        )

    def _no_place(self) -> admission.Way:
        """The way of one for whom the space has no place, whatever room there is here."""
        return Text() if admission.may_read(self._now(), self._bounds) else admission.Wait()

    def _spread(self, wait_s: float) -> float:
        return wait_s * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load

    def _show(self, now_s: float) -> None:
        way = admission.admit(self._now(), self._bounds, self._at(), self._pinned)
        self._shown = admission.show(self._shown, admission.rung_of(way), now_s=now_s)
        rung = admission.shown(self._shown)
        self._metrics.set("hustings_edge_rung", self._shown.rank)
        if rung is not self.rung:
            _log.info("newcomers now begin on rung %s, no longer on %s", rung, self.rung)
            self.rung = rung
            self._metrics.add("hustings_edge_rung_changes_total")
            self._tell([events.rung(rung)])

    def _tell_line(self, now_s: float) -> None:
        told = (self.line.called, self.line.waiting)
        stale = now_s - self._told_s >= _LINE_TOLD_S and (self.line.waiting or told != self._told)
        if self._told is None or told[0] != self._told[0] or stale:
            self._told, self._told_s = told, now_s
            self._tell_readers([events.line(*told, edge=self.line.edge)])
