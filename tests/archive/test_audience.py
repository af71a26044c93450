"""Gauges of edges are added up space by space while they are fresh."""

from __future__ import annotations

import msgspec

from hustings import limits
from hustings.archive.audience import Audience


def _gauge(**spaces: int) -> bytes:
    return msgspec.json.encode({"spaces": {k: {"listening": v} for k, v in spaces.items()}})


def _listening(audience: Audience, space: str, *, now: float) -> int:
    return audience.here(space, now=now).listening


def test_edges_are_added_up_space_by_space() -> None:
    audience = Audience()
    gauge = audience.heard("edge-0", _gauge(one=3, two=1), now=10.0)
    assert gauge is not None
    assert list(gauge.spaces) == ["one", "two"]
    audience.heard("edge-1", _gauge(one=4), now=10.5)
    assert _listening(audience, "one", now=11.0) == 7
    assert _listening(audience, "two", now=11.0) == 1
    assert _listening(audience, "none", now=11.0) == 0


def test_an_edges_newest_gauge_counts_and_a_silent_edge_does_not() -> None:
    audience = Audience()
    audience.heard("edge-0", _gauge(one=3), now=10.0)
    audience.heard("edge-1", _gauge(one=5), now=10.0)
    audience.heard("edge-1", _gauge(one=2), now=11.0)
    assert _listening(audience, "one", now=11.0) == 5
    assert _listening(audience, "one", now=10.1 + limits.CROWD_FRESH_S) == 2


def test_what_is_no_gauge_changes_nothing() -> None:
    audience = Audience()
    audience.heard("edge-0", _gauge(one=3), now=10.0)
    broken = b'{"spaces": {"one": {"listening": "many"}}}'
    negative = b'{"spaces": {"one": {"listening": -3}}}'
    for data in (b"", b"[1]", broken, negative, b"\xff"):
        assert audience.heard("edge-0", data, now=10.0) is None
    assert _listening(audience, "one", now=10.0) == 3
