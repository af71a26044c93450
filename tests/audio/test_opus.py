"""Opus through libopus: sound there and back, loss, and input that is no Opus."""

from __future__ import annotations

import contextlib
import ctypes
from typing import get_args

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.audio import opus
from hustings.audio.opus import Application, OpusDecoder, OpusEncoder, has_fec, samples_of
from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES, SILENT_OPUS_FRAME
from hustings.errors import BadInput, ConfigError
from tests.tones import Sound, frames, level_dbfs, silence, tone, tone_level_dbfs


def there_and_back(pcm: Sound, encoder: OpusEncoder) -> Sound:
    decoder = OpusDecoder()
    return np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames(pcm)])


def speechlike(seconds: float = 2.0) -> Sound:
    at = np.arange(int(seconds * 48_000)) / 48_000
    phase = 2 * np.pi * np.cumsum(130 + 25 * np.sin(2 * np.pi * 1.3 * at)) / 48_000
    buzz = sum(np.sin(k * phase) / k for k in range(1, 15))
    syllables = np.clip(0.6 + 0.6 * np.sin(2 * np.pi * 3.1 * at), 0.05, 1)
    sound: Sound = (0.15 * buzz * syllables).astype(np.float32)
    return sound


def test_the_library_says_what_it_is() -> None:
    assert opus.version().startswith("libopus 1.")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opus, "_places", lambda: ["/nowhere/libopus.so"])
    opus.library.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"libopus.*/nowhere/libopus\.so"):
            opus.library()
    finally:
        opus.library.cache_clear()


@pytest.mark.parametrize("application", get_args(Application))
def test_the_sound_lies_312_samples_behind(application: Application) -> None:
    pcm = silence(1)
    at = np.arange(2_400) / 48_000
    chirp = np.sin(2 * np.pi * (300 * at + 20_000 * at * at)) * np.hanning(2_400) * 0.5
    pcm[20_000:22_400] = chirp
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5, application=application)
    back = there_and_back(pcm, encoder)
    assert len(back) == len(pcm)
    late = int(np.argmax(np.correlate(back, pcm[20_000:22_400], mode="valid"))) - 20_000
    assert abs(late - OPUS_LOOKAHEAD_SAMPLES) <= 10


def test_rate_and_size_are_as_asked() -> None:
    pcm = speechlike(4)
    for bps in (16_000, 32_000, 64_000):
        encoder = OpusEncoder(bitrate_bps=bps, complexity=5)
        packets = [encoder.encode(frame) for frame in frames(pcm)]
        assert 0.5 * bps < sum(map(len, packets)) * 8 / 4 < 1.15 * bps
        assert max(map(len, packets)) <= limits.OPUS_PACKET_BYTES


def test_fec_rebuilds_a_lost_packet() -> None:
    pcm = speechlike()
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    packets = [encoder.encode(frame) for frame in frames(pcm)]
    whole = there_and_back(pcm, OpusEncoder(bitrate_bps=32_000, complexity=5))
    lost = [i - 1 for i in range(20, 90) if has_fec(packets[i])]
    assert len(lost) > 30

    def error_db(number: int, *, fec: bool) -> float:
        decoder = OpusDecoder()
        for packet in packets[:number]:
            decoder.decode(packet)
        after = packets[number + 1]
        rebuilt = decoder.decode_fec(after, 960) if fec else decoder.conceal(960)
        assert rebuilt.shape == (960,)
        true = whole[number * 960 : (number + 1) * 960]
        return level_dbfs(rebuilt - true) - level_dbfs(true)

    rebuilt = np.mean([error_db(i, fec=True) for i in lost])
    guessed = np.mean([error_db(i, fec=False) for i in lost])
    assert rebuilt < guessed - 3
    assert rebuilt < -3


def test_without_fec_there_is_none() -> None:
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5, fec=False)
    assert not any(has_fec(encoder.encode(frame)) for frame in frames(speechlike()))


