"""Both codecs of a chunk carry the same moment, at the place that the chunk's number says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from hustings import limits
from hustings.audio.aac import AacEncoder
from hustings.chunk import (
    AAC_FRAMES,
    OPUS_FRAMES,
    PROGRAMME_DELAY_SAMPLES,
    SILENT_AAC_FRAME,
    SILENT_OPUS_FRAME,
    decode_time_aac,
    decode_time_opus,
)
from hustings.clock import CHUNK_SAMPLES, TICKS_PER_CHUNK
from hustings.stage.encoder import Encoded, ProgrammeEncoder
from tests.tones import Sound, decode_file, frames, level_dbfs, silence, tone, tone_level_dbfs

CHIRP_EVERY = 9_600  # 200 ms: no common measure with a chunk, so chirps fall everywhere in one
TOLERANCE = 96  # 2 ms


@pytest.fixture
def encoder() -> Iterator[ProgrammeEncoder]:
    made = fresh()
    yield made
    made.close()


def fresh() -> ProgrammeEncoder:
    return ProgrammeEncoder(opus_bps=32_000, aac_bps=64_000, opus_complexity=5)


def gap() -> Encoded:
    """What stands where a chunk is missing."""
    return Encoded(opus=(SILENT_OPUS_FRAME,) * OPUS_FRAMES, aac=(SILENT_AAC_FRAME,) * AAC_FRAMES)


def finished(encoder: ProgrammeEncoder, count: int) -> list[Encoded]:
    """The next `count` chunks, polled as the tick does."""
    out: list[Encoded] = []
    end = time.monotonic() + 20
    while len(out) < count:
        assert time.monotonic() < end, f"{len(out)} of {count} chunks"
        if (done := encoder.take()) is not None:
            out.append(done)
        else:
            time.sleep(0.001)
    return out


def encode(encoder: ProgrammeEncoder, pcm: Sound) -> list[Encoded]:
    chunks: list[Encoded] = []
    for i, frame in enumerate(frames(pcm)):
        encoder.feed(frame)
        if i % TICKS_PER_CHUNK == TICKS_PER_CHUNK - 1:
            chunks += finished(encoder, 1)
    return chunks


def adts(frame: bytes) -> bytes:
    """ISO/IEC 13818-7 section 6.2: AAC-LC, 48 kHz, mono, no CRC."""
    size = len(frame) + 7
    head = (0xFFF1 << 40) | (1 << 38) | (3 << 34) | (1 << 30) | (size << 13) | (0x7FF << 2)
    return head.to_bytes(7, "big") + frame


def heard_aac(numbered: list[tuple[int, Encoded]], *, end: int) -> Sound:
    """What a player hears from programme sample 0 on: frames at their decode time."""
    out = np.zeros(end, np.float32)
    stream = b"".join(adts(frame) for _, chunk in numbered for frame in chunk.aac)
    sound = decode_file(stream, format="aac")
    assert len(sound) == len(numbered) * CHUNK_SAMPLES
    for i, (n, _) in enumerate(numbered):
        at = decode_time_aac(n)
        out[at : at + CHUNK_SAMPLES] = sound[i * CHUNK_SAMPLES : (i + 1) * CHUNK_SAMPLES]
    return out


def heard_opus(numbered: list[tuple[int, Encoded]], *, end: int) -> Sound:
    out = np.zeros(end + CHUNK_SAMPLES, np.float32)
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = 48_000
    context.layout = "mono"
    for n, chunk in numbered:
        at = decode_time_opus(n)
        for packet in chunk.opus:
            for frame in context.decode(av.Packet(packet)):
                pcm = frame.to_ndarray().reshape(-1)
                if pcm.dtype == np.int16:
                    pcm = pcm / 32768
                out[at : at + len(pcm)] = pcm
                at += len(pcm)
        assert at == decode_time_opus(n + 1)
    return out[:end]


def chirps(seconds: float) -> Sound:
    pcm = silence(seconds)
    for at in range(4_800, len(pcm) - 480, CHIRP_EVERY):
        pcm[at : at + 480] = chirp()
    return pcm


def chirp() -> Sound:
    at = np.arange(480) / 48_000
    sweep = np.sin(2 * np.pi * (600 * at + 0.5 * 440_000 * at * at)) * np.hanning(480) * 0.5
    return sweep.astype(np.float32)


def lag(pcm: Sound, *, expected: int) -> int:
    """By how many samples the chirp that should begin at `expected` is late."""
    reach = 2_400
    near = pcm[expected - reach : expected + reach + 480]
    likeness = np.correlate(near, chirp(), mode="valid")
    best = int(np.argmax(likeness))
    assert likeness[best] > 0.5 * np.dot(chirp(), chirp()), "no chirp there"
    return best - reach


def assert_in_place(opus: Sound, aac: Sound, *, offset: int, first: int, last: int) -> int:
    """All chirps of the input's samples `first` to `last` are at input + offset + 2048."""
    count = 0
    for at in range(4_800, last - 480, CHIRP_EVERY):
        if at < first:
            continue
        expected = at + offset + PROGRAMME_DELAY_SAMPLES
        if expected + 3_000 > min(len(opus), len(aac)):
            break
        in_opus, in_aac = lag(opus, expected=expected), lag(aac, expected=expected)
        assert abs(in_opus) <= TOLERANCE, f"Opus at {at}"
        assert abs(in_aac) <= TOLERANCE, f"AAC at {at}"
        assert abs(in_opus - in_aac) <= TOLERANCE
        count += 1
    return count


