"""The replay's files, decoded: exact lengths, one instant in both, silence in gaps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hustings import chunk
from hustings.archive.chapters import Chapter
from hustings.archive.label import Label
from hustings.archive.replay import AAC_NAME, OPUS_NAME, Replay
from hustings.archive.slots import Slots
from hustings.clock import CHUNK_SAMPLES
from hustings.log.subjects import Kind
from tests.archive.script import HOLD_HZ, SPACE, Script
from tests.tones import decode_file, level_dbfs, silence, timecode, tone_presence

Sound = NDArray[np.float32]
MS = 48
BOTH = (AAC_NAME, OPUS_NAME)


def _noise(chunks: int, seed: int = 1) -> Sound:
    """Sound whose correlation has one sharp peak: noise below 6 kHz, rising and falling."""
    rng = np.random.default_rng(seed)
    count = chunks * CHUNK_SAMPLES
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum[int(len(spectrum) * 0.25) :] = 0
    pcm = np.fft.irfft(spectrum, count)
    envelope = 0.6 + 0.4 * np.sin(np.arange(count) / 4_000)
    return np.asarray(0.2 * envelope * pcm / np.abs(pcm).std(), dtype=np.float32)


def _write(script: Script, folder: Path, chapters: list[Chapter] | None = None) -> int:
    """Write the replay of a script; returns its slots."""
    slots = Slots()
    out = []
    for entry in script.entries:
        if entry.kind is Kind.MIX:
            out += slots.add(chunk.unpack(entry.data), entry.stamp_ns)
    out += slots.finish()
    replay = Replay(folder, space=SPACE)
    for slot in out:
        replay.add(slot)
    replay.close(Label(title="Täglich", artist="Ada", chapters=chapters or []))
    return len(out)


def _probe(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_format",
            "-show_streams",
            "-show_chapters",
            "-of",
            "json",
            str(path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _offset(heard: Sound, meant: Sound) -> tuple[int, float]:
    """By how many samples `heard` lies behind `meant`, and how alike they are there."""
    size = 1 << (len(heard) + len(meant)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(meant, size)), size)
    at = int(np.argmax(product))
    norm = float(np.linalg.norm(heard) * np.linalg.norm(meant))
    return (at if at < size // 2 else at - size), float(product[at]) / norm


@pytest.mark.parametrize("name", BOTH)
def test_files_are_read_without_a_warning_and_last_exactly(tmp_path: Path, name: str) -> None:
    script = Script()
    script.hold(2)
    script.live(_noise(9))
    script.hold(1)
    assert _write(script, tmp_path) == 9
    found = _probe(tmp_path / name)
    assert float(found["format"]["duration"]) == pytest.approx(9 * 0.32, abs=0.0066)
    tags = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    assert {name.lower(): text for name, text in tags.items()}["title"] == "Täglich"
    assert len(decode_file(tmp_path / name)) == 9 * CHUNK_SAMPLES


@pytest.mark.parametrize("hold_before", [0, 3])
def test_both_files_begin_at_the_instant_of_going_live(tmp_path: Path, hold_before: int) -> None:
    meant = _noise(12)
    script = Script()
    script.hold(hold_before)
    script.live(meant)
    script.hold(2)
    _write(script, tmp_path)
    aac, opus = (decode_file(tmp_path / name) for name in BOTH)
    for heard, other in ((aac, meant), (opus, meant), (aac, opus)):
        lag, likeness = _offset(heard, other)
        assert abs(lag) <= 1
        assert likeness > 0.9


def test_both_files_stay_together_after_a_hold_and_a_gap(tmp_path: Path) -> None:
    parts = [_noise(4, seed) for seed in (1, 2, 3)]
    script = Script()
    script.live(parts[0])
    script.hold(3)
    script.live(parts[1])
    script.take("takeover", 5)
    script.live(parts[2])
    slots = _write(script, tmp_path)
    assert slots == 17
    for name in BOTH:
        heard = decode_file(tmp_path / name)
        assert len(heard) == slots * CHUNK_SAMPLES
        for part, begins in zip(parts, (0, 4, 13), strict=True):
            at = begins * CHUNK_SAMPLES
            lag, likeness = _offset(heard[at : at + 4 * CHUNK_SAMPLES], part)
            assert abs(lag) <= 1
            assert likeness > 0.9


@pytest.mark.parametrize("name", BOTH)
def test_a_gap_is_silence_of_its_length(tmp_path: Path, name: str) -> None:
    script = Script()
    script.live(_noise(3))
    script.take("takeover", 4)
    script.live(_noise(3, 2))
    _write(script, tmp_path)
    heard = decode_file(tmp_path / name)
    begins, ends = 3 * CHUNK_SAMPLES, 7 * CHUNK_SAMPLES
    # 43 ms of the old encoder's sound and 21 ms of fading are lost with it in AAC, 7 ms in Opus.
    assert level_dbfs(heard[begins + 10 * MS : ends - 10 * MS]) < -80
    for edge in (heard[begins - 60 * MS : begins - 45 * MS], heard[ends + 30 * MS :][: 20 * MS]):
        assert level_dbfs(edge) > -40


@pytest.mark.parametrize("name", BOTH)
def test_lost_chunks_of_one_encoder_are_silent_too(tmp_path: Path, name: str) -> None:
    script = Script()
    script.live(_noise(3))
    script.lose(_noise(2, 5))
    script.live(_noise(3, 2))
    _write(script, tmp_path)
    heard = decode_file(tmp_path / name)
    assert len(heard) == 8 * CHUNK_SAMPLES
    # The lost sound leaves no more than the decoder's fading at the edges.
    inside = heard[3 * CHUNK_SAMPLES + 25 * MS : 5 * CHUNK_SAMPLES - 25 * MS]
    assert level_dbfs(inside) < -80


@pytest.mark.parametrize("name", BOTH)
def test_no_hold_sound_is_heard(tmp_path: Path, name: str) -> None:
    script = Script()
    script.hold(3)
    for start in range(3):
        script.live(timecode(1.6, start_slot=start * 16))
        script.hold(3)
    _write(script, tmp_path)
    heard = decode_file(tmp_path / name)
    assert len(heard) == round(4.8 * 48_000)
    # The 6 kHz of the hold sound is the time code's slot 56, which is not reached. Opus carries
    # 6.5 ms over a border, which a stage keeps silent; here it is the hold sound's end.
    carried_s = 0.0 if name == AAC_NAME else 0.0125
    found = tone_presence(heard, HOLD_HZ, window_ms=20, threshold_db=-30)
    assert all(end - start <= carried_s for start, end in found)


def test_speech_is_whole_up_to_a_hold(tmp_path: Path) -> None:
    meant = timecode(1.6)
    script = Script()
    script.live(meant)
    script.hold(2)
    script.live(timecode(1.6, start_slot=30))
    _write(script, tmp_path)
    for name, lost_ms in ((AAC_NAME, 22), (OPUS_NAME, 8)):
        heard = decode_file(tmp_path / name)[: len(meant)]
        upto = len(meant) - lost_ms * MS
        assert np.corrcoef(heard[4800:upto], meant[4800:upto])[0, 1] > 0.98
        assert level_dbfs(heard[upto - 30 * MS : upto]) > -20


def test_chapters_are_in_the_file(tmp_path: Path) -> None:
    script = Script()
    script.live(silence(3.2))
    _write(script, tmp_path, [Chapter(0, 1280, "Eins"), Chapter(1280, 3200, "Zwei")])
    found = _probe(tmp_path / AAC_NAME)["chapters"]
    assert [(c["start"], c["end"], c["tags"]["title"]) for c in found] == [
        (0, 1280, "Eins"),
        (1280, 3200, "Zwei"),
    ]


def test_the_index_stands_in_front(tmp_path: Path) -> None:
    script = Script()
    script.live(_noise(5))
    _write(script, tmp_path)
    data = (tmp_path / AAC_NAME).read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    script = Script()
    script.live(_noise(5))
    script.take("restart", 2)
    script.live(_noise(2))
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        _write(script, tmp_path / name)
        made.append([(tmp_path / name / file).read_bytes() for file in BOTH])
    assert made[0] == made[1]


GROWTH = """
import sys
from pathlib import Path
from hustings.archive.replay import AacFile

def kept():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1])

file = AacFile(Path(sys.argv[1]))
before = None
for slot in range(10_000):
    file.add([b"x" * 170] * 15)
    if slot == 100:
        before = kept()
print(kept() - before)
file.abandon()
"""


def test_an_hour_on_air_does_not_fill_the_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", GROWTH, str(tmp_path / AAC_NAME)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1_000  # kB
    assert list(tmp_path.iterdir()) == []
