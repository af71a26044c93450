"""The crowd of one space while it lasts: what the edges tell, added up over time and kept on disk.

No log holds it, so it is written down every few seconds: a line in `moments`, never changed, and
the sketch. An archive that was killed goes on where the last line stands.

`docs/recording.md` states how everything is counted; the sentences here go into the files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from hustings import limits
from hustings.archive.receipt import Count
from hustings.crowd import REACTIONS, Gauge, Here, Rung, Sketch
from hustings.crowd.sketch import ERROR
from hustings.errors import BadInput

VERSION: Final = 1
NAME: Final = "crowd.json"

PEAK: Final = "most listeners who heard the programme at one time, all edges added up each second"
DISTINCT: Final = (
    "different visitors who were given sound from the doors to the end: HyperLogLog estimate with a"
    " standard error of 0.57 %; visitors by their player's own key, or by address and program"
)
MINUTES: Final = "listeners times minutes from going live to the end, added up each second"
TURNED_AWAY: Final = "visitors whom an edge refused sound and has given none since"

_MOMENTS: Final = "moments"
_SKETCH: Final = "sketch"


class _Moment(msgspec.Struct, frozen=True, tag="moment"):
    """How it was, and everything that was added up until then. Times are Unix milliseconds."""

    at_ms: int
    here: Here
    peak: int
    peak_at_ms: int
    listener_ms: int
    turned_away: dict[str, int]  # by edge: each counts for itself since it began
    said: dict[str, int]


class _Change(msgspec.Struct, frozen=True, tag="rung"):
    """An edge's newcomers begin on another rung."""

    at_ms: int
    edge: str
    rung: Rung


@dataclass(frozen=True, slots=True)
class Totals:
    """What only a whole evening can say."""

    peak: int
    peak_at_ms: int
    distinct: int
    listener_minutes: int
    turned_away: int
    said: Mapping[str, int]


