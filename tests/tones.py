"""Sounds that tests send and recognise: tones, WAV files, time codes, and the way back from files.

Sound is mono float32 at 48 kHz throughout. Levels of tones are those of their amplitude: a sine
of amplitude 1.0 has 0 dBFS.

The time code: time is cut into slots of 100 ms. Slot s is filled with a sine of
400 + 100 x (s mod 80) Hz, amplitude -12 dBFS, faded in and out within 5 ms. The code repeats after
80 slots, 8 seconds. All tones are multiples of 100 Hz between 400 and 8300 Hz, so that they pass
every codec and 20 ms of one hold whole periods of all. The reader here shares no code with
`hustings.drills.timecode`, only this paragraph.
"""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]

RATE: Final = 48_000
SLOTS: Final = 80
SLOT_SAMPLES: Final = 4_800
_MONO: Final = f"-map 0:a:0 -ac 1 -ar {RATE} -f f32le"


def tone(hz: float, seconds: float, level_dbfs: float = -12.0) -> Sound:
    """A sine, faded in and out over 5 ms."""
    count = round(seconds * RATE)
    wave_ = np.sin(2 * np.pi * hz / RATE * np.arange(count)) * 10 ** (level_dbfs / 20)
    fade = min(240, count // 2)
    if fade:
        slope = np.linspace(0, 1, fade)
        wave_[:fade] *= slope
        wave_[-fade:] *= slope[::-1]
    sound: Sound = wave_.astype(np.float32)
    return sound


def silence(seconds: float) -> Sound:
    """Digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def frames(pcm: Sound, samples: int = 960) -> list[Sound]:
    """The sound cut into whole frames; an incomplete last one is left out."""
    return [pcm[i : i + samples] for i in range(0, len(pcm) - samples + 1, samples)]


def write_wav(path: Path, pcm: Sound) -> Path:
    """Write 16-bit PCM, as Chromium's fake microphone wants it."""
    data = np.round(np.clip(pcm, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(data.tobytes())
    return path


def decode_file(source: Path | bytes, *, format: str | None = None) -> Sound:  # noqa: A002
    """Decode a file, or its bytes, with ffmpeg. `format` is ffmpeg's name of the container."""
    where = "pipe:0" if isinstance(source, bytes) else str(source)
    forced = f"-f {format}" if format else ""
    done = subprocess.run(
        [*f"ffmpeg -v error {forced} -i".split(), where, *f"{_MONO} pipe:1".split()],
        input=source if isinstance(source, bytes) else b"",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return np.frombuffer(done.stdout, "<f4").astype(np.float32)


def loudness_lufs(pcm: Sound) -> float:
    """Integrated loudness (EBU R 128), measured by ffmpeg."""
    raw = f"-f f32le -ar {RATE} -ac 1"
    done = subprocess.run(
        f"ffmpeg -v info -nostats {raw} -i pipe:0 -af ebur128 -f null -".split(),
        input=pcm.astype("<f4").tobytes(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    summary = done.stderr.decode().rsplit("Summary:", 1)[1]
    return float(summary.split("I:", 1)[1].split("LUFS", 1)[0])


def level_dbfs(pcm: Sound) -> float:
    """Level of the whole sound: of the sine that has the same power."""
    power = float(np.mean(np.square(pcm, dtype=np.float64))) if len(pcm) else 0.0
    return float(10 * np.log10(2 * power + 1e-20))


def tone_level_dbfs(pcm: Sound, hz: float) -> float:
    """Level of the part of the sound that is a sine of `hz`, over its whole length."""
    return float(_levels(pcm[np.newaxis, :], hz)[0]) if len(pcm) else -200.0


def tone_presence(
    pcm: Sound, hz: float, *, window_ms: int = 50, threshold_db: float = -40.0
) -> list[tuple[float, float]]:
    """Spans (start, end) in seconds during which a sine of `hz` is above the threshold.

    A span begins and ends where the middle of the window does, in steps of a fifth of the window.
    """
    window = window_ms * RATE // 1000
    step = window // 5
    if len(pcm) < window:
        return []
    cut = np.lib.stride_tricks.sliding_window_view(pcm, window)[::step]
    there = np.concatenate(([False], _levels(cut, hz) >= threshold_db, [False]))
    edges = np.flatnonzero(there[1:] != there[:-1])
    middle = (edges * step + window / 2) / RATE
    return [(float(a), float(b)) for a, b in zip(middle[::2], middle[1::2], strict=True)]


def _levels(rows: NDArray[np.float32], hz: float) -> NDArray[np.float64]:
    count = rows.shape[1]
    window = np.hanning(count + 2)[1:-1]
    probe = window * np.exp(-2j * np.pi * hz / RATE * np.arange(count))
    amplitude = 2 * np.abs(rows.astype(np.float64) @ probe) / window.sum()
    return np.asarray(20 * np.log10(amplitude + 1e-10), dtype=np.float64)


def timecode(seconds: float, *, start_slot: int = 0, level_dbfs: float = -12.0) -> Sound:
    """The time code from the beginning of `start_slot` on (see the head of this module)."""
    count = round(seconds * RATE)
    slots = -(-count // SLOT_SAMPLES)
    out = [
        tone(400 + 100 * ((start_slot + i) % SLOTS), SLOT_SAMPLES / RATE, level_dbfs)
        for i in range(slots)
    ]
    return np.concatenate(out)[:count] if out else silence(0)


def read_timecode(pcm: Sound) -> list[tuple[int, int]]:
    """The slots found: (sample at which the slot begins, number of the slot modulo 80).

    A slot that the sound enters in the middle is placed by its end. Slots of which less than 40 ms
    are heard are left out.
    """
    window, step = 960, 120
    if len(pcm) < window:
        return []
    cut = np.lib.stride_tricks.sliding_window_view(pcm, window)[::step]
    spectrum = np.abs(np.fft.rfft(cut, axis=1)[:, 8 : 8 + 2 * SLOTS : 2]) ** 2
    energy = np.sum(np.square(cut, dtype=np.float64), axis=1)
    best = np.argmax(spectrum, axis=1)
    strongest = spectrum[np.arange(len(best)), best]
    # A pure tone puts energy x window / 2 into its bin; where two slots meet, each has a quarter.
    sure = (strongest > 0.2 * energy * window / 2) & (energy / window > 10 ** (-5.5))
    best[~sure] = -1
    runs = [
        (int(run[0]), int(run[-1]))
        for run in np.split(np.arange(len(best)), np.flatnonzero(np.diff(best)) + 1)
        if len(run) * step >= 1920 and best[run[0]] >= 0
    ]
    found: list[tuple[int, int]] = []
    for index, (first, last) in enumerate(runs):
        slot = int(best[first])
        begin, end = (i * step + (window - step) // 2 for i in (first, last + 1))
        follows = index + 1 < len(runs) and runs[index + 1][0] - last < 12
        entered = index == 0 or first - runs[index - 1][1] >= 12
        if entered and follows and end - begin < SLOT_SAMPLES:
            begin = end - SLOT_SAMPLES
        found.append((begin, slot))
    return found
