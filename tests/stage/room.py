"""A room around a conference: microphones that encode as browsers do, ears that decode, no network.

Time is a number of ticks, so that seconds pass in moments and always the same way. What is in it is
what a stage runs: seats with their jitter buffers, the mixing, the encoders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.stage.conference import Conference
from hustings.stage.returns import Return
from hustings.stage.rtp import MediaPacket
from hustings.stage.seat import Seat
from tests.tones import RATE, Sound

TICK_NS = 20_000_000
SET_DTX = 4016  # opus_defines.h
DELAY = 312  # samples that an Opus encoder and its decoder lag


class Ear:
    """A speaker's headphones: decodes what comes, and makes up what does not."""

    def __init__(self, *, lossy: bool = False) -> None:
        self.lossy = lossy  # what the transport would say of the way here
        self.packets: list[bytes] = []
        self._decoder = OpusDecoder()
        self._heard: list[Sound] = []

    def send(self, payload: bytes, *, samples: int) -> None:
        """A packet of the stage."""
        for _ in range(samples // 960 - 1):
            self._heard.append(self._decoder.conceal(960))
        self.packets.append(payload)
        self._heard.append(self._decoder.decode(payload))

    @property
    def sound(self) -> Sound:
        """All that was heard."""
        return np.concatenate(self._heard)


@dataclass(kw_only=True)
class Voice:
    """Somebody with a microphone, `pcm`, who hears what comes back."""

    name: str
    pcm: Sound
    channels: int = 1
    lost: Callable[[int], bool] = lambda tick: False
    dtx: bool = False  # sends nothing while silent, as telephones and some browsers do
    seat: Seat = field(init=False)
    ear: Ear = field(init=False)
    back: Return = field(init=False)
    _pauses: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.seat = Seat(self.name)
        self.seat.connect(join=1)
        self.ear = Ear()
        self.back = Return(self.seat, self.ear, complexity=5)
        self._encoder = OpusEncoder(bitrate_bps=64_000, complexity=5, channels=self.channels)
        if self.dtx:
            self._encoder._set(SET_DTX, 1)

    def speak(self, tick: int) -> None:
        """Send the packet of one tick, unless the network loses it."""
        size = 960 * self.channels
        frame = self.pcm[tick * size : (tick + 1) * size]
        if len(frame) == size:
            payload = self._encoder.encode(frame)
            pauses = self.dtx and len(payload) <= 2  # one such packet says so, no more are sent
            if not self.lost(tick) and not (pauses and self._pauses):
                now_ns = tick * TICK_NS
                packet = MediaPacket(tick & 0xFFFF, tick * 960, payload, None, now_ns)
                self.seat.push(packet)
            self._pauses = pauses


class Room:
    """Voices around one conference."""

    def __init__(self, *voices: Voice) -> None:
        self.voices = list(voices)
        self.conference = Conference(complexity=5)
        self.tick = 0
        self._mixed: list[Sound] = []

    @property
    def mix(self) -> Sound:
        """What went to the programme's encoders."""
        return np.concatenate(self._mixed)

    def run(self, seconds: float) -> Sound:
        """Let time pass; the mix of that time."""
        ticks = round(seconds * 50)
        for _ in range(ticks):
            for voice in self.voices:
                voice.speak(self.tick)
            returns = [voice.back for voice in self.voices]
            self._mixed.append(self.conference.tick(returns, missed=0))
            self.tick += 1
        return np.concatenate(self._mixed[-ticks:])


def pink(seconds: float, level_dbfs: float, *, seed: int) -> Sound:
    """Pink noise at an RMS level: what a room with a ventilator sounds like."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[1:] /= np.sqrt(hz[1:])
    spectrum[hz < 20] = 0
    noise = np.fft.irfft(spectrum, count)
    made: Sound = (noise * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return made


def rms_db(pcm: NDArray[np.float32]) -> float:
    """Root mean square relative to full scale, in dB."""
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) + 1e-20))


def treble_db(pcm: Sound, *, above_hz: float = 8_000) -> NDArray[np.float64]:
    """The power above `above_hz` in windows of 5 ms, every 2.5 ms, in dB: a click stands out."""
    cut = np.lib.stride_tricks.sliding_window_view(pcm.astype(np.float64), 240)[::120]
    spectrum = np.abs(np.fft.rfft(cut * np.hanning(240), axis=1)) ** 2
    hz = np.fft.rfftfreq(240, 1 / RATE)
    power = spectrum[:, hz > above_hz].sum(axis=1) / (np.hanning(240) ** 2).sum() / 240
    return np.asarray(10 * np.log10(2 * power + 1e-20), np.float64)