def test_a_chunk_has_its_frames(encoder: ProgrammeEncoder) -> None:
    chunks = encode(encoder, tone(500, 0.96))
    assert [(len(c.opus), len(c.aac)) for c in chunks] == [(OPUS_FRAMES, AAC_FRAMES)] * 3
    assert all(frame for c in chunks for frame in (*c.opus, *c.aac))


def test_both_codecs_are_input_plus_2048_samples(encoder: ProgrammeEncoder) -> None:
    pcm = chirps(10 * 0.32)
    numbered = list(enumerate(encode(encoder, pcm)))
    end = 10 * CHUNK_SAMPLES
    opus, aac = heard_opus(numbered, end=end), heard_aac(numbered, end=end)
    assert assert_in_place(opus, aac, offset=0, first=0, last=len(pcm)) >= 14


def test_a_takeover_begins_in_place_and_whole_after_43_ms(encoder: ProgrammeEncoder) -> None:
    """Five chunks, two missing ones, then a fresh encoder that knows nothing of the first."""
    pcm = chirps(12 * 0.32)
    border, resumed = 5 * CHUNK_SAMPLES, 7 * CHUNK_SAMPLES
    before = encode(encoder, pcm[:border])
    other = fresh()
    try:
        after = encode(other, pcm[resumed:])
    finally:
        other.close()
    numbered = list(enumerate([*before, gap(), gap(), *after]))
    end = 12 * CHUNK_SAMPLES
    opus, aac = heard_opus(numbered, end=end), heard_aac(numbered, end=end)
    lost = PROGRAMME_DELAY_SAMPLES + 480
    assert assert_in_place(opus, aac, offset=0, first=0, last=border - lost) >= 6
    assert assert_in_place(opus, aac, offset=0, first=resumed, last=len(pcm)) >= 6
    for sound in (opus, aac):
        missing = sound[border + PROGRAMME_DELAY_SAMPLES + 960 : resumed]
        assert np.abs(missing).max() < 0.01


def test_a_takeover_without_a_gap_loses_43_ms_and_nothing_else(encoder: ProgrammeEncoder) -> None:
    pcm = tone(700, 10 * 0.32)
    border = 5 * CHUNK_SAMPLES
    before = encode(encoder, pcm[:border])
    other = fresh()
    try:
        after = encode(other, pcm[border:])
    finally:
        other.close()
    numbered = list(enumerate([*before, *after]))
    end = 10 * CHUNK_SAMPLES
    for sound in (heard_opus(numbered, end=end), heard_aac(numbered, end=end)):
        whole = border + PROGRAMME_DELAY_SAMPLES
        assert np.abs(sound).max() < 0.4, "no burst where the encoders meet"
        assert tone_level_dbfs(sound[whole + 960 : whole + 3_360], 700) == pytest.approx(-12, abs=1)
        assert tone_level_dbfs(sound[border - 2_400 : border], 700) == pytest.approx(-12, abs=1)


