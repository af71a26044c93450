"""AAC-LC: one frame in, one frame out, 2,048 samples late, understood by ffmpeg."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from hustings.audio.aac import AUDIO_SPECIFIC_CONFIG, AacEncoder
from hustings.chunk import AAC_FRAME_SAMPLES, PROGRAMME_DELAY_SAMPLES, SILENT_AAC_FRAME
from tests.tones import Sound, frames, silence, tone, tone_level_dbfs


def decode(packets: list[bytes]) -> Sound:
    context = av.CodecContext.create("aac", "r")
    assert isinstance(context, AudioCodecContext)
    context.extradata = AUDIO_SPECIFIC_CONFIG
    out: list[Sound] = []
    for packet in packets:
        decoded = context.decode(av.Packet(packet))
        assert len(decoded) == 1
        assert decoded[0].sample_rate == 48_000
        assert decoded[0].layout.name == "mono"
        out.append(np.asarray(decoded[0].to_ndarray().reshape(-1), np.float32))
    return np.concatenate(out)


def test_every_frame_yields_one_frame_from_the_first() -> None:
    encoder = AacEncoder(bitrate_bps=64_000)
    packets = [encoder.encode(frame) for frame in frames(tone(440, 2), AAC_FRAME_SAMPLES)]
    assert all(packets)
    assert len(decode(packets)) == len(packets) * AAC_FRAME_SAMPLES
    assert sum(map(len, packets[4:])) * 8 / ((len(packets) - 4) * 1_024 / 48_000) < 70_000


def test_the_sound_lies_2048_samples_behind() -> None:
    encoder = AacEncoder(bitrate_bps=64_000)
    pcm = silence(1)
    at = 20_000
    pcm[at : at + 480] = np.sin(np.arange(480) ** 2 / 400) * np.hanning(480) * 0.5
    back = decode([encoder.encode(frame) for frame in frames(pcm, AAC_FRAME_SAMPLES)])
    likeness = np.correlate(back, pcm[at : at + 480], mode="valid")
    assert abs(int(np.argmax(likeness)) - at - PROGRAMME_DELAY_SAMPLES) <= 2


def test_the_silent_frame_is_what_silence_encodes_to() -> None:
    encoder = AacEncoder(bitrate_bps=64_000)
    packets = [encoder.encode(frame) for frame in frames(silence(0.2), AAC_FRAME_SAMPLES)]
    assert set(packets[1:]) == {SILENT_AAC_FRAME}
    assert not np.any(decode([SILENT_AAC_FRAME] * 5))


def test_the_level_is_kept() -> None:
    encoder = AacEncoder(bitrate_bps=64_000)
    pcm = tone(1_000, 1)
    back = decode([encoder.encode(frame) for frame in frames(pcm, AAC_FRAME_SAMPLES)])
    assert tone_level_dbfs(back[9_600:38_400], 1_000) == pytest.approx(-12, abs=0.3)


def test_a_frame_has_1024_samples() -> None:
    with pytest.raises(AssertionError):
        AacEncoder(bitrate_bps=64_000).encode(silence(0.02))
