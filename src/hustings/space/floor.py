"""The floor: who has spoken for how long, in how many turns, over whom; counted as one looks on.

Pure. `docs/floor.md` says what each figure means and where the definitions come from.

Speech comes as stretches (talkspurts) of single seats. As soon as nobody speaks, the stretches
since the last such moment are counted once and forgotten: however long the evening, what is held
in memory is the speech of one unbroken exchange. Figures asked for in the midst of one count it as
if it ended there, and leave no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

BACKCHANNEL_MS: Final = 1_000  # shorter speech neither takes the floor nor interrupts
TOGETHER_MS: Final = 300  # who begins this soon after another could not have heard it
TERMINAL_MS: Final = 300  # who is over this soon was about to end
LAPSE_MS: Final = 3_000  # a silence this long ends a turn, whoever speaks next


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatFloor:
    """One seat's part. `longest_ms` is the longest turn, pauses included; `overlap_ms` the part of
    `talk_ms` in which others spoke too; `interruptions` those made, `interrupted` those suffered.
    """

    talk_ms: int = 0
    turns: int = 0
    longest_ms: int = 0
    interruptions: int = 0
    interrupted: int = 0
    overlap_ms: int = 0
    speaking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorTime:
    """The figures at one moment. `overlap_ms`: at least two spoke; `silence_ms`: nobody did."""

    on_air_ms: int = 0
    silence_ms: int = 0
    overlap_ms: int = 0
    seats: Mapping[str, SeatFloor] = field(default_factory=dict)

    @property
    def talk_ms(self) -> int:
        """All seats' talk time together: more than the time in which somebody spoke."""
        return sum(one.talk_ms for one in self.seats.values())

    def share(self, seat: str) -> float:
        """A seat's part of all talk time, 0 to 1; the shares of all seats add up to 1."""
        one = self.seats.get(seat)
        return one.talk_ms / self.talk_ms if one is not None and one.talk_ms else 0.0


@dataclass(slots=True)
class _Spurt:
    seat: str
    begin: int
    end: int

    @property
    def utterance(self) -> bool:
        return self.end - self.begin >= BACKCHANNEL_MS


@dataclass(slots=True)
class _Turn:
    seat: str
    begin: int
    end: int


@dataclass(slots=True)
class _Count:
    """What has been counted; `turn` is that of whoever has the floor, its length counted too."""

    seats: dict[str, SeatFloor] = field(default_factory=dict)
    spoken_ms: int = 0
    overlap_ms: int = 0
    turn: _Turn | None = None

    def copy(self) -> _Count:
        turn = replace(self.turn) if self.turn is not None else None
        return _Count(dict(self.seats), self.spoken_ms, self.overlap_ms, turn)

    def take(self, spurts: list[_Spurt], rests: list[int]) -> None:
        """Count stretches of speech that all come after those counted before."""
        spurts = sorted(
            (one for one in spurts if one.end > one.begin), key=lambda one: (one.begin, one.seat)
        )
        edges = [(one.end, 0, i) for i, one in enumerate(spurts)]
        edges += [(one.begin, 1, i) for i, one in enumerate(spurts)]
        active: dict[int, _Spurt] = {}
        before = 0
        for at, begins, i in sorted(edges):
            self._spend(at - before, active.values())
            before = at
            if begins:
                self._interrupt(spurts[i], active.values())
                active[i] = spurts[i]
            else:
                del active[i]
        for one in spurts:
            self._turn_of(one, rests)

    def _spend(self, ms: int, active: Iterable[_Spurt]) -> None:
        seats = [one.seat for one in active]
        if not seats or not ms:
            return
        self.spoken_ms += ms
        together = ms if len(seats) > 1 else 0
        self.overlap_ms += together
        for seat in seats:
            self._add(seat, talk_ms=ms, overlap_ms=together)

    def _interrupt(self, comes: _Spurt, active: Iterable[_Spurt]) -> None:
        if not comes.utterance:
            return
        for goes in active:
            begun = comes.begin - goes.begin > TOGETHER_MS
            went_on = goes.end - comes.begin > TERMINAL_MS
            if goes.utterance and begun and went_on and goes.seat != comes.seat:
                self._add(comes.seat, interruptions=1)
                self._add(goes.seat, interrupted=1)

    def _turn_of(self, one: _Spurt, rests: list[int]) -> None:
        turn = self.turn
        free = turn is None or one.begin - turn.end > LAPSE_MS
        if turn is not None and any(turn.end <= rest <= one.begin for rest in rests):
            free = True
        if turn is not None and not free and turn.seat == one.seat:
            turn.end = max(turn.end, one.end)
        elif one.utterance and (turn is None or free or one.end > turn.end):
            # Who talks over another, and is silent first, has not taken the floor.
            self.turn = turn = _Turn(one.seat, one.begin, one.end)
            self._add(one.seat, turns=1)
        else:
            return
        had = self.seats[turn.seat]
        length = max(had.longest_ms, turn.end - turn.begin)
        self.seats[turn.seat] = replace(had, longest_ms=length)

    def _add(self, seat: str, **more: int) -> None:
        had = self.seats.get(seat) or SeatFloor()
        sums = {name: getattr(had, name) + value for name, value in more.items()}
        self.seats[seat] = replace(had, **sums)


