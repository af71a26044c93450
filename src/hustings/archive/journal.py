"""The journal: what happened in a space, in the log's order, with its place in the programme.

Decisions carry no chunk number; they are placed behind the newest chunk that the log held before
them, and those that put the programme on air or take it off where the stage did so. Observations
carry their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from hustings.archive.spans import Span, Spans
from hustings.clock import CHUNK_MS, TICK_MS
from hustings.space import Event, Space, evolve
from hustings.space import event as e

# A stage that waited for the log says so when the log is back, up to its buffer's length later.
_NEAR_CHUNKS: Final = 200

_ON: Final = (e.WentLive, e.Resumed)
_OFF: Final = (e.Held, e.Ended)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event and the programme number at which it belongs; `next_n` is the one that the log had
    come to."""

    n: int
    event: Event
    next_n: int


@dataclass(frozen=True, slots=True)
class Hold:
    """The programme was off air between two live spans: `at_ms` in the replay, `length_ms` long."""

    at_ms: int
    length_ms: int
    reason: str
    by_system: bool


@dataclass(frozen=True, slots=True, order=True)
class Speech:
    """A seat spoke from `at_ms` to `end_ms` of the replay; `wall_ms` is when it began."""

    at_ms: int
    end_ms: int
    seat: str
    wall_ms: int


class Journal:
    """The fold of a space's events, keeping each."""

    def __init__(self, space: str) -> None:
        self.space = Space(id=space)
        self.facts: list[Fact] = []
        self.seats: dict[str, e.SeatGranted] = {}  # as granted first, the revoked ones too
        self.ended = False
        self._turn: int | None = None  # the decision that `OnAir` is to follow: its place in facts

    def add(self, event: Event, *, newest_n: int) -> None:
        """Take an event; `newest_n` is the newest chunk that stands before it in the log."""
        self.space = evolve(self.space, event)
        if isinstance(event, e.SeatGranted):
            self.seats.setdefault(event.seat, event)
        self.ended = self.ended or isinstance(event, e.Ended)
        if isinstance(event, e.OnAir):
            self._turned(event)
        elif isinstance(event, _ON + _OFF):
            self._turn = len(self.facts)
        self.facts.append(Fact(getattr(event, "n", newest_n + 1), event, newest_n + 1))

    def _turned(self, mark: e.OnAir) -> None:
        """What was decided takes effect at the next chunk: there it was heard."""
        if self._turn is None:
            return
        decided = self.facts[self._turn]
        if isinstance(decided.event, _ON if mark.live else _OFF):
            self.facts[self._turn] = replace(decided, n=max(decided.n, mark.n))
            self._turn = None

    def holds(self, spans: Spans) -> list[Hold]:
        """What lies between the live spans, with the reason that was given."""
        out = []
        for before, after in zip(spans.spans, spans.spans[1:], strict=False):
            end = before.first_n + before.count
            held = e.Held(at_ms=0, by="")
            for fact in self.facts:
                if isinstance(fact.event, e.Held) and fact.n <= after.first_n:
                    held = fact.event
            length_ms = (after.first_n - end) * CHUNK_MS
            at_ms = spans.position_ms(after.first_n)
            out.append(Hold(at_ms, length_ms, held.reason, held.by_system))
        return out

    def cause(self, gap: Span) -> str:
        """Why chunks are missing: `takeover`, `restart` or `opened` where another stage went on
        behind them, the stage's warning where it gave one, else `unknown`."""
        end = gap.first_n + gap.count
        for fact in self.facts:
            if isinstance(fact.event, e.StageTaken) and gap.first_n <= fact.n <= end:
                return fact.event.cause
        for fact in self.facts:
            if (
                isinstance(fact.event, e.Warned)
                and not fact.event.seat
                and gap.first_n - 2 <= fact.n <= end + _NEAR_CHUNKS
            ):
                return fact.event.code
        return "unknown"

    def talk_ms(self, spans: Spans) -> dict[str, int]:
        """How long each seat spoke on air, by the stage's observations."""
        talked: dict[str, int] = dict.fromkeys(self.seats, 0)
        for speech in self.speeches(spans):
            talked[speech.seat] = talked.get(speech.seat, 0) + speech.end_ms - speech.at_ms
        return talked

    def speeches(self, spans: Spans) -> list[Speech]:
        """All stretches of speech that are heard in the replay, by their beginning."""
        out = []
        for seat, first, end in self._spoken(spans):
            at_ms, end_ms = _place(spans, *_moment(first)), _place(spans, *end)
            if end_ms > at_ms:
                out.append(Speech(at_ms, end_ms, seat, first.event.at_ms))
        return sorted(out)

    def _spoken(self, spans: Spans) -> Iterator[tuple[str, Fact, _Moment]]:
        """Seat, first fact and end of each stretch of speech, on air or not.

        The stage tells exactly when a seat that was muted or has left was silent. Without its word
        the decision is the end; and whoever spoke when a stage died did so no longer than its log.
        """
        since: dict[str, Fact] = {}
        until: dict[str, _Moment] = {}
        for fact in self.facts:
            match fact.event:
                case e.Spoke(seat=seat, speaking=True):
                    if seat in until:
                        yield seat, since.pop(seat), until.pop(seat)
                    since.setdefault(seat, fact)
                case e.Spoke(seat=seat) if seat in since:
                    until.pop(seat, None)
                    yield seat, since.pop(seat), _moment(fact)
                case e.SeatLeft(seat=seat) | e.SeatMuted(seat=seat) if seat in since:
                    until.setdefault(seat, (fact.n, 0))
                case e.StageTaken():
                    end = min(fact.n, fact.next_n), 0
                    yield from (
                        (seat, first, until.get(seat, end)) for seat, first in since.items()
                    )
                    since, until = {}, {}
        if spans.spans:
            end = spans.spans[-1].first_n + spans.spans[-1].count, 0
            yield from ((seat, first, until.get(seat, end)) for seat, first in since.items())


_Moment: TypeAlias = tuple[int, int]  # chunk number and tick


def _moment(fact: Fact) -> _Moment:
    return fact.n, fact.event.tick if isinstance(fact.event, e.Spoke) else 0


def _place(spans: Spans, n: int, tick: int) -> int:
    """Replay time of a moment; of one that is off air, where the replay goes on."""
    return spans.position_ms(n) + (tick * TICK_MS if spans.live(n) else 0)
