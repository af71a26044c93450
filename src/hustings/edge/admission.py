"""Who is let in: pure functions from load and bounds to the rung of one more visitor.

    Admit      the programme at a cadence: 320 ms, and 960 or 1,920 ms as the load rises
    Redirect   the programme elsewhere: another edge, or cacheable segments through the CDN
    Text       live text and events, and a place in the line
    Wait       a place in the line

A refusal is a value. Whoever listens already is never asked again: a changed rung is for newcomers.

The load is measured once a second and gives a `Level`, which does not flap: it worsens only when a
threshold is passed, and at most every `limits.RUNG_WORSEN_S`; it improves one step at a time, each
after the load has stayed well below the threshold for `limits.RUNG_IMPROVE_S`. What can be counted
(places, readers, descriptors) is looked at for every visitor, and is never exceeded. The rung that
is shown to people is held in the same way, or it would flap with every single place that frees.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from hustings import limits
from hustings.clock import CHUNK_MS
from hustings.crowd import Rung


class Level(IntEnum):
    """How newcomers are let in: at one of three cadences, or not at all."""

    LIVE = 0
    SLOW = 1
    SLOWER = 2
    FULL = 3


_LEVELS: Final = {Rung.LIVE: Level.LIVE, Rung.SLOW: Level.SLOW, Rung.SLOWER: Level.SLOWER}
_RUNGS: Final = {level: rung for rung, level in _LEVELS.items()}
_ORDER: Final = tuple(Rung)
# The two slow cadences of the broadcast: one write for three chunks, and for a whole segment.
CADENCES_MS: Final = (CHUNK_MS, 3 * CHUNK_MS, 6 * CHUNK_MS)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another edge and how many it can take now."""

    url: str
    headroom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What an edge may carry. `egress_bps_max` 0 is none; `cdn_url` "" is no CDN.

    `descriptors_kept` are for the door: pages, questions and files, when listening takes the rest.
    """

    listeners_max: int
    readers_max: int
    egress_bps_max: int
    descriptors_kept: int
    cdn_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How full an edge is.

    `taken` are the places of those who listen, who were called and may still come, and who have
    just left. `busy` is the share of a core spent sending, `late_s` from the first write of a
    broadcast to its last.
    """

    taken: int
    readers: int
    waiting: int
    descriptors_left: int
    memory_left_bytes: int
    busy: float
    late_s: float
    egress_bps: float
    elsewhere: tuple[Elsewhere, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A rank that is held, 0 being the best. Times are monotonic seconds.

    `since_s` is when it last changed, `easing_s` since when a better one is asked for throughout.
    """

    rank: int = 0
    since_s: float = float("-inf")
    easing_s: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class Admit:
    """Come in; the sound comes in pieces of this length. The greater one is the slower."""

    cadence_ms: int

    @property
    def cadence(self) -> int:
        """Chunks in a piece."""
        return self.cadence_ms // CHUNK_MS


@dataclass(frozen=True, slots=True)
class Redirect:
    """Listen at this address: another edge's, or the CDN's for segments."""

    url: str
    rung: Rung


@dataclass(frozen=True, slots=True)
class Text:
    """Read along."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is no room for anything that lasts."""


Way: TypeAlias = Admit | Redirect | Text | Wait


def admit(load: Load, bounds: Bounds, level: Level, pinned: Rung | None = None) -> Way:
    """The way of one more visitor, who has no number yet."""
    if not load.waiting and free(load, bounds, level, pinned) > 0:
        return Admit(cadence_ms(effective(level, pinned)))
    return beyond(load, bounds, pinned, before=load.waiting)


def beyond(load: Load, bounds: Bounds, pinned: Rung | None, *, before: int) -> Way:
    """The way of a visitor for whom there is no place here, with `before` who wait before it."""
    if pinned not in (Rung.SEGMENTS, Rung.TEXT, Rung.WAIT):
        # Another edge's room is for those who would be next here: nobody overtakes the line.
        near = next((e for e in load.elsewhere if e.headroom > before), None)
        if near is not None:
            return Redirect(near.url, Rung.EDGE)
    if bounds.cdn_url and pinned not in (Rung.TEXT, Rung.WAIT):
        return Redirect(bounds.cdn_url, Rung.SEGMENTS)
    return Text() if pinned is not Rung.WAIT and may_read(load, bounds) else Wait()


def free(load: Load, bounds: Bounds, level: Level, pinned: Rung | None = None) -> int:
    """Places that can be given away now, whoever gets them."""
    if effective(level, pinned) is Level.FULL or load.memory_left_bytes < limits.MEMORY_SPARE_BYTES:
        return 0
    descriptors = load.descriptors_left - bounds.descriptors_kept
    return max(0, min(bounds.listeners_max - load.taken, descriptors))


def may_read(load: Load, bounds: Bounds) -> bool:
    """Whether there is room for one more event stream."""
    # Half of what is kept from listeners: text is a lower rung, and must work when theirs does not.
    return (
        load.readers < bounds.readers_max and load.descriptors_left > bounds.descriptors_kept // 2
    )


def effective(level: Level, pinned: Rung | None) -> Level:
    """The level that counts: a pinned cadence overrides the load's, every lower rung is FULL."""
    if pinned is None:
        return level
    return _LEVELS.get(pinned, Level.FULL)


def cadence_ms(level: Level) -> int:
    """The cadence at a level. At FULL it is that of those who were called before."""
    return CADENCES_MS[min(level, Level.SLOWER)]


def rung_of(way: Way) -> Rung:
    """The rung that a way leads to."""
    match way:
        case Admit(cadence):
            return _RUNGS[Level(CADENCES_MS.index(cadence))]
        case Redirect(_, rung):
            return rung
        case Text():
            return Rung.TEXT
        case Wait():
            return Rung.WAIT


def settle(standing: Standing, load: Load, bounds: Bounds, *, now_s: float) -> Standing:
    """The standing of the level after one more reading of the load."""
    worse = _asked(load, bounds, ease=1.0)
    better = _asked(load, bounds, ease=limits.RUNG_EASE_SHARE)
    return _held(standing, worse, better, step=1, now_s=now_s)


def show(standing: Standing, rung: Rung, *, now_s: float) -> Standing:
    """The standing of the rung that is shown, now that newcomers get `rung`."""
    rank = _ORDER.index(rung)
    return _held(standing, rank, rank, step=len(_ORDER), now_s=now_s)


def shown(standing: Standing) -> Rung:
    """The rung of a standing that `show` keeps."""
    return _ORDER[standing.rank]


def _held(standing: Standing, worse: int, better: int, *, step: int, now_s: float) -> Standing:
    """At least `worse`, at best `better`, which is reached by steps of `step`."""
    if worse > standing.rank:
        if now_s - standing.since_s < limits.RUNG_WORSEN_S:
            return Standing(standing.rank, standing.since_s)
        return Standing(worse, now_s)
    if better >= standing.rank:
        return Standing(standing.rank, standing.since_s)
    easing_s = now_s if standing.easing_s is None else standing.easing_s
    if now_s - easing_s < limits.RUNG_IMPROVE_S:
        return Standing(standing.rank, standing.since_s, easing_s)
    rank = max(better, standing.rank - step)
    return Standing(rank, now_s, now_s if better < rank else None)


def _asked(load: Load, bounds: Bounds, *, ease: float) -> Level:
    """The level that the load asks for, with thresholds lowered to the share `ease`."""
    spare = limits.MEMORY_SPARE_BYTES / ease
    if load.memory_left_bytes < spare:
        return Level.FULL
    egress = load.egress_bps / bounds.egress_bps_max if bounds.egress_bps_max else 0.0
    return max(
        _steps(load.busy, limits.BUSY_SHARES, ease),
        _steps(load.late_s, limits.LATE_S, ease),
        _steps(egress, limits.EGRESS_SHARES, ease),
    )


def _steps(value: float, thresholds: tuple[float, float, float], ease: float) -> Level:
    return Level(sum(value >= ease * threshold for threshold in thresholds))