class Floor:
    """The count of one conversation, from the moments at which seats begin and stop speaking.

    Moments are milliseconds of one clock. They come nearly in order: once nobody speaks, nobody
    can have begun before that.
    """

    def __init__(self) -> None:
        self._count = _Count()
        self._spurts: list[_Spurt] = []  # since the last moment at which nobody spoke
        self._open: dict[str, _Spurt] = {}
        self._rests: list[int] = []

    @property
    def speaking(self) -> frozenset[str]:
        """Who speaks."""
        return frozenset(self._open)

    def begin(self, seat: str, at_ms: int) -> None:
        """A seat begins to speak; nothing happens if it speaks already."""
        if seat not in self._open:
            spurt = self._open[seat] = _Spurt(seat, at_ms, at_ms)
            self._spurts.append(spurt)

    def end(self, seat: str, at_ms: int) -> None:
        """A seat stops; nothing happens if it does not speak."""
        spurt = self._open.pop(seat, None)
        if spurt is None:
            return
        spurt.end = max(spurt.begin, at_ms)
        if not self._open:
            self._count.take(self._spurts, self._rests)
            self._spurts = []

    def rest(self, at_ms: int) -> None:
        """The conversation is off air from here: no turn goes on across it."""
        turn = self._count.turn
        kept = turn.end if turn is not None else 0
        self._rests = [*(rest for rest in self._rests if rest >= kept), at_ms]

    def figures(self, now_ms: int, *, on_air_ms: int) -> FloorTime:
        """The figures at `now_ms`; `on_air_ms` is how long it has been on air until then."""
        count = self._count
        if self._spurts:
            count = count.copy()
            so_far = [
                replace(one, end=max(one.begin, now_ms)) if one.seat in self._open
                and self._open[one.seat] is one else one
                for one in self._spurts
            ]  # fmt: skip
            count.take(so_far, self._rests)
        seats = {
            seat: replace(one, speaking=seat in self._open) for seat, one in count.seats.items()
        }
        return FloorTime(
            on_air_ms=on_air_ms,
            silence_ms=max(0, on_air_ms - count.spoken_ms),
            overlap_ms=count.overlap_ms,
            seats=seats,
        )


def count(
    speeches: Iterable[tuple[str, int, int]], *, on_air_ms: int, rests: Iterable[int] = ()
) -> FloorTime:
    """The figures of stretches of speech that are all known: seat, beginning and end, in ms.

    `rests` are moments at which the conversation was off air.
    """
    floor = Floor()
    for rest in rests:
        floor.rest(rest)
    edges = []
    for seat, begin, end in speeches:
        if end > begin:
            edges += [(begin, 1, seat), (end, 0, seat)]
    for at_ms, begins, seat in sorted(edges):
        (floor.begin if begins else floor.end)(seat, at_ms)
    return floor.figures(on_air_ms, on_air_ms=on_air_ms)
