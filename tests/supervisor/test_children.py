"""A child is restarted with backoff and handed the supervisor's settings."""

from __future__ import annotations

from hustings import limits
from hustings.supervisor.children import pause_before


def test_pauses_grow_to_a_bound() -> None:
    pauses = [pause_before(i) for i in range(10)]
    assert pauses[0] == 0.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == limits.RESTART_BACKOFF_S[-1]
