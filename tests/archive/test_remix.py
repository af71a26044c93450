"""Gaps of the mix that the stems can fill: the right sound in the right place, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hustings.archive.recording import Finished
from hustings.clock import CHUNK_SAMPLES
from hustings.space import event as e
from tests.archive.made import read, record
from tests.archive.script import Script, Speaker
from tests.tones import decode_file, level_dbfs, read_timecode, timecode, tone, tone_presence

MS = 48
BOTH = ("replay.m4a", "replay.opus")


def _lossy(*, takeover: bool, seats: tuple[str, ...] = ("ada",)) -> Script:
    """Thirty chunks on air; 12 to 15 never came to the log, but for what the seats sent."""
    script = Script()
    script.open(*seats)
    script.hold(2)
    script.go_live()
    code = timecode(30 * 0.32)
    at = script.n * CHUNK_SAMPLES
    for number, seat in enumerate(seats):
        voice = code if number == 0 else tone(8_900, 30 * 0.32, -30.0)
        script.stems(Speaker(seat).speak(voice, at=at))
    parts = code.reshape(-1, CHUNK_SAMPLES)
    script.live(np.concatenate(parts[:12]))
    if takeover:
        script.take("takeover", 4)
    else:
        script.lose(np.concatenate(parts[12:16]))
    script.live(np.concatenate(parts[16:]))
    script.end()
    return script


def _lag(heard: NDArray[np.float32], first: int, end: int) -> int:
    """By how many samples the time code lies behind its place in some slots."""
    part = slice(first * CHUNK_SAMPLES, end * CHUNK_SAMPLES)
    one, other = heard[part], timecode(30 * 0.32)[part]
    size = 1 << 18
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    at = int(np.argmax(product))
    return at if at < size // 2 else at - size


@pytest.mark.parametrize("takeover", [True, False])
def test_a_gap_has_the_sound_of_the_stems(tmp_path: Path, takeover: bool) -> None:
    finished = record(_lossy(takeover=takeover), tmp_path / "r")
    assert finished.duration_ms == 30 * 320
    for name in BOTH:
        heard = decode_file(tmp_path / "r" / name)
        assert len(heard) == 30 * CHUNK_SAMPLES
        # The mix of the script is made before the speaker's own encoder, which lags 6.5 ms.
        assert abs(_lag(heard, 12, 16) - 312) <= 3
        assert abs(_lag(heard, 6, 12)) <= 1
        assert abs(_lag(heard, 17, 30)) <= 1
        inside = heard[12 * CHUNK_SAMPLES : 16 * CHUNK_SAMPLES]
        assert level_dbfs(inside) == pytest.approx(level_dbfs(heard), abs=1.5)
    gaps = finished.receipt["gaps"]
    cause = "takeover" if takeover else "unknown"
    assert gaps == [{"at_ms": 12 * 320, "length_ms": 4 * 320, "cause": cause, "remixed": True}]
    assert finished.receipt["audio"]["chunks"] == 26


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("name", BOTH)
def test_its_joins_do_not_click(tmp_path: Path, takeover: bool, name: str) -> None:
    """A steady tone stays one: nothing else is heard where the remix meets the mix."""
    script = Script()
    script.open("ada")
    script.go_live()
    pcm = np.sin(2 * np.pi * 1_000 / 48_000 * np.arange(20 * CHUNK_SAMPLES)) * 0.16
    pcm = pcm.astype(np.float32)
    script.stems(Speaker("ada").speak(pcm, at=0))
    script.live(pcm[: 8 * CHUNK_SAMPLES])
    if takeover:
        script.take("takeover", 2)
    else:
        script.lose(pcm[8 * CHUNK_SAMPLES : 10 * CHUNK_SAMPLES])
    script.live(pcm[10 * CHUNK_SAMPLES :])
    script.end()
    record(script, tmp_path / "r")
    heard = decode_file(tmp_path / "r" / name)
    inside = heard[4 * CHUNK_SAMPLES : 16 * CHUNK_SAMPLES]
    levels = [level_dbfs(part) for part in inside.reshape(-1, 480)]
    steady = level_dbfs(heard[2 * CHUNK_SAMPLES : 4 * CHUNK_SAMPLES])
    # A new stage's encoder begins in silence: 6.5 ms in Opus, 21 ms of fading in AAC.
    weak = [level for level in levels if level < steady - 6]
    assert len(weak) <= (3 if takeover else 1)
    assert max(levels) < steady + 2
    jumps = np.abs(np.diff(inside))
    assert jumps.max() < 0.16 * 2 * np.pi * 1_000 / 48_000 * 4


def test_all_who_spoke_are_in_it(tmp_path: Path) -> None:
    record(_lossy(takeover=True, seats=("ada", "bob")), tmp_path / "r")
    heard = decode_file(tmp_path / "r/replay.opus")
    (found,) = tone_presence(heard, 8_900, window_ms=20, threshold_db=-40)
    # Bob is in no chunk, only in his stem; he is heard in the gap alone, brought up by his gain.
    assert found == pytest.approx((12 * 0.32, 16 * 0.32), abs=0.08)


def test_a_gap_without_stems_stays_silent(tmp_path: Path) -> None:
    script = Script()
    script.open("ada")
    script.go_live()
    script.live(timecode(5 * 0.32))
    script.take("takeover", 3)
    script.live(timecode(5 * 0.32))
    script.end()
    finished = record(script, tmp_path / "r")
    assert finished.receipt["gaps"] == [{"at_ms": 1600, "length_ms": 960, "cause": "takeover"}]
    heard = decode_file(tmp_path / "r/replay.opus")
    assert level_dbfs(heard[5 * CHUNK_SAMPLES + 480 : 8 * CHUNK_SAMPLES - 480]) < -80


def test_off_air_stays_off_air(tmp_path: Path) -> None:
    """What a seat sent while the programme was held is in no file, whatever the log has of it."""
    script = Script()
    script.open("ada")
    script.go_live()
    pcm = timecode(20 * 0.32)
    script.stems(Speaker("ada").speak(pcm, at=0))
    script.live(pcm[: 6 * CHUNK_SAMPLES])
    script.go_off("A pause.")
    script.n += 4  # not even hold sound is in the log
    script.resume()
    script.live(pcm[10 * CHUNK_SAMPLES : 20 * CHUNK_SAMPLES])
    script.end()
    finished = record(script, tmp_path / "r")
    assert finished.receipt["gaps"] == []
    slots = {slot for _, slot in read_timecode(decode_file(tmp_path / "r/replay.opus"))}
    assert slots.isdisjoint(range(21, 31))


def test_part_of_a_gap_may_be_known(tmp_path: Path) -> None:
    """The seat was muted in the middle: nothing of it was logged there, nothing is heard."""
    script, ada = Script(), Speaker("ada")
    script.open("ada")
    script.go_live()
    pcm = timecode(20 * 0.32)
    script.stems(ada.speak(pcm[: 9 * CHUNK_SAMPLES], at=0))
    script.event(e.SeatMuted(at_ms=script.wall_ms, by="ada", seat="ada"))
    ada.skip(2 * CHUNK_SAMPLES)
    script.stems(ada.speak(pcm[11 * CHUNK_SAMPLES :], at=11 * CHUNK_SAMPLES))
    script.live(pcm[: 7 * CHUNK_SAMPLES])
    script.lose(pcm[7 * CHUNK_SAMPLES : 13 * CHUNK_SAMPLES])
    script.live(pcm[13 * CHUNK_SAMPLES :])
    script.end()
    finished = record(script, tmp_path / "r")
    gaps = [
        (gap["at_ms"] // 320, gap["length_ms"] // 320, gap.get("remixed", False))
        for gap in finished.receipt["gaps"]
    ]
    assert gaps == [(7, 2, True), (9, 2, False), (11, 2, True)]
    for name in BOTH:
        heard = decode_file(tmp_path / "r" / name)
        quiet = heard[9 * CHUNK_SAMPLES + 60 * MS : 11 * CHUNK_SAMPLES - 60 * MS]
        assert level_dbfs(quiet) < -70


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    made: list[Finished] = [
        record(_lossy(takeover=True, seats=("ada", "bob")), tmp_path / name) for name in "ab"
    ]
    assert made[0].receipt == made[1].receipt
    assert (
        read(tmp_path / "a/waveform.json")["peaks"] == read(tmp_path / "b/waveform.json")["peaks"]
    )
