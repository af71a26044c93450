"""The stage's figures, in Prometheus' text format 0.0.4; docs/metrics.md describes every one.

The role serves no HTTP, so they lie in a file in the data folder, where node_exporter's textfile
collector reads them; it is replaced as a whole. Nothing is counted in the tick for their sake: each
space's session keeps running totals, which are read every few seconds (`Totals`). No label names a
space or a person, and each has a bounded set of values.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Final

from hustings import limits

# name -> kind and meaning. Only what stands here can be counted.
METRICS: Final[dict[str, tuple[str, str]]] = {
    "hustings_stage_busy_ratio": ("gauge", "Share of a core that the loop of all spaces uses."),
    "hustings_stage_chunks_left_out_total": ("counter", "Chunks never made: the process stalled."),
    "hustings_stage_encodes_total": ("counter", "Frames encoded for speakers."),
    "hustings_stage_jitter_depth_seconds": ("gauge", "Sound held back against jitter."),
    "hustings_stage_jitter_target_seconds": ("gauge", "Sound that should be held back."),
    "hustings_stage_lines_lossy": ("gauge", "Speakers who lately lost packets of ours."),
    "hustings_stage_log_buffer_bytes": ("gauge", "Bytes waiting for the log."),
    "hustings_stage_log_buffer_seconds": ("gauge", "How long the oldest of them has waited."),
    "hustings_stage_nacks_received_total": ("counter", "Requests of speakers for lost packets."),
    "hustings_stage_nacks_sent_total": ("counter", "Requests to speakers for lost packets."),
    "hustings_stage_packets_concealed_total": ("counter", "Pieces of up to 20 ms made up."),
    "hustings_stage_packets_late_total": ("counter", "Packets that came after their turn."),
    "hustings_stage_packets_lost_total": ("counter", "Packets not there when their turn came."),
    "hustings_stage_packets_rebuilt_total": ("counter", "Lost packets rebuilt from the next one."),
    "hustings_stage_packets_received_total": ("counter", "Packets of speakers' sound."),
    "hustings_stage_realtime": ("gauge", "Whether the process has real-time priority."),
    "hustings_stage_refused_total": ("counter", "Times that a space found no room here."),
    "hustings_stage_seats": ("gauge", "Speakers connected."),
    "hustings_stage_spaces": ("gauge", "Spaces on this process."),
    "hustings_stage_spaces_max": ("gauge", "Spaces that it may hold."),
    "hustings_stage_spaces_waiting": ("gauge", "Spaces that found no room here and wait."),
    "hustings_stage_tick_late_seconds": ("histogram", "How late ticks began."),
    "hustings_stage_ticks_skipped_total": ("counter", "Ticks that were skipped."),
    "hustings_stage_transports": ("gauge", "Transports open, by the kind of path they use."),
    "hustings_stage_warnings_total": ("counter", "Warnings to hosts, by code."),
}
_PREFIX: Final = "hustings_stage_"
_LATE: Final = "tick_late_seconds"
LATE_BOUNDS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.5)

# What one session has counted since it began: a name, or a name and a label, to a number.
Totals = Counter[str]


def labelled(name: str, label: str, value: str) -> str:
    """A series of `name`: one label, whose value holds letters, digits and underscores only."""
    assert value.replace("_", "").isalnum(), value
    return f'{name}{{{label}="{value}"}}'


class Metrics:
    """The figures of the stage process with this index."""

    def __init__(self, *, index: int) -> None:
        self._index = index
        self._values: Counter[str] = Counter()
        self._buckets = [0] * (len(LATE_BOUNDS_S) + 1)
        self._before: dict[int, Totals] = {}
        for name, (kind, _) in METRICS.items():
            if kind != "histogram" and name.removeprefix(_PREFIX) not in _LABELLED:
                self._values[name.removeprefix(_PREFIX)] = 0

    def __getitem__(self, series: str) -> float:
        return self._values[series]

    def add(self, series: str, by: float = 1) -> None:
        """Count; `series` without the prefix that all have."""
        assert _PREFIX + series.partition("{")[0] in METRICS, series
        if series not in self._values and len(self._values) >= limits.METRIC_SERIES_COUNT:
            return
        self._values[series] += by  # type: ignore[assignment]

    def set(self, series: str, value: float) -> None:
        """Set a gauge."""
        assert _PREFIX + series.partition("{")[0] in METRICS, series
        self._values[series] = value  # type: ignore[assignment]

    def grow(self, source: int, totals: Totals) -> None:
        """Take the running totals of one session, of which those told before are counted."""
        before = self._before.get(source, Totals())
        for series, total in totals.items():
            if total != before[series]:
                self._grow(series, total - before[series])
        self._before[source] = totals

    def end(self, source: int) -> None:
        """A session has ended; its totals were taken."""
        self._before.pop(source, None)

    @property
    def ticks(self) -> int:
        """Ticks run so far."""
        return sum(self._buckets)

    def late_s(self, share: float) -> float:
        """The bound below which this share of ticks began late; 0 before the first."""
        wanted, seen = share * self.ticks, 0
        for bound, count in zip((*LATE_BOUNDS_S, float("inf")), self._buckets, strict=True):
            seen += count
            if count and seen >= wanted:
                return min(bound, 1.0)
        return 0.0

    def render(self) -> str:
        """All of them as text."""
        own = f'stage="{self._index}"'
        lines = []
        for name, (kind, meaning) in METRICS.items():
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            if kind == "histogram":
                lines += self._histogram(name, own)
                continue
            bare = name.removeprefix(_PREFIX)
            for series, value in sorted(self._values.items()):
                given, _, labels = series.partition("{")
                if given == bare:
                    also = f",{labels.rstrip('}')}" if labels else ""
                    lines.append(f"{name}{{{own}{also}}} {value:.10g}")
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Replace this process's file in a folder. Waits for the disk: not for the loop."""
        folder.mkdir(parents=True, exist_ok=True)
        name = f"metrics-{self._index}.prom"
        temporary = folder / f".{name}.{os.getpid()}"
        temporary.write_text(self.render())
        temporary.replace(folder / name)

    def _grow(self, series: str, by: float) -> None:
        if not series.startswith(_BUCKET):
            self.add(series, by)
        elif (at := series.removeprefix(_BUCKET)).isdigit():
            self._buckets[int(at)] += int(by)
        else:
            self._values[_LATE_SUM] += by  # type: ignore[assignment]

    def _histogram(self, name: str, own: str) -> list[str]:
        lines, seen = [], 0
        for bound, count in zip((*LATE_BOUNDS_S, "+Inf"), self._buckets, strict=True):
            seen += count
            lines.append(f'{name}_bucket{{{own},le="{bound}"}} {seen}')
        lines.append(f"{name}_sum{{{own}}} {self._values[_LATE_SUM]:.10g}")
        return [*lines, f"{name}_count{{{own}}} {seen}"]


_BUCKET: Final = f"{_LATE}:"
_LATE_SUM: Final = f"{_LATE}:sum"
_LABELLED: Final = frozenset(
    {"encodes_total", "jitter_depth_seconds", "jitter_target_seconds", "transports",
     "warnings_total"}
)  # fmt: skip


def late_totals(buckets: list[int], total_ns: int) -> Totals:
    """A session's ticks by their lateness, as totals."""
    totals = Totals({f"{_BUCKET}{i}": count for i, count in enumerate(buckets)})
    totals[_LATE_SUM] = total_ns / 1e9  # type: ignore[assignment]
    return totals
