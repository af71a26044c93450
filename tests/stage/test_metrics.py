"""The stage's figures: their form, what counts, and that docs/metrics.md has them all."""

from __future__ import annotations

import re
from pathlib import Path

from hustings import limits
from hustings.stage.metrics import LATE_BOUNDS_S, METRICS, Metrics, Totals, labelled, late_totals

DOC = Path(__file__).parents[2] / "docs" / "metrics.md"
SERIES = re.compile(r'hustings_stage_[a-z_]+\{[a-z_]+="[^"]*"(,[a-z]+="[^"]*")*\} [0-9.e+-]+')


def test_every_figure_is_rendered_and_documented() -> None:
    text = Metrics(index=3).render()
    assert set(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)) == {
        (name, kind) for name, (kind, _) in METRICS.items()
    }
    assert all(SERIES.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))
    rows = re.findall(r"^\| `(hustings_stage_[a-z_]+)` \| (\w+) \|", DOC.read_text(), re.M)
    assert dict(rows) == {name: kind for name, (kind, _) in METRICS.items()}


def test_totals_of_sessions_add_up_and_stay() -> None:
    metrics = Metrics(index=0)
    own = labelled("encodes_total", "encoder", "own")
    metrics.grow(1, Totals({own: 5, "packets_lost_total": 2}))
    metrics.grow(2, Totals({own: 1}))
    metrics.grow(1, Totals({own: 8, "packets_lost_total": 2}))
    metrics.end(1)
    metrics.grow(3, Totals({own: 4}))
    assert metrics[own] == 13
    text = metrics.render()
    assert 'hustings_stage_encodes_total{stage="0",encoder="own"} 13\n' in text
    assert 'hustings_stage_packets_lost_total{stage="0"} 2\n' in text


def test_the_histogram_is_one() -> None:
    metrics = Metrics(index=0)
    buckets = [0] * (len(LATE_BOUNDS_S) + 1)
    buckets[1], buckets[3], buckets[-1] = 90, 9, 1
    metrics.grow(1, late_totals(buckets, 2_500_000_000))
    assert metrics.ticks == 100
    assert metrics.late_s(0.5) == LATE_BOUNDS_S[1]
    assert metrics.late_s(0.99) == LATE_BOUNDS_S[3]
    text = metrics.render()
    found = re.findall(r'_bucket\{stage="0",le="([^"]+)"\} (\d+)', text)
    assert [int(count) for _, count in found] == [0, 90, 90, 99, *([99] * 6), 100]
    assert found[-1][0] == "+Inf"
    assert 'hustings_stage_tick_late_seconds_sum{stage="0"} 2.5\n' in text
    assert 'hustings_stage_tick_late_seconds_count{stage="0"} 100\n' in text


def test_codes_that_nobody_foresaw_are_bounded() -> None:
    metrics = Metrics(index=0)
    for i in range(1_000):
        metrics.add(labelled("warnings_total", "code", f"code{i}"))
    assert metrics.render().count("\n") < limits.METRIC_SERIES_COUNT + 100


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    metrics = Metrics(index=1)
    metrics.write(tmp_path)
    metrics.set("spaces", 4)
    metrics.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics-1.prom"]
    assert 'hustings_stage_spaces{stage="1"} 4\n' in (tmp_path / "metrics-1.prom").read_text()
