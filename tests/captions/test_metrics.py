"""The captions' figures are Prometheus text, and every one is documented."""

from __future__ import annotations

import re
from pathlib import Path

from hustings.captions.metrics import FILE, METRICS, Metrics

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_every_figure_is_documented() -> None:
    row = re.compile(r"^\| `(hustings_captions_\w+)` \| (\w+) \| (.+?) \|$", re.M)
    rows = row.findall(DOCS.read_text())
    assert {name: kind for name, kind, _ in rows} == {n: kind for n, (kind, _) in METRICS.items()}


def test_names_follow_their_kind() -> None:
    for name, (kind, meaning) in METRICS.items():
        assert name.endswith("_total") == (kind == "counter")
        assert meaning.endswith(".")


def test_the_file_is_prometheus_text(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.add("finals_total")
    metrics.add("busy_seconds_total", 0.25)
    metrics.set("rung", 2)
    metrics.write(tmp_path / "captions")
    metrics.write(tmp_path / "captions")
    assert [p.name for p in (tmp_path / "captions").iterdir()] == [FILE]
    text = (tmp_path / "captions" / FILE).read_text()
    assert "\nhustings_captions_finals_total 1\n" in text
    assert "\nhustings_captions_busy_seconds_total 0.25\n" in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+|[a-z_]+ [0-9.e+-]+", line), line
