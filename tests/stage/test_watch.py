"""The watch, tick by tick: what the host is told, once."""

from __future__ import annotations

from hustings import limits
from hustings.clock import TICK_MS
from hustings.stage.alarm import Notice
from hustings.stage.seat import Seat
from hustings.stage.watch import Watch, advice

SECOND = 1000 // TICK_MS


def seat(name: str = "ann", *, level: float = -20.0, speaking: bool = True) -> Seat:
    made = Seat(name)
    made.level_dbfs, made.peak_dbfs, made.speaking, made.open = level, level + 3, speaking, True
    return made


def told(
    watch: Watch, ticks: int, *seats: Seat, live: bool = True, mix: float = -20.0
) -> list[Notice]:
    found = []
    for _ in range(ticks):
        found += watch.update(seats, live=live, mix_dbfs=mix)
    return found


def test_dead_air_is_told_after_three_seconds_once() -> None:
    watch = Watch()
    ticks = round(limits.DEAD_AIR_S * SECOND)
    assert told(watch, ticks - 1, mix=-100.0) == []
    assert told(watch, 500, mix=-100.0) == [Notice("dead_air")]
    assert told(watch, 2, mix=-20.0) == [Notice("dead_air", over=True)]
    assert told(watch, ticks, mix=-100.0) == [Notice("dead_air")]


def test_dead_air_is_nobodys_business_off_air() -> None:
    assert told(Watch(), 1_000, mix=-100.0, live=False) == []


def test_an_open_microphone_that_sends_silence_is_told() -> None:
    silent = seat(level=-100.0, speaking=False)
    ticks = round(limits.SEAT_SILENT_S * SECOND)
    watch = Watch()
    assert told(watch, ticks - 1, silent) == []
    assert told(watch, 500, silent) == [Notice("seat_silent", "ann")]


def test_a_muted_seat_may_be_silent_and_is_told_when_it_speaks() -> None:
    muted = seat(level=-100.0, speaking=False)
    muted.muted = True
    watch = Watch()
    assert told(watch, 500, muted) == []
    muted.speaking, muted.level_dbfs = True, -20.0
    assert told(watch, 500, muted) == [Notice("seat_muted", "ann")]


def test_clipping_is_told_and_a_knock_is_not() -> None:
    knock, loud = seat("bob"), seat("ann")
    watch = Watch()
    for _ in range(5):
        knock.peak_dbfs = loud.peak_dbfs = 0.0
        assert told(watch, 1, knock) == []
        knock.peak_dbfs = -10.0
        assert told(watch, 40, knock) == []
    assert told(watch, 20, loud) == [Notice("seat_clipping", "ann")]


def test_what_is_mended_is_told_to_be_over() -> None:
    ann = seat(level=-100.0, speaking=False)
    watch = Watch()
    assert told(watch, 200, ann) == [Notice("seat_silent", "ann")]
    ann.level_dbfs = -30.0
    assert told(watch, 200, ann) == [Notice("seat_silent", "ann", over=True)]


def test_a_muted_speaker_who_unmutes_hears_no_more_of_it() -> None:
    ann = seat()
    ann.muted = True
    watch = Watch()
    assert told(watch, 100, ann) == [Notice("seat_muted", "ann")]
    ann.muted = False
    assert told(watch, 1, ann) == [Notice("seat_muted", "ann", over=True)]
    for _ in range(5):  # and back and forth: it is not told each time
        ann.muted = not ann.muted
        assert told(watch, 20, ann) == []


def test_a_voice_that_distorted_is_over_after_some_seconds() -> None:
    ann = seat()
    ann.peak_dbfs = 0.0
    watch = Watch()
    assert told(watch, 20, ann) == [Notice("seat_clipping", "ann")]
    ann.peak_dbfs = -10.0
    assert told(watch, 149, ann) == []
    assert told(watch, 1, ann) == [Notice("seat_clipping", "ann", over=True)]


def test_every_warning_has_a_sentence() -> None:
    codes = ("dead_air", "seat_silent", "seat_muted", "seat_clipping", "log_away", "log_lost")
    for code in (*codes, "seat_echo", "line_loss", "line_late", "seat_gone"):
        assert advice(code, "Ann").endswith((".", "?"))
    assert advice("seat_silent", "Ann") == "Ann cannot be heard: the microphone sends silence."
