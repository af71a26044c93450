"""Rows: which ratio is told, and when a target counts as met or tied."""

from __future__ import annotations

import json

import pytest

from bench import report
from bench.report import Peer


def test_the_ratio_is_that_of_rounds_not_of_medians() -> None:
    # The machine became slower from round to round, for both alike.
    row = report.times_at_most("w", "u", [1.0, 2.0, 3.0], Peer("P", "1", [1.0, 2.0, 3.0]), 1.0)
    assert (row.ratio, row.met, row.tie) == (1.0, True, False)


@pytest.mark.parametrize(
    ("ours", "met", "tie"), [(1.0, True, False), (1.09, False, True), (1.2, False, False)]
)
def test_a_miss_of_less_than_a_tenth_is_a_tie(ours: float, met: bool, tie: bool) -> None:
    row = report.times_at_most("w", "u", [ours], Peer("P", "1", [1.0]), 1.0)
    assert (row.met, row.tie) == (met, tie)
    row = report.at_most("w", "u", [ours], 1.0)
    assert (row.met, row.tie) == (met, tie)


@pytest.mark.parametrize(
    ("ours", "met", "tie"), [(20.0, True, False), (18.5, False, True), (17.0, False, False)]
)
def test_at_least_is_the_other_way_round(ours: float, met: bool, tie: bool) -> None:
    row = report.times_at_least("w", "u", [ours], Peer("P", "1", [1.0]), 20.0)
    assert (row.met, row.tie) == (met, tie)


def test_nothing_is_met_against_a_peer_that_is_missing() -> None:
    row = report.times_at_most("w", "u", [1.0], Peer("P", "missing", []), 1.0)
    assert (row.ratio, row.met, row.tie) == (None, False, False)
    assert row.peer == {"name": "P", "version": "missing"}


def test_the_object_and_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    peer = Peer("P", "1", [1.0])
    good = report.times_at_most("a", "u", [1.05], peer, 1.0)
    assert report.show("x", rounds=1, rows=[good, report.noted("n", "u", [9.0], peer)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"name", "rounds", "machine", "rows"}
    assert set(said["rows"][0]) == {"what", "unit", "ours", "peer", "ratio", "target", "met", "tie"}
    assert report.show("x", rounds=1, rows=[report.at_most("b", "u", [1.2], 1.0)]) == 1
