"""Stems on the replay's clock: where a packet's sound is heard, and what is left out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.archive.slots import Slot
from hustings.archive.stems import Anchor, Stems
from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES, PROGRAMME_DELAY_SAMPLES, silent
from hustings.clock import CHUNK_SAMPLES
from hustings.stem import StemBatch, StemPacket
from tests.archive.script import SPACE, Speaker
from tests.tones import decode_file, level_dbfs, read_timecode, silence, timecode, tone

Sound = NDArray[np.float32]
MS = 48
READER_MS = 8  # how finely the time code is read, at the beginning of a sound


def _slots(*numbers: int) -> list[Slot]:
    """Slots of live chunks with these numbers; a step in the numbers is a hold."""
    here = set(numbers)
    return [
        Slot(
            index=index,
            n=n,
            chunk=silent(n, epoch=1),
            after=None,
            opens=n - 1 not in here,
            closes=n + 1 not in here,
            stamp_ns=0,
        )
        for index, n in enumerate(numbers)
    ]


def _write(folder: Path, packets: list[StemPacket], slots: list[Slot]) -> Stems:
    stems = Stems(folder, space=SPACE)
    stems.add(StemBatch(epoch=1, number=0, packets=tuple(packets)))
    for slot in slots:
        stems.advance(slot)
    stems.close(len(slots))
    return stems


def _heard(stems: Stems, seat: str, slots: int) -> Sound:
    path = stems.path(seat)
    done = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"],
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    heard = decode_file(path)
    assert len(heard) == slots * CHUNK_SAMPLES
    return heard


def _errors_ms(heard: Sound, *, begins: int, first_slot: int = 0) -> list[float]:
    """How far each time code slot is from where it is in the mix: `begins` is where the first
    enters the mixer's input, and the speaker's own encoder lags 312 samples there as here."""
    begins += OPUS_LOOKAHEAD_SAMPLES
    return [
        (at - begins - (slot - first_slot) % 80 * 4_800) / MS for at, slot in read_timecode(heard)
    ]


def test_sound_is_where_it_entered_the_mix(tmp_path: Path) -> None:
    at = 100 * CHUNK_SAMPLES + 7_000
    stems = _write(tmp_path, Speaker("ada").speak(timecode(3.0), at=at), _slots(*range(100, 112)))
    errors = _errors_ms(_heard(stems, "ada", 12), begins=7_000)
    assert len(errors) >= 29
    assert max(map(abs, errors)) <= READER_MS


def test_rtp_time_is_kept_when_packets_come_irregularly(tmp_path: Path) -> None:
    packets = Speaker("ada").speak(timecode(3.0), at=0)
    late = [
        StemPacket(
            p.seat, p.join, p.sequence, p.timestamp, p.sample + (i * 37 % 50) * MS, p.payload
        )
        for i, p in enumerate(packets)
    ]
    late[4], late[7] = late[7], late[4]
    stems = _write(tmp_path, late, _slots(*range(12)))
    assert max(map(abs, _errors_ms(_heard(stems, "ada", 12), begins=0))) <= READER_MS
    assert stems.packets == {"ada": 150}


def test_silence_stands_where_nothing_was_sent(tmp_path: Path) -> None:
    speaker = Speaker("ada")
    packets = speaker.speak(tone(1000, 0.5), at=0)
    for _ in range(100):
        speaker.skip(960)
    packets += speaker.speak(tone(1000, 0.5), at=24_000 + 96_000)
    heard = _heard(_write(tmp_path, packets, _slots(*range(12))), "ada", 12)
    assert level_dbfs(heard[24_000 + 40 * MS : 120_000 - 40 * MS]) < -80
    assert level_dbfs(heard[120_000 + 40 * MS : 144_000 - 40 * MS]) > -20
    assert level_dbfs(heard[144_000 + 40 * MS :]) < -80


def test_a_new_transport_has_a_new_anchor(tmp_path: Path) -> None:
    speaker = Speaker("ada")
    packets = speaker.speak(timecode(1.0), at=0)
    speaker.rejoin(timestamp=123)
    packets += speaker.speak(timecode(1.0, start_slot=20), at=96_000)
    heard = _heard(_write(tmp_path, packets, _slots(*range(12))), "ada", 12)
    assert max(map(abs, _errors_ms(heard[:50_000], begins=0))) <= READER_MS
    assert max(map(abs, _errors_ms(heard[90_000:], begins=6_000, first_slot=20))) <= READER_MS


def test_a_mix_that_ran_away_is_followed(tmp_path: Path) -> None:
    speaker = Speaker("ada")
    packets = speaker.speak(timecode(1.0), at=0)
    # The stage stood still for 400 ms: the same timestamps enter the mix that much later.
    packets += speaker.speak(timecode(2.0, start_slot=10), at=48_000 + 19_200)
    heard = _heard(_write(tmp_path, packets, _slots(*range(12))), "ada", 12)
    # The first packets after the stall are still placed by the old anchor.
    settled = heard[48_000 + 19_200 + 9_600 :]
    errors = _errors_ms(settled, begins=0, first_slot=12)
    assert len(errors) >= 15
    assert max(map(abs, errors)) <= READER_MS


def test_one_late_packet_moves_nothing() -> None:
    anchor, place = Anchor(), 1_000 * CHUNK_SAMPLES
    for i in range(50):
        noted = place + i * 960 + (4_000 if i == 20 else 0) + PROGRAMME_DELAY_SAMPLES
        packet = StemPacket("ada", 0, i, i * 960, noted, b"\xf8")
        assert anchor.place(packet) == place + i * 960


def test_timestamps_wrap() -> None:
    anchor = Anchor()
    for i in range(10):
        timestamp = (0xFFFFFFFF - 3_000 + i * 960) & 0xFFFFFFFF
        packet = StemPacket("ada", 0, i, timestamp, i * 960 + PROGRAMME_DELAY_SAMPLES, b"\xf8")
        assert anchor.place(packet) == i * 960


def test_held_time_and_the_green_room_are_cut_out(tmp_path: Path) -> None:
    code = timecode(8.0)  # slots 0 to 79, one round
    packets = Speaker("ada").speak(code, at=0)
    slots = _slots(*range(5, 10), *range(15, 20))  # 1.6-3.2 s and 4.8-6.4 s
    heard = _heard(_write(tmp_path, packets, slots), "ada", 10)
    found = read_timecode(heard)
    assert {slot for _, slot in found} <= {*range(16, 32), *range(48, 64)}
    first, second = heard[: 5 * CHUNK_SAMPLES], heard[5 * CHUNK_SAMPLES :]
    assert max(map(abs, _errors_ms(first, begins=0, first_slot=16))) <= READER_MS
    assert max(map(abs, _errors_ms(second, begins=0, first_slot=48))) <= READER_MS


def test_no_packet_reaches_over_the_end_of_a_span(tmp_path: Path) -> None:
    # 20 ms packets that begin 10 ms before the border.
    packets = Speaker("ada").speak(tone(1000, 0.6), at=-480 + 960)
    heard = _heard(_write(tmp_path, packets, _slots(0)), "ada", 1)
    assert level_dbfs(heard[-300:]) < -60
    assert level_dbfs(heard[-3_000:-1_000]) > -20


def test_seats_are_independent_and_as_long_as_the_replay(tmp_path: Path) -> None:
    packets = Speaker("ada").speak(tone(500, 0.3), at=0)
    packets += Speaker("bob").speak(tone(900, 0.3), at=10 * CHUNK_SAMPLES)
    stems = _write(tmp_path, packets, _slots(*range(20)))
    assert set(stems.packets) == {"ada", "bob"}
    for seat in ("ada", "bob"):
        _heard(stems, seat, 20)


def test_frames_of_other_lengths_have_their_time(tmp_path: Path) -> None:
    speaker = Speaker("ada")
    ten_ms = b"\xf0\xff\xfe"
    packets = [
        speaker.packet(ten_ms, noted=i * 480 + PROGRAMME_DELAY_SAMPLES, samples=480)
        for i in range(100)
    ]
    packets += speaker.speak(timecode(1.0), at=48_000)
    heard = _heard(_write(tmp_path, packets, _slots(*range(8))), "ada", 8)
    assert max(map(abs, _errors_ms(heard, begins=48_000))) <= READER_MS


def test_doubles_are_written_once_and_nonsense_is_counted(tmp_path: Path) -> None:
    packets = Speaker("ada").speak(timecode(1.0), at=0)
    nonsense = [
        StemPacket("ada", 0, 1, 0, PROGRAMME_DELAY_SAMPLES, b""),
        StemPacket("../../ada", 0, 1, 0, PROGRAMME_DELAY_SAMPLES, b"\xf8\xff\xfe"),
    ]
    stems = _write(tmp_path, [*packets, *packets[:20], *nonsense], _slots(*range(5)))
    assert stems.packets == {"ada": 50}
    assert stems.unreadable == 2
    assert not [p for p in tmp_path.rglob("*.opus") if p.parent != tmp_path / "stems"]
    assert max(map(abs, _errors_ms(_heard(stems, "ada", 5), begins=0))) <= READER_MS


def test_seats_without_end_open_no_files_without_end(tmp_path: Path) -> None:
    many = limits.STEMS_COUNT + 5
    packets = [
        StemPacket(f"seat{i}", 0, 0, 0, PROGRAMME_DELAY_SAMPLES, b"\xf8\xff\xfe")
        for i in range(many)
    ]
    stems = _write(tmp_path, packets, _slots(0))
    assert len(stems.packets) == limits.STEMS_COUNT
    assert stems.unreadable == 5


def test_what_comes_too_late_is_counted(tmp_path: Path) -> None:
    speaker = Speaker("ada")
    stems = Stems(tmp_path, space=SPACE)
    for slot in _slots(0, 1, 2):
        stems.advance(slot)
    packets = speaker.speak(silence(0.02), at=0)
    stems.add(StemBatch(epoch=1, number=0, packets=tuple(packets)))
    stems.close(3)
    assert (stems.late, stems.packets) == (1, {})
