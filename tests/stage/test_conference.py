"""What seats hear of each other, decoded: switches between encoders, isolation, no clicks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hustings.audio.opus import OpusDecoder, has_fec
from hustings.stage.returns import ReturnEncoder
from tests import tones
from tests.stage.room import DELAY, TICK_NS, Room, Voice, pink, rms_db, treble_db

MUSIC_HZ = (220.0, 277.2, 329.6, 440.0, 880.0, 1760.0, 3520.0)


def bursts(seconds: float, hz: float, every: float) -> tones.Sound:
    """A voice that speaks half of the time, one second in each span of `every` seconds."""
    one = np.concatenate((tones.tone(hz, every / 2), tones.silence(every / 2)))
    return np.tile(one, round(seconds / every))


def music(seconds: float) -> tones.Sound:
    parts = [tones.tone(hz, seconds, -24) for hz in MUSIC_HZ]
    made: tones.Sound = np.sum(parts, axis=0, dtype=np.float32)
    return made


def clicks(pcm: tones.Sound) -> list[float]:
    """When something clicks, in seconds: 5 ms with 12 dB more treble than 15 to 40 ms around."""
    power = np.maximum(treble_db(pcm), -78)  # as quiet as what Opus adds to any tone
    around = np.full(len(power), -np.inf)
    for shift in range(6, 17):
        around[shift:] = np.maximum(around[shift:], power[:-shift])
        around[:-shift] = np.maximum(around[:-shift], power[shift:])
    return [float(i) / 400 for i in np.flatnonzero(power > around + 12)]


def test_the_detector_finds_a_click() -> None:
    for hz in (500.0, 997.0):
        sound = tones.tone(hz, 2.0)
        assert clicks(sound[4_800:-4_800]) == []
        cut = sound.copy()
        cut[48_000:] = 0
        assert clicks(cut[4_800:-4_800]) == pytest.approx([0.9], abs=0.02) or clicks(cut)


@pytest.mark.parametrize("sound", [lambda: tones.tone(997, 12), lambda: music(12)])
def test_a_listener_who_begins_and_stops_speaking_hears_no_switch(
    sound: Callable[[], tones.Sound],
) -> None:
    bob = Voice(name="bob", pcm=sound())
    # 300 Hz, so that what she says is far from what she hears.
    ann = Voice(name="ann", pcm=bursts(12, 300, every=6.0))
    room = Room(bob, ann)
    room.run(11.5)
    assert room.conference.encodes_shared > 50
    # Her mix-minus is his voice alone, as the mix would be without her.
    alone = Voice(name="bob", pcm=sound())
    quiet = Voice(name="ann", pcm=tones.silence(12))
    still = Room(alone, quiet)
    still.run(11.5)
    continuous = through_one_encoder(still.mix)
    assert clicks(ann.ear.sound[48_000:]) == []
    assert strays(ann.ear.sound[48_000:], continuous[48_000:]) == ""


def through_one_encoder(sound: tones.Sound) -> tones.Sound:
    """What a decoder makes of it when nothing ever changes."""
    encoder, decoder = ReturnEncoder(complexity=5), OpusDecoder()
    return np.concatenate([decoder.decode(encoder.encode(f)) for f in tones.frames(sound)])


def strays(heard: tones.Sound, continuous: tones.Sound) -> str:
    """How a stream of several encoders strays from that of one, if it does: by 3 dB more than the
    level itself within 10 ms, or with 6 dB more treble than that ever has."""
    error = heard - continuous[: len(heard)]
    furthest = max(rms_db(error[i : i + 480]) for i in range(0, len(error) - 480, 480))
    if furthest > rms_db(continuous) + 3:
        return f"the error is at {furthest:.0f} dBFS"
    treble, usual = treble_db(heard).max(), treble_db(continuous).max()
    return f"treble at {treble:.0f} dBFS, not {usual:.0f}" if treble > usual + 6 else ""


def test_a_switch_that_is_not_prepared_is_found() -> None:
    """The same switch without warming: what the test above would find."""
    first, second, decoder = ReturnEncoder(complexity=5), ReturnEncoder(complexity=5), OpusDecoder()
    for frame in tones.frames(pink(0.2, -30, seed=8)):
        second.encode(frame)  # what it was used for long ago
    frames = tones.frames(music(4))
    packets = [first.encode(f) for f in frames[:100]] + [second.encode(f) for f in frames[100:]]
    heard = np.concatenate([decoder.decode(p) for p in packets])
    assert strays(heard, through_one_encoder(music(4)))


def is_celt(packet: bytes) -> bool:
    """Whether it is in Opus's mode for clean lines (RFC 6716 table 2)."""
    return packet[0] >> 3 >= 16


