"""When splices are due: after a look of half a second, apart, in quiet moments if there are any."""

from __future__ import annotations

import pytest

from hustings.stage.depth import DepthControl

LOUD, QUIET = 0.1, 1e-6


def look(control: DepthControl, depth_ms: float, *, ticks: int = 25, target_ms: float = 40) -> None:
    for tick in range(ticks):
        # Jitter makes single readings low; the greatest counts.
        control.look(depth_ms=depth_ms if tick % 5 == 0 else depth_ms - 30, target_ms=target_ms)


@pytest.mark.parametrize("depth_ms", [40, 60, 80])
def test_within_the_band_nothing_is_done(depth_ms: float) -> None:
    control = DepthControl()
    look(control, depth_ms, ticks=200)
    assert control.wanted_ms == 0
    assert not control.due(power=QUIET)


@pytest.mark.parametrize(("depth_ms", "wanted_ms"), [(20, 30), (100, -40)])
def test_outside_it_is_brought_back_inside(depth_ms: float, wanted_ms: float) -> None:
    control = DepthControl()
    look(control, depth_ms, ticks=24)
    assert control.wanted_ms == 0
    look(control, depth_ms, ticks=1)
    assert control.wanted_ms == wanted_ms


def test_splices_wait_for_a_quiet_moment_but_not_long() -> None:
    control = DepthControl()
    look(control, 100)
    waits = [control.due(power=LOUD) for _ in range(11)]
    assert waits == [False] * 10 + [True]
    control.spliced(-15)
    assert [control.due(power=QUIET) for _ in range(3)] == [False, False, True]


def test_a_large_correction_does_not_wait() -> None:
    control = DepthControl()
    look(control, 300)
    assert [control.due(power=LOUD) for _ in range(3)] == [False, False, True]


def test_it_is_done_when_less_than_a_splice_is_left() -> None:
    control = DepthControl()
    look(control, 100)
    control.spliced(-20)
    assert control.wanted_ms == -20
    control.spliced(-12)
    assert control.wanted_ms == 0
    look(control, 100)
    control.clear()
    assert control.wanted_ms == 0
