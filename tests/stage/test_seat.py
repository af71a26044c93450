"""One seat's sound: what goes into the mix, what fades, and what was said while muted."""

from __future__ import annotations

import itertools

import numpy as np

from hustings.audio.opus import OpusEncoder
from hustings.stage.rtp import MediaPacket
from hustings.stage.seat import QUIET_TICKS, Seat
from tests import tones

TICK_NS = 20_000_000


class Speaker:
    """Sends a sound to a seat, packet by packet, and pulls what the seat adds to the mix."""

    def __init__(self, *, level_dbfs: float = -12.0) -> None:
        self.seat = Seat("ann")
        self.seat.connect(join=1)
        self.tone = tones.frames(tones.tone(500, 10.0, level_dbfs))
        self._encoder = OpusEncoder(bitrate_bps=64_000, complexity=5)
        self._ticks = itertools.count()
        self.ahead: list[int] = []

    def packet(self, pcm: tones.Sound, tick: int) -> MediaPacket:
        payload = self._encoder.encode(np.ascontiguousarray(pcm))
        return MediaPacket(tick & 0xFFFF, tick * 960, payload, None, tick * TICK_NS)

    def say(self, ticks: int, *, silent: bool = False) -> list[tones.Sound | None]:
        out = []
        for _ in range(ticks):
            tick = next(self._ticks)
            pcm = tones.silence(0.02) if silent else self.tone[tick % 400]
            self.ahead.append(self.seat.push(self.packet(pcm, tick)))
            out.append(self.seat.pull())
        return out


def steps(frames: list[tones.Sound | None]) -> float:
    """The largest jump from one sample to the next."""
    sound = np.concatenate([np.zeros(960) if f is None else f for f in frames])
    return float(np.abs(np.diff(sound)).max())


# A sine of 500 Hz at -12 dBFS moves this much from sample to sample, at the gain's most.
SMOOTH = 0.25 * 2 * np.pi * 500 / tones.RATE * 1.5


def test_speech_enters_the_mix_faded_and_leaves_it_faded() -> None:
    speaker = Speaker()
    frames = speaker.say(50) + speaker.say(100, silent=True)
    assert frames[40] is not None
    assert frames[-1] is None
    assert steps(frames) < SMOOTH


def test_half_a_second_of_silence_closes_the_gate() -> None:
    speaker = Speaker()
    speaker.say(50)
    assert (speaker.seat.open, speaker.seat.closed_ticks) == (True, 0)
    speaker.say(60 + QUIET_TICKS, silent=True)
    assert speaker.seat.closed_ticks >= QUIET_TICKS
    assert any(frame is not None for frame in speaker.say(5))


def test_muting_fades_out_within_a_tick() -> None:
    speaker = Speaker()
    before = speaker.say(50)
    speaker.seat.mute(True)
    first, *rest = speaker.say(20)
    assert first is not None
    assert abs(first[-1]) < 1e-4
    assert rest == [None] * 19
    assert steps([*before, first]) < SMOOTH
    assert speaker.seat.speaking  # the host is told who speaks while muted


def test_what_was_said_while_muted_is_not_heard_after() -> None:
    speaker = Speaker()
    speaker.seat.mute(True)
    speaker.say(50)
    # Silence from now on: all that is still in the jitter buffer was said while muted.
    speaker.seat.mute(False)
    frames = [frame for frame in speaker.say(30, silent=True) if frame is not None]
    assert all(tones.level_dbfs(frame) < -50 for frame in frames)


def test_a_packet_is_audible_where_it_enters_not_where_it_arrives() -> None:
    speaker = Speaker()
    speaker.seat.mute(True)
    speaker.say(50)
    speaker.seat.mute(False)
    assert not speaker.seat.audible()
    ahead = speaker.seat.push(speaker.packet(speaker.tone[0], 50))
    assert ahead == speaker.seat.depth_ticks
    assert speaker.seat.audible(ahead)


def test_where_a_packet_enters_is_where_it_is_heard() -> None:
    speaker = Speaker()
    speaker.say(60, silent=True)
    frames = speaker.say(20)
    ahead = speaker.ahead[60]
    levels = [-200.0 if f is None else tones.level_dbfs(f) for f in frames]
    heard = next(i for i, level in enumerate(levels) if level > -40)
    assert abs(heard - ahead) <= 1


def test_a_transport_that_breaks_off_ends_without_a_click() -> None:
    speaker = Speaker()
    before = speaker.say(50)
    speaker.seat.disconnect()
    last = speaker.seat.pull()
    assert last is not None
    assert steps([*before, last]) < SMOOTH
    assert speaker.seat.pull() is None
    assert not speaker.seat.open


def test_a_quiet_room_is_not_mixed() -> None:
    speaker = Speaker(level_dbfs=-70.0)
    assert speaker.say(100) == [None] * 100


def test_stems_tell_the_programme_sample() -> None:
    speaker = Speaker()
    packet = speaker.packet(speaker.tone[0], 3)
    logged = speaker.seat.stem(packet, enters=100)
    assert (logged.seat, logged.join, logged.sequence, logged.timestamp) == ("ann", 1, 3, 2880)
    assert logged.sample == 100 * 960 + 2048
    assert logged.payload == packet.payload
