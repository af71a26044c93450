"""What a load test measured: tallies that workers keep and send, and the report made of them.

Everything in a tally can be added up, so one report is made of any number of workers. Durations
are kept in classes 2 % wide: a quantile is true to 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import msgspec

_WIDTH: Final = math.log(1.02)
_WORDS: Final = 8  # different complaints kept in words; all are counted


class Spread(msgspec.Struct):
    """Durations in milliseconds, by class."""

    classes: dict[int, int] = {}
    count: int = 0
    total: float = 0.0
    max: float = 0.0

    def add(self, ms: float) -> None:
        """One more duration."""
        index = math.floor(math.log(ms) / _WIDTH) if ms > 0.01 else -1_000
        self.classes[index] = self.classes.get(index, 0) + 1
        self.count += 1
        self.total += ms
        self.max = max(self.max, ms)

    def merge(self, other: Spread) -> None:
        """Add all of another's."""
        _add(self.classes, other.classes)
        self.count += other.count
        self.total += other.total
        self.max = max(self.max, other.max)

    def quantile(self, share: float) -> float | None:
        """The duration that `share` of all do not exceed; None if there are none."""
        left = math.ceil(share * self.count)
        for index in sorted(self.classes):
            left -= self.classes[index]
            if left <= 0:
                return min(self.max, math.exp((index + 0.5) * _WIDTH))
        return None

    def figures(self) -> dict[str, float | int | None]:
        """Count, p50, p90, p99 and max."""
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        out: dict[str, float | int | None] = {"count": self.count}
        for name, share in shares.items():
            value = self.quantile(share)
            out[name] = None if value is None else round(value, 1)
        out["max"] = round(self.max, 1) if self.count else None
        return out


class Promotion(msgspec.Struct, array_like=True, frozen=True):
    """Somebody from the line was let in: when (monotonic), with which number, and up to which
    number had been called as far as the listener knew."""

    at_s: float
    number: int
    called: int


class Tally(msgspec.Struct):
    """What one kind of listener went through, in one worker or all.

    `attempts` are requests for sound; `by_slot` counts them per tenth of a second since the start.
    `stalled` is how many listeners stood still at least once.

    `headers_ms` and `audio_ms` count from the request for sound; `page_ms` and `rung_ms` from the
    visitor's arrival; `due_ms` to the first sound from when the visitor should have come, so that
    what this tool itself is late (`late_ms`) is held against the server. `back_ms` is from a lost
    connection to sound.
    """

    arrived: int = 0
    admitted: int = 0
    attempts: int = 0
    by_slot: dict[int, int] = {}
    refused: dict[str, int] = {}
    errors: dict[str, int] = {}
    offered: dict[str, int] = {}
    over: int = 0
    dropped: int = 0
    silences: int = 0
    moved: int = 0
    reconnects: int = 0
    bytes: int = 0
    pieces: int = 0
    chunks: int = 0
    gaps: int = 0
    gap_ms: int = 0
    gap_ms_max: int = 0
    repeated: int = 0
    stalled: int = 0
    mistakes: int = 0
    words: list[str] = []
    page_ms: Spread = msgspec.field(default_factory=Spread)
    headers_ms: Spread = msgspec.field(default_factory=Spread)
    audio_ms: Spread = msgspec.field(default_factory=Spread)
    due_ms: Spread = msgspec.field(default_factory=Spread)
    rung_ms: Spread = msgspec.field(default_factory=Spread)
    back_ms: Spread = msgspec.field(default_factory=Spread)
    stall_ms: Spread = msgspec.field(default_factory=Spread)
    late_ms: Spread = msgspec.field(default_factory=Spread)

    def mistake(self, words: str) -> None:
        """Bytes came that are wrong."""
        self.mistakes += 1
        if len(self.words) < _WORDS and words not in self.words:
            self.words.append(words)

    def merge(self, other: Tally) -> None:
        """Add all of another's."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            match mine:
                case Spread():
                    mine.merge(theirs)
                case dict():
                    _add(mine, theirs)
                case list():
                    mine += [word for word in theirs if word not in mine]
                    del mine[_WORDS:]
                case _ if name == "gap_ms_max":
                    self.gap_ms_max = max(mine, theirs)
                case _:
                    setattr(self, name, mine + theirs)


class Sample(msgspec.Struct):
    """What a worker sends several times a second: all it measured so far.

    `rungs` says where its listeners are now. Since the last sample: `fresh` are checksums of chunks
    that it heard for the first time, `promotions` who was let in from the line. `asked` repeats the
    number of the question it answers.
    """

    at_s: float
    tallies: dict[str, Tally]
    rungs: dict[str, int]
    cpu_s: float
    mismatches: int = 0
    filled: int = 0
    distinct: int = 0
    fresh: dict[str, dict[int, int]] = {}
    promotions: list[Promotion] = []
    asked: int = 0
    last: bool = False


class Server(msgspec.Struct, frozen=True):
    """The server's CPU time, and that of one listener-second while nobody arrived or left."""

    cpu_s: float
    listener_s: float
    us_per_listener_s: float | None


