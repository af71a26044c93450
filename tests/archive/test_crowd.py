"""The figures of an evening: peak, listener-minutes and distinct, through crashes and restarts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hustings import limits
from hustings.archive.crowd import Crowd
from hustings.crowd import Gauge, Here, Rung, Sketch, hashed

SPACE = "abcdefghij"
SALT = b"s" * 32
WALL_MS = 1_900_000_000_000


def _sketch(*names: str) -> bytes:
    sketch = Sketch()
    for name in names:
        sketch.add(hashed(name, SALT))
    return sketch.pack()


def _gauge(*, rung: Rung = Rung.LIVE, **figures: Any) -> Gauge:
    return Gauge(rung=rung, spaces={SPACE: Here(**figures)})


def _seconds(crowd: Crowd, counts: list[int], *, at_s: float = 0.0, on_air: bool = True) -> None:
    for i, count in enumerate(counts):
        here = Here(listening=count, rungs={Rung.LIVE: count})
        now = at_s + i
        crowd.second(here, now=now, wall_ms=WALL_MS + int(now * 1000), on_air=on_air)


def _document(crowd: Crowd) -> Any:
    return json.loads(crowd.document())


def test_peak_and_minutes_are_of_what_is_on_air(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    _seconds(crowd, [900] * 60, on_air=False)
    assert crowd.totals().peak == crowd.totals().listener_minutes == 0
    _seconds(crowd, [100] * 30 + [250] + [100] * 29, at_s=60.0)
    totals = crowd.totals()
    assert totals.peak == 250
    assert totals.peak_at_ms == WALL_MS + 90_000
    assert totals.listener_minutes == round((59 * 100 + 250) / 60)


def test_what_nobody_saw_is_not_made_up(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    _seconds(crowd, [60, 60])
    _seconds(crowd, [60], at_s=3_600.0)  # this process stood still for an hour
    assert crowd.totals().listener_minutes == round(1 + limits.CROWD_FRESH_S)


def test_the_same_visitor_at_two_edges_or_after_a_restart_is_one(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    crowd.heard("edge-0-17", _gauge(sketch=_sketch("a", "b")), wall_ms=WALL_MS)
    crowd.heard("edge-1-18", _gauge(sketch=_sketch("b", "c")), wall_ms=WALL_MS)
    crowd.heard("edge-0-19", _gauge(sketch=_sketch("a")), wall_ms=WALL_MS)
    crowd.heard("edge-0-19", _gauge(sketch=b"rubbish"), wall_ms=WALL_MS)
    assert crowd.totals().distinct == 3


def test_refusals_and_reactions_are_added_up_by_edge(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    for edge, away in (("edge-0-17", 3), ("edge-0-17", 5), ("edge-1-18", 2), ("edge-0-17", 4)):
        said = {"clap": 10, "<script>": 1}
        crowd.heard(edge, _gauge(turned_away=away, said=said), wall_ms=WALL_MS)
    totals = crowd.totals()
    assert totals.turned_away == 6
    assert totals.said == {"clap": 40}
    assert _document(crowd)["reactions"] == {"clap": 40}


def test_a_crash_costs_seconds(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    crowd.heard("edge-0", _gauge(sketch=_sketch("a", "b"), turned_away=2), wall_ms=WALL_MS)
    crowd.heard("edge-0", _gauge(said={"yes": 7}, turned_away=2), wall_ms=WALL_MS)
    _seconds(crowd, [120] * 61)
    # Killed here, in the middle of a line.
    with (tmp_path / "moments").open("ab") as file:
        file.write(b'\n{"type":"moment","at_ms":19000')
    again = Crowd(SPACE, tmp_path)
    assert again.totals() == crowd.totals()
    _seconds(again, [180] * 61, at_s=500.0)
    assert again.totals().peak == 180
    assert again.totals().listener_minutes == 120 + 180
    third = Crowd(SPACE, tmp_path)
    assert third.totals() == again.totals()
    assert [p["listening"] for p in _document(third)["curve"]["points"]][-1] == 180


def test_a_disk_that_refuses_costs_no_figure(tmp_path: Path) -> None:
    (tmp_path / "crowd").write_text("a file where the folder should be")
    crowd = Crowd(SPACE, tmp_path / "crowd")
    _seconds(crowd, [5] * 10)
    assert crowd.totals().peak == 5
    assert _document(crowd)["peak"]["listening"] == 5


@pytest.mark.parametrize(("hours", "step_s"), [(1, 10), (4, 20), (12, 50)])
def test_the_curve_is_bounded_and_has_its_peak(tmp_path: Path, hours: int, step_s: int) -> None:
    crowd = Crowd(SPACE, tmp_path)
    seconds = hours * 3600
    for now in range(0, seconds, 5):
        count = 777 if now == seconds // 2 else now % 500
        here = Here(listening=count, rungs={Rung.LIVE: count}, waiting=3)
        crowd.second(here, now=float(now), wall_ms=WALL_MS + now * 1000, on_air=True)
    curve = _document(crowd)["curve"]
    assert curve["step_ms"] == step_s * 1000
    assert len(curve["points"]) <= limits.CURVE_POINTS_COUNT
    assert len(curve["points"]) >= limits.CURVE_POINTS_COUNT // 3
    at = [point["at_ms"] for point in curve["points"]]
    assert at == sorted(at)
    assert max(point["listening"] for point in curve["points"]) == 777
    assert curve["points"][3]["rungs"] == {"live": curve["points"][3]["listening"]}
    assert curve["points"][3]["waiting"] == 3


def test_changes_of_rung_name_no_machine(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    told = (
        ("edge-0-17-box", Rung.LIVE),
        ("edge-1-18-box", Rung.LIVE),
        ("edge-0-17-box", Rung.SLOW),
    )
    for i, (edge, rung) in enumerate(told):
        for _ in range(3):
            crowd.heard(edge, _gauge(rung=rung, listening=1), wall_ms=WALL_MS + i)
    again = Crowd(SPACE, tmp_path)
    again.heard("edge-0-17-box", _gauge(rung=Rung.SLOW, listening=1), wall_ms=WALL_MS + 9)
    assert _document(again)["rung_changes"] == [
        {"at_ms": WALL_MS, "edge": "edge 0", "rung": "live"},
        {"at_ms": WALL_MS + 1, "edge": "edge 1", "rung": "live"},
        {"at_ms": WALL_MS + 2, "edge": "edge 0", "rung": "slow"},
    ]
    assert b"box" not in again.document()


def test_an_evening_without_anybody_has_a_file_too(tmp_path: Path) -> None:
    crowd = Crowd(SPACE, tmp_path)
    document = _document(crowd)
    assert document["peak"] == {"listening": 0, "at_ms": None, "how": document["peak"]["how"]}
    assert document["curve"]["points"] == []
    assert {name: count.value for name, count in crowd.counts().items()} == {
        "listening_most": 0, "listeners_distinct": 0, "listener_minutes": 0, "turned_away": 0,
    }  # fmt: skip
