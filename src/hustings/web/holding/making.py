"""The child that makes a hold sound: `python -m hustings.web.holding.making FROM TO PARENT`.

What strangers send is decoded in a process that can do nothing else: it has its file, a bounded
time and memory, and ends with its parent. It prints one word: `made`, or why not.
"""

from __future__ import annotations

import os
import resource
import sys
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings import limits, process
from hustings.clock import SAMPLE_RATE
from hustings.errors import BadInput

Frame = NDArray[np.float32]

_MOST: Final = limits.SOUND_S_MAX * SAMPLE_RATE
_LEAST: Final = limits.SOUND_S_MIN * SAMPLE_RATE
_NICE: Final = 10


def container(file: bytes) -> str:
    """FFmpeg's name of the container that a file is by its content, "" if it is none of ours. Its
    own guess would open playlists as well, which name other files."""
    if file[:4] == b"RIFF" and file[8:12] == b"WAVE":
        return "wav"
    if file[:4] in (b"fLaC", b"OggS"):
        return "flac" if file[:1] == b"f" else "ogg"
    if file[4:8] == b"ftyp":
        return "mov"
    frame = len(file) > 1 and file[0] == 0xFF and file[1] & 0xE6 == 0xE2
    return "mp3" if file[:3] == b"ID3" or frame else ""


def decoded(path: Path) -> Frame:
    """The sound of a file, mono at 48 kHz; `BadInput` when it is none, or too long."""
    import av

    with path.open("rb") as file:
        kind = container(file.read(16))
        if not kind:
            raise BadInput("sound", expected="WAV, MP3, M4A, Ogg or FLAC")
        file.seek(0)
        pieces: list[Frame] = []
        length = 0
        try:
            with av.open(file, "r", format=kind) as opened:
                resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
                for frame in chain(opened.decode(audio=0), (None,)):
                    for made in resampler.resample(frame):
                        piece = made.to_ndarray().reshape(-1).astype(np.float32, copy=False)
                        length += len(piece)
                        if length > _MOST:
                            raise BadInput("length", expected="a shorter sound")
                        pieces.append(piece)
        except (av.FFmpegError, IndexError, ValueError) as error:
            raise BadInput(
                "sound", expected="WAV, MP3, M4A, Ogg or FLAC", got=str(error)
            ) from error
    if length < _LEAST:
        raise BadInput("length", expected="a longer sound")
    return np.nan_to_num(np.concatenate(pieces))


def make(source: Path, target: Path) -> str:
    """Make a loop of the sound in `source`. Returns `made`, `kind`, `length` or `silent`."""
    from hustings.audio import loop
    from hustings.formats import wav

    try:
        sound = decoded(source)
    except BadInput as error:
        return "length" if error.what == "length" else "kind"
    try:
        made = loop.levelled(loop.looped(np.clip(sound, -1, 1)))
    except BadInput:
        return "silent"
    pcm = np.round(made * 32767).astype("<i2")
    with target.open("wb") as file:
        file.write(wav.head(len(pcm)))
        file.write(pcm.tobytes())
    return "made"


def main() -> None:
    """Run the child."""
    source, target, parent = sys.argv[1:]
    process.die_with_parent(int(parent))
    os.nice(_NICE)
    for what, most in (
        (resource.RLIMIT_CPU, int(limits.SOUND_MAKE_S)),
        (resource.RLIMIT_AS, limits.SOUND_MAKE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    sys.stdout.write(make(Path(source), Path(target)))


if __name__ == "__main__":
    main()
