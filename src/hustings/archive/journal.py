"""The journal: what happened in a space, in the log's order, with its place in the programme.

Decisions carry no chunk number; they are placed behind the newest chunk that the log held before
them, and those that put the programme on air or take it off where the stage did so. Observations
carry their own. With a broadcast delay the programme is so many chunks behind: what is decided of a
seat is heard so much later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final, TypeAlias

from hustings.archive.spans import Span, Spans
from hustings.clock import CHUNK_MS, TICK_MS
from hustings.space import Event, Space, evolve
from hustings.space import event as e
from hustings.space.replay_event import ChapterMarked

# A stage that waited for the log says so when the log is back, up to its buffer's length later.
_NEAR_CHUNKS: Final = 200

_NEVER: Final = 1 << 62
_SLACK_MS: Final = 1_000  # between the clocks of studio and stage, and a chunk

_ON: Final = (e.WentLive, e.Resumed)
_OFF: Final = (e.Held, e.Ended)
_ON_STAGE: Final = (*_ON, e.Held, e.SeatJoined, e.SeatLeft, e.Spoke, e.SeatMuted, e.SeatUnmuted)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event and the programme number at which it belongs; `next_n` is the one that the log had
    come to."""

    n: int
    event: Event
    next_n: int


@dataclass(frozen=True, slots=True)
class Hold:
    """The programme was off air between two live spans: `at_ms` in the replay, `length_ms` long.

    `cut`: it was cut off in mid-word. One that ends the recording is 0 long.
    """

    at_ms: int
    length_ms: int
    reason: str
    by_system: bool
    cut: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Speech:
    """A seat spoke from `at_ms` to `end_ms` of the replay; `wall_ms` is when it was first heard."""

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
        self._turns: list[int] = []  # decisions that `OnAir` is to follow: their places in facts

    def add(self, event: Event, *, newest_n: int) -> None:
        """Take an event; `newest_n` is the newest chunk that stands before it in the log."""
        self.space = evolve(self.space, event)
        if isinstance(event, e.SeatGranted):
            self.seats.setdefault(event.seat, event)
        self.ended = self.ended or isinstance(event, e.Ended)
        if isinstance(event, e.OnAir):
            self._turned(event)
        elif isinstance(event, _ON + _OFF):
            if isinstance(event, e.Held) and event.cut:
                self._turns.clear()  # what was to be heard never is
            self._turns.append(len(self.facts))
        self.facts.append(Fact(self._n(event, newest_n + 1), event, newest_n + 1))

    def _n(self, event: Event, n: int) -> int:
        """Where an event belongs that the log has before chunk `n`."""
        if isinstance(event, e.SeatMuted | e.SeatUnmuted | ChapterMarked):
            n += self.space.delay_chunks
        return getattr(event, "n", n)

    def _turned(self, mark: e.OnAir) -> None:
        """What was decided takes effect at a later chunk: there it was heard."""
        kinds = _ON if mark.live else _OFF
        meant = [at for at in self._turns if isinstance(self.facts[at].event, kinds)]
        if not meant:
            return
        # Of several the newest that is old enough: with a delay, others may still be on their way.
        due = [at for at in meant if self.heard_ms(self.facts[at].event) <= mark.at_ms + _SLACK_MS]
        turn = (due or meant[:1])[-1]
        decided = self.facts[turn]
        self.facts[turn] = replace(decided, n=max(decided.n, mark.n))
        self._turns = [at for at in self._turns if at > turn]

    def heard_ms(self, event: Event) -> int:
        """When what happened on stage is heard, by the wall clock; what did not, when it was."""
        late = isinstance(event, _ON_STAGE) and not (isinstance(event, e.Held) and event.cut)
        return event.at_ms + (self.space.delay_ms if late else 0)

    def holds(self, spans: Spans) -> list[Hold]:
        """What lies between the live spans, with the reason that was given; a cut that nothing
        follows as well."""
        out = []
        for before, after in zip_longest(spans.spans, spans.spans[1:]):
            end = before.first_n + before.count
            last_n = after.first_n if after is not None else _NEVER
            # Where nobody decided it, the platform did: a stage that took over fills its delay.
            held = e.Held(at_ms=0, by="", by_system=True)
            for fact in self.facts:
                if isinstance(fact.event, e.Held) and end <= fact.n <= last_n:
                    held = fact.event
            if after is None and not held.cut:
                continue
            length_ms = (last_n - end) * CHUNK_MS if after is not None else 0
            at_ms = spans.position_ms(last_n)
            out.append(Hold(at_ms, length_ms, held.reason, held.by_system, held.cut))
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
                out.append(Speech(at_ms, end_ms, seat, self.heard_ms(first.event)))
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
