"""The child that hears a recording: `python -m hustings.captions.hearing FOLDER`.

A line (`job.Line`) is written when its stretch has been heard, so a child that is killed goes on
behind it. What it prints is how much is done, from 0 to 1.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import msgspec
import numpy as np

from hustings import limits, process
from hustings.captions.engine import RATE, Engine, Sound, Whole
from hustings.captions.engines import Engines
from hustings.captions.job import Job, Line, lines_of, path_of
from hustings.captions.stretch import Bounds, Stretch, Stretches

BOUNDS: Final = Bounds(
    pause_ms=limits.TRANSCRIPT_PAUSE_MS,
    long_ms=limits.TRANSCRIPT_LONG_MS,
    breath_ms=limits.TRANSCRIPT_BREATH_MS,
    most_ms=limits.TRANSCRIPT_MOST_MS,
)

_NICE: Final = 19
_MOST: Final = limits.TRANSCRIPT_MOST_MS * RATE // 1000
_SEAM: Final[Sound] = np.zeros(limits.TRANSCRIPT_SEAM_MS * RATE // 1000, np.float32)
_PER_S: Final = 1000


def hear(folder: Path) -> None:
    """Hear all seats of a job that are not done."""
    job = msgspec.json.decode((folder / "job.json").read_bytes(), type=Job)
    engine = _engine(job)
    whole: Whole | None = None
    for number, seat in enumerate(job.seats):
        lines = lines_of(folder, seat)
        if not (lines and lines[-1].done):
            whole = whole or engine.open_whole(job.language)
            start = lines[-1].to if lines else 0
            for share in _hear_seat(folder, seat, whole, start=start):
                _tell((number + share) / len(job.seats))
    _tell(1.0)


def _engine(job: Job) -> Engine:
    models = Path(job.models) if job.models else None
    engine = Engines(models=models, cache=Path(job.cache)).whole(job.language)
    if engine is None or engine.name != job.engine:
        raise SystemExit(f"the engine {job.engine} is not there any more")
    return engine


def _hear_seat(folder: Path, seat: str, whole: Whole, *, start: int) -> Iterator[float]:
    """Hear one stem from a sample on, and tell after each stretch how much of it is done."""
    stem = folder / "stems" / f"{seat}.opus"
    with av.open(str(stem)) as container, path_of(folder, seat).open("ab") as file:
        length = max(1, round(float(container.duration or 0) / av.time_base * RATE))
        for pack in _packs(_sound(container, start), start):
            end = pack[-1].end
            _put(file.fileno(), Line(end, _words(whole, pack)))
            yield min(1.0, end / length)
        _put(file.fileno(), Line(length, done=True))


def _sound(container: av.container.InputContainer, start: int) -> Iterator[Sound]:
    """A stem's sound at 16 kHz from a sample on, in pieces."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    at = 0
    for frame in container.decode(audio=0):
        for made in resampler.resample(frame):
            sound = made.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            at += len(sound)
            if at > start:
                yield sound[max(0, len(sound) - (at - start)) :]


def _packs(sound: Iterator[Sound], start: int) -> Iterator[list[Stretch]]:
    """Stretches of speech, as many together as an engine hears at once."""
    stretches = Stretches(BOUNDS)
    pack: list[Stretch] = []
    at = start
    for piece in sound:
        ended = stretches.feed(piece, at=at)
        at += len(piece)
        for stretch in ended:
            if pack and _length(pack) + stretch.samples > _MOST:
                yield pack
                pack = []
            pack.append(stretch)
    for stretch in stretches.flush():
        if pack and _length(pack) + stretch.samples > _MOST:
            yield pack
            pack = []
        pack.append(stretch)
    if pack:
        yield pack


def _length(pack: list[Stretch]) -> int:
    return sum(stretch.samples + len(_SEAM) for stretch in pack)


def _words(whole: Whole, pack: list[Stretch]) -> tuple[tuple[int, int, str], ...]:
    """The words of some stretches that are heard in one, with their places in the recording."""
    pieces: list[Sound] = []
    starts: list[int] = []
    at = 0
    for stretch in pack:
        starts.append(at)
        pieces += [stretch.sound(), _SEAM]
        at += stretch.samples + len(_SEAM)
    out = []
    for word in whole.words(np.concatenate(pieces)):
        middle = (word.at_ms + word.end_ms) // 2 * RATE // _PER_S
        index = max(i for i, begin in enumerate(starts) if begin <= max(0, middle))
        stretch = pack[index]
        shift_ms = (stretch.at - starts[index]) * _PER_S // RATE
        first_ms, last_ms = stretch.at * _PER_S // RATE, stretch.end * _PER_S // RATE
        at_ms = min(max(word.at_ms + shift_ms, first_ms), last_ms)
        out.append((at_ms, min(max(word.end_ms + shift_ms, at_ms), last_ms), word.text))
    return tuple(out)


def _put(descriptor: int, line: Line) -> None:
    os.write(descriptor, msgspec.json.encode(line) + b"\n")


def _tell(share: float) -> None:
    sys.stdout.write(json.dumps(round(share, 4)) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Hear the job in the folder that the command line names."""
    process.die_with_parent(os.getppid())
    os.nice(_NICE)
    process.log_to_stderr("error")
    hear(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
