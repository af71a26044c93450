"""From a whole log to files and receipt: what is in, what is out, and what is said about it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hustings.archive.receipt import Count
from hustings.archive.recording import Finished, Recording
from hustings.clock import CHUNK_SAMPLES
from hustings.log.contract import Entry
from hustings.log.subjects import Kind
from hustings.space import encode
from hustings.space import event as e
from tests.archive.script import SPACE, WALL_MS, Script, Speaker
from tests.tones import (
    decode_file,
    level_dbfs,
    read_timecode,
    silence,
    timecode,
    tone_level_dbfs,
)


def _record(script: Script, folder: Path) -> Finished:
    recording = Recording(script.space, folder)
    for entry in script.entries:
        recording.apply(entry)
    assert recording.ended
    finished = recording.finish(counts={"listening_most": Count(3, "by hand")})
    assert finished is not None
    return finished


def _evening() -> Script:
    """Five chunks of doors, ten on air, five held, five on air, a takeover that costs three, five
    more; Ada speaks in step with the mix, all the time."""
    script, ada = Script(), Speaker("ada")
    code = timecode(40 * 0.32)

    def on_air(chunks: int) -> None:
        at = script.n * CHUNK_SAMPLES
        heard = code[at : at + chunks * CHUNK_SAMPLES]
        script.stems(ada.speak(heard, at=at))
        script.live(heard)

    script.open("ada", "bob")
    script.hold(5)
    script.go_live()
    script.event(e.Spoke(at_ms=script.wall_ms, seat="ada", speaking=True, n=script.n))
    on_air(10)
    script.go_off("The kettle boils.")
    ada.skip(5 * CHUNK_SAMPLES)
    script.hold(5)
    script.resume()
    on_air(5)
    script.take("takeover", 3)
    ada.skip(3 * CHUNK_SAMPLES)
    on_air(5)
    script.event(e.Spoke(at_ms=script.wall_ms, seat="ada", speaking=False, n=script.n))
    script.event(
        e.Warned(at_ms=script.wall_ms, code="silence", advice="Bob is silent.", n=30, seat="bob")
    )
    script.end()
    return script


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return _record(_evening(), tmp_path_factory.mktemp("evening") / "recording")


def test_files_are_listed_with_hash_length_and_duration(evening: Finished) -> None:
    listed = {entry["name"]: entry for entry in evening.receipt["files"]}
    sounds = {"replay.m4a", "replay.opus", "stems/ada.opus"}
    assert set(listed) == sounds | {
        "timeline.json", "chapters.json", "waveform.json", "reel.json",
    }  # fmt: skip
    for name, entry in listed.items():
        data = (evening.folder / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["bytes"] == len(data)
        assert entry.get("duration_ms") == (23 * 320 if name in sounds else None)
    assert evening.duration_ms == 23 * 320


@pytest.mark.parametrize("name", ["replay.m4a", "replay.opus", "stems/ada.opus"])
def test_each_file_has_the_right_sound_at_the_right_time(evening: Finished, name: str) -> None:
    heard = decode_file(evening.folder / name)
    assert len(heard) == 23 * CHUNK_SAMPLES
    lag = 312 if name.startswith("stems") else 0
    found = read_timecode(heard)
    assert len(found) > 55
    for at, slot in found:
        # Programme 5-15 is at 0, 20-25 at 10, 28-33 at 18: each time code slot in its place.
        index = (at + 1_200) // CHUNK_SAMPLES
        n = index + 5 if index < 10 else index + 10
        meant = (at - lag + (n - index) * CHUNK_SAMPLES) / 4_800
        assert abs(meant - slot) < 0.2 or abs(meant - slot - 80) < 0.2


def test_the_stem_lies_on_the_mix(evening: Finished) -> None:
    mix, stem = (decode_file(evening.folder / n) for n in ("replay.opus", "stems/ada.opus"))
    mix, stem = mix[: 9 * CHUNK_SAMPLES], stem[: 9 * CHUNK_SAMPLES]
    size = 1 << 19
    product = np.fft.irfft(np.fft.rfft(stem, size) * np.conj(np.fft.rfft(mix, size)), size)
    at = int(np.argmax(product))
    # In this script the mix is made of the sound before the speaker's own encoder: 6.5 ms.
    assert abs((at if at < size // 2 else at - size) - 312) <= 5 * 48


def test_gaps_holds_and_clock_are_told(evening: Finished) -> None:
    receipt = evening.receipt
    assert receipt["gaps"] == [{"at_ms": 15 * 320, "length_ms": 960, "cause": "takeover"}]
    assert receipt["holds"] == [
        {"at_ms": 3200, "length_ms": 1600, "reason": "The kettle boils.", "by_system": False}
    ]
    assert receipt["audio"] == {
        "duration_ms": 23 * 320,
        "clock_ms": 23 * 320,
        "difference_ms": 0,
        "sample_rate": 48_000,
        "slots": 23,
        "chunks": 20,
    }
    assert [epoch["chunks"] for epoch in receipt["epochs"]] == [15, 5]
    assert receipt["seats"] == [
        {"id": "ada", "name": "Ada", "talk_ms": 15 * 320},
        {"id": "bob", "name": "Bob", "talk_ms": 0},
    ]
    assert receipt["counts"]["listening_most"] == {"value": 3, "how": "by hand"}
    assert receipt["counts"]["stem_packets"]["value"] == 320
    assert receipt["space"]["title"] == "An evening"


def test_the_timeline_is_public_and_on_the_replays_clock(evening: Finished) -> None:
    text = (evening.folder / "timeline.json").read_text()
    assert "account1" not in text
    assert "Bob is silent" not in text
    timeline: dict[str, Any] = json.loads(text)
    events = [(ev["type"], ev["at_ms"], ev["wall_ms"] - WALL_MS) for ev in timeline["events"]]
    assert events == [
        ("joined", 0, 0),
        ("joined", 0, 0),
        ("live", 0, 5 * 320),
        ("spoke", 0, 5 * 320),
        ("held", 3200, 15 * 320),
        ("resumed", 3200, 20 * 320),
        ("ended", 23 * 320, 33 * 320),
    ]
    # The stage died then; the next one does not say that anybody spoke.
    assert timeline["events"][3]["end_ms"] == 15 * 320
    assert timeline["floor"]["silence_ms"] == 8 * 320
    assert timeline["floor"]["seats"]["ada"] == {
        "talk_ms": 15 * 320, "share": 1.0, "turns": 1, "longest_ms": 15 * 320,
        "interruptions": 0, "interrupted": 0, "overlap_ms": 0,
    }  # fmt: skip
    assert timeline["chapters"] == [
        {"at_ms": 0, "end_ms": 3200, "title": "Part 1"},
        {"at_ms": 3200, "end_ms": 7360, "title": "Part 2"},
    ]
    assert timeline["duration_ms"] == 7360
    assert timeline["seats"][0] == {"id": "ada", "name": "Ada", "role": "speaker"}


def test_the_same_log_gives_the_same_files_and_receipt(evening: Finished, tmp_path: Path) -> None:
    again = _record(_evening(), tmp_path / "recording")
    assert again.receipt == evening.receipt


def test_what_is_off_air_is_in_no_file(tmp_path: Path) -> None:
    """A stage that logs what it must not: stems of the green room, of held time and of a muted
    seat's neighbourhood. Chunks decide what is on air."""
    script, ada = Script(), Speaker("ada")
    secret = timecode(5 * 0.32, start_slot=60)
    script.open("ada")
    script.stems(ada.speak(secret, at=0))
    script.hold(5)
    script.go_live()
    script.stems(ada.speak(timecode(1.6), at=5 * CHUNK_SAMPLES))
    script.live(timecode(1.6))
    script.go_off()
    script.stems(ada.speak(secret, at=10 * CHUNK_SAMPLES))
    script.hold(5)
    script.resume()
    ada.skip(5 * CHUNK_SAMPLES)  # muted: nothing is logged
    script.live(silence(1.6))
    script.end()
    finished = _record(script, tmp_path / "recording")
    for name in ("replay.m4a", "replay.opus", "stems/ada.opus"):
        heard = decode_file(finished.folder / name)
        assert len(heard) == 10 * CHUNK_SAMPLES
        assert {slot for _, slot in read_timecode(heard)} <= set(range(16))
        assert level_dbfs(heard[5 * CHUNK_SAMPLES + 2_400 :]) < -60
        for slot in range(60, 76):
            assert tone_level_dbfs(heard[: 5 * CHUNK_SAMPLES], 400 + 100 * slot) < -50