def speech(seconds: float) -> tones.Sound:
    """Syllables: what an encoder finds worth a second copy."""
    hz = np.repeat(np.random.default_rng(4).uniform(180, 320, round(seconds * 4)), 12_000)
    swell = np.tile(np.hanning(12_000), round(seconds * 4))
    angle = 2 * np.pi * np.cumsum(hz) / 48_000
    made = sum(np.sin(angle * k) / k for k in range(1, 12)) * swell * 0.1
    return np.asarray(made, np.float32)


def test_redundancy_goes_where_packets_get_lost() -> None:
    ann, bob = Voice(name="ann", pcm=speech(4)), Voice(name="bob", pcm=speech(4)[::-1].copy())
    cat, dan = Voice(name="cat", pcm=tones.silence(4)), Voice(name="dan", pcm=tones.silence(4))
    bob.ear.lossy = dan.ear.lossy = True
    room = Room(ann, bob, cat, dan)
    room.run(3.5)
    for voice in (ann, cat):
        assert all(is_celt(packet) for packet in voice.ear.packets)
    for voice in (bob, dan):  # one with an encoder of its own, one that shares
        assert not any(is_celt(packet) for packet in voice.ear.packets)
        assert sum(map(has_fec, voice.ear.packets)) > 0.7 * len(voice.ear.packets)
        assert sum(map(len, voice.ear.packets)) < 0.6 * sum(map(len, cat.ear.packets))
    assert room.conference.encodes_shared == 2 * len(cat.ear.packets)


@pytest.mark.parametrize("listens", [False, True])
def test_nobody_hears_that_a_line_begins_and_ceases_to_lose_packets(listens: bool) -> None:
    """With an encoder of its own, which changes, and sharing one, where the encoders change."""
    bob = Voice(name="bob", pcm=music(12))
    ann = Voice(name="ann", pcm=tones.silence(12) if listens else tones.tone(300, 12))
    room = Room(bob, ann)
    room.run(1.5)
    for lossy in (True, False) * 6:
        ann.ear.lossy = lossy
        room.run(0.8)
    modes = [is_celt(packet) for packet in ann.ear.packets[50:]]
    assert np.count_nonzero(np.diff(modes)) == 12
    assert clicks(ann.ear.sound[48_000:]) == []
    # If she speaks, her mix-minus is what the mix would be without her.
    without = Room(Voice(name="bob", pcm=music(12)))
    continuous = through_one_encoder(room.mix if listens else without.run(11.1))
    assert strays(ann.ear.sound[48_000:], continuous[48_000:]) == ""


def loudest(pcm: tones.Sound, hz: float) -> float:
    """The level of a tone in the 200 ms in which it is loudest."""
    windows = [pcm[i : i + 9_600] for i in range(48_000, len(pcm) - 9_600, 4_800)]
    return max(tones.tone_level_dbfs(window, hz) for window in windows)


def test_nobody_hears_themselves_in_any_state() -> None:
    ann = Voice(name="ann", pcm=bursts(12, 1_000, every=2.0))
    bob = Voice(name="bob", pcm=bursts(12, 600, every=3.0))
    cat = Voice(name="cat", pcm=tones.silence(12))
    Room(ann, bob, cat).run(11.5)
    for voice, hz in ((ann, 1_000.0), (bob, 600.0)):
        sent, own = loudest(cat.ear.sound, hz), loudest(voice.ear.sound, hz)
        assert own < sent - 54  # in any 200 ms, with what Opus adds of the other voice
        there = tones.tone_level_dbfs(cat.ear.sound[48_000:], hz)
        assert tones.tone_level_dbfs(voice.ear.sound[48_000:], hz) < there - 60
    assert tones.tone_level_dbfs(ann.ear.sound[48_000:], 600) > -30


def muting(room: Room, voice: Voice) -> None:
    for muted in (True, False, True, False):
        voice.seat.mute(muted, now_ns=room.tick * TICK_NS + 5_000_000)
        room.run(0.7)


