"""How far behind somebody reads, whatever the clocks say."""

from __future__ import annotations

from hustings.captions.lag import Lag

S = 1_000_000_000


def test_late_is_later_than_at_best() -> None:
    lag = Lag()
    assert lag.seconds(1_700_000_000 * S, now_ns=50 * S) == 0.0
    assert lag.seconds(1_700_000_001 * S, now_ns=53 * S) == 2.0


def test_who_catches_up_was_behind() -> None:
    lag = Lag()
    assert lag.seconds(100 * S, now_ns=20 * S) == 0.0
    assert lag.seconds(110 * S, now_ns=21 * S) == 0.0  # ten seconds of history in one
    assert lag.seconds(111 * S, now_ns=24 * S) == 2.0
