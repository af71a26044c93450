"""What synthetic speakers say: packets of real speech, each marked by a tone of its own, and rooms.

A talking seat sends read-aloud English (LibriVox, from Debian's `pocketsphinx-testdata`) with a
faint steady tone that no other seat has. In what a seat hears back, each of the others' tones must
stand out and its own must be missing: that is how a mix-minus is verified in the middle of speech.
A quiet seat sends the noise of a quiet room.

Packets are what a browser sends: 20 ms, mono, 32 kbit/s, with in-band FEC.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench import speech
from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.clock import SAMPLE_RATE, TICK_SAMPLES

Sound = NDArray[np.float32]

BITRATE_BPS: Final = 32_000
COMPLEXITY: Final = 5  # as a browser on a computer, and both servers, use
LOOP_S: Final = 10
SPEECH_DBFS: Final = -26.0
TONE_DBFS: Final = -34.0
ROOM_DBFS: Final = -72.0
TONE_HZ_FIRST: Final = 4_200.0  # above most of a voice, inside what Opus keeps at this rate
TONE_HZ_STEP: Final = 140.0
_AWAY_HZ: Final = (15.0, 55.0)  # where the noise beside a tone is measured
_NEAR_HZ: Final = 3.0


def tone_hz(seat: int) -> float:
    """The tone of a seat."""
    return TONE_HZ_FIRST + TONE_HZ_STEP * seat


@cache
def talking(seat: int) -> tuple[bytes, ...]:
    """`LOOP_S` seconds of a seat's speech and tone. Each seat reads another place."""
    count = LOOP_S * SAMPLE_RATE
    read = _read()
    at = seat * 2 * SAMPLE_RATE % len(read)
    voice = np.resize(np.roll(read, -at), count)
    voice = voice * (_amplitude(SPEECH_DBFS) / np.sqrt(np.mean(np.square(voice))))
    return encoded((voice + tone(tone_hz(seat), LOOP_S, TONE_DBFS)).astype(np.float32))


@cache
def quiet() -> tuple[bytes, ...]:
    """`LOOP_S` seconds of an open microphone in a room in which nobody speaks."""
    noise = np.random.default_rng(1).standard_normal(LOOP_S * SAMPLE_RATE)
    return encoded((noise * _amplitude(ROOM_DBFS)).astype(np.float32))


def tone(hz: float, seconds: float, level_dbfs: float) -> Sound:
    """A sine; the level is that of its amplitude."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hz * at) * _amplitude(level_dbfs)).astype(np.float32)


def encoded(sound: Sound, *, complexity: int = COMPLEXITY) -> tuple[bytes, ...]:
    """The sound as packets; an incomplete last frame is left out."""
    encoder = OpusEncoder(bitrate_bps=BITRATE_BPS, complexity=complexity)
    whole = len(sound) // TICK_SAMPLES * TICK_SAMPLES
    return tuple(encoder.encode(frame) for frame in sound[:whole].reshape(-1, TICK_SAMPLES))


def decoded(packets: Sequence[bytes | None]) -> Sound:
    """The sound of packets in order; None is one that is missing."""
    decoder = OpusDecoder()
    pieces = [
        decoder.decode(packet) if packet else decoder.conceal(TICK_SAMPLES) for packet in packets
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def standing_out_db(sound: Sound, seats: Sequence[int]) -> dict[int, float]:
    """How far each seat's tone stands above what is beside it, in dB. Needs a second or more."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    found = {}
    for seat in seats:
        away = np.abs(hz - tone_hz(seat))
        beside = np.mean(power[(away >= _AWAY_HZ[0]) & (away <= _AWAY_HZ[1])]) + 1e-12
        found[seat] = round(10 * float(np.log10(power[away <= _NEAR_HZ].max() / beside)), 1)
    return found


def _amplitude(level_dbfs: float) -> float:
    return float(10 ** (level_dbfs / 20))


@cache
def _read() -> Sound:
    """Speech without long pauses: whoever talks, talks."""
    sound, _ = speech.read_aloud()
    frames = sound[: len(sound) // TICK_SAMPLES * TICK_SAMPLES].reshape(-1, TICK_SAMPLES)
    loud = np.sqrt(np.mean(np.square(frames), axis=1))
    near = np.convolve(loud > 0.1 * np.percentile(loud, 90), np.ones(25), mode="same") > 0
    kept: Sound = frames[near].reshape(-1)
    return kept
