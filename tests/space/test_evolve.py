"""The fold never fails, whatever the log holds, and its wire form survives the journey."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import space
from hustings.errors import BadInput
from hustings.space import Publishing, Role, Space, Status
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
    e.Withheld(**AT, recording_seconds=1.5, receipt_sha256="ab"),
    e.SeatGranted(**AT, seat="s1", name="Ann", role=Role.SPEAKER, person="a-ann"),
    e.SeatRoleSet(**AT, seat="s1", role=Role.COHOST),
    e.UnmuteAsked(**AT, seat="s1"),
    e.SeatHandRaised(**AT, seat="s1"),
    e.SeatHandLowered(**AT, seat="s1"),
    e.Edited(**AT, title="U", publishing=Publishing.REVIEW, guests=False),
    e.RoomSet(**AT, slow_s=5, chat_open=False, equal_time=True, speaker_s=60),
    e.Rehearsed(**AT, on=True),
    e.Ending(**AT, ends_at_ms=50),
    e.EndingUndone(**AT),
    e.HandRaised(**AT, person="a-ann", name="Ann", note="A word"),
    e.HandLowered(**AT, person="a-ann"),
    e.HandInvited(**AT, person="a-ann", seat="s1"),
    e.HandUninvited(**AT, person="a-ann"),
    e.PollOpened(**AT, poll="p1", question="Tea?", options=("Yes", "No")),
    e.PollClosed(**AT, poll="p1"),
    e.Pinned(**AT, pin="n1", text="Slides", url="https://example.org"),
    e.Unpinned(**AT, pin="n1"),
    e.MessageRemoved(**AT, message="m1", reason="R"),
    e.MessageRestored(**AT, message="m1"),
    e.QuestionMarked(**AT, question="m1", state="asking"),
    e.QuestionMarked(**AT, question="m1", state="answered"),
    e.PersonBlocked(**AT, person="a-ann", name="Ann", reason="R"),
    e.PersonUnblocked(**AT, person="a-ann"),
)
# Entries as a log of 2025 holds them: every version reads them, and they mean what they meant.
OLD: dict[bytes, e.Event] = {
    b'{"type":"scheduled","at_ms":5,"by":"ann","title":"T","description":"","language":"","host":"",'
    b'"starts_at_ms":9,"doors_at_ms":null,"private":false}': EVENTS[0],
    b'{"type":"posted","at_ms":5,"by":"ann","recording_seconds":1.5,"receipt_sha256":"ab"}': EVENTS[
        8
    ],
    b'{"type":"withheld","at_ms":5,"by":"ann","reason":""}': EVENTS[9],
    b'{"type":"seat_granted","at_ms":5,"by":"ann","seat":"s1","name":"Ann","role":"host"}': EVENTS[
        10
    ],
}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_wire_form(event: e.Event) -> None:
    assert space.decode(space.encode(event)) == event


@pytest.mark.parametrize("data", OLD)
def test_old_entries_are_read(data: bytes) -> None:
    assert space.decode(data) == OLD[data]


def test_an_old_log_leads_to_what_is_usual_today() -> None:
    state = of(*OLD.values())
    assert (state.publishing, state.listed, state.guests) == (Publishing.AUTO, True, True)
    assert (state.hands_open, state.chat_open, state.slow_s) == (True, True, 0)
    assert state.recording_ready  # it was posted before it was withheld
    assert state.seats["s1"].person == ""


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
        assert not any(s.asked and not s.muted for s in state.seats.values())
        assert set(state.removed_last) == state.removed
        assert not set(state.blocked) & set(state.hands) or e.HandRaised in map(type, events)
        # An edge keeps the state in a file.
        assert msgspec.json.decode(msgspec.json.encode(state), type=Space) == state


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
