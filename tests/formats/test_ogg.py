"""Ogg Opus as others read it: ffmpeg and ffprobe find nothing wrong and the exact length."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.audio import opus
from hustings.audio.opus import OpusEncoder
from hustings.chunk import decode_time_opus
from hustings.clock import CHUNK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import ogg
from tests import programme
from tests.tones import decode_file, frames, level_dbfs, tone


def _slow_crc(data: bytes) -> int:
    """RFC 3533 section 6, bit by bit."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = register << 1 ^ (0x104C11DB7 if register & 0x80000000 else 0)
    return register


def _pages(data: bytes) -> list[tuple[int, int, int, list[int]]]:
    """Flags, granule, number and packet lengths of each page, checksums verified."""
    pages, at = [], 0
    while at < len(data):
        fields = struct.unpack_from("<4sBBqIIIB", data, at)
        magic, version, flags, granule, _serial, number, checksum, segments = fields
        assert (magic, version) == (b"OggS", 0)
        table = data[at + 27 : at + 27 + segments]
        end = at + 27 + segments + sum(table)
        page = data[at : at + 22] + bytes(4) + data[at + 26 : end]
        assert _slow_crc(page) == checksum
        lengths, length = [], 0
        for value in table:
            length += value
            if value < 255:
                lengths.append(length)
                length = 0
        pages.append((flags, granule, number, lengths))
        at = end
    return pages


def _file(packets: list[tuple[bytes, int]], *, cut: int = 0) -> bytes:
    stream = ogg.Stream(serial=7)
    out = [stream.begin(ogg.head(), ogg.tags(vendor="test", comments=[("TITLE", "Käse")]))]
    out += [stream.add(packet, samples) for packet, samples in packets]
    out.append(stream.end(stream.samples - cut))
    return b"".join(out)


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_rfc(data: bytes) -> None:
    assert ogg.crc(data) == _slow_crc(data)


def test_two_hours_are_written_within_two_seconds() -> None:
    choice = random.Random(1)
    packets = [choice.randbytes(choice.randint(60, 100)) for _ in range(100)]
    began = time.process_time()
    stream = ogg.Stream(serial=1)
    length = sum(len(stream.add(packets[i % 100], 960)) for i in range(360_000))
    assert length > 25_000_000
    assert time.process_time() - began < 2.0


def test_pages_are_numbered_marked_and_hold_a_second() -> None:
    pages = _pages(_file([(b"\xf8abc", 960)] * 120, cut=100))
    assert [flags for flags, *_ in pages] == [2, 0, 0, 0, 4]
    assert [granule for _, granule, *_ in pages] == [0, 0, 48_000, 96_000, 115_100]
    assert [number for _, _, number, _ in pages] == [0, 1, 2, 3, 4]
    assert [len(lengths) for *_, lengths in pages] == [1, 1, 50, 50, 20]


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 509, 510, 511, 1275])
def test_packets_of_any_length_fit_their_pages(length: int) -> None:
    pages = _pages(_file([(bytes(length), 960)] * 60))
    assert [n for *_, lengths in pages[2:] for n in lengths] == [length] * 60


def test_a_title_longer_than_a_page_goes_on_on_the_next() -> None:
    stream = ogg.Stream(serial=1)
    text = "x" * 100_000
    pages = _pages(stream.begin(ogg.head(), ogg.tags(vendor="v", comments=[("TITLE", text)])))
    assert [(flags, granule) for flags, granule, *_ in pages] == [(2, 0), (0, -1), (1, 0)]


