"""The jitter buffer, judged by the sound that comes out of simulated lines."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings import limits
from hustings.audio.opus import OpusEncoder, has_fec, samples_of
from hustings.stage.jitter import JitterBuffer
from tests.stage.line import TICK_NS, Line, coded, packets_of, steady, voice
from tests.tones import (
    Sound,
    level_dbfs,
    read_timecode,
    silence,
    timecode,
    tone,
    tone_level_dbfs,
    tone_presence,
)

FRAME = 960


def share_of_tone(pcm: Sound, hz: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """For each 100 ms, how much of the power lies within 40 Hz of the tone."""
    rows = pcm[: len(pcm) // 4_800 * 4_800].reshape(-1, 4_800) * np.hanning(4_800)
    power = np.abs(np.fft.rfft(rows, axis=1)) ** 2
    middle = round(hz / 10)
    near: np.ndarray[tuple[int], np.dtype[np.float64]] = power[:, middle - 4 : middle + 5].sum(
        axis=1
    ) / power.sum(axis=1)
    return near


def push(
    buffer: JitterBuffer, number: int, payload: bytes, *, at_ms: float, samples: int = FRAME
) -> None:
    buffer.push(
        sequence=number & 0xFFFF,
        timestamp=number * samples & 0xFFFF_FFFF,
        payload=payload,
        now_ns=int(at_ms * 1e6),
    )


def test_a_clean_line_gives_the_tone_and_nothing_else() -> None:
    line = Line(packets=steady(), seconds=12)  # sequence and timestamp wrap on the way
    heard = line.run()
    assert line.silent_ticks <= 4
    assert tone_level_dbfs(heard[9_600:-FRAME], 440) == pytest.approx(-12, abs=0.5)
    assert share_of_tone(heard[9_600:], 440).min() > 0.9
    stats = line.buffer.stats
    assert (stats.lost, stats.late, stats.concealed, stats.stretched, stats.dropped) == (0,) * 5


def test_nothing_before_the_first_packet() -> None:
    buffer = JitterBuffer()
    assert buffer.pull() is None
    assert buffer.depth_ms == 0
    push(buffer, 0, steady()[0], at_ms=0)
    assert buffer.pull() is None, "the target is not held yet"
    push(buffer, 1, steady()[1], at_ms=20)
    assert buffer.pull() is not None


def test_a_single_packet_does_not_wait_for_ever() -> None:
    buffer = JitterBuffer(target_ms=100)
    push(buffer, 0, steady()[0], at_ms=0)
    pulled = [buffer.pull() for _ in range(7)]
    assert pulled[:5] == [None] * 5
    assert pulled[5] is not None


def test_a_buffer_as_short_as_can_be_grows_until_copies_come_in_time() -> None:
    share = np.mean([has_fec(packet) for packet in voice()])
    shortest = JitterBuffer(target_ms=limits.JITTER_TARGET_MS_MIN)
    line = Line(packets=voice(), seconds=60, loss=0.05, seed=3, buffer=shortest)
    line.run()
    assert line.buffer.stats.fec > 0.75 * share * line.buffer.stats.lost


@pytest.mark.parametrize("loss", [0.05, 0.10])
def test_lost_packets_are_rebuilt_from_the_next(loss: float) -> None:
    share = np.mean([has_fec(packet) for packet in voice()])
    assert share > 0.5, "pauses carry none"
    line = Line(packets=voice(), seconds=60, loss=loss, seed=3)
    line.run()
    stats = line.buffer.stats
    assert stats.lost == pytest.approx(loss * 3_000, rel=0.3)
    assert stats.fec > 0.75 * share * stats.lost
    assert stats.concealed + stats.fec <= 1.1 * stats.lost
    assert (stats.late, stats.dropped, stats.stretched) == (0, 0, 0)
    assert np.max(line.depths_ms) <= 60


@pytest.mark.parametrize("loss", [0.05, 0.10])
def test_loss_leaves_the_sound_whole(loss: float) -> None:
    line = Line(packets=steady(), seconds=30, loss=loss)
    heard = line.run()[48_000:]
    assert (share_of_tone(heard, 440) > 0.8).mean() > 0.95
    assert tone_level_dbfs(heard[:480_000], 440) > -14
    assert np.abs(np.diff(heard)).max() < 0.1, "a click would jump"


@pytest.mark.parametrize("jitter_ms", [5, 20])
def test_jitter_disorder_and_duplicates(jitter_ms: int) -> None:
    line = Line(packets=steady(), seconds=60, jitter_ms=jitter_ms, twice=0.1, seed=5)
    heard = line.run()[5 * 48_000 :]
    stats = line.buffer.stats
    assert stats.duplicates > 200
    assert stats.late < 0.03 * stats.received
    assert stats.resets == 0
    assert (share_of_tone(heard, 440) > 0.9).mean() > 0.97
    spread_ms = 5 * jitter_ms
    assert np.percentile(line.depths_ms, 95) <= spread_ms + 60
    assert limits.JITTER_TARGET_MS_MIN <= line.buffer.target_ms <= spread_ms + 21


def test_the_target_falls_when_the_line_gets_better() -> None:
    line = Line(packets=steady(), seconds=20, jitter_ms=20)
    line.run()
    poor = line.buffer.target_ms
    better = Line(
        packets=steady(),
        seconds=60,
        buffer=line.buffer,
        first_sequence=line.first_sequence + 1_000,
        first_timestamp=(line.first_timestamp + 1_000 * FRAME) & 0xFFFF_FFFF,
    )
    better.run()
    assert poor > 60
    assert line.buffer.target_ms < poor / 2
    assert better.depths_ms[-1] <= line.buffer.target_ms + 60
    assert line.buffer.stats.dropped > 0


@pytest.mark.parametrize("ppm", [200, -200])
def test_drift_over_ten_minutes(ppm: int) -> None:
    """0.12 s of drift in all: absorbed by splices and a few concealed frames, not heard."""
    line = Line(packets=steady(), seconds=600, ppm=ppm)
    heard = line.run()[48_000:]
    depths = np.array(line.depths_ms[50:])
    assert depths.max() <= 80
    assert 20 <= np.median(depths) <= 60
    assert (depths < 20).sum() <= 10, "only for a moment, where the clocks pass each other"
    stats = line.buffer.stats
    assert stats.concealed <= 8
    assert stats.dropped if ppm > 0 else stats.concealed + stats.stretched
    assert (share_of_tone(heard, 440) > 0.9).mean() > 0.99


def test_a_stall_of_the_network_loses_no_word_and_no_time() -> None:
    """0.3 s held back and then delivered at once: it is played a little faster, not cut."""
    line = Line(packets=coded(), seconds=16, stall=(5.0, 5.3))
    slots = read_timecode(line.run())
    heard = {slot for _, slot in slots}
    assert len(heard) >= 79
    late_ms = [(sample - _slot_sample(slot, sample)) / 48 for sample, slot in slots]
    assert max(late_ms) > 250, "the stall is heard"
    assert late_ms[-1] < late_ms[0] + 180, "and then made good"
    assert line.buffer.stats.dropped > 3


def test_after_a_long_stall_the_rest_is_cut() -> None:
    line = Line(packets=coded(), seconds=16, stall=(5.0, 6.5))
    slots = read_timecode(line.run())
    late_ms = [(sample - _slot_sample(slot, sample)) / 48 for sample, slot in slots]
    after = [late for late, (sample, _) in zip(late_ms, slots, strict=True) if sample > 320_000]
    assert max(after) < late_ms[0] + 200
    assert after[-1] < late_ms[0] + 60
    assert max(line.depths_ms[-100:]) < line.buffer.target_ms + 60


def _slot_sample(slot: int, near: int) -> int:
    """Where the slot begins in the sound that was sent: the last such place before `near`."""
    period = 80 * 4_800
    return (near - slot * 4_800) // period * period + slot * 4_800


def test_a_late_packet_is_still_played() -> None:
    """Concealment does not advance: everything is 20 ms later from then on, and nothing lost."""
    buffer = JitterBuffer()
    packets = packets_of(timecode(1))
    heard: list[Sound] = []
    for tick in range(45):
        for number in (tick + 1,) if tick != 20 else ():
            push(buffer, number, packets[number], at_ms=20 * tick)
        if tick == 21:
            push(buffer, 21, packets[21], at_ms=20 * tick)
        frame = buffer.pull()
        if tick == 0:
            push(buffer, 0, packets[0], at_ms=1)
        if frame is not None:
            heard.append(frame)
    assert buffer.stats.lost == 0
    assert buffer.stats.late == 0
    assert len({slot for _, slot in read_timecode(np.concatenate(heard))}) >= 8


def test_silence_after_100_ms_without_packets() -> None:
    buffer = JitterBuffer()
    for number in range(50):
        push(buffer, number, steady()[number], at_ms=20 * number)
        buffer.pull()
    after = [buffer.pull() for _ in range(100)]
    sound = np.concatenate([frame for frame in after if frame is not None])
    assert 50 <= len(sound) // FRAME <= 60
    assert level_dbfs(sound[:FRAME]) > -20
    assert level_dbfs(sound[6 * FRAME :]) < -45
    assert level_dbfs(sound[-FRAME:]) < level_dbfs(sound[10 * FRAME : 11 * FRAME]) - 10
    assert after[-1] is None
    assert buffer.depth_ms == 0


def test_a_pause_of_the_sender_starts_anew_behind_it() -> None:
    buffer = JitterBuffer()
    heard: list[Sound] = []
    for tick in range(400):
        if tick < 100 or tick >= 300:
            number = tick if tick < 100 else tick - 200  # sequence goes on, timestamps jump
            buffer.push(
                sequence=number,
                timestamp=tick * FRAME,
                payload=steady()[tick],
                now_ns=tick * TICK_NS,
            )
        frame = buffer.pull()
        heard.append(silence(0.02) if frame is None else frame)
    spans = tone_presence(np.concatenate(heard), 440, threshold_db=-30)
    assert len(spans) == 2
    assert spans[0] == pytest.approx((0.02, 2.1), abs=0.08)
    assert spans[1] == pytest.approx((6.02, 8.0), abs=0.08)
    assert buffer.stats.lost == 0


def test_dtx_is_silence_and_not_loss() -> None:
    """A sender that stops in silence, as Chromium does: of the packets that say only "silence
    goes on", the first is sent. Nothing is lost, and talk begins again at the target."""
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    encoder._set(4016, 1)  # OPUS_SET_DTX
    sound = np.concatenate((timecode(2), silence(3), timecode(2, start_slot=50)))
    buffer = JitterBuffer()
    heard: list[Sound] = []
    sent, before = 0, 100
    for tick, at in enumerate(range(0, len(sound), FRAME)):
        payload = encoder.encode(sound[at : at + FRAME])
        if len(payload) > 2 or before > 2:
            buffer.push(
                sequence=sent, timestamp=tick * FRAME, payload=payload, now_ns=tick * TICK_NS
            )
            sent += 1
        before = len(payload)
        frame = buffer.pull()
        heard.append(silence(0.02) if frame is None else frame)
    assert sent < 260, "the encoder does use DTX"
    assert (buffer.stats.lost, buffer.stats.late, buffer.stats.resets) == (0, 0, 0)
    whole = np.concatenate(heard)
    slots = {slot for _, slot in read_timecode(whole)}
    assert len(slots & set(range(50, 70))) >= 18
    assert level_dbfs(whole[3 * 48_000 : 4 * 48_000]) < -45
    assert buffer.depth_ms <= 60


