"""The one form in which every benchmark prints what it measured.

`met` compares strictly with the target. `tie` says that a missed target was missed by less than
10 %, which is what two runs of the same program differ by on a small machine; a program's exit code
counts a tie as met.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bench import provenance

TIE: Final = 0.10


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of several rounds."""

    median: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Peer:
    """What we are measured against, by rounds; `version` says which."""

    name: str
    version: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Row:
    """One number. `peer` is None where the number has no peer; `ratio` is ours to the peer's."""

    what: str
    unit: str
    ours: Spread
    target: str
    met: bool
    tie: bool
    peer: dict[str, object] | None = None
    ratio: float | None = None


def spread(values: Sequence[float]) -> Spread:
    """The spread of what several rounds measured."""
    return Spread(round(statistics.median(values), 4), round(min(values), 4), round(max(values), 4))


def at_most(what: str, unit: str, values: Sequence[float], bound: float) -> Row:
    """A row whose median must not exceed `bound`."""
    ours = spread(values)
    met = ours.median <= bound
    tie = not met and ours.median <= bound * (1 + TIE)
    return Row(what, unit, ours, f"<= {bound:g} {unit}", met, tie)


def times_at_most(what: str, unit: str, values: Sequence[float], peer: Peer, bound: float) -> Row:
    """A row whose ratio to the peer's must not exceed `bound`: the median of the rounds' ratios."""
    ratio = _ratio(values, peer)
    met = ratio is not None and ratio <= bound
    tie = ratio is not None and not met and ratio <= bound * (1 + TIE)
    target = f"<= {bound:g} x {peer.name}"
    return Row(what, unit, spread(values), target, met, tie, _shown(peer), _rounded(ratio))


def times_at_least(what: str, unit: str, values: Sequence[float], peer: Peer, bound: float) -> Row:
    """A row whose ratio to the peer's must be at least `bound`."""
    ratio = _ratio(values, peer)
    met = ratio is not None and ratio >= bound
    tie = ratio is not None and not met and ratio >= bound * (1 - TIE)
    target = f">= {bound:g} x {peer.name}"
    return Row(what, unit, spread(values), target, met, tie, _shown(peer), _rounded(ratio))


def noted(what: str, unit: str, values: Sequence[float], peer: Peer) -> Row:
    """A row for information: it has no target to miss."""
    theirs, ratio = _shown(peer), _rounded(_ratio(values, peer))
    return Row(what, unit, spread(values), "none", True, False, theirs, ratio)


def show(name: str, *, rounds: int, rows: Sequence[Row]) -> int:
    """Print the object to standard output; returns 0 if every target was met, or tied."""
    machine, told = provenance.machine(), [asdict(row) for row in rows]
    out = {"name": name, "rounds": rounds, "machine": machine, "rows": told}
    json.dump(out, sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 0 if all(row.met or row.tie for row in rows) else 1


def _ratio(values: Sequence[float], peer: Peer) -> float | None:
    """Rounds are pairs, measured one right after the other: their ratio knows no drift."""
    if not peer.values:
        return None
    if len(values) == len(peer.values):
        return statistics.median(a / b for a, b in zip(values, peer.values, strict=True))
    return statistics.median(values) / statistics.median(peer.values)


def _shown(peer: Peer) -> dict[str, object]:
    said: dict[str, object] = {"name": peer.name, "version": peer.version}
    return said | asdict(spread(peer.values)) if peer.values else said


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 4)