def test_ffmpeg_reads_a_file_to_the_sample(tmp_path: Path) -> None:
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5, application="audio", fec=False)
    pcm = tone(1000, 3.0)
    data = _file([(encoder.encode(frame), 960) for frame in frames(pcm)], cut=500)
    path = tmp_path / "x.opus"
    path.write_bytes(data)
    done = subprocess.run(
        [
            "ffprobe",
            "-v",
            "warning",
            "-show_entries",
            "format=duration:stream_tags=title",
            "-of",
            "csv=p=0",
            str(path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "Käse" in done.stdout
    heard = decode_file(path)
    assert len(heard) == 3 * 48_000 - 312 - 500
    assert np.corrcoef(heard[4800:-4800], pcm[4800 : len(heard) - 4800])[0, 1] > 0.99


@pytest.mark.parametrize(("samples", "packet"), ogg.SILENCE)
def test_frames_of_silence_are_silent_and_as_long_as_they_say(samples: int, packet: bytes) -> None:
    assert ogg.samples_of(packet) == samples
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5)
    spoken = [(encoder.encode(frame), 960) for frame in frames(tone(500, 0.2))]
    heard = decode_file(_file([*spoken, *[(packet, samples)] * 80]), format="ogg")
    assert len(heard) == 9600 + 80 * samples - 312
    assert level_dbfs(heard[9600 + 960 :]) < -90


def test_durations_of_packets_agree_with_libopus() -> None:
    choice = random.Random(2)
    for first in range(256):
        packet = bytes((first, choice.randrange(256))) + choice.randbytes(400)
        try:
            expected = opus.samples_of(packet)
        except BadInput:
            with pytest.raises(BadInput):
                ogg.samples_of(packet)
        else:
            assert ogg.samples_of(packet) == expected
    for nothing in (b"", b"\xff"):
        with pytest.raises(BadInput):
            ogg.samples_of(nothing)


def test_a_live_stream_may_be_joined_anywhere(tmp_path: Path) -> None:
    first, count = 20, 12
    pages = [ogg.live_page(n, programme.chunk(n).opus) for n in range(first, first + count)]
    data = ogg.live_opening("Käse") + b"".join(pages) + ogg.live_end(first + count - 1)
    found = _pages(data)
    assert [flags for flags, *_ in found] == [2, 0] + [0] * count + [4]
    assert [len(lengths) for *_, lengths in found] == [1, 1] + [16] * count + [0]
    assert [number for _, _, number, _ in found[2:]] == list(range(first + 2, first + count + 3))
    assert found[-1][1] == found[-2][1]
    path = tmp_path / "x.ogg"
    path.write_bytes(data)
    entries = "format=start_time,duration:stream_tags=title"
    done = subprocess.run(
        ["ffprobe", "-v", "warning", "-show_entries", entries, "-of", "json", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["streams"][0]["tags"]["TITLE"] == "Käse"
    # The stream's time is programme time, and begins where the pre-skip ends.
    start = (decode_time_opus(first) + ogg.PRE_SKIP) / ogg.RATE
    assert float(told["format"]["start_time"]) == pytest.approx(start, abs=0.01)
    heard = decode_file(path)
    assert len(heard) == count * CHUNK_SAMPLES - ogg.PRE_SKIP
    assert abs(programme.place(heard[4_800:]) - (decode_time_opus(first) + 312 + 4_800)) <= 96


def test_a_page_left_out_of_a_live_stream_is_a_gap_and_no_more() -> None:
    kept = [n for n in range(10, 20) if n != 14]
    pages = [ogg.live_page(n, programme.chunk(n).opus) for n in kept]
    heard = decode_file(ogg.live_opening("") + b"".join(pages), format="ogg")
    assert len(heard) >= 9 * CHUNK_SAMPLES - ogg.PRE_SKIP
    assert level_dbfs(heard[4_800:]) > -20


def test_a_written_file_is_read_page_by_page() -> None:
    stream = ogg.Stream(serial=7)
    packets = [bytes([0xF8]) + bytes([i % 256]) * (i % 600) for i in range(200)]
    data = stream.begin(ogg.head(), ogg.tags(vendor="x"))
    data += b"".join(stream.add(packet, 960) for packet in packets)
    data += stream.end(200 * 960)
    pages = list(ogg.pages(io.BytesIO(data).read))
    assert [packet for page in pages for packet in page.packets] == packets
    assert pages[-1].granule == 200 * 960
    again = ogg.Stream(serial=7)
    copied = again.begin(ogg.head(), ogg.tags(vendor="x"))
    copied += b"".join(again.add_page(page, 960 * len(page.sizes)) for page in pages)
    assert list(ogg.pages(io.BytesIO(copied).read)) == pages
    assert again.samples == 200 * 960


def test_a_changed_page_is_found() -> None:
    stream = ogg.Stream(serial=7)
    data = bytearray(stream.begin(ogg.head(), ogg.tags(vendor="x")))
    data += stream.add(b"\xf8\xff\xfe", 960) + stream.end(960)
    for at in (5, 40, len(data) - 1):
        broken = bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :])
        with pytest.raises(BadInput, match="Ogg"):
            list(ogg.pages(io.BytesIO(broken).read))
    with pytest.raises(BadInput, match="Ogg"):
        list(ogg.pages(io.BytesIO(bytes(data[:-10])).read))