@pytest.mark.parametrize("milliseconds", ["10", "20", "40", "60"])
def test_packets_of_every_length(milliseconds: str) -> None:
    packets = _encode(_independent_encoder(milliseconds), tone(440, 6))
    samples = samples_of(packets[0])
    assert samples == int(milliseconds) * 48
    buffer = JitterBuffer()
    heard: list[Sound] = []
    sent = 0
    for tick in range(290):
        while sent < len(packets) and (sent + 1) * samples <= tick * FRAME:
            if sent % 20 != 7:
                push(buffer, sent, packets[sent], at_ms=tick * 20, samples=samples)
            sent += 1
        frame = buffer.pull()
        heard.append(silence(0.02) if frame is None else frame)
    whole = np.concatenate(heard)[48_000:]
    assert (share_of_tone(whole, 440) > 0.8).mean() > 0.85
    assert tone_level_dbfs(whole, 440) > -14
    assert buffer.stats.lost == pytest.approx(sent / 20, abs=1)


def test_a_new_sender_takes_over_after_two_packets() -> None:
    line = Line(packets=steady(), seconds=2)
    line.run()
    buffer = line.buffer
    for tick in range(60):
        buffer.push(
            sequence=tick + 20_000,
            timestamp=0x8000_0000 + tick * FRAME,
            payload=coded()[tick],
            now_ns=(200 + tick) * TICK_NS,
        )
        buffer.pull()
    assert buffer.stats.resets == 1
    assert buffer.depth_ms <= 60
    assert buffer.stats.malformed == 0


