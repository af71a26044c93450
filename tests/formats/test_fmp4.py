"""What the edge pushes is read by ffmpeg, decodes to the programme, and stands where it should."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hustings.chunk import decode_time_aac, decode_time_opus
from hustings.clock import CHUNK_SAMPLES
from hustings.formats import fmp4
from hustings.formats.boxes import walk
from hustings.formats.fmp4 import CODECS, Codec
from tests import programme, tones

# ffmpeg drops what dOps calls PreSkip from the start of a file, without moving the rest.
RATE = 48_000
ALIGNED_SAMPLES = 96  # 2 ms


def frames(codec: Codec, n: int) -> tuple[bytes, ...]:
    one = programme.chunk(n)
    return one.opus if codec == "opus" else one.aac


def stream(codec: Codec, first: int, count: int, *, events: bytes | None = None) -> bytes:
    return fmp4.init_segment(codec) + b"".join(
        fmp4.fragment(codec, n, frames(codec, n), events=events)
        for n in range(first, first + count)
    )


def packets(data: bytes, folder: Path) -> list[dict[str, str]]:
    path = folder / "stream.mp4"
    path.write_bytes(data)
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_packets", "-of", "json", str(path)],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert done.stderr == b""
    found: list[dict[str, str]] = json.loads(done.stdout)["packets"]
    return found


@pytest.mark.parametrize("codec", CODECS)
def test_header_is_a_constant_that_ffprobe_knows(codec: Codec, tmp_path: Path) -> None:
    assert fmp4.init_segment(codec) is fmp4.init_segment(codec)
    path = tmp_path / "init.mp4"
    path.write_bytes(stream(codec, 0, 1))
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)],
        capture_output=True,
        check=True,
        timeout=30,
    )
    (track,) = json.loads(done.stdout)["streams"]
    assert track["codec_name"] == codec
    assert (track["sample_rate"], track["channels"]) == ("48000", 1)
    assert track["time_base"] == "1/48000"
    assert done.stderr == b""


@pytest.mark.parametrize("codec", CODECS)
def test_decode_times_are_absolute_and_packets_are_ours(codec: Codec, tmp_path: Path) -> None:
    found = packets(stream(codec, 20, 3), tmp_path)
    samples, count = (960, 16) if codec == "opus" else (1024, 15)
    first = decode_time_opus(20) if codec == "opus" else decode_time_aac(20)
    assert [int(p["dts"]) for p in found] == [first + i * samples for i in range(3 * count)]
    sizes = [len(frame) for n in range(20, 23) for frame in frames(codec, n)]
    assert [int(p["size"]) for p in found] == sizes


@pytest.mark.parametrize("codec", CODECS)
def test_decoded_sound_stands_at_its_programme_time(codec: Codec) -> None:
    first, count = 10, 12
    data = stream(codec, first, count)
    pcm = tones.decode_file(data, format="mp4")
    # Without pre-skip applied the decoder's first sample lies at the first decode time.
    decoded = count * CHUNK_SAMPLES
    skipped = decoded - len(pcm)
    start = (decode_time_opus(first) if codec == "opus" else decode_time_aac(first)) + skipped
    # The first frames lean on ones that are not here.
    lead = RATE // 10
    assert abs(programme.place(pcm[lead:]) - (start + lead)) <= ALIGNED_SAMPLES


@pytest.mark.parametrize("codec", CODECS)
def test_silence_fills_a_gap_exactly(codec: Codec, tmp_path: Path) -> None:
    parts = [fmp4.fragment(codec, n, frames(codec, n)) for n in range(4)]
    parts[2] = fmp4.silent_fragment(codec, 2)
    data = fmp4.init_segment(codec) + b"".join(parts)
    times = [int(p["dts"]) for p in packets(data, tmp_path)]
    assert set(np.diff(times)) == {960 if codec == "opus" else 1024}
    pcm = tones.decode_file(data, format="mp4")
    middle = 2 * CHUNK_SAMPLES + CHUNK_SAMPLES // 2
    assert tones.level_dbfs(pcm[middle : middle + 2_000]) < -60
    assert tones.level_dbfs(pcm[CHUNK_SAMPLES : CHUNK_SAMPLES + 2_000]) > -20


@pytest.mark.parametrize("codec", CODECS)
def test_events_go_before_the_sound_and_do_not_disturb_it(codec: Codec, tmp_path: Path) -> None:
    told = b'[{"type":"listening","count":7}]'
    data = fmp4.fragment(codec, 9, frames(codec, 9), events=told)
    boxes = list(walk(data))
    assert [kind for kind, _ in boxes] == [b"emsg", b"moof", b"mdat"]
    body = boxes[0][1]
    assert struct.unpack_from(">IIQII", body) == (1 << 24, RATE, 9 * CHUNK_SAMPLES, 0, 9)
    assert body[24:].split(b"\0") == [b"urn:hustings:events:2026", b"1", told]
    plain = packets(stream(codec, 0, 2), tmp_path)
    with_events = packets(stream(codec, 0, 2, events=told), tmp_path)
    assert [p["dts"] for p in plain] == [p["dts"] for p in with_events]


def test_segment_leaves_a_logged_gap_out(tmp_path: Path) -> None:
    chunks = [(n, frames("opus", n)) for n in (6, 7, 10)]
    data = fmp4.segment("opus", chunks)
    assert [k for k, _ in walk(data)] == [b"styp", *[b"moof", b"mdat"] * 3]
    times = [int(p["dts"]) for p in packets(fmp4.init_segment("opus") + data, tmp_path)]
    assert times[::16] == [decode_time_opus(n) for n in (6, 7, 10)]
    assert [k for k, _ in walk(fmp4.segment("opus", []))] == [b"styp"]


def test_times_beyond_32_bits() -> None:
    n = 400_000  # a day and a half
    moof = dict(walk(fmp4.silent_fragment("aac", n)))[b"moof"]
    traf = dict(walk(moof))[b"traf"]
    tfdt = dict(walk(traf))[b"tfdt"]
    assert struct.unpack(">IQ", tfdt) == (1 << 24, decode_time_aac(n))


def test_media_types() -> None:
    assert fmp4.mime("opus") == 'audio/mp4; codecs="opus"'
    assert fmp4.mime("aac") == 'audio/mp4; codecs="mp4a.40.2"'
