"""Speech that tests and benchmarks hear, with its words: espeak-ng's, and people's in packages.

Sound is mono float32 at 48 kHz, as microphones give it.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import av
import jiwer
import numpy as np
from numpy.typing import NDArray

from bench import packages

Sound = NDArray[np.float32]

RATE: Final = 48_000

# `moonshine-voice` 0.1.0 brings recordings of readers: Dickens (1859) and Beckett (1983).
CITIES: Final = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age"
    " of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the"
    " season of light, it was the season of darkness, it was the spring of hope, it was the winter"
    " of despair, we had everything before us, we had nothing before us, we were all going direct"
    " to heaven, we were all going direct the other way, in short, the period was so far like the"
    " present period, that some of its noisiest authorities insisted on its being received, for"
    " good or for evil, in the superlative degree of comparison only"
)
_AUSTEN: Final = "/usr/share/pocketsphinx/test/data/librivox"
_PAUSE: Final = np.zeros(RATE // 2, np.float32)
BECKETT: Final = "Ever tried, ever failed, no matter, try again, fail again, fail better"


@cache
def espeak(text: str, *, voice: str = "en-us", words_per_minute: int = 150) -> Sound:
    """A synthetic voice."""
    program = packages.need("espeak-ng", package="espeak-ng")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        command = [str(program), "-v", voice, "-s", str(words_per_minute), "-w", str(path), text]
        subprocess.run(command, check=True)
        return load(path)


@cache
def sample(name: str) -> Sound:
    """A recording in `moonshine-voice`."""
    found = importlib.util.find_spec("moonshine_voice")
    assert found is not None
    assert found.submodule_search_locations
    return load(Path(found.submodule_search_locations[0]) / "assets" / name)


def read_aloud() -> tuple[Sound, str]:
    """Five sentences of Austen (1811), read for LibriVox, and their words; Debian's package."""
    listed = packages.need_file(f"{_AUSTEN}/transcription", package="pocketsphinx-testdata")
    pieces, said = [], []
    for line in listed.read_text().splitlines():
        text, name = line.removeprefix("<s>").rsplit("</s>", 1)
        pieces += [load(listed.with_name(name.strip(" ()") + ".wav")), _PAUSE]
        said.append(text.strip())
    return np.concatenate(pieces), " ".join(said)


def load(path: Path, *, rate: int = RATE) -> Sound:
    """A file's sound."""
    pieces = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in container.decode(audio=0):
            pieces += [made.to_ndarray().reshape(-1) for made in resampler.resample(frame)]
    return np.concatenate(pieces).astype(np.float32)


def at_16k(sound: Sound) -> Sound:
    """The same at 16 kHz, by FFmpeg's resampler."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
    frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = RATE
    made = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([one.to_ndarray().reshape(-1) for one in made]).astype(np.float32)


def words(text: str) -> list[str]:
    """The words of a text, without what is written and not said."""
    return re.sub(r"[^a-z' ]", "", text.lower().replace("-", " ")).split()


def error_rate(said: str, heard: str) -> float:
    """Word error rate."""
    return float(jiwer.wer(" ".join(words(said)), " ".join(words(heard)) or "-"))
