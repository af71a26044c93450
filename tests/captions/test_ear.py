"""A seat's packets become sound in its place on the clock, whatever the network did to them."""

from __future__ import annotations

import random
from typing import Final

import numpy as np

from hustings.captions.ear import Ear
from hustings.captions.engine import RATE, Sound
from hustings.stem import StemPacket
from tests.archive.script import Speaker
from tests.tones import tone

AT: Final = 48_000 * 60


def _heard(packets: list[StemPacket], *, ear: Ear | None = None) -> list[tuple[int, Sound]]:
    return list((ear or Ear()).hear(packets))


def _span(pieces: list[tuple[int, Sound]]) -> Sound:
    """All of it in one array, which has to be without holes."""
    at = pieces[0][0]
    for place, sound in pieces:
        assert place == at
        at += len(sound)
    return np.concatenate([sound for _, sound in pieces])


def _loud(sound: Sound) -> float:
    return float(np.sqrt((sound**2).mean()))


def test_sound_in_its_place() -> None:
    pieces = _heard(Speaker("ada").speak(tone(1_000, 1.0), at=AT))
    assert pieces[0][0] == AT // 3
    sound = _span(pieces)
    assert len(sound) == RATE
    spectrum = np.abs(np.fft.rfft(sound[2_000:14_800]))
    assert abs(int(spectrum.argmax()) * RATE / 12_800 - 1_000) < 5


def test_lost_packets_are_rebuilt_or_concealed() -> None:
    packets = Speaker("ada").speak(tone(300, 2.0), at=AT)
    kept = [p for i, p in enumerate(packets) if i % 10 not in (4, 5)]
    sound = _span(_heard(kept))
    assert len(sound) == 2 * RATE
    lost = sound[4 * 320 + 5_000 - 5_000 : 6 * 320]
    assert _loud(lost) > _loud(sound) / 4, "no holes of silence"


def test_a_pause_is_silence_and_a_long_one_a_hole() -> None:
    speaker, ear = Speaker("ada"), Ear()
    first = speaker.speak(tone(300, 0.5), at=AT)
    speaker.timestamp += 24_000  # half a second without a packet
    second = speaker.speak(tone(300, 0.5), at=AT + 48_000)
    sound = _span(_heard([*first, *second], ear=ear))
    assert len(sound) == RATE * 3 // 2
    assert _loud(sound[9_000:15_500]) == 0
    speaker.timestamp += 48_000 * 5
    third = _heard(speaker.speak(tone(300, 0.2), at=AT + 48_000 * 7), ear=ear)
    assert third[0][0] == (AT + 48_000 * 7) // 3


def test_doubles_and_late_ones_are_passed_over() -> None:
    packets = Speaker("ada").speak(tone(300, 1.0), at=AT)
    ear = Ear()
    mixed = [*packets[:10], packets[12], packets[10], packets[11], packets[12], *packets[13:]]
    assert len(_span(_heard(mixed, ear=ear))) == RATE
    assert ear.late == 3


def test_a_new_transport_begins_anew() -> None:
    speaker, ear = Speaker("ada"), Ear()
    _heard(speaker.speak(tone(300, 0.4), at=AT), ear=ear)
    speaker.rejoin(timestamp=77)
    pieces = _heard(speaker.speak(tone(300, 0.4), at=AT + 48_000), ear=ear)
    assert pieces[0][0] == (AT + 48_000) // 3


def test_a_clock_that_runs_away_is_put_right() -> None:
    speaker, ear = Speaker("ada"), Ear()
    sound = tone(300, 0.5)
    _heard(speaker.speak(sound, at=AT), ear=ear)
    pieces = _heard(speaker.speak(sound, at=AT + 24_000 + 4_800), ear=ear)  # 100 ms later
    assert pieces[-1][0] + len(pieces[-1][1]) == (AT + 48_000 + 4_800) // 3


def test_what_is_no_opus_is_counted() -> None:
    ear = Ear()
    packets = Speaker("ada").speak(tone(300, 0.2), at=AT)
    bad = [StemPacket("ada", 0, 1, p.timestamp, p.sample, b"") for p in packets[:3]]
    noise = random.Random(4).randbytes(40)
    odd = StemPacket("ada", 0, 1, packets[3].timestamp, packets[3].sample, b"\xff\xff" + noise)
    _heard([*bad, odd, *packets[4:]], ear=ear)
    assert ear.broken >= 3
