"""The fold never fails, whatever the log holds, and its wire form survives the journey."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import space
from hustings.errors import BadInput
from hustings.space import Role, Space, Status
from hustings.space import event as e

AT: dict[str, Any] = {"at_ms": 5, "by": "ann"}
EVENTS: tuple[e.Event, ...] = (
    e.Scheduled(**AT, title="T", starts_at_ms=9),
    e.Delayed(**AT, starts_at_ms=10, reason="Late."),
    e.Cancelled(**AT),
    e.DoorsOpened(**AT),
    e.WentLive(**AT),
    e.Held(**AT, reason="R", by_system=True),
    e.Resumed(**AT),
    e.Ended(**AT),
    e.Posted(**AT, recording_seconds=1.5, receipt_sha256="ab"),
    e.Withheld(**AT),
    e.SeatGranted(**AT, seat="s1", name="Ann", role=Role.HOST),
    e.SeatRevoked(**AT, seat="s1"),
    e.SeatMuted(**AT, seat="s1"),
    e.SeatUnmuted(**AT, seat="s1"),
    e.OnAir(at_ms=5, n=7, live=True),
    e.OnAir(at_ms=5, n=8, live=False),
    e.StageTaken(at_ms=5, n=7, epoch=3, cause="opened"),
    e.SeatJoined(at_ms=5, seat="s1", join=1, n=0),
    e.SeatLeft(at_ms=5, seat="s1", cause="bye", n=0),
    e.Spoke(at_ms=5, seat="s1", speaking=True, n=2),
    e.Warned(at_ms=5, code="dead_air", advice="Nobody can be heard.", n=2),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_wire_form(event: e.Event) -> None:
    assert space.decode(space.encode(event)) == event


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"{}", b'{"type":"x"}', b'{"type":"ended"}', b'{"type":"ended","at_ms":"1"}'],
)
def test_malformed_events_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="expected a JSON event"):
        space.decode(data)


@given(st.lists(st.sampled_from(EVENTS)))
def test_any_order_folds(events: list[e.Event]) -> None:
    state = space.fold("abcd", events)
    assert (state is None) == (not events)
    if state is not None:
        assert set(state.seats) <= {"s1"}
        assert not any(s.muted and s.speaking for s in state.seats.values())


def of(*events: e.Event) -> Space:
    state = space.fold("abcd", events)
    assert state is not None
    return state


def test_first_live_chunk_is_kept() -> None:
    first, second = e.OnAir(at_ms=1, n=40, live=True), e.OnAir(at_ms=1, n=90, live=True)
    assert of(first, e.OnAir(at_ms=1, n=60, live=False), second).live_n == 40


def test_the_end_empties_the_stage() -> None:
    granted, joined, spoke = EVENTS[10], EVENTS[17], EVENTS[19]
    assert of(granted, joined, spoke).seats["s1"].speaking
    ended = of(granted, joined, spoke, e.Ended(**AT))
    assert ended.status is Status.ENDED
    assert not ended.seats["s1"].connected
    assert not ended.seats["s1"].speaking


def test_muting_silences_and_observations_follow() -> None:
    granted, muted, joined, left, spoke = (EVENTS[i] for i in (10, 12, 17, 18, 19))
    assert not of(granted, joined, spoke, muted).seats["s1"].speaking
    assert not of(granted, joined, muted, spoke).seats["s1"].speaking
    assert not of(granted, joined, left).seats["s1"].connected
    assert of(joined, left, spoke, muted).seats == {}


def test_doors_move_with_the_start() -> None:
    made = e.Scheduled(**AT, title="T", starts_at_ms=10_000, doors_at_ms=9_000)
    later = of(made, e.Delayed(**AT, starts_at_ms=25_000, reason="Late."))
    assert (later.starts_at_ms, later.doors_at_ms) == (25_000, 24_000)
    again = of(
        made,
        e.Delayed(**AT, starts_at_ms=25_000, reason="Late."),
        e.Delayed(**AT, starts_at_ms=20_000, reason="Not so late."),
    )
    assert again.doors_at_ms == 19_000
    by_hand = of(
        e.Scheduled(**AT, title="T", starts_at_ms=10_000),
        e.Delayed(**AT, starts_at_ms=25_000, reason="Late."),
    )
    assert by_hand.doors_at_ms is None
