"""Every metric is described in the documentation, and counts what it says."""

from __future__ import annotations

import re
from pathlib import Path

from hustings.edge.metrics import METRICS, Metrics
from tests.edge.house import House

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_every_metric_is_documented() -> None:
    rows = re.findall(
        r"^\| `(hustings_edge_[a-z_]+)` \| (counter|gauge) \|", DOCS.read_text(), re.M
    )
    assert dict(rows) == {name: kind for name, (kind, _) in METRICS.items()}


def test_names_follow_their_kind() -> None:
    for name, (kind, meaning) in METRICS.items():
        assert name.endswith("_total") == (kind == "counter")
        assert meaning.endswith(".")


def test_the_page_is_prometheus_text() -> None:
    metrics = Metrics()
    metrics.add("hustings_edge_bytes_total", 12_345_678_901)
    metrics.set("hustings_edge_late_seconds", 0.25)
    text = metrics.render().decode()
    assert "\nhustings_edge_bytes_total 12345678901\n" in text
    assert "\nhustings_edge_late_seconds 0.25\n" in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+|[a-z_]+ [0-9.e+-]+", line), line


async def test_listening_is_counted(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    streams = [await h.push() for _ in range(4)]
    for n in (3, 4):
        await h.chunk(n)
    for stream in streams:
        for _ in range(3):
            await stream.piece()
    answer = await h.get("/metrics")
    assert answer.fields["content-type"].startswith("text/plain; version=0.0.4")
    values = dict(line.split(" ") for line in answer.body.decode().splitlines() if line[0] != "#")
    assert values["hustings_edge_listeners"] == "4"
    assert values["hustings_edge_frames_total"] == "8"
    assert values["hustings_edge_skipped_total"] == "0"
    assert values["hustings_edge_rooms"] == "1"
    assert int(values["hustings_edge_bytes_total"]) > 8 * 1_000
