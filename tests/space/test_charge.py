"""Who is in charge: the deputy's order, when it is due, and that nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hustings import limits
from hustings.space import Event, Role, Space, Status, evolve
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.charge import due, successor
from hustings.space.charge_command import HandBack, PutInCharge, SetDeputy
from hustings.space.charge_event import DeputyInCharge, DeputySet
from tests.space.evening import HOST, NOW, Evening, live

TIMER: dict[str, Any] = {"by": "timer"}
AWAY_MS = round(limits.HOST_AWAY_S * 1000)


def staged() -> Evening:
    """Live, with a host, a speaker and two co-hosts, in that order."""
    evening = live()
    for seat, role in (("ben", Role.SPEAKER), ("eve", Role.COHOST), ("dan", Role.COHOST)):
        evening.do(c.GrantSeat(**HOST, seat=seat, name=seat.title(), seat_role=role))
    return evening


def named(seat: str, **asks: Any) -> SetDeputy:
    return SetDeputy(**(HOST | asks), seat=seat)


def put(*present: str) -> PutInCharge:
    return PutInCharge(**TIMER, present=frozenset(present))


def joined(seat: str) -> e.SeatJoined:
    return e.SeatJoined(at_ms=NOW, seat=seat, join=1, n=1)


def left(seat: str, *, cause: str = "lost", at_ms: int = NOW) -> e.SeatLeft:
    return e.SeatLeft(at_ms=at_ms, seat=seat, cause=cause, n=2)


def seen(evening: Evening, *events: Event) -> Space:
    for event in events:
        evening.state = evolve(evening.space, event)
    return evening.space


def test_the_host_names_a_deputy_and_nobody_else_does() -> None:
    evening = staged()
    assert evening.do(named("ben")).deputy == "ben"
    assert evening.refused(named("ben")) == "done"
    assert evening.refused(named("nobody")) == "seat"
    assert evening.refused(named("host")) == "value"
    assert evening.refused(named("eve", by="eve", role=Role.COHOST)) == "role"
    assert evening.refused(named("eve", by="ben", role=Role.SPEAKER)) == "role"
    assert evening.do(named("")).deputy == ""


def test_the_order_is_the_deputy_then_the_oldest_co_host_then_nobody() -> None:
    space = staged().space
    everybody = frozenset(space.seats)
    assert successor(space, everybody) == "eve"
    assert successor(space, everybody - {"eve"}) == "dan"
    assert successor(space, frozenset({"ben"})) == ""
    named_ben = replace(space, deputy="ben")
    assert successor(named_ben, everybody) == "ben"
    assert successor(named_ben, everybody - {"ben"}) == "eve"


def test_whoever_is_in_charge_may_what_a_co_host_may_and_no_longer() -> None:
    evening = staged()
    evening.do(named("ben"))
    assert evening.space.role_of("ben") is Role.SPEAKER
    space = evening.do(put("ben", "eve"))
    assert (space.in_charge, space.role_of("ben")) == ("ben", Role.COHOST)
    assert space.seats["ben"].role is Role.SPEAKER  # it is lent, not given
    assert space.role_of("host") is Role.HOST
    assert {**space.seats}.keys() == {"host", "ben", "eve", "dan"}
    assert evening.do(HandBack(**TIMER)).role_of("ben") is Role.SPEAKER


def test_it_happens_by_itself_or_not_at_all() -> None:
    evening = staged()
    for role in (Role.HOST, Role.COHOST):
        present = frozenset({"ben", "eve"})
        assert evening.refused(PutInCharge(by="x", role=role, present=present)) == "role"
        assert evening.refused(HandBack(by="x", role=role)) == "role"
    assert evening.refused(put("ben")) == "seat"
    assert evening.refused(put("stranger")) == "seat"
    assert evening.refused(HandBack(**TIMER)) == "done"


def test_of_two_studios_one_puts_in_charge() -> None:
    evening = staged()
    evening.do(put("eve", "dan"))
    assert evening.refused(put("eve", "dan")) == "done"
    assert evening.refused(put("eve")) == "done"
    assert evening.do(put("dan")).in_charge == "dan"  # the first one is gone as well
    evening.do(HandBack(**TIMER))
    assert evening.refused(HandBack(**TIMER)) == "done"


def test_it_is_due_some_seconds_after_the_host_was_lost() -> None:
    evening = staged()
    space = seen(evening, joined("host"), joined("eve"))
    assert due(space, at_desk=False) is None
    space = seen(evening, left("host"))
    assert space.seats["host"].lost
    assert due(space, at_desk=True) == (NOW + AWAY_MS, put("eve"))
    evening.do(put("eve"))
    assert due(evening.space, at_desk=True) is None
    space = seen(evening, joined("host"))
    assert not space.seats["host"].lost
    assert due(space, at_desk=False) == (0, HandBack(**TIMER))
    evening.do(HandBack(**TIMER))
    assert due(evening.space, at_desk=False) is None


def test_a_host_who_leaves_the_stage_and_stays_at_the_desk_is_in_charge() -> None:
    evening = staged()
    space = seen(evening, joined("eve"), joined("host"), left("host", cause="bye"))
    assert due(space, at_desk=True) is None
    assert due(space, at_desk=False) == (NOW + AWAY_MS, put("eve"))
    evening.do(put("eve"))
    assert due(evening.space, at_desk=True) == (0, HandBack(**TIMER))  # the desk is open again


def test_a_host_who_was_never_on_stage_is_at_the_desk() -> None:
    assert due(seen(staged(), joined("eve")), at_desk=False) is None


def test_with_nobody_to_take_over_nothing_is_due() -> None:
    evening = staged()
    space = seen(evening, joined("ben"), joined("host"), left("host"))
    assert due(space, at_desk=False) is None
    evening.do(named("ben"))  # too late is possible: a desk elsewhere
    assert due(evening.space, at_desk=False) == (NOW + AWAY_MS, put("ben"))


def test_a_deputy_who_is_lost_as_well_is_followed_by_the_next() -> None:
    evening = staged()
    seen(evening, joined("host"), joined("ben"), joined("dan"), left("host"))
    evening.do(named("ben"))
    evening.do(put("ben", "dan"))
    space = seen(evening, left("ben", at_ms=NOW + 60_000))
    assert due(space, at_desk=False) == (NOW + 60_000 + AWAY_MS, put("dan"))


def test_a_deputy_whose_seat_is_taken_away_is_none() -> None:
    evening = staged()
    evening.do(named("ben"))
    evening.do(put("ben"))
    space = evening.do(c.RevokeSeat(**HOST, seat="ben"))
    assert space.in_charge == ""
    assert successor(space, frozenset({"host"})) == ""
    # Renamed by an invitation, or given back: the host's word still holds.
    space = evening.do(c.GrantSeat(**HOST, seat="ben", name="Ben W.", seat_role=Role.SPEAKER))
    assert successor(space, frozenset({"ben"})) == "ben"


def test_a_deputy_gives_nobody_a_role_and_takes_none() -> None:
    evening = staged()
    evening.do(named("ben"))
    evening.do(put("ben"))
    lent: dict[str, Any] = {"by": "ben", "role": Role.COHOST}
    for seat, role in (("ben", Role.COHOST), ("eve", Role.SPEAKER)):
        assert evening.refused(c.SetSeatRole(**lent, seat=seat, seat_role=role)) == "role"
    new: dict[str, Any] = {"seat": "new", "name": "New"}
    assert evening.refused(c.GrantSeat(**lent, **new, seat_role=Role.COHOST)) == "role"
    assert "new" in evening.do(c.GrantSeat(**lent, **new, seat_role=Role.SPEAKER)).seats
    person = "a-dee"
    dee: dict[str, Any] = {"seat": "dee", "name": "Dee", "person": person}
    evening.do(c.GrantSeat(**HOST, **dee, seat_role=Role.COHOST))
    assert evening.refused(c.RevokeSeat(**lent, seat="dee")) == "role"
    assert evening.refused(c.BlockPerson(**lent, person=person, name="Dee")) == "role"
    assert "new" not in evening.do(c.RevokeSeat(**lent, seat="new")).seats
    evening.do(c.GrantSeat(**lent, **new, seat_role=Role.SPEAKER))
    # A co-host in charge has these rights by their own role.
    evening.do(named("eve"))
    evening.state = evolve(evening.space, DeputyInCharge(at_ms=NOW, by="timer", seat="eve"))
    assert (
        evening.do(c.SetSeatRole(by="eve", role=Role.COHOST, seat="new", seat_role=Role.COHOST))
        .seats["new"]
        .role
        is Role.COHOST
    )


def test_the_end_ends_it_and_before_the_doors_there_is_none() -> None:
    evening = staged()
    seen(evening, joined("host"), joined("eve"), left("host"))
    evening.do(put("eve"))
    ended = evening.do(c.End(by="eve", role=Role.COHOST))
    assert (ended.status, ended.in_charge) == (Status.ENDED, "")
    assert due(ended, at_desk=False) is None
    green = Evening(c.GrantSeat(**HOST, seat="eve", name="Eve", seat_role=Role.COHOST))
    space = seen(green, joined("host"), joined("eve"), left("host"))
    assert due(space, at_desk=False) is None
    assert green.refused(put("eve")) == "status"


def test_what_does_not_fit_changes_nothing() -> None:
    space = staged().space
    for event in (
        e.SeatLeft(at_ms=1, seat="nobody", cause="lost", n=1),
        DeputySet(at_ms=1, by="x", seat="nobody"),
        DeputyInCharge(at_ms=1, by="x", seat="nobody"),
    ):
        assert evolve(space, event) == space
