"""The captions' figures, in Prometheus' text format 0.0.4; docs/metrics.md describes every one.

This role listens on nothing, so they lie in a file, where node_exporter's textfile collector reads
them; it is replaced as a whole.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FILE: Final = "metrics.prom"

# name -> kind and meaning. Only what stands here can be counted.
METRICS: Final[dict[str, tuple[str, str]]] = {
    "hustings_captions_busy_seconds_total": ("counter", "Time that engines worked on live speech."),
    "hustings_captions_failed_total": ("counter", "Pieces of speech at which an engine failed."),
    "hustings_captions_finals_total": ("counter", "Sentences captioned."),
    "hustings_captions_late_packets_total": ("counter", "Packets that came too late to be heard."),
    "hustings_captions_partials_total": ("counter", "Captions of sentences that went on."),
    "hustings_captions_rung": ("gauge", "How often captions come: 0 often, 3 at the end only."),
    "hustings_captions_skipped_seconds_total": (
        "counter",
        "Speech that was not captioned because this machine was too slow.",
    ),
    "hustings_captions_skipped_total": ("counter", "Sentences left out for that reason."),
    "hustings_captions_spaces": ("gauge", "Live spaces that are captioned now."),
    "hustings_captions_speech_seconds_total": ("counter", "Speech heard live."),
    "hustings_captions_unlogged_total": ("counter", "Captions that never came to the log."),
    "hustings_captions_wait_seconds": ("gauge", "How long the newest work waited for its turn."),
    "hustings_captions_transcripts_total": ("counter", "Transcripts finished."),
    "hustings_captions_transcripts_failed_total": ("counter", "Tries at one that failed."),
    "hustings_captions_transcripts_waiting": ("gauge", "Recordings that wait for a transcript."),
    "hustings_captions_transcript_ratio": ("gauge", "How much of the one in the making is done."),
}


class Metrics:
    """The figures of this process."""

    def __init__(self) -> None:
        self._values = dict.fromkeys(METRICS, 0.0)

    def __getitem__(self, name: str) -> float:
        return self._values[_full(name)]

    def add(self, name: str, by: float = 1.0) -> None:
        """Count; `name` without the prefix that all have."""
        self._values[_full(name)] += by

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""
        self._values[_full(name)] = value

    def render(self) -> str:
        """All of them as text."""
        lines = []
        for name, (kind, meaning) in METRICS.items():
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            lines.append(f"{name} {self._values[name]:.10g}")
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Replace the file in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{FILE}.{os.getpid()}"
        temporary.write_text(self.render())
        temporary.replace(folder / FILE)


def _full(name: str) -> str:
    return f"hustings_captions_{name}"
