"""Seats: persons on them, roles, and what a host may ask of a speaker."""

from __future__ import annotations

from hustings import limits
from hustings.space import Role, evolve
from hustings.space import command as c
from hustings.space.event import SeatJoined, SeatLeft
from hustings.space.presence import SetAway
from tests.space.evening import HOST, Evening


def granted(seat: str, *, person: str = "", role: Role = Role.SPEAKER) -> c.GrantSeat:
    return c.GrantSeat(**HOST, seat=seat, name="Ben", seat_role=role, person=person)


def test_a_seat_that_was_taken_away_is_given_back_as_it_was() -> None:
    evening = Evening(granted("ben", person="g-ben"), c.MuteSeat(**HOST, seat="ben"))
    evening.do(c.RevokeSeat(**HOST, seat="ben"))
    old = evening.space.seats_removed["ben"]
    assert (old.name, old.person, old.muted) == ("Ben", "g-ben", True)
    evening.do(granted("ben", person="g-ben"))
    assert evening.space.seats["ben"].muted  # nobody comes on air by being given a seat back
    assert evening.space.seats_removed == {}


def test_the_newest_removed_seats_are_kept() -> None:
    evening = Evening()
    for number in range(limits.SEATS_REMOVED_COUNT + 3):
        evening.do(granted(f"seat{number}"))
        evening.do(c.RevokeSeat(**HOST, seat=f"seat{number}"))
    assert len(evening.space.seats_removed) == limits.SEATS_REMOVED_COUNT
    assert list(evening.space.seats_removed)[-1] == f"seat{limits.SEATS_REMOVED_COUNT + 2}"


def test_nobody_has_two_seats_and_a_listener_has_none() -> None:
    evening = Evening(granted("ben", person="g-ben"))
    assert evening.refused(granted("ben2", person="g-ben")) == "done"
    assert evening.refused(granted("eve", person="nobody")) == "value"
    assert evening.refused(granted("eve", role=Role.LISTENER)) == "value"
    assert evening.refused(granted("eve", role=Role.HOST)) == "role"


def test_a_speaker_becomes_a_co_host_and_back() -> None:
    evening = Evening(granted("ben"))

    def made(seat: str, role: Role) -> c.SetSeatRole:
        return c.SetSeatRole(**HOST, seat=seat, seat_role=role)

    assert evening.do(made("ben", Role.COHOST)).seats["ben"].role is Role.COHOST
    assert evening.refused(made("ben", Role.COHOST)) == "done"
    assert evening.do(made("ben", Role.SPEAKER)).seats["ben"].role is Role.SPEAKER
    assert evening.refused(made("ben", Role.HOST)) == "role"
    assert evening.refused(made("host", Role.SPEAKER)) == "role"
    assert evening.refused(made("ben", Role.LISTENER)) == "value"
    assert evening.refused(made("nobody", Role.COHOST)) == "seat"


def test_a_host_asks_to_unmute_and_the_speaker_decides() -> None:
    evening = Evening(granted("ben"))
    ask = c.AskUnmute(**HOST, seat="ben")
    assert evening.refused(ask) == "done"
    evening.do(c.MuteSeat(**HOST, seat="ben"))
    assert evening.do(ask).seats["ben"].asked
    assert evening.do(ask).seats["ben"].asked  # again: the first one was missed
    assert evening.space.seats["ben"].muted
    opened = evening.do(c.UnmuteSeat(by="ben", role=Role.SPEAKER, seat="ben")).seats["ben"]
    assert (opened.muted, opened.asked) == (False, False)
    assert evening.refused(c.AskUnmute(**HOST, seat="nobody")) == "seat"
    assert evening.refused(c.AskUnmute(by="ben", role=Role.SPEAKER, seat="ben")) == "role"


def test_a_speaker_says_that_they_are_held_up_and_nobody_else_does() -> None:
    evening = Evening(granted("ben"))

    def away(on: bool, by: str = "ben", role: Role = Role.SPEAKER) -> SetAway:
        return SetAway(by=by, role=role, seat="ben", away=on)

    assert evening.do(away(True)).seats["ben"].away
    assert not evening.space.seats["ben"].muted
    assert evening.do(away(True)).seats["ben"].away  # again: coming back had ended it meanwhile
    assert evening.refused(away(False, by="host", role=Role.HOST)) == "role"
    assert not evening.do(away(False)).seats["ben"].away
    assert evening.refused(SetAway(by="eve", role=Role.SPEAKER, seat="eve", away=True)) == "seat"
    evening.do(away(True))
    for observed in (
        SeatJoined(at_ms=1, seat="ben", join=1, n=1),
        SeatLeft(at_ms=1, seat="ben", cause="lost", n=1),
    ):
        assert not evolve(evening.space, observed).seats["ben"].away  # that is over in any case


def test_who_is_on_stage_asks_for_the_floor_in_order() -> None:
    evening = Evening(granted("ben"), granted("eve"), granted("dan"))

    def raised(seat: str, by: str = "") -> c.RaiseSeatHand:
        return c.RaiseSeatHand(by=by or seat, role=Role.SPEAKER, seat=seat)

    def lowered(seat: str, by: str) -> c.LowerSeatHand:
        return c.LowerSeatHand(by=by, role=Role.SPEAKER, seat=seat)

    def up() -> list[str]:
        return list(evening.space.hands_on_stage)

    for seat in ("eve", "ben", "dan"):
        evening.do(raised(seat))
    assert up() == ["eve", "ben", "dan"]
    assert evening.refused(raised("ben")) == "done"
    assert evening.refused(raised("ben", by="eve")) == "role"
    assert evening.refused(c.RaiseSeatHand(**HOST, seat="ben")) == "role"
    assert evening.refused(raised("nobody")) == "seat"
    assert evening.refused(lowered("ben", by="eve")) == "role"
    evening.do(lowered("eve", by="eve"))
    evening.do(raised("eve"))
    assert up() == ["ben", "dan", "eve"]
    evening.do(c.LowerSeatHand(**HOST, seat="ben"))
    assert evening.refused(lowered("ben", by="ben")) == "done"
    assert evening.refused(lowered("nobody", by="nobody")) == "seat"
    evening.do(c.RevokeSeat(**HOST, seat="dan"))
    assert up() == ["eve"]
    evening.do(granted("dan"))  # given back: the hand is down
    assert up() == ["eve"]
    evening.do(c.OpenDoors(by="timer"))
    evening.do(c.GoLive(**HOST))
    assert evening.do(c.End(**HOST)).hands_on_stage == ()


def test_noise_is_suppressed_by_ones_own_wish_or_the_hosts() -> None:
    evening = Evening(granted("ben"))
    assert evening.do(c.DenoiseSeat(**HOST, seat="ben", on=True)).seats["ben"].denoised is True
    own = c.DenoiseSeat(by="ben", role=Role.SPEAKER, seat="ben", on=False)
    assert evening.do(own).seats["ben"].denoised is False
    assert evening.refused(own) == "done"
    assert (
        evening.refused(c.DenoiseSeat(by="cat", role=Role.SPEAKER, seat="ben", on=True)) == "role"
    )
    assert evening.refused(c.DenoiseSeat(**HOST, seat="nobody", on=True)) == "seat"
    evening.do(c.RevokeSeat(**HOST, seat="ben"))
    assert evening.do(granted("ben")).seats["ben"].denoised is False  # as it was
