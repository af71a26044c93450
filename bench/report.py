"""The one form in which every benchmark prints what it measured."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of several rounds."""

    median: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Row:
    """One number. `peer` is None where the number has no peer; `ratio` is ours to the peer's."""

    what: str
    unit: str
    ours: Spread
    target: str
    met: bool
    peer: dict[str, object] | None = None
    ratio: float | None = None


def spread(values: Sequence[float]) -> Spread:
    """The spread of what several rounds measured."""
    return Spread(round(statistics.median(values), 4), round(min(values), 4), round(max(values), 4))


def at_most(what: str, unit: str, values: Sequence[float], bound: float) -> Row:
    """A row whose median must not exceed `bound`."""
    ours = spread(values)
    return Row(what, unit, ours, f"<= {bound:g} {unit}", ours.median <= bound)


def show(name: str, *, rounds: int, rows: Sequence[Row]) -> int:
    """Print the object to standard output; returns 0 if every target was met."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}"
    out = {"name": name, "rounds": rounds, "machine": machine, "rows": [asdict(r) for r in rows]}
    json.dump(out, sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 0 if all(row.met for row in rows) else 1
