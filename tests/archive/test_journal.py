"""What happened, with its place: causes of gaps, reasons of holds, talk time."""

from __future__ import annotations

import json

import pytest

from hustings.archive.journal import Hold, Journal
from hustings.archive.slots import Slot
from hustings.archive.spans import Span, Spans
from hustings.archive.timeline import build
from hustings.chunk import silent
from hustings.space import Role
from hustings.space import event as e
from hustings.space.replay_event import ChapterMarked


def _spans(*spans: tuple[int, int]) -> Spans:
    """Spans given as (first number, count)."""
    made, index = Spans(), 0
    for first, count in spans:
        for n in range(first, first + count):
            chunk = silent(n, epoch=1)
            slot = Slot(
                index=index, n=n, chunk=chunk, after=None, opens=n == first,
                closes=n == first + count - 1, stamp_ns=0,
            )  # fmt: skip
            made.add(slot)
            index += 1
    return made


def _journal(*events: tuple[int, e.Decided | e.Observed]) -> Journal:
    """A journal of events, each with the newest chunk before it."""
    journal = Journal("abcdefghij")
    for newest, event in events:
        journal.add(event, newest_n=newest)
    return journal


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (e.StageTaken(at_ms=0, n=15, epoch=9, cause="takeover"), "takeover"),
        (e.StageTaken(at_ms=0, n=15, epoch=9, cause="restart"), "restart"),
        (e.StageTaken(at_ms=0, n=0, epoch=1, cause="opened"), "unknown"),
        (e.Warned(at_ms=0, code="log_away", advice="", n=160), "log_away"),
        (e.Warned(at_ms=0, code="log_away", advice="", n=900), "unknown"),
        (e.Warned(at_ms=0, code="clipping", advice="", n=15, seat="ada"), "unknown"),
    ],
)
def test_a_gap_has_the_cause_that_was_noted_near_it(event: e.Observed, cause: str) -> None:
    assert _journal((14, event)).cause(Span(first_n=10, index=0, count=5)) == cause


def test_each_hold_has_its_reason() -> None:
    journal = _journal(
        (11, e.Held(at_ms=1, by="host", reason="tea")),
        (14, e.Resumed(at_ms=2, by="host")),
        (19, e.Held(at_ms=3, by="system", reason="restart", by_system=True)),
        (30, e.Resumed(at_ms=4, by="system")),
    )
    assert journal.holds(_spans((10, 2), (15, 5), (31, 1))) == [
        Hold(at_ms=640, length_ms=3 * 320, reason="tea", by_system=False),
        Hold(at_ms=7 * 320, length_ms=11 * 320, reason="restart", by_system=True),
    ]


def test_a_decision_stands_where_it_was_heard() -> None:
    """The chunk in the making goes out before the programme turns, two at a takeover."""
    journal = _journal(
        (8, e.WentLive(at_ms=0, by="host")), (9, e.OnAir(at_ms=0, n=10, live=True)),
        (17, e.Held(at_ms=1, by="host")), (19, e.OnAir(at_ms=1, n=20, live=False)),
        (24, e.Resumed(at_ms=2, by="host")), (25, e.OnAir(at_ms=2, n=26, live=True)),
        # Held and back before the stage had turned: no mark is its own.
        (26, e.Held(at_ms=3, by="host")), (26, e.Resumed(at_ms=4, by="host")),
        (29, e.Ended(at_ms=5, by="host")), (31, e.OnAir(at_ms=5, n=32, live=False)),
    )  # fmt: skip
    spans = _spans((10, 10), (26, 6))
    timeline = json.loads(build(journal, spans, []))
    assert [(event["type"], event["at_ms"] / 320) for event in timeline["events"]] == [
        ("live", 0), ("held", 10), ("resumed", 10), ("held", 11), ("resumed", 11), ("ended", 16),
    ]  # fmt: skip
    assert timeline["duration_ms"] == 16 * 320
    assert [hold.at_ms for hold in journal.holds(spans)] == [10 * 320]


