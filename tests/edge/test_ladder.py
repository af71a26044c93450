"""The ladder's clock and counters: readings become rungs, and nothing is given away twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from hustings import limits, pin
from hustings.config import Settings
from hustings.crowd import Rung
from hustings.edge.admission import Admit, Bounds, Redirect, Text, Wait
from hustings.edge.events import Payload
from hustings.edge.gauge import Neighbour
from hustings.edge.ladder import Ladder, Offer, Reading
from hustings.edge.line import Line
from hustings.edge.memory import Memory
from hustings.edge.metrics import Metrics
from hustings.edge.places import Visitor
from hustings.edge.visitors import Visitors, Who, keys_in

SPACE: Final = "abcdefghij"
IDLE: Final = Reading(
    listeners=0, readers=0, descriptors_left=10_000, busy=0.0, late_s=0.0, egress_bps=0.0
)
BOUNDS: Final = Bounds(
    listeners_max=10, readers_max=10, egress_bps_max=0, descriptors_kept=100, cdn_url=""
)


class Edge:
    """A ladder, and what it reads and tells."""

    def __init__(self, folder: Path, *, bounds: Bounds = BOUNDS, name: str = "edge-0") -> None:
        self.reading = IDLE
        self.neighbours: list[Neighbour] = []
        self.told: list[Payload] = []
        self.told_readers: list[Payload] = []
        self.metrics = Metrics()
        self.settings = Settings(data=str(folder))
        self.crowd = Visitors(lambda: None)
        self.ladder = Ladder(
            url="https://a.example",
            bounds=bounds,
            line=Line(edge=name, key=b"k" * 32),
            pin=pin.Pin(self.settings),
            memory=Memory(machine=folder / "none", group=folder),
            metrics=self.metrics,
            read=lambda: self.reading,
            neighbours=lambda: self.neighbours,
            tell=self.told.extend,
            tell_readers=self.told_readers.extend,
        )

    def visitor(self, who: int) -> Visitor:
        return Visitor(SPACE, Who(f"visitor {who}", b"%08d" % who), self.crowd)

    def read(self, **values: float) -> None:
        self.reading = replace(IDLE, **values)  # type: ignore[arg-type]
        self.ladder.second()


async def test_the_load_becomes_a_cadence_and_everybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RUNG_WORSEN_S", 0.0)
    monkeypatch.setattr(limits, "RUNG_IMPROVE_S", 0.0)
    edge = Edge(tmp_path)
    rungs = []
    for busy in (0.1, 0.55, 0.7, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1):
        edge.read(busy=busy)
        rungs.append(edge.ladder.rung)
    assert [str(rung) for rung in rungs] == [
        *("live", "live", "slow", "text", "text"),
        *("slower", "slow", "live", "live", "live"),
    ]
    told = [payload["rung"] for payload in edge.told if payload["type"] == "rung"]
    assert told == ["slow", "text", "slower", "slow", "live"]
    assert edge.metrics.get("hustings_edge_rung_changes_total") == 5
    assert edge.metrics.get("hustings_edge_rung") == 0


async def test_one_late_broadcast_is_not_a_limit(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    for late_s in (1.0, 0.0, 1.0, 0.0):
        edge.read(late_s=late_s)
        assert edge.ladder.listen(edge.visitor(1)) == Admit(320)
    edge.read(late_s=1.0)
    edge.read(late_s=1.0)
    assert edge.ladder.listen(edge.visitor(2)) == Text()


async def test_between_two_readings_no_place_is_given_twice(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    ways = [edge.ladder.listen(edge.visitor(who)) for who in range(15)]
    assert ways == [Admit(320)] * 10 + [Text()] * 5
    assert edge.metrics.get("hustings_edge_listeners_refused_total") == 5
    assert edge.crowd.here().turned_away == 5


async def test_an_edge_that_waits_for_nobody_tells_its_room(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    edge.read(listeners=7)
    assert (edge.ladder.house().headroom, edge.ladder.house().rung) == (3, Rung.LIVE)
    edge.read(listeners=10)
    edge.ladder.enter(edge.visitor(1))
    house = edge.ladder.house()
    assert (house.headroom, house.calls) == (0, {SPACE: 0})
    pin.write(edge.settings, "wait")
    edge.read(listeners=2)
    assert edge.ladder.house().headroom == 0
    assert edge.ladder.line.called == 0


async def test_no_more_are_sent_elsewhere_than_there_is_room(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    edge.neighbours = [Neighbour("edge-1", "https://b.example", 3, Rung.LIVE, {})]
    edge.read(listeners=10)
    offers = [edge.ladder.enter(edge.visitor(who)) for who in range(5)]
    there = Redirect("https://b.example", Rung.EDGE)
    assert [offer.way for offer in offers] == [there] * 3 + [Text()] * 2
    # It has not said anything new: those who were sent may still be on their way.
    edge.read(listeners=10)
    assert edge.ladder.enter(edge.visitor(9)).way == Text()
    edge.read(listeners=10)
    edge.read(listeners=10)
    assert edge.ladder.enter(edge.visitor(3)).way == there


async def test_no_more_read_than_there_is_room(tmp_path: Path) -> None:
    edge = Edge(tmp_path, bounds=replace(BOUNDS, readers_max=3))
    edge.read(listeners=10, readers=1)
    offers = [edge.ladder.enter(edge.visitor(who)) for who in range(3)]
    # One reads already: there is room for two of those who wait, and it is theirs.
    assert [offer.way for offer in offers] == [Text(), Text(), Wait()]
    assert not edge.ladder.read(edge.visitor(9))
    for who in (0, 1):
        assert edge.ladder.read(edge.visitor(who))
        edge.ladder.reads(edge.visitor(who), None, lambda: True)
        assert not edge.ladder.read(edge.visitor(9))
    edge.read(listeners=10, readers=3)
    assert not edge.ladder.read(edge.visitor(9))
    edge.read(listeners=10, readers=2)
    assert edge.ladder.read(edge.visitor(9))
    assert not edge.ladder.read(edge.visitor(1))


async def test_a_reader_who_came_after_its_call_hears_of_it(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    edge.read(listeners=10)
    edge.ladder.enter(edge.visitor(1))
    edge.read(listeners=9)
    edge.told_readers.clear()
    assert edge.ladder.read(edge.visitor(1))
    edge.ladder.reads(edge.visitor(1), None, lambda: True)
    edge.read(listeners=9, readers=1)
    assert edge.told_readers == [{"type": "line", "edge": "edge-0", "called": 1, "waiting": 0}]


async def test_a_number_of_another_edge_is_kept(tmp_path: Path) -> None:
    here, there = Edge(tmp_path), Edge(tmp_path, name="edge-1")
    here.read(listeners=10)
    there.read(listeners=10)
    waits = [there.ladder.enter(there.visitor(who)) for who in range(3)][2]

    def asks(called: int, rung: Rung | None = None) -> Offer:
        calls = {SPACE: called}
        here.neighbours = [Neighbour("edge-1", "https://a.example", 0, Rung.TEXT, calls)]
        return here.ladder.enter(here.visitor(2), token=waits.token, rung=rung)

    offer = asks(1)
    assert (offer.token, offer.number, offer.called, offer.place) == (waits.token, 3, 1, 1)
    assert (offer.way, asks(1, Rung.TEXT).way) == (Text(), Text())
    assert here.ladder.line.waiting == 0, "it waits in one line only"
    assert keys_in(here.crowd.here().came) == [here.visitor(2).id] * 2
    # It is called there, and nothing is free here.
    assert asks(3).way == Redirect("https://a.example", Rung.EDGE)
    here.read(listeners=9)
    assert asks(3).way == Admit(320)
    # That edge is gone.
    here.read(listeners=10)
    here.neighbours = []
    offer = here.ladder.enter(here.visitor(2), token=waits.token)
    assert (offer.number, offer.token != waits.token) == (1, True)


async def test_calls_are_told_to_readers_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALLS_COUNT", 3)
    edge = Edge(tmp_path)
    edge.read(listeners=10)
    offers = [edge.ladder.enter(edge.visitor(who)) for who in range(12)]
    assert [offer.number for offer in offers] == list(range(1, 13))
    for _ in range(4):
        edge.read(listeners=2)  # nobody has come yet: their places are kept
    called = [p["called"] for p in edge.told_readers if p["type"] == "line"]
    assert called == [3, 6, 8]
    assert edge.metrics.get("hustings_edge_called_total") == 8
    assert edge.ladder.house().headroom == 0  # four still wait
    assert not [p for p in edge.told if p["type"] == "line"]


async def test_what_is_private_is_in_no_cache(tmp_path: Path) -> None:
    edge = Edge(tmp_path, bounds=replace(BOUNDS, cdn_url="https://cdn.example"))
    edge.read(listeners=10)
    public = edge.visitor(1)
    assert edge.ladder.enter(public).way == Redirect("https://cdn.example", Rung.SEGMENTS)
    private = replace(edge.visitor(2), private=True)
    assert edge.ladder.enter(private).way == Text()
    assert edge.ladder.enter(private, rung=Rung.SEGMENTS).way == Text()


async def test_the_end_of_the_line_is_a_true_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINE_COUNT", 2)
    edge = Edge(tmp_path)
    edge.read(listeners=10)
    offers = [edge.ladder.enter(edge.visitor(who)) for who in range(3)]
    assert [offer.number for offer in offers] == [1, 2, None]
    assert offers[2].token is None
    assert offers[2].again_s > 0
