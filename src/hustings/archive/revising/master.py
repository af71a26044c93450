"""The mastered version: the replay at -16 LUFS, no true peak above -1 dBTP.

The stage mixes at about that loudness already; what is left is one gain for the whole recording,
and a limiter that looks ahead where it would go over. The encoder adds peaks of its own, so what
is measured is the finished file, and it is made again, a little lower, until it keeps its word.

-16 LUFS for speech in mono is what podcast directories ask for; measured by EBU R 128.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

from hustings.archive.label import Label
from hustings.archive.replay import finish_m4a, set_chapters
from hustings.audio.loudness import QUIET_LUFS, Loudness, LoudnessMeter
from hustings.clock import SAMPLE_RATE

TARGET_LUFS: Final = -16.0
PEAK_DBTP: Final = -1.0
TOLERANCE_LU: Final = 0.3
_SILENT_LUFS: Final = QUIET_LUFS + 10  # nobody spoke: there is nothing to make louder
_HEADROOM_DB: Final = 0.5  # what the encoder may add before a second try is needed
_TRIES: Final = 4
_OVER: Final = 4  # times the sample rate at which peaks are looked for: ITU-R BS.1770-5 annex 2
_BPS: Final = 96_000

Progress = Callable[[float], None]


def measured(path: Path) -> Loudness:
    """How loud a file is."""
    meter = LoudnessMeter()
    for sound in _decoded(path):
        meter.add(sound)
    return meter.finish()


def master(
    source: Path,
    target: Path,
    *,
    found: Loudness,
    label: Label,
    bps: int = _BPS,
    progress: Progress,
) -> Loudness | None:
    """Write the mastered version of `source`, whose loudness is `found`, as AAC in MP4. `label` is
    what it says of itself, but for its loudness.

    Returns how loud it came out; None, and no file, if there is nothing to make louder.
    """
    if found.integrated_lufs <= _SILENT_LUFS:
        return None
    gain_db, ceiling_db = TARGET_LUFS - found.integrated_lufs, PEAK_DBTP - _HEADROOM_DB
    best: Loudness | None = None
    for attempt in range(_TRIES):
        limited = found.true_peak_dbtp + gain_db > ceiling_db
        shaped = _shaped(source, gain_db, ceiling_db if limited else None)
        _encode(shaped, target, bps=bps, label=label)
        best = measured(target)
        progress((attempt + 1) / _TRIES)
        too_high = best.true_peak_dbtp - PEAK_DBTP
        off_db = TARGET_LUFS - best.integrated_lufs
        if too_high <= 0 and abs(off_db) <= TOLERANCE_LU:
            break
        ceiling_db -= max(0.0, too_high + 0.1 if too_high > 0 else 0.0)
        gain_db += off_db
    assert best is not None
    finish_m4a(target, replace(label, loudness=best))
    return best


def _encode(shaped: Iterator[NDArray[np.float32]], target: Path, *, bps: int, label: Label) -> None:
    with av.open(str(target), "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, bit_rate=bps, layout="mono")
        at = 0
        for sound in shaped:
            frame = AudioFrame.from_ndarray(sound[np.newaxis, :], format="fltp", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = at
            at += len(sound)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        set_chapters(container, label.chapters)


def _shaped(
    source: Path, gain_db: float, ceiling_db: float | None
) -> Iterator[NDArray[np.float32]]:
    """The sound with a gain, and limited if a ceiling is given."""
    gain = np.float32(10 ** (gain_db / 20))
    if ceiling_db is None:
        for sound in _decoded(source):
            yield sound * gain
        return
    graph = Graph()
    feed = graph.add_abuffer(
        sample_rate=SAMPLE_RATE,
        format="flt",
        layout="mono",
        time_base=Fraction(1, SAMPLE_RATE),
    )
    ceiling = 10 ** (ceiling_db / 20)
    chain = (
        graph.add("aresample", str(SAMPLE_RATE * _OVER)),
        graph.add("alimiter", f"limit={ceiling:.6f}:attack=5:release=60:level=0:latency=1"),
        graph.add("aresample", str(SAMPLE_RATE)),
        graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"),
        graph.add("abuffersink"),
    )
    before = feed
    for one in chain:
        before.link_to(one)
        before = one
    graph.configure()
    at = 0
    for sound in _decoded(source):
        frame = AudioFrame.from_ndarray((sound * gain)[np.newaxis, :], format="flt", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = at
        at += len(sound)
        feed.push(frame)
        yield from _pulled(before)
    feed.push(None)
    yield from _pulled(before)


def _pulled(sink: av.filter.context.FilterContext) -> Iterator[NDArray[np.float32]]:
    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield np.asarray(frame.to_ndarray(), np.float32).reshape(-1)


def _decoded(path: Path) -> Iterator[NDArray[np.float32]]:
    """The samples of a file in mono at 48 kHz."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            yield np.asarray(frame.to_ndarray(), np.float32).reshape(-1)