def test_a_packet_that_stands_alone_resets_nothing_audible() -> None:
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5, application="audio", fec=False)
    decoder = OpusDecoder()
    out = [
        decoder.decode(encoder.encode_alone(f) if i % 16 == 0 else encoder.encode(f))
        for i, f in enumerate(frames(tone(700, 2)))
    ]
    back = np.concatenate(out)[9_600:-960]
    assert tone_level_dbfs(back, 700) == pytest.approx(-12, abs=0.5)
    assert level_dbfs(back) == pytest.approx(-12, abs=0.5), "and nothing but the tone"


def test_concealment_fades() -> None:
    decoder = OpusDecoder()
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    for frame in frames(tone(300, 0.5)):
        decoder.decode(encoder.encode(frame))
    guessed = [level_dbfs(decoder.conceal(960)) for _ in range(20)]
    assert guessed[0] > -20
    assert guessed[-1] < -50


def test_stereo_packets_are_decoded_to_mono() -> None:
    encoder = OpusEncoder(channels=2, bitrate_bps=64_000, complexity=5)
    decoder = OpusDecoder()
    out = []
    for frame in frames(tone(500, 0.5)):
        packet = encoder.encode(np.repeat(frame, 2))
        out.append(decoder.decode(packet))
        has_fec(packet)
    assert {piece.shape for piece in out} == {(960,)}
    assert tone_level_dbfs(np.concatenate(out)[4_800:-960], 500) == pytest.approx(-12, abs=1)


def test_a_reset_decoder_is_like_a_new_one() -> None:
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    packets = [encoder.encode(frame) for frame in frames(tone(500, 0.5))]
    used, new = OpusDecoder(), OpusDecoder()
    for packet in packets:
        used.decode(packet)
    used.reset()
    assert np.array_equal(used.decode(packets[3]), new.decode(packets[3]))


def test_the_silent_frame_is_silence_of_20_ms() -> None:
    decoder = OpusDecoder()
    assert samples_of(SILENT_OPUS_FRAME) == 960
    assert np.abs(decoder.decode(SILENT_OPUS_FRAME)).max() < 1e-30
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    for frame in frames(tone(500, 0.2)):
        decoder.decode(encoder.encode(frame))
    decoder.decode(SILENT_OPUS_FRAME)
    assert np.abs(decoder.decode(SILENT_OPUS_FRAME)).max() < 1e-6


def test_an_independent_decoder_understands() -> None:
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    context = av.CodecContext.create("opus", "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = 48_000
    context.layout = "mono"
    heard = [
        np.asarray(frame.to_ndarray().reshape(-1), np.float32)
        for pcm in frames(tone(600, 1))
        for frame in context.decode(av.Packet(encoder.encode(pcm)))
    ]
    assert tone_level_dbfs(np.concatenate(heard)[9_600:], 600) == pytest.approx(-12, abs=1)


def test_what_is_not_a_frame_is_refused() -> None:
    with pytest.raises(AssertionError):
        OpusEncoder(bitrate_bps=32_000, complexity=5).encode(silence(0.01))


@pytest.mark.parametrize(
    "packet", [b"", b"\xff", b"\x03", b"\xff\xff\xff\x00", bytes(3_000), b"\x01" * 2_000]
)
def test_what_is_not_opus_is_bad_input(packet: bytes) -> None:
    with pytest.raises(BadInput, match="Opus packet"):
        OpusDecoder().decode(packet)
    assert has_fec(packet) in (True, False)


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_worse(packet: bytes) -> None:
    decoder = OpusDecoder()
    has_fec(packet)
    with contextlib.suppress(BadInput):
        samples = samples_of(packet)
        assert len(decoder.decode(packet)) == samples
    with contextlib.suppress(BadInput):
        assert len(decoder.decode_fec(packet, 960)) == 960


def test_durations_are_those_of_the_library() -> None:
    ask = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)(
        ("opus_packet_get_nb_samples", opus.library())
    )
    packets = [bytes([a]) for a in range(256)]
    packets += [bytes([a, b, 1, 2]) for a in range(256) for b in range(256)]
    for packet in packets:
        expected = ask(packet, len(packet), 48_000)
        if expected > 0:
            assert opus.samples_of(packet) == expected
        else:
            with pytest.raises(BadInput):
                opus.samples_of(packet)