def test_entries_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    script = Script()
    script.open()
    script.go_live()
    script.live(timecode(0.64))
    for kind in (Kind.MIX, Kind.STEM, Kind.EV, Kind.OBS):
        script.put(kind, b"\xc1 rubbish")
    script.live(timecode(0.64))
    script.end()
    finished = _record(script, tmp_path / "recording")
    assert finished.receipt["counts"]["entries_unreadable"]["value"] == 4
    assert finished.duration_ms == 4 * 320


def test_nothing_said_gives_nothing(tmp_path: Path) -> None:
    script = Script()
    script.open()
    script.hold(3)
    recording = Recording(SPACE, tmp_path / "recording")
    for entry in script.entries:
        recording.apply(entry)
    assert recording.finish(counts={}) is None
    recording.abandon()
    assert not (tmp_path / "recording").exists()


def test_it_is_on_air_until_the_last_mark(tmp_path: Path) -> None:
    script = Script()
    script.open()
    script.go_live()
    script.live(timecode(0.64))
    recording = Recording(SPACE, tmp_path / "recording")
    for entry in script.entries:
        recording.apply(entry)
    assert (recording.on_air, recording.ended) == (True, False)
    for event in (
        e.Ended(at_ms=1, by="account1"),
        e.OnAir(at_ms=2, n=script.n, live=False),
    ):
        recording.apply(_entry(recording.seq + 1, event))
    assert (recording.on_air, recording.ended) == (False, True)
    recording.abandon()


def _entry(seq: int, event: e.Decided | e.Observed) -> Entry:
    return Entry(Kind.OBS if isinstance(event, e.OnAir) else Kind.EV, seq, encode(event), 0)
