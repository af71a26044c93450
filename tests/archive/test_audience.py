"""Gauges of edges are added up while they are fresh; the greatest sum survives."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hustings import limits
from hustings.archive.audience import Audience, Peak


def _gauge(**spaces: int) -> bytes:
    return msgspec.json.encode({"spaces": {k: {"listening": v} for k, v in spaces.items()}})


def test_edges_are_added_up_space_by_space() -> None:
    audience = Audience()
    assert audience.heard("edge-0", _gauge(one=3, two=1), now=10.0) == ["one", "two"]
    audience.heard("edge-1", _gauge(one=4), now=10.5)
    assert audience.listening("one", now=11.0) == 7
    assert audience.listening("two", now=11.0) == 1
    assert audience.listening("none", now=11.0) == 0


def test_an_edges_newest_gauge_counts_and_a_silent_edge_does_not() -> None:
    audience = Audience()
    audience.heard("edge-0", _gauge(one=3), now=10.0)
    audience.heard("edge-1", _gauge(one=5), now=10.0)
    audience.heard("edge-1", _gauge(one=2), now=11.0)
    assert audience.listening("one", now=11.0) == 5
    assert audience.listening("one", now=10.1 + limits.CROWD_FRESH_S) == 2


def test_what_is_no_gauge_changes_nothing() -> None:
    audience = Audience()
    audience.heard("edge-0", _gauge(one=3), now=10.0)
    for data in (b"", b"{}", b"[1]", b'{"spaces": {"one": {"listening": "many"}}}', b"\xff"):
        assert audience.heard("edge-0", data, now=10.0) == []
    assert audience.listening("one", now=10.0) == 3


def test_the_peak_survives_and_only_grows(tmp_path: Path) -> None:
    path = tmp_path / "listening.json"
    peak = Peak(path)
    for value in (2, 9, 4):
        peak.see(value)
    again = Peak(path)
    again.see(5)
    assert again.count.value == 9
    for rubbish in ("", "[]", '{"listening": null}', "{"):
        path.write_text(rubbish)
        assert Peak(path).count.value == 0
