"""The echo watch on voices through loudspeaker, room and codec; and on what is no echo."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
import pytest

from bench.speech import Sound, espeak
from hustings.audio.level import VoiceActivity, rms_dbfs
from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.stage.echo import EchoWatch
from hustings.stage.seat import Seat
from tests.tones import RATE

SECONDS: Final = 16
SAMPLES: Final = SECONDS * RATE
HARBOUR: Final = (
    "The harbour has changed more in ten years than in the hundred before them. Nobody would have"
    " thought so, and yet the old cranes are gone and new houses stand there. What do you say?"
)
PEOPLE: Final = (
    "I would rather talk about the people who lived there. They were asked once, and then never"
    " again. That is not how a town should treat its own, whatever the plans may say."
)
pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


@cache
def voice(text: str, name: str = "en-us") -> Sound:
    """Sixteen seconds of a voice that pauses for breath."""
    said = espeak(text, voice=name)
    said = np.concatenate((said * np.float32(0.08 / np.sqrt(np.mean(said**2))), silence(0.5)))
    return np.tile(said, SAMPLES // len(said) + 1)[:SAMPLES]


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.float32)


def coded(sound: Sound) -> Sound:
    """Through Opus, as each way through the network is."""
    encoder = OpusEncoder(bitrate_bps=32_000, complexity=5, fec=True)
    decoder = OpusDecoder()
    return np.concatenate(
        [decoder.decode(encoder.encode(sound[i : i + 960])) for i in range(0, len(sound), 960)]
    )


def returned(sound: Sound, *, delay_ms: float, level_db: float, seed: int = 1) -> Sound:
    """From a loudspeaker through a room of 0.3 s into a microphone with a noise of -60 dBFS."""
    dice = np.random.default_rng(seed)
    tail = round(0.3 * RATE)
    response = dice.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail)
    response[0] = 4
    response *= 10 ** (level_db / 20) / np.sqrt(np.sum(response**2))
    size = 1 << (len(sound) + tail).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    microphone = dice.standard_normal(len(sound)) * 1e-3
    late = round(delay_ms * RATE / 1000)
    microphone[late:] += wet[: len(sound) - late]
    return np.asarray(microphone, np.float32)


def watched(sounds: dict[str, Sound], *, muted: str = "") -> list[tuple[str, bool]]:
    """What an echo watch says of seats that send these."""
    watch = EchoWatch()
    seats = [Seat(name) for name in sounds]
    activities = [VoiceActivity() for _ in sounds]
    found = []
    for at in range(0, SAMPLES, 960):
        for seat, activity in zip(seats, activities, strict=True):
            seat.muted = seat.id == muted
            seat.raw = sounds[seat.id][at : at + 960]
            seat.level_dbfs = rms_dbfs(seat.raw)
            seat.speaking = activity.update(seat.level_dbfs)
        found += watch.update(seats)
    return found


@pytest.mark.parametrize(("delay_ms", "level_db"), [(120, -10), (180, -25), (350, -30), (560, -20)])
def test_a_loudspeaker_in_front_of_a_microphone(delay_ms: float, level_db: float) -> None:
    ann = voice(HARBOUR)
    bob = coded(returned(coded(ann), delay_ms=delay_ms, level_db=level_db))
    assert watched({"ann": coded(ann), "bob": bob}) == [("bob", True)]


def test_it_is_over_with_headphones_on_and_begins_with_a_third_at_once() -> None:
    ann, cem = voice(HARBOUR), voice(PEOPLE, "en-gb+f3")
    half = SAMPLES // 2
    both = np.concatenate((ann[:half], cem[half:]))  # first one speaks, then the other
    echo = returned(coded(both), delay_ms=200, level_db=-20)
    first, second = ann.copy(), cem.copy()
    first[half:] = second[:half] = 0
    seats = {"ann": first, "cem": second, "bob": coded(echo)}
    assert watched(seats) == [("bob", True)]
    seats["bob"] = np.concatenate((seats["bob"][:half], silence(SECONDS / 2)))
    assert watched(seats) == [("bob", True), ("bob", False)]
    assert watched(seats, muted="bob") == []


def test_a_warning_is_taken_back_when_the_seat_is_muted() -> None:
    ann = voice(HARBOUR)
    seats = {"ann": ann, "bob": returned(ann, delay_ms=200, level_db=-20)}
    watch, made = EchoWatch(), [Seat(name) for name in seats]
    found = []
    for at in range(0, SAMPLES, 960):
        for seat in made:
            seat.raw = seats[seat.id][at : at + 960]
            seat.level_dbfs, seat.speaking = rms_dbfs(seat.raw), seat.id == "ann"
        made[1].muted = at > SAMPLES * 3 // 4
        found += watch.update(made)
    assert found == [("bob", True), ("bob", False)]


def beat(seed: int, *, after: float = 0.0) -> Sound:
    """Notes to a beat of 120 a minute, each seed its own."""
    dice = np.random.default_rng(seed)
    at = np.arange(round(0.4 * RATE)) / RATE
    out = silence(SECONDS)
    for begin in np.arange(after, SECONDS - 0.5, 0.5):
        hz = 220 * 2 ** (dice.integers(0, 24) / 12)
        place = round(begin * RATE)
        out[place : place + len(at)] += 0.3 * np.sin(2 * np.pi * hz * at) * np.exp(-12 * at)
    return out


def chords(seed: int) -> Sound:
    """Music: three chords a second that ring on."""
    dice = np.random.default_rng(seed)
    at = np.arange(round(0.33 * RATE)) / RATE
    out = silence(SECONDS)
    for begin in np.arange(0, SECONDS - 0.5, 1 / 3):
        place = round(begin * RATE)
        for _ in range(3):
            hz = 220 * 2 ** (dice.integers(0, 24) / 12)
            out[place : place + len(at)] += 0.08 * np.sin(2 * np.pi * hz * at) * np.exp(-3 * at)
    return out


def claps(seed: int, *, after: float) -> Sound:
    """Applause in time."""
    noise = np.random.default_rng(seed).standard_normal(SAMPLES)
    at = np.arange(SAMPLES) / RATE - after
    return np.asarray(0.1 * noise * np.clip(np.sin(2 * np.pi * 2 * at), 0, 1), np.float32)


def leaked(sound: Sound, delay_ms: float) -> Sound:
    return returned(sound, delay_ms=delay_ms, level_db=-15)


NO_ECHO: Final[dict[str, Callable[[], dict[str, Sound]]]] = {
    "double talk": lambda: {"ann": voice(HARBOUR), "bob": voice(PEOPLE, "en-gb+f3")},
    "one voice, other words": lambda: {"ann": voice(HARBOUR), "bob": voice(PEOPLE)},
    "a second microphone in the room": lambda: {
        "ann": voice(HARBOUR), "bob": coded(leaked(voice(HARBOUR), 10)),
    },
    "two in one room who both talk": lambda: {
        "ann": voice(HARBOUR), "bob": coded(voice(PEOPLE, "en-gb+f3") + leaked(voice(HARBOUR), 30)),
    },
    "one beat, other notes, a little later": lambda: {"ann": beat(1), "bob": beat(2, after=0.2)},
    "applause in time": lambda: {"ann": claps(1, after=0), "bob": claps(2, after=0.2)},
    "music under a voice": lambda: {"ann": chords(1), "bob": voice(PEOPLE)},
    "two pieces of one tempo": lambda: {"ann": chords(1), "bob": chords(2)},
    "nothing but a quiet room": lambda: {
        "ann": voice(HARBOUR), "bob": returned(silence(SECONDS), delay_ms=0, level_db=0),
    },
}  # fmt: skip


@pytest.mark.parametrize("what", NO_ECHO)
def test_what_is_no_echo(what: str) -> None:
    assert watched(NO_ECHO[what]()) == []


def test_who_talks_over_it_hides_it() -> None:
    ann = voice(HARBOUR)
    over = voice(PEOPLE, "en-gb+f3") + returned(coded(ann), delay_ms=180, level_db=-25)
    assert watched({"ann": ann, "bob": coded(over)}) == []


def test_seats_that_come_and_go_take_no_others_for_their_past() -> None:
    ann = voice(HARBOUR)
    echo = returned(ann, delay_ms=200, level_db=-20)
    watch = EchoWatch()
    first, second, third = Seat("ann"), Seat("bob"), Seat("cem")
    for at in range(0, SAMPLES // 4, 960):  # too short to be sure of bob
        for seat, sound in ((first, ann), (second, echo)):
            seat.raw, seat.speaking = sound[at : at + 960], seat is first
            seat.level_dbfs = rms_dbfs(seat.raw)
        assert watch.update([first, second]) == []
    third.level_dbfs = -100.0
    for _ in range(300):
        first.speaking = True
        assert watch.update([first, third]) == []
    assert watch.update([Seat(str(i)) for i in range(30)]) == []
    assert watch.update([]) == []