class Crowd:
    """One space's crowd, in a folder of its own. `now` is monotonic seconds."""

    def __init__(self, space: str, folder: Path) -> None:
        self._space = space
        self._folder = folder
        self._sketch = Sketch()
        self._estimate = (0, 0)  # of which version, and what it is
        self._written = 0  # the version of the sketch on disk
        self._peak = self._peak_at_ms = 0
        self._listener_ms = 0.0
        self._turned_away: dict[str, int] = {}
        self._said: dict[str, int] = {}
        self._rungs: dict[str, Rung] = {}
        self._changes = 0
        self._seen: float | None = None  # when the last second was taken
        self._kept: float | None = None
        self._load()

    def heard(self, edge: str, gauge: Gauge, *, wall_ms: int) -> None:
        """An edge has told of this space."""
        here = gauge.spaces[self._space]
        if here.turned_away or edge in self._turned_away:
            self._turned_away[edge] = here.turned_away
        for what in here.said.keys() & REACTIONS:
            self._said[what] = self._said.get(what, 0) + here.said[what]
        if here.sketch:
            with contextlib.suppress(BadInput):
                self._sketch.merge(Sketch.unpack(here.sketch))
        if self._rungs.get(edge) is not gauge.rung and self._changes < limits.RUNG_CHANGES_COUNT:
            self._rungs[edge] = gauge.rung
            self._changes += 1
            self._append(_Change(wall_ms, edge, gauge.rung))

    def second(self, here: Here, *, now: float, wall_ms: int, on_air: bool) -> None:
        """Once a second: the crowd on all edges. Peak and minutes are of what is `on_air`."""
        since, self._seen = self._seen, now
        if on_air:
            if here.listening > self._peak:
                self._peak, self._peak_at_ms = here.listening, wall_ms
            if since is not None:
                passed_s = min(now - since, limits.CROWD_FRESH_S)
                self._listener_ms += here.listening * passed_s * 1000
        if self._kept is None or now - self._kept >= limits.CROWD_KEEP_S:
            self._kept = now
            self._keep(here, wall_ms)

    def totals(self) -> Totals:
        """What has come together until now."""
        if self._estimate[0] != self._sketch.version:
            self._estimate = (self._sketch.version, self._sketch.estimate())
        return Totals(
            peak=self._peak,
            peak_at_ms=self._peak_at_ms,
            distinct=self._estimate[1],
            listener_minutes=round(self._listener_ms / 60_000),
            turned_away=sum(self._turned_away.values()),
            said=self._said,
        )

    def counts(self) -> dict[str, Count]:
        """The numbers for the receipt."""
        totals = self.totals()
        return {
            "listening_most": Count(totals.peak, PEAK),
            "listeners_distinct": Count(totals.distinct, DISTINCT),
            "listener_minutes": Count(totals.listener_minutes, MINUTES),
            "turned_away": Count(totals.turned_away, TURNED_AWAY),
        }

    def reactions(self) -> list[tuple[int, dict[str, int]]]:
        """When there were reactions (Unix milliseconds), and how many of each since the last."""
        out, before = [], dict[str, int]()
        for moment in self._read()[0]:
            fresh = {what: n - before.get(what, 0) for what, n in moment.said.items()}
            if some := {what: n for what, n in fresh.items() if n > 0}:
                out.append((moment.at_ms, some))
            before = moment.said
        return out

    def document(self) -> bytes:
        """The posted file."""
        totals = self.totals()
        moments, changes = self._read()
        curve, step_ms = _curve(moments)
        names = {edge: f"edge {i}" for i, edge in enumerate(dict.fromkeys(c.edge for c in changes))}
        whole: dict[str, Any] = {
            "version": VERSION,
            "space": self._space,
            "peak": {
                "listening": totals.peak,
                "at_ms": totals.peak_at_ms if totals.peak else None,
                "how": PEAK,
            },
            "distinct": {"estimate": totals.distinct, "error": ERROR, "how": DISTINCT},
            "listener_minutes": {"value": totals.listener_minutes, "how": MINUTES},
            "turned_away": {"value": totals.turned_away, "how": TURNED_AWAY},
            "reactions": dict(sorted(self._said.items())),
            "curve": {"step_ms": step_ms, "points": curve},
            "rung_changes": [
                {"at_ms": one.at_ms, "edge": names[one.edge], "rung": one.rung} for one in changes
            ],
        }
        return msgspec.json.format(msgspec.json.encode(whole), indent=0) + b"\n"

    def _keep(self, here: Here, wall_ms: int) -> None:
        """A full disk must not end a recording for the sake of its crowd."""
        self._append(
            _Moment(
                wall_ms,
                here,
                self._peak,
                self._peak_at_ms,
                round(self._listener_ms),
                self._turned_away,
                self._said,
            )
        )
        if self._sketch.version != self._written:
            temporary = self._folder / f"{_SKETCH}.new"
            with contextlib.suppress(OSError):
                temporary.write_bytes(self._sketch.pack())
                temporary.replace(self._folder / _SKETCH)
                self._written = self._sketch.version

    def _append(self, line: _Moment | _Change) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / _MOMENTS).open("ab") as file:
                # The break comes first, so that what was cut off by a crash ends there.
                file.write(b"\n" + msgspec.json.encode(line))

    def _load(self) -> None:
        with contextlib.suppress(OSError, BadInput):
            self._sketch = Sketch.unpack((self._folder / _SKETCH).read_bytes())
        moments, changes = self._read()
        for change in changes:
            self._rungs[change.edge] = change.rung
        self._changes = len(changes)
        if moments:
            last = moments[-1]
            self._peak, self._peak_at_ms = last.peak, last.peak_at_ms
            self._listener_ms = last.listener_ms
            self._turned_away, self._said = last.turned_away, last.said

    def _read(self) -> tuple[list[_Moment], list[_Change]]:
        moments: list[_Moment] = []
        changes: list[_Change] = []
        try:
            lines = (self._folder / _MOMENTS).read_bytes().split(b"\n")
        except OSError:
            return moments, changes
        for line in lines:
            with contextlib.suppress(msgspec.MsgspecError):
                one = _decoder.decode(line)
                if isinstance(one, _Moment):
                    moments.append(one)
                else:
                    changes.append(one)
        return moments, changes


def _curve(moments: Iterable[_Moment]) -> tuple[list[dict[str, Any]], int]:
    """The crowd over time and the length of a step: of each step the moment with most listeners."""
    moments = list(moments)
    length_ms = moments[-1].at_ms - moments[0].at_ms if moments else 0
    least_ms = int(limits.CURVE_STEP_S * 1000)
    steps = max(1, -(-(length_ms + 1) // (least_ms * limits.CURVE_POINTS_COUNT)))
    step_ms = least_ms * steps
    points: dict[int, _Moment] = {}
    for one in moments:
        at = (one.at_ms - moments[0].at_ms) // step_ms
        if at not in points or one.here.listening > points[at].here.listening:
            points[at] = one
    return [
        {
            "at_ms": one.at_ms,
            "listening": one.here.listening,
            "rungs": one.here.rungs,
            "waiting": one.here.waiting,
        }
        for one in points.values()
    ], step_ms


_decoder = msgspec.json.Decoder(_Moment | _Change)
