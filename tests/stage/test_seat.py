"""One seat's sound: what goes into the mix, what fades, and what was said while muted."""

from __future__ import annotations

import itertools
from dataclasses import replace

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
        self.ahead: list[int | None] = []
        self.now_ns = 0

    def packet(self, pcm: tones.Sound, tick: int) -> MediaPacket:
        payload = self._encoder.encode(np.ascontiguousarray(pcm))
        return MediaPacket(tick & 0xFFFF, tick * 960, payload, None, tick * TICK_NS)

    def say(self, ticks: int, *, silent: bool = False) -> list[tones.Sound | None]:
        out = []
        for _ in range(ticks):
            tick = next(self._ticks)
            self.now_ns = tick * TICK_NS
            pcm = tones.silence(0.02) if silent else self.tone[tick % 400]
            self.ahead.append(self.seat.push(self.packet(pcm, tick)))
            out.append(self.seat.pull())
        return out

    def hold_back(self, ticks: int) -> list[MediaPacket]:
        """Says something that the network holds back meanwhile."""
        held = []
        for _ in range(ticks):
            tick = next(self._ticks)
            self.now_ns = tick * TICK_NS
            held.append(self.packet(self.tone[tick % 400], tick))
            self.seat.pull()
        return held

    def mute(self, muted: bool) -> None:
        """The host's or the speaker's decision, a moment after the last packet."""
        self.seat.mute(muted, now_ns=self.now_ns + 5_000_000)


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
    speaker.mute(True)
    first, *rest = speaker.say(20)
    assert first is not None
    assert abs(first[-1]) < 1e-4
    assert rest == [None] * 19
    assert steps([*before, first]) < SMOOTH
    assert speaker.seat.speaking  # the host is told who speaks while muted


def test_what_was_said_while_muted_is_not_heard_after() -> None:
    speaker = Speaker()
    speaker.mute(True)
    speaker.say(50)
    # Silence from now on: all that is still in the jitter buffer was said while muted.
    speaker.mute(False)
    frames = [frame for frame in speaker.say(30, silent=True) if frame is not None]
    assert all(tones.level_dbfs(frame) < -50 for frame in frames)


def test_what_was_said_while_muted_and_comes_late_is_neither_heard_nor_logged() -> None:
    speaker = Speaker()
    speaker.mute(True)
    speaker.say(50)
    held = speaker.hold_back(20)
    speaker.mute(False)
    late = [replace(packet, arrived_ns=speaker.now_ns + 10_000_000) for packet in held]
    assert [speaker.seat.push(packet) for packet in late] == [None] * 20
    frames = [frame for frame in speaker.say(50, silent=True) if frame is not None]
    assert all(tones.level_dbfs(frame) < -50 for frame in frames)


def test_a_seat_is_heard_and_logged_soon_after_unmuting() -> None:
    speaker = Speaker()
    speaker.mute(True)
    speaker.say(50)
    speaker.mute(False)
    speaker.ahead.clear()
    frames = speaker.say(10)
    heard = next(i for i, f in enumerate(frames) if f is not None and tones.level_dbfs(f) > -30)
    assert heard <= 5
    # The packet being filled holds sound from before.
    assert [ahead is None for ahead in speaker.ahead] == [True] + [False] * 9


def test_what_comes_late_from_before_the_mark_is_not_logged_and_soon_not_played() -> None:
    speaker = Speaker()
    speaker.say(50)
    held = speaker.hold_back(15)
    speaker.seat.mark(speaker.now_ns)
    *early, last = [replace(packet, arrived_ns=speaker.now_ns) for packet in held]
    assert [speaker.seat.push(packet) for packet in early] == [None] * 14
    assert speaker.seat.pull() is not None  # the others on stage may hear it still
    speaker.seat.play_from_mark()
    assert speaker.seat.push(last) is None
    speaker.seat.pull()  # leads what was heard to zero
    frames = [frame for frame in speaker.say(50, silent=True) if frame is not None]
    assert all(tones.level_dbfs(frame) < -50 for frame in frames)


def test_playing_from_the_mark_is_not_heard_where_nothing_is_late() -> None:
    speaker = Speaker()
    before = speaker.say(50)
    speaker.seat.mark(speaker.now_ns + 5_000_000)
    before += speaker.say(speaker.seat.depth_ticks + 2)
    speaker.seat.play_from_mark()
    assert steps([*before, *speaker.say(20)]) < SMOOTH


def test_where_a_packet_enters_is_where_it_is_heard() -> None:
    speaker = Speaker()
    speaker.say(60, silent=True)
    frames = speaker.say(20)
    ahead = speaker.ahead[60]
    assert ahead is not None
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


def test_what_is_no_sound_is_not_logged() -> None:
    speaker = Speaker()
    speaker.say(10)
    cut = replace(speaker.packet(speaker.tone[0], 10), payload=b"\x03")
    assert speaker.seat.push(cut) is None