def test_with_a_delay_decisions_stand_where_they_were_heard() -> None:
    """Behind by 4 chunks (1,280 ms): what was decided is heard later, and a cut at once."""
    journal = _journal(
        (0, e.Scheduled(at_ms=0, by="h", title="A", delay_s=1)),
        (0, e.SeatGranted(at_ms=0, by="h", seat="ada", name="Ada", role=Role.HOST)),
        (5, e.WentLive(at_ms=1_600, by="h")), (9, e.OnAir(at_ms=3_200, n=10, live=True)),
        (11, ChapterMarked(at_ms=3_900, by="h", title="Now")),
        (12, e.SeatMuted(at_ms=4_000, by="ada", seat="ada")),
        # Held, and back before the hold was heard; then cut while both are heard.
        (14, e.Held(at_ms=4_500, by="h", reason="tea")), (16, e.Resumed(at_ms=5_200, by="h")),
        (17, e.OnAir(at_ms=5_800, n=18, live=False)), (19, e.OnAir(at_ms=6_500, n=20, live=True)),
        (24, e.Held(at_ms=8_000, by="h", reason="oh", cut=True)),
        (25, e.OnAir(at_ms=8_300, n=26, live=False)),
        (60, e.Ended(at_ms=20_000, by="h")), (60, e.OnAir(at_ms=20_000, n=61, live=False)),
    )  # fmt: skip
    spans = _spans((10, 8), (20, 6))
    assert journal.holds(spans) == [
        Hold(at_ms=8 * 320, length_ms=2 * 320, reason="tea", by_system=False),
        Hold(at_ms=14 * 320, length_ms=0, reason="oh", by_system=False, cut=True),
    ]
    events = json.loads(build(journal, spans, []))["events"]
    assert [(event["type"], event["at_ms"] / 320, event["wall_ms"]) for event in events] == [
        ("live", 0, 2_880), ("muted", 7, 5_280), ("held", 8, 5_780), ("resumed", 8, 6_480),
        ("cut", 14, 8_000), ("ended", 14, 20_000),
    ]  # fmt: skip
    assert [fact.n for fact in journal.facts if isinstance(fact.event, ChapterMarked)] == [16]


def test_a_stage_that_filled_its_delay_anew_is_the_platforms_hold() -> None:
    journal = _journal(
        (0, e.Scheduled(at_ms=0, by="h", title="A", delay_s=1)),
        (5, e.Held(at_ms=10, by="h", reason="long ago")),
        (6, e.OnAir(at_ms=1_600, n=7, live=False)),
        (8, e.Resumed(at_ms=2_000, by="h")), (9, e.OnAir(at_ms=3_500, n=10, live=True)),
        (19, e.StageTaken(at_ms=9_000, n=20, epoch=9, cause="takeover")),
        (20, e.OnAir(at_ms=9_000, n=20, live=False)), (24, e.OnAir(at_ms=10_300, n=24, live=True)),
    )  # fmt: skip
    holds = journal.holds(_spans((1, 6), (10, 10), (24, 4)))
    assert holds[0].reason == "long ago"
    assert holds[1] == Hold(at_ms=16 * 320, length_ms=4 * 320, reason="", by_system=True)


def test_talk_time_counts_what_is_on_air() -> None:
    def spoke(n: int, speaking: bool, seat: str = "ada") -> tuple[int, e.Observed]:
        return n, e.Spoke(at_ms=n, seat=seat, speaking=speaking, n=n)

    granted = [
        (0, e.SeatGranted(at_ms=0, by="h", seat=seat, name=seat, role=Role.SPEAKER))
        for seat in ("ada", "bob", "cid", "dan")
    ]
    journal = _journal(
        *granted,
        spoke(5, True), spoke(12, False),  # 2 of these on air
        spoke(18, True), spoke(23, False),  # a hold from 20 to 22 in it: 3
        spoke(11, True, "bob"), (13, e.SeatMuted(at_ms=0, by="bob", seat="bob")),  # 3
        spoke(24, True, "cid"),  # to the end: 1
        spoke(20, True, "dan"), spoke(22, False, "dan"),  # off air
    )  # fmt: skip
    spans = _spans((10, 10), (22, 3))
    assert journal.talk_ms(spans) == {"ada": 5 * 320, "bob": 3 * 320, "cid": 320, "dan": 0}
    assert [(s.seat, s.at_ms, s.wall_ms) for s in journal.speeches(spans)] == [
        ("ada", 0, 5), ("bob", 320, 11), ("ada", 8 * 320, 18), ("cid", 12 * 320, 24),
    ]  # fmt: skip


def test_seats_that_were_taken_away_are_remembered() -> None:
    journal = _journal(
        (0, e.SeatGranted(at_ms=0, by="h", seat="ada", name="Ada", role=Role.HOST)),
        (9, e.SeatRevoked(at_ms=0, by="h", seat="ada")),
    )
    assert journal.seats["ada"].name == "Ada"
    assert not journal.space.seats