def test_a_stray_packet_changes_nothing() -> None:
    clean, disturbed = Line(packets=steady(), seconds=2), Line(packets=steady(), seconds=2)
    first = clean.run()
    run_push = disturbed.buffer.push

    def stray(*, sequence: int, timestamp: int, payload: bytes, now_ns: int) -> bool:
        taken = run_push(sequence=sequence, timestamp=timestamp, payload=payload, now_ns=now_ns)
        if sequence % 10 == 0:
            wild = sequence + 20_000 & 0xFFFF
            run_push(sequence=wild, timestamp=12_345, payload=payload, now_ns=now_ns)
        return taken

    disturbed.buffer.push = stray  # type: ignore[method-assign]
    assert np.array_equal(first, disturbed.run())
    assert disturbed.buffer.stats.resets == 0


def test_a_flood_is_bounded_and_the_newest_is_played() -> None:
    buffer = JitterBuffer()
    for number in range(1_000):
        push(buffer, number, steady()[number % 499], at_ms=number)
    assert len(buffer._packets) <= limits.JITTER_PACKETS_COUNT
    assert buffer.stats.dropped >= 900
    for _ in range(3):
        buffer.pull()
    assert buffer.depth_ms <= buffer.target_ms + 60


def test_the_same_packets_give_the_same_sound() -> None:
    runs = [
        Line(packets=voice(), seconds=10, loss=0.05, jitter_ms=15, twice=0.05, seed=9).run()
        for _ in range(2)
    ]
    assert np.array_equal(runs[0], runs[1])