def test_skipped_ticks_keep_their_time(encoder: ProgrammeEncoder) -> None:
    pcm = chirps(6 * 0.32)
    chunks: list[Encoded] = []
    for i, frame in enumerate(frames(pcm)):
        if i % 16 in (3, 4, 5):  # no chirp is judged there
            encoder.skip_tick()
        else:
            encoder.feed(frame)
    chunks = finished(encoder, 6)
    skipped = {i for i in range(len(pcm) // 960) if i % 16 in (3, 4, 5)}
    numbered = list(enumerate(chunks))
    end = 6 * CHUNK_SAMPLES
    opus, aac = heard_opus(numbered, end=end), heard_aac(numbered, end=end)
    judged = 0
    for at in range(4_800, len(pcm) - 480, CHIRP_EVERY):
        touched = {at // 960 + i for i in (-1, 0, 1)}
        expected = at + PROGRAMME_DELAY_SAMPLES
        if touched & skipped or expected + 3_000 > end:
            continue
        assert abs(lag(opus, expected=expected)) <= TOLERANCE
        assert abs(lag(aac, expected=expected)) <= TOLERANCE
        judged += 1
    assert judged >= 4
    quiet = slice(3 * 960 + PROGRAMME_DELAY_SAMPLES + 480, 6 * 960 + PROGRAMME_DELAY_SAMPLES - 480)
    assert np.abs(aac[quiet]).max() < 0.02


def test_take_does_not_wait_and_keeps_order(encoder: ProgrammeEncoder) -> None:
    assert encoder.take() is None
    for hz in (400, 900, 1_400):
        for frame in frames(tone(hz, 0.32)):
            encoder.feed(frame)
        assert encoder.ticks == 0
    chunks = finished(encoder, 3)
    sound = heard_opus(list(enumerate(chunks)), end=3 * CHUNK_SAMPLES)
    for i, hz in enumerate((400, 900, 1_400)):
        at = i * CHUNK_SAMPLES + PROGRAMME_DELAY_SAMPLES
        assert tone_level_dbfs(sound[at + 2_400 : at + 9_600], hz) > -14
    assert encoder.take() is None


def test_a_chunk_sounds_the_same_whatever_came_before(encoder: ProgrammeEncoder) -> None:
    """For a listener who has just come, after a gap, and in the unbroken programme."""
    noise = np.random.default_rng(7).normal(0, 0.05, 8 * CHUNK_SAMPLES).astype(np.float32)
    chunks = encode(encoder, noise)
    end = 8 * CHUNK_SAMPLES
    unbroken = heard_opus(list(enumerate(chunks)), end=end)
    joined = heard_opus(list(enumerate(chunks))[4:], end=end)
    after_gap = heard_opus(list(enumerate([*chunks[:3], gap(), *chunks[4:]])), end=end)
    settled = slice(decode_time_opus(4) + 3_840, end - 960)
    for other in (joined, after_gap):
        assert level_dbfs(other[settled] - unbroken[settled]) < level_dbfs(unbroken[settled]) - 40
        begin = other[decode_time_opus(4) : decode_time_opus(4) + 960]
        assert np.abs(begin).max() < 1.5 * np.abs(unbroken).max(), "no burst at the border"


def test_the_silent_frames_are_silence_and_can_be_spliced(encoder: ProgrammeEncoder) -> None:
    """Between loud chunks they fade within one frame of each codec and stay silent."""
    chunks = encode(encoder, tone(700, 4 * 0.32))
    numbered = list(enumerate([gap(), gap(), *chunks[:2], gap(), gap()]))
    end = 6 * CHUNK_SAMPLES
    opus, aac = heard_opus(numbered, end=end), heard_aac(numbered, end=end)
    for sound, start in ((opus, decode_time_opus(4)), (aac, decode_time_aac(4))):
        assert not np.any(sound[: 2 * CHUNK_SAMPLES])
        assert np.abs(sound[start + 1_024 : end]).max() < 1e-4
        assert np.abs(sound).max() < 0.4


class Held(AacEncoder):
    """An AAC encoder that waits, as on a machine without a free core; or breaks."""

    def __init__(self) -> None:
        super().__init__(bitrate_bps=64_000)
        self.go = threading.Event()
        self.broken = False

    def encode(self, frame: Sound) -> bytes:
        assert self.go.wait(20)
        if self.broken:
            raise RuntimeError("codec gone")
        return super().encode(frame)


def test_a_thread_that_cannot_follow_costs_aac_and_not_time(encoder: ProgrammeEncoder) -> None:
    encoder._aac = held = Held()
    frame = tone(500, 0.02)
    for _ in range(20 * TICKS_PER_CHUNK):
        encoder.feed(frame)
    assert encoder.take() is None
    held.go.set()
    chunks = finished(encoder, 20)
    silent = [chunk.aac == (SILENT_AAC_FRAME,) * AAC_FRAMES for chunk in chunks]
    sounding = silent.index(True)
    assert limits.AAC_BEHIND_CHUNKS <= sounding <= limits.AAC_BEHIND_CHUNKS + 1
    assert all(silent[sounding:])
    assert all(chunk.opus != gap().opus for chunk in chunks)
    assert encode(encoder, tone(500, 0.32))[0].aac != gap().aac, "caught up: it sounds again"


def test_what_the_thread_dies_of_comes_out(encoder: ProgrammeEncoder) -> None:
    encoder._aac = held = Held()
    held.broken = True
    held.go.set()
    for frame in frames(tone(500, 0.32)):
        encoder.feed(frame)
    with pytest.raises(RuntimeError, match="codec gone"):
        finished(encoder, 1)
