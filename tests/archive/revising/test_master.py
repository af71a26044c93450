"""The mastered version: as loud as it says, nowhere above its ceiling, and in step."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from hustings.archive.chapters import Chapter
from hustings.archive.label import Label
from hustings.archive.revising.master import PEAK_DBTP, TARGET_LUFS, master, measured

RATE = 48_000
SECONDS = 12
LABEL = Label(title="An evening", artist="Ada", chapters=(Chapter(0, 12_000, "All"),))


def speechlike(level: float, peak: float) -> NDArray[np.float32]:
    """Noise in syllables, with a click now and then."""
    rng = np.random.default_rng(7)
    noise = np.convolve(rng.standard_normal(RATE * SECONDS), np.ones(8) / 8, "same")
    time = np.arange(RATE * SECONDS) / RATE
    sound = noise * (np.sin(2 * np.pi * 3 * time) > 0) * level
    sound[RATE // 3 :: RATE // 2] += peak
    return np.clip(sound, -1, 1).astype(np.float32)


def written(path: Path, sound: NDArray[np.float32]) -> Path:
    with av.open(str(path), "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=RATE, bit_rate=96_000, layout="mono")
        for at in range(0, len(sound), 1024):
            frame = av.AudioFrame.from_ndarray(
                sound[np.newaxis, at : at + 1024], format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


@pytest.mark.parametrize(
    ("level", "peak"), [(0.05, 0.0), (0.02, 0.9), (0.9, 0.0)], ids=["quiet", "spiky", "loud"]
)
def test_it_keeps_its_word(tmp_path: Path, level: float, peak: float) -> None:
    source = written(tmp_path / "replay.m4a", speechlike(level, peak))
    target = tmp_path / "master.m4a"
    told: list[float] = []
    came = master(source, target, found=measured(source), label=LABEL, progress=told.append)
    assert came is not None
    again = measured(target)
    assert again == came
    assert again.integrated_lufs == pytest.approx(TARGET_LUFS, abs=0.5)
    assert again.true_peak_dbtp <= PEAK_DBTP
    assert told == sorted(told)
    with av.open(str(target)) as container:
        assert container.metadata["title"] == "An evening"
        assert [one["metadata"]["title"] for one in container.chapters()] == ["All"]
    before, after = decoded(source), decoded(target)
    assert len(before) == len(after)
    # In step: the two agree best where they lie upon each other.
    middle = slice(RATE * 4, RATE * 6)
    shifts = range(-480, 481, 16)
    sums = [float(np.dot(before[middle], np.roll(after, shift)[middle])) for shift in shifts]
    assert abs(shifts[int(np.argmax(sums))]) <= 16


def test_silence_is_not_made_louder(tmp_path: Path) -> None:
    source = written(tmp_path / "replay.m4a", np.zeros(RATE * 2, np.float32))
    target = tmp_path / "master.m4a"
    assert (
        master(source, target, found=measured(source), label=LABEL, progress=lambda _: None) is None
    )
    assert not target.exists()