PAYLOADS = st.one_of(
    st.binary(max_size=80), st.sampled_from(range(40)).map(lambda i: steady()[i]), st.just(b"")
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-3, 3) | st.integers(0, 65_535),
            st.integers(-3, 3).map(lambda k: k * FRAME) | st.integers(0, 2**32 - 1),
            PAYLOADS,
            st.integers(0, 3),
        ),
        max_size=60,
    )
)
def test_no_packet_raises(packets: list[tuple[int, int, bytes, int]]) -> None:
    buffer = JitterBuffer()
    sequence = timestamp = 0
    for step, jump, payload, pulls in packets:
        sequence, timestamp = sequence + step & 0xFFFF, timestamp + jump & 0xFFFF_FFFF
        buffer.push(sequence=sequence, timestamp=timestamp, payload=payload, now_ns=0)
        for _ in range(pulls):
            frame = buffer.pull()
            assert frame is None or (frame.shape == (FRAME,) and bool(np.isfinite(frame).all()))
        assert len(buffer._packets) <= limits.JITTER_PACKETS_COUNT
        assert 0 <= buffer.depth_ms < 10_000


def _independent_encoder(milliseconds: str) -> AudioCodecContext:
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = 48_000
    context.layout = "mono"
    context.format = "flt"
    context.bit_rate = 32_000
    context.time_base = Fraction(1, 48_000)
    context.options = {"application": "voip", "frame_duration": milliseconds}
    context.open()
    return context


def _encode(context: AudioCodecContext, pcm: Sound) -> list[bytes]:
    packets: list[bytes] = []
    size = context.frame_size
    for i in range(0, len(pcm) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(
            pcm[np.newaxis, i : i + size], format="flt", layout="mono"
        )
        frame.sample_rate = 48_000
        frame.pts = i
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets
