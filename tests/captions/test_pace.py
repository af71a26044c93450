"""The captions' ladder: down at once, up when it has been calm, later each time it was in vain."""

from __future__ import annotations

from hustings import limits
from hustings.captions.pace import Pace


def test_down_one_rung_at_a_time() -> None:
    assert Pace().interval_s == limits.CAPTION_INTERVALS_S[0]
    pace, rungs = Pace(), []
    for second in range(10):
        pace.waited(3.0, now=float(second))
        rungs.append(pace.rung)
    assert rungs == [1, 1, 2, 2, 3, 3, 3, 3, 3, 3]
    assert pace.interval_s is None
    assert pace.changes == 3


def test_up_when_nothing_has_waited_for_a_while() -> None:
    pace = Pace()
    pace.waited(1.0, now=0.0)
    for tenth in range(5, 200):
        pace.waited(0.1, now=tenth / 10)
        assert pace.rung == (1 if tenth / 10 < 0.5 + limits.CAPTION_CALM_S else 0)
    pace.waited(0.5, now=30.0)
    assert pace.rung == 0, "half late is neither"


def test_a_rung_climbed_in_vain_is_tried_later() -> None:
    pace, now, climbed = Pace(), 0.0, []
    for _ in range(4):
        pace.waited(1.0, now=now)
        began = now
        while pace.rung:
            now += 0.5
            pace.waited(0.0, now=now)
        climbed.append(now - began)
        now += 3.0
    assert climbed == sorted(climbed)
    assert climbed[-1] > 3 * climbed[0]
    for _ in range(2_000):  # a long calm is forgiven
        now += 0.5
        pace.waited(0.0, now=now)
    pace.waited(1.0, now=now)
    began = now
    while pace.rung:
        now += 0.5
        pace.waited(0.0, now=now)
    assert now - began <= limits.CAPTION_CALM_S + 1