def leaving(room: Room, voice: Voice) -> None:
    for join in (2, 3):
        voice.seat.disconnect()
        room.run(0.5)
        voice.seat.connect(join=join)
        room.run(0.7)


def going_on(room: Room, voice: Voice) -> None:
    room.run(4)


@pytest.mark.parametrize("change", [muting, leaving, going_on])
def test_seats_come_and_go_without_clicks(change: Callable[[Room, Voice], None]) -> None:
    ann = Voice(name="ann", pcm=tones.tone(500, 12))
    bob = Voice(name="bob", pcm=tones.silence(12))
    room = Room(ann, bob)
    room.run(1)
    change(room, ann)
    assert clicks(room.mix) == []
    assert clicks(bob.ear.sound[9_600:]) == []
    assert treble_db(bob.ear.sound[9_600:]).max() < -60
    assert rms_db(room.mix) > -30


@pytest.mark.parametrize("lost", [1, 3, 10, 60])
def test_lost_packets_end_and_begin_without_clicks(lost: int) -> None:
    ann = Voice(name="ann", pcm=tones.tone(500, 8), lost=lambda tick: 100 <= tick < 100 + lost)
    bob = Voice(name="bob", pcm=tones.silence(8))
    room = Room(ann, bob)
    room.run(6)
    assert clicks(room.mix) == []
    assert clicks(bob.ear.sound[9_600:]) == []


def test_a_sender_that_pauses_ends_and_begins_without_clicks() -> None:
    pcm = bursts(12, 500, every=4.0) + pink(12, -70, seed=2)
    ann = Voice(name="ann", pcm=pcm, dtx=True)
    room = Room(ann, Voice(name="bob", pcm=tones.silence(12)))
    room.run(11)
    assert ann.seat.stats.received < 450  # of 550
    assert clicks(room.mix[48_000:]) == []


def test_the_gate_opens_and_closes_without_clicks() -> None:
    pcm = bursts(12, 500, every=4.0) + pink(12, -60, seed=3)
    room = Room(Voice(name="ann", pcm=pcm), Voice(name="bob", pcm=tones.silence(12)))
    room.run(11)
    assert clicks(room.mix[48_000:]) == []


def test_six_noisy_rooms_do_not_add_up() -> None:
    ann = tones.tone(400, 14, -20) * (np.arange(14 * 48_000) % 192_000 < 96_000)
    room = Room(
        Voice(name="ann", pcm=(ann + pink(14, -50, seed=0)).astype(np.float32)),
        *(Voice(name=f"s{i}", pcm=pink(14, -50, seed=i)) for i in range(1, 6)),
    )
    room.run(13.5)
    noise = sum((pink(14, -50, seed=i) for i in range(6)), tones.silence(14))
    pause = slice(11 * 48_000, 11 * 48_000 + 40_000)  # she stopped a second before
    assert rms_db(noise[pause]) == pytest.approx(-42.2, abs=1)
    assert rms_db(room.mix[pause]) < rms_db(noise[pause]) - 12
    assert room.conference.encodes_shared > 300  # and five of six share an encoder


def test_stereo_is_mixed_down_at_the_right_level() -> None:
    left, right = tones.tone(600, 4, -18), tones.tone(900, 4, -18)
    cases = {
        "both": (left, left),
        "left": (left, tones.silence(4)),
        "each": (left, right),
    }
    levels = {}
    for name, (one, other) in cases.items():
        pcm = np.stack((one, other), axis=1).reshape(-1)
        voice = Voice(name="ann", pcm=pcm, channels=2)
        decoder = OpusDecoder()
        heard = np.concatenate(
            [decoder.decode(voice._encoder.encode(f)) for f in np.split(pcm, 200)]
        )[DELAY:]
        levels[name] = [tones.tone_level_dbfs(heard[9_600:-9_600], hz) for hz in (600, 900)]
        room = Room(voice, Voice(name="bob", pcm=tones.silence(4)))
        assert tones.tone_level_dbfs(room.run(3.5)[48_000:], 600) > -30
    assert levels["both"][0] == pytest.approx(-18, abs=0.5)
    assert levels["left"][0] == pytest.approx(-24, abs=0.7)
    assert levels["each"] == pytest.approx([-24, -24], abs=0.7)
