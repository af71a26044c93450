"""A simulated line from a microphone to a jitter buffer: loss, jitter, reordering, drifting clocks.

Everything is seeded and time is a number, so ten minutes pass in seconds and always the same way.
"""

from __future__ import annotations

import functools
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np

from hustings.audio.opus import OpusEncoder
from hustings.stage.jitter import JitterBuffer
from tests.tones import Sound, timecode, tone

TICK_NS = 20_000_000


def packets_of(pcm: Sound, *, fec: bool = True) -> list[bytes]:
    """The sound as a browser encodes it: 20 ms packets with in-band FEC."""
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5, fec=fec)
    return [encoder.encode(pcm[i : i + 960]) for i in range(0, len(pcm) - 959, 960)]


@functools.cache
def steady() -> list[bytes]:
    """Ten seconds of 440 Hz without a seam."""
    return packets_of(tone(440, 10.02)[480:-480])


@functools.cache
def voice() -> list[bytes]:
    """Ten seconds of a buzz with the rhythm of syllables, which libopus takes for speech."""
    at = np.arange(480_000) / 48_000
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.4 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / 48_000
    buzz = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * at) + 0.3, 0, 1)
    return packets_of((0.15 * buzz * syllables).astype(np.float32))


@functools.cache
def coded() -> list[bytes]:
    """Sixteen seconds of the time code."""
    return packets_of(timecode(16))


@dataclass(kw_only=True)
class Line:
    """Sends `packets` every 20 ms of the sender's clock and pulls every 20 ms of ours.

    `jitter_ms` is the mean of an exponential delay, cut at five times that; packets may overtake
    each other. `ppm` is how much faster the sender's clock runs. `stall` is a span (from, to) in
    seconds during which the network holds everything back.
    """

    packets: Sequence[bytes]
    seconds: float
    seed: int = 1
    loss: float = 0.0
    jitter_ms: float = 0.0
    ppm: float = 0.0
    twice: float = 0.0
    stall: tuple[float, float] = (0.0, 0.0)
    first_sequence: int = 65_000
    first_timestamp: int = 0xFFFF_0000
    buffer: JitterBuffer = field(default_factory=JitterBuffer)
    depths_ms: list[float] = field(default_factory=list)
    silent_ticks: int = 0

    def run(self) -> Sound:
        """What comes out, ticks without a frame as silence."""
        on_the_way = self._send()
        out = []
        for tick in range(int(self.seconds * 50)):
            now_ns = tick * TICK_NS + 3_000_000
            while on_the_way and on_the_way[0][0] <= now_ns:
                arrived_ns, number = heapq.heappop(on_the_way)
                self.buffer.push(
                    sequence=self.first_sequence + number & 0xFFFF,
                    timestamp=self.first_timestamp + number * 960 & 0xFFFF_FFFF,
                    payload=self.packets[number % len(self.packets)],
                    now_ns=arrived_ns,
                )
            self.depths_ms.append(self.buffer.depth_ms)
            frame = self.buffer.pull()
            if frame is None:
                self.silent_ticks += 1
                frame = np.zeros(960, np.float32)
            assert frame.shape == (960,)
            assert frame.dtype == np.float32
            out.append(frame)
        return np.concatenate(out)

    def _send(self) -> list[tuple[int, int]]:
        dice = Random(self.seed)
        on_the_way: list[tuple[int, int]] = []
        number = 0
        while (sent_s := number * 0.02 / (1 + self.ppm * 1e-6)) < self.seconds:
            if dice.random() >= self.loss:
                for _ in range(1 + (dice.random() < self.twice)):
                    delay_s = 0.030
                    if self.jitter_ms:
                        delay_s += (
                            min(dice.expovariate(1 / self.jitter_ms), 5 * self.jitter_ms) / 1e3
                        )
                    at_s = sent_s + delay_s
                    if self.stall[0] <= at_s < self.stall[1]:
                        at_s = self.stall[1]
                    heapq.heappush(on_the_way, (round(at_s * 1e9), number))
            number += 1
        return on_the_way
