"""A short soak on real roles, and what its reader says of a recording that is not whole."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from bench.soak import recording
from bench.soak.__main__ import change, main
from bench.soak.people import LOOP, TICK_S, Seat, delays_ms
from bench.stage import voices
from bench.stage.client import Heard
from hustings.drills import timecode
from tests.tones import write_wav


@pytest.mark.alone
@pytest.mark.timeout(330)
async def test_three_minutes_are_whole() -> None:
    found, _ = await main(minutes=3)
    rows = {row["what"]: row for row in found["rows"]}
    wanted = ("packets missing", "gaps in", "length of", "breaks of", "speech missing", "seats")
    checked = [row for what, row in rows.items() if any(word in what for word in wanted)]
    assert len(checked) == 7
    assert [row for row in checked if not row["met"]] == []
    assert {"stage-0", "edge-0", "archive-0", "live", "log"} <= set(found["memory_mib"])


def test_a_break_inside_a_turn_is_found_and_one_between_turns_is_not(tmp_path: Path) -> None:
    one, other = (timecode.samples(start=at * 4_800, count=16 * 48_000) for at in (0, 37))
    whole = np.concatenate([one, other, one])
    address = str(write_wav(tmp_path / "a.wav", whole))
    told = recording.reread(address, turn_s=16.0, first_turn_s=16.0)
    assert told.samples == len(whole)
    assert told.slots == pytest.approx(480, abs=3)
    assert told.breaks == ()
    cut = np.concatenate([whole[: 20 * 48_000], whole[20 * 48_000 + 24_000 :]])
    address = str(write_wav(tmp_path / "b.wav", cut))
    told = recording.reread(address, turn_s=16.0, first_turn_s=16.0)
    assert len(told.breaks) == 1
    assert told.breaks[0].startswith("20.")


def test_a_slot_that_was_stretched_is_no_break(tmp_path: Path) -> None:
    sound = timecode.samples(start=0, count=8 * 48_000)
    at = 40 * 4_800 + 2_400
    # 60 ms more of its own tone: 20 ms hold whole periods of all.
    longer = np.concatenate([sound[:at], *[sound[at - 960 : at]] * 3, sound[at:]])
    address = str(write_wav(tmp_path / "c.wav", longer))
    assert recording.reread(address, turn_s=100.0, first_turn_s=50.0).breaks == ()


def test_a_delay_is_read_off_what_comes_back() -> None:
    speaker = Seat(ppm=100.0, origin=1_000.0)
    code = voices.encoded(timecode.samples(start=0, count=LOOP * 960))
    # Packet p, sent at its time, comes back 80 ms later.
    came = [
        Heard(
            round((speaker.origin + p * speaker.period_s + 0.08) * 1e9), p, p * 960, code[p % LOOP]
        )
        for p in range(1_000, 1_200)
    ]
    found = delays_ms(came, speaker)
    assert len(found) > 30
    # A packet is sent when its 20 ms have been said; the encoder holds 6.5 ms back.
    assert np.median(found) == pytest.approx(80 + 1000 * TICK_S + 6.5, abs=6)


def test_memory_may_breathe_and_not_grow() -> None:
    times = [5.0 * i for i in range(1440)]  # two hours
    breathes = [(at, 50 + 7 * math.sin(at / 20)) for at in times]
    assert change(breathes, settled_s=600) < 2
    grows = [(at, value + 0.1 * at / 60) for at, value in breathes]
    assert 8 < change(grows, settled_s=600) < 12
    starts = [(at, value + (30 if at < 600 else 0)) for at, value in breathes]
    assert change(starts, settled_s=600) < 2
    falls = [(at, 50 - (6 if at >= 6_600 else 0)) for at in times]
    assert change(falls, settled_s=600) == pytest.approx(6)
    assert change([], settled_s=600) == change([(0.0, 50.0)], settled_s=600) == 0