class Report(msgspec.Struct, frozen=True):
    """A load test so far. `healthy`, `slow` and `stalled` are the kinds of readers that took part.

    `mismatches` are chunks whose bytes were not the same for all, in a worker or between workers.
    """

    url: str
    seconds: float
    listeners: int
    rungs: dict[str, int]
    healthy: Tally
    slow: Tally | None
    stalled: Tally | None
    promotions: list[Promotion]
    mismatches: int
    filled: int
    distinct: int
    workers: int
    load_cores: float
    server: Server | None
    timeline: list[dict[str, Any]]

    @property
    def playing(self) -> int:
        """Who hears sound now."""
        return sum(self.rungs.get(rung, 0) for rung in SOUNDING)

    @property
    def kinds(self) -> dict[str, Tally]:
        """The tallies of all kinds that took part, by name."""
        all_kinds = {"healthy": self.healthy, "slow": self.slow, "stalled": self.stalled}
        return {name: tally for name, tally in all_kinds.items() if tally is not None}

    @property
    def promoted(self) -> list[int]:
        """The numbers in line of those who were let in, in that order."""
        return [one.number for one in sorted(self.promotions, key=lambda one: one.at_s)]

    @property
    def in_order(self) -> bool:
        """Whether nobody came in before being called."""
        return all(one.number <= one.called for one in self.promotions)

    @property
    def overtaken_max(self) -> int:
        """By how many numbers anybody was overtaken at most; 0 if all came in strictly in order.

        Those who are called together come in together, so within one call the order is chance.
        """
        highest = worst = 0
        for number in self.promoted:
            worst = max(worst, highest - number)
            highest = max(highest, number)
        return worst

    @property
    def sound(self) -> bool:
        """Whether every byte that healthy listeners got was right."""
        return not (self.healthy.mistakes or self.healthy.repeated or self.mismatches)

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "url": self.url,
            "seconds": round(self.seconds, 2),
            "listeners": self.listeners,
            "playing": self.playing,
            "rungs": self.rungs,
            **{name: figures(tally) for name, tally in self.kinds.items()},
            "promoted": self.promoted,
            "promoted_in_order": self.in_order,
            "overtaken_max": self.overtaken_max,
            "mismatches": self.mismatches,
            "filled": self.filled,
            "distinct_pieces": self.distinct,
            "load": {"workers": self.workers, "cores": round(self.load_cores, 2)},
            "server": None if self.server is None else msgspec.to_builtins(self.server),
            "timeline": self.timeline,
        }


SOUNDING: Final = ("live", "slow", "slower", "segments", "hls")


def figures(tally: Tally) -> dict[str, Any]:
    """A tally as it is printed: spreads as quantiles."""
    out: dict[str, Any] = {}
    for name in tally.__struct_fields__:
        value = getattr(tally, name)
        match value:
            case Spread():
                out[name] = value.figures()
            case _ if name == "by_slot":
                out["attempts_per_100_ms_max"] = max(value.values(), default=0)
            case _:
                out[name] = value
    return out


def merged(tallies: Iterable[Tally]) -> Tally:
    """One tally of several."""
    total = Tally()
    for one in tallies:
        total.merge(one)
    return total


def _add(mine: dict[Any, int], theirs: dict[Any, int]) -> None:
    for key, value in theirs.items():
        mine[key] = mine.get(key, 0) + value
