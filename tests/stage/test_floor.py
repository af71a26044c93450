"""The floor tick by tick: when seats began and stopped, whatever told it; and once with voices."""

from __future__ import annotations

import asyncio
import shutil

import numpy as np
import pytest

from bench.speech import Sound, espeak
from hustings.audio.level import VoiceActivity
from hustings.space import Role
from hustings.space import command as c
from hustings.space.event import Spoke
from hustings.space.floor_fold import FloorFold
from hustings.stage.floor import Change, Floor
from hustings.stage.seat import Seat
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, hall

__all__ = ["hall"]


class Voice:
    """A seat that is fed levels, as its sound would give them."""

    def __init__(self, name: str) -> None:
        self.seat = Seat(name)
        self._voice = VoiceActivity()

    def hear(self, *, loud: bool) -> None:
        self.seat.speaking = self._voice.update(-20.0 if loud else -70.0)
        self.seat.pause_ticks = self._voice.pause_frames


def drive(
    floor: Floor, voice: Voice, slots: range, *, loud: range, live: bool = True
) -> list[Change]:
    found = []
    for slot in slots:
        voice.hear(loud=slot in loud)
        found += floor.update([voice.seat], slot=slot, live=live)
    return found


def test_the_moments_are_those_of_the_sound_not_of_the_detector() -> None:
    changes = drive(Floor(), Voice("ann"), range(200), loud=range(50, 100))
    assert changes == [Change("ann", True, 50), Change("ann", False, 100)]


def test_a_pause_for_breath_is_no_end() -> None:
    floor, ann = Floor(), Voice("ann")
    assert drive(floor, ann, range(100), loud=range(50, 100)) == [Change("ann", True, 50)]
    assert drive(floor, ann, range(100, 200), loud=range(115, 150)) == [Change("ann", False, 150)]


@pytest.mark.parametrize("how", ["muted", "left", "held"])
def test_who_goes_off_air_in_mid_word_stops_there(how: str) -> None:
    floor, ann = Floor(), Voice("ann")
    drive(floor, ann, range(100), loud=range(50, 200))
    ann.seat.muted = how == "muted"
    seats = [] if how == "left" else [ann.seat]
    assert floor.update(seats, slot=100, live=how != "held") == [Change("ann", False, 100)]
    assert floor.update(seats, slot=101, live=how != "held") == []


def test_who_had_stopped_just_before_is_muted_then_stopped_then() -> None:
    floor, ann = Floor(), Voice("ann")
    drive(floor, ann, range(110), loud=range(50, 100))
    ann.seat.muted = True
    assert floor.update([ann.seat], slot=110, live=True) == [Change("ann", False, 100)]


def test_who_comes_on_air_in_mid_word_begins_there() -> None:
    floor, ann = Floor(), Voice("ann")
    assert drive(floor, ann, range(100), loud=range(50, 300), live=False) == []
    assert floor.update([ann.seat], slot=100, live=True) == [Change("ann", True, 100)]
    ann.seat.muted = True
    assert floor.update([ann.seat], slot=120, live=True) == [Change("ann", False, 120)]
    ann.seat.muted = False
    assert floor.update([ann.seat], slot=130, live=True) == [Change("ann", True, 130)]


def test_of_two_who_change_in_one_tick_the_one_who_begins_is_told_first() -> None:
    floor, ann, bob = Floor(), Voice("ann"), Voice("bob")
    for slot in range(100):
        ann.hear(loud=slot < 79)
        bob.hear(loud=slot >= 97)
        changes = floor.update([ann.seat, bob.seat], slot=slot, live=True)
    assert changes == []
    assert floor.update([], slot=100, live=False) == [Change("bob", False, 100)]


VOICES = {
    "ann": ("the harbour has changed more in ten years than in the hundred before them", "en-us"),
    "bob": (
        "and yet nobody asked the people who live there what they wanted of it all",
        "en-gb+f3",
    ),
}


def pressed(name: str, seconds: float) -> Sound:
    """A voice without its pauses, so that it is known when it speaks."""
    text, voice = VOICES[name]
    sound = np.tile(espeak(text, voice=voice), 3)
    frames = sound[: len(sound) // 960 * 960].reshape(-1, 960)
    loud = frames[np.sqrt(np.mean(frames**2, axis=1)) > 0.01]
    pressed_sound: Sound = loud.reshape(-1)[: round(seconds * tones.RATE)]
    return pressed_sound


def part_of(name: str, *, lasts: float, spans: list[tuple[float, float]]) -> Sound:
    """What somebody says from second to second, with silence in between."""
    part = np.zeros(round(lasts * tones.RATE), np.float32)
    for begin, end in spans:
        at = round(begin * tones.RATE)
        said = pressed(name, end - begin)
        part[at : at + len(said)] = said
    return part


def cue(peer: Peer, part: Sound, *, at: float) -> None:
    """Have a part begin at a moment of the loop's clock."""
    microphone = peer.microphone
    place = round((at - microphone._origin) / 0.02) * 960 % len(part)
    microphone.sound = np.roll(part, place)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
async def test_two_voices_through_a_real_stage(hall: Hall) -> None:
    """Ann for 4 s, Bob into her last second and for 3 s, a word of hers, and Bob's is muted."""
    parts = {
        "ann": part_of("ann", lasts=14, spans=[(0.0, 4.0), (7.0, 7.5)]),
        "bob": part_of("bob", lasts=14, spans=[(3.0, 6.0), (9.5, 13.0)]),
    }
    await hall.stage()
    await hall.scheduled("ann", "bob")
    quiet = tones.silence(1.0)
    async with Peer(quiet, hall.exchange("ann")) as ann, Peer(quiet, hall.exchange("bob")) as bob:
        await until(lambda: ann.connected and bob.connected)
        await hall.doors()
        await hall.go_live()
        at = asyncio.get_running_loop().time() + 0.5
        cue(ann, parts["ann"], at=at)
        cue(bob, parts["bob"], at=at)

        def told() -> list[Spoke]:
            return [event for event in hall.observed if isinstance(event, Spoke)]

        await until(lambda: len(told()) == 7, 30)
        await asyncio.sleep(1.5)  # of Bob's last words
        await hall.decide(c.MuteSeat(by="bob", role=Role.SPEAKER, seat="bob"))
        await until(lambda: len(told()) == 8)
        await hall.decide(c.Hold(by="ann", role=Role.HOST))
        await until(lambda: hall.chunks[-1].programme.name == "HOLD")
    fold = FloorFold()
    for event in await hall.observations():
        fold.take(event)
    found = fold.figures(0)
    slots = [(one.seat, one.speaking, one.n * 16 + one.tick) for one in told()]
    muted_s = (slots[7][2] - slots[6][2]) / 50
    assert [one[:2] for one in slots] == [
        ("ann", True), ("bob", True), ("ann", False), ("bob", False),
        ("ann", True), ("ann", False), ("bob", True), ("bob", False),
    ]  # fmt: skip
    seconds = {name: one.talk_ms / 1000 for name, one in found.seats.items()}
    assert seconds["ann"] == pytest.approx(4.5, abs=0.15)
    assert seconds["bob"] == pytest.approx(3.0 + muted_s, abs=0.15)
    assert found.overlap_ms == pytest.approx(1_000, abs=150)
    assert found.seats["ann"].interrupted == found.seats["bob"].interruptions == 1
    assert (found.seats["ann"].turns, found.seats["bob"].turns) == (1, 2)
    assert found.seats["ann"].longest_ms == pytest.approx(4_000, abs=100)
    assert 1.5 < muted_s < 3.0
    assert found.silence_ms > 2_000
