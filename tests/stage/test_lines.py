"""The line watch, second by second: what is lost, what comes late, who is gone."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from hustings.space.line import Line
from hustings.stage.alarm import Notice
from hustings.stage.lines import LineWatch, Reading
from hustings.stage.transport import TransportStats


class Counted:
    """The counts of one transport, which go on by 50 packets a second."""

    def __init__(self, join: int = 1) -> None:
        self.join = join
        self.received = self.lost = 0

    def second(
        self, loss: float = 0.0, *, back: float = 0.0, rtt_ms: float = 40.0,
        buffer_ms: float = 40.0, silent: float = False,
    ) -> Reading:  # fmt: skip
        if not silent:
            self.lost += round(50 * loss)
            self.received += 50 - round(50 * loss)
        stats = TransportStats(
            packets_received=self.received, packets_lost=self.lost, jitter_ms=3.21, rtt_ms=rtt_ms,
            remote_loss=back,
        )  # fmt: skip
        return Reading(seat="ann", join=self.join, stats=stats, buffer_ms=buffer_ms)


def told(watch: LineWatch, readings: Iterable[Reading]) -> list[Notice]:
    return [notice for reading in readings for notice in watch.read([reading])[1]]


def test_the_line_is_that_of_the_last_five_seconds() -> None:
    watch, ann = LineWatch(), Counted()
    for _ in range(20):
        watch.read([ann.second(0.2)])
    for _ in range(5):
        lines, _ = watch.read([ann.second(0.04, back=0.02)])
    assert lines == {
        "ann": Line(loss=0.04, loss_back=0.02, jitter_ms=3.2, rtt_ms=40.0, buffer_ms=40.0)
    }


@pytest.mark.parametrize("way", ["loss", "back"])
def test_lost_packets_are_told_either_way_and_when_it_is_over(way: str) -> None:
    watch, ann = LineWatch(), Counted()
    assert told(watch, [ann.second() for _ in range(10)]) == []
    assert told(watch, [ann.second(**{way: 0.3}) for _ in range(8)]) == [Notice("line_loss", "ann")]
    assert (
        told(watch, [ann.second(**{way: 0.06}) for _ in range(10)]) == []
    )  # neither well nor worse
    assert told(watch, [ann.second() for _ in range(10)]) == [Notice("line_loss", "ann", over=True)]


def test_one_gust_is_no_bad_line() -> None:
    watch, ann = LineWatch(), Counted()
    told(watch, [ann.second() for _ in range(10)])
    assert told(watch, [ann.second(0.3), *(ann.second() for _ in range(10))]) == []


@pytest.mark.parametrize("late", [{"rtt_ms": 600.0}, {"buffer_ms": 240.0}])
def test_a_line_on_which_all_comes_late(late: dict[str, float]) -> None:
    watch, ann = LineWatch(), Counted()
    assert told(watch, [ann.second(**late) for _ in range(4)]) == []
    assert told(watch, [ann.second(**late) for _ in range(9)]) == [Notice("line_late", "ann")]
    assert told(watch, [ann.second() for _ in range(9)]) == [Notice("line_late", "ann", over=True)]


def test_who_sends_nothing_is_gone_and_comes_back() -> None:
    watch, ann = LineWatch(), Counted()
    told(watch, [ann.second() for _ in range(3)])
    assert told(watch, [ann.second(silent=True)]) == []
    assert told(watch, [ann.second(silent=True)]) == [Notice("seat_gone", "ann")]
    assert told(watch, [ann.second()]) == [Notice("seat_gone", "ann", over=True)]


def test_who_was_lost_is_gone_until_another_transport_comes() -> None:
    watch, ann = LineWatch(), Counted()
    told(watch, [ann.second() for _ in range(3)])
    assert watch.left("ann", "lost") == [Notice("seat_gone", "ann")]
    assert watch.read([]) == ({}, [])
    assert watch.joined("ann") == [Notice("seat_gone", "ann", over=True)]
    again = Counted(join=2)
    told(watch, [again.second() for _ in range(3)])
    assert told(watch, [again.second(silent=True) for _ in range(9)]) == [
        Notice("seat_gone", "ann")
    ]
    assert watch.left("ann", "lost") == []  # it was told already
    assert watch.joined("ann") == [Notice("seat_gone", "ann", over=True)]


@pytest.mark.parametrize("cause", ["bye", "revoked", "replaced"])
def test_who_leaves_is_not_waited_for(cause: str) -> None:
    watch, ann = LineWatch(), Counted()
    told(watch, [ann.second() for _ in range(3)])
    assert watch.left("ann", cause) == []
    assert watch.joined("ann") == []


def test_another_transport_of_a_seat_counts_anew() -> None:
    watch, ann = LineWatch(), Counted()
    told(watch, [ann.second(0.02) for _ in range(9)])
    lines, notices = watch.read([Counted(join=2).second()])
    assert lines["ann"].loss == 0
    assert notices == []
