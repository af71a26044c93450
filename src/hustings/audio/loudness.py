"""How loud a recording is by EBU R 128: integrated loudness, range and true peak.

The measuring is libavfilter's `ebur128`, fed piece by piece: it keeps histograms, not the sound.
Not for the 20 ms tick. An hour of mono takes some five seconds of CPU time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from numpy.typing import NDArray

from hustings.clock import SAMPLE_RATE

Frame = NDArray[np.float32]

QUIET_LUFS: Final = -70.0  # the absolute gate of ITU-R BS.1770: nothing quieter is measured
PEAK_DBTP_MIN: Final = -60.0  # what is given for a peak that is lower than this
_I: Final = "lavfi.r128.I"
_RANGE: Final = "lavfi.r128.LRA"
_PEAK: Final = "lavfi.r128.true_peaks_ch0"


@dataclass(frozen=True, slots=True)
class Loudness:
    """What was measured, each to 0.1. Of silence: -70 LUFS, no range, -60 dBTP."""

    integrated_lufs: float = QUIET_LUFS
    range_lu: float = 0.0
    true_peak_dbtp: float = PEAK_DBTP_MIN


class LoudnessMeter:
    """Measures mono sound at 48 kHz in pieces of any length. Ends with `finish()`."""

    def __init__(self) -> None:
        graph = Graph()
        self._source = graph.add_abuffer(
            sample_rate=SAMPLE_RATE,
            format="flt",
            layout="mono",
            time_base=Fraction(1, SAMPLE_RATE),
        )
        meter = graph.add("ebur128", "metadata=1:peak=true")
        self._sink: FilterContext = graph.add("abuffersink")
        self._source.link_to(meter)
        meter.link_to(self._sink)
        graph.configure()
        self._graph = graph
        self._samples = 0
        self._found: dict[str, str] = {}

    def add(self, sound: Frame) -> None:
        """The next samples."""
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(sound, np.float32)[np.newaxis, :], format="flt", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = self._samples
        self._samples += len(sound)
        self._source.push(frame)
        self._drain()

    def finish(self) -> Loudness:
        """What all of it comes to."""
        self._source.push(None)
        self._drain()
        peak = float(self._found.get(_PEAK, 0.0))
        return Loudness(
            integrated_lufs=_tenth(float(self._found.get(_I, QUIET_LUFS)), QUIET_LUFS),
            range_lu=_tenth(float(self._found.get(_RANGE, 0.0)), 0.0),
            true_peak_dbtp=_tenth(20 * math.log10(peak) if peak > 0 else -200.0, PEAK_DBTP_MIN),
        )

    def _drain(self) -> None:
        while True:
            try:
                given = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(given, AudioFrame)
            # What is left at the end, less than the meter's 100 ms, comes without figures.
            self._found = dict(given.metadata) or self._found


def _tenth(value: float, least: float) -> float:
    """To one decimal, never `-0.0`, `nan` or below `least`."""
    if not math.isfinite(value):
        return least
    return round(max(value, least), 1) + 0.0
