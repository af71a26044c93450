"""Gauges are added up figure by figure while they are fresh, and nonsense is refused."""

from __future__ import annotations

import pytest

from hustings import limits
from hustings.crowd import Gauge, Here, Rung, Sums
from hustings.crowd.gauge import decode, encode, total
from hustings.errors import BadInput

SPACE = "abcdefghij"


def _gauge(listening: int) -> Gauge:
    return Gauge(spaces={SPACE: Here(listening=listening)})


def test_each_figure_is_added_up_by_itself() -> None:
    one = Here(listening=5, rungs={Rung.LIVE: 4, Rung.SLOW: 1}, waiting=2, said={"clap": 3})
    two = Here(listening=2, rungs={Rung.LIVE: 2, Rung.TEXT: 9}, turned_away=7, said={"clap": 4})
    whole = total([one, two, Here()])
    assert whole == Here(
        listening=7,
        rungs={Rung.LIVE: 6, Rung.SLOW: 1, Rung.TEXT: 9},
        waiting=2,
        turned_away=7,
        said={"clap": 7},
    )


def test_it_travels_and_leaves_out_what_is_nothing() -> None:
    assert encode(Gauge()) == b"{}"
    here = Here(
        listening=1, rungs={Rung.SLOWER: 1}, came=b"12345678", sketch=b"\0\1", said={"no": 1}
    )
    gauge = Gauge(
        url="https://e.example", headroom=9, rung=Rung.SLOW, calls={SPACE: 4}, spaces={SPACE: here}
    )
    assert decode(encode(gauge)) == gauge


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"headroom": -1}',
        b'{"rung": "flying"}',
        b'{"spaces": {"abcdefghij": {"listening": 10000000000}}}',
        b'{"spaces": {"abcdefghij": {"sketch": "not base64"}}}',
    ],
)
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode(data)


def test_a_silent_edge_counts_no_more_and_a_restarted_one_once() -> None:
    sums = Sums(fresh_s=4.0)
    sums.take("edge-0-17", _gauge(30), now=10.0)
    sums.take("edge-1-18", _gauge(12), now=11.0)
    assert sums.here(SPACE, now=12.0).listening == 42
    sums.take("edge-1-18", _gauge(13), now=12.0)
    assert sums.here(SPACE, now=13.0).listening == 43
    assert sums.here(SPACE, now=14.5).listening == 13
    assert sums.here("unknown", now=14.5) == Here()
    sums.take("edge-0-99", _gauge(30), now=14.5)
    assert sums.here(SPACE, now=14.6).listening == 43
    assert set(sums.edges(now=14.6)) == {"edge-1-18", "edge-0-99"}


def test_a_flood_of_edges_is_bounded() -> None:
    sums = Sums(fresh_s=4.0)
    for i in range(limits.EDGES_COUNT + 50):
        sums.take(f"edge-{i}", _gauge(1), now=1.0)
    assert sums.here(SPACE, now=1.0).listening == limits.EDGES_COUNT
    sums.take("edge-0", _gauge(5), now=1.0)
    assert sums.here(SPACE, now=1.0).listening == limits.EDGES_COUNT + 4
    sums.take("edge-new", _gauge(1), now=9.0)
    assert sums.here(SPACE, now=9.0).listening == 1
