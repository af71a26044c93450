"""The crowd's part: settings, raised hands in their order, invitations to seats."""

from __future__ import annotations

from hustings import limits
from hustings.space import Role
from hustings.space import command as c
from tests.space.evening import HOST, doors, hand


def test_hands_stand_in_the_order_raised() -> None:
    evening = doors()
    for person in ("g-ben", "a-eve", "g-dan"):
        evening.do(hand(person, f"{person} has a question"))
    assert list(evening.space.hands) == ["g-ben", "a-eve", "g-dan"]
    evening.do(c.LowerHand(by="a-eve", role=Role.LISTENER, person="a-eve"))
    evening.do(hand("a-eve"))
    assert list(evening.space.hands) == ["g-ben", "g-dan", "a-eve"]
    assert evening.space.hands["g-ben"].note == "g-ben has a question"


def test_everybody_lowers_their_own_hand_and_hosts_any() -> None:
    evening = doors()
    evening.do(hand("g-ben"))
    assert evening.refused(hand("g-ben")) == "done"
    for role in (Role.LISTENER, Role.SPEAKER):
        assert evening.refused(c.LowerHand(by="g-eve", role=role, person="g-ben")) == "role"
        other = c.RaiseHand(by="g-eve", role=role, person="g-dan", name="Dan")
        assert evening.refused(other) == "role"
    evening.do(c.LowerHand(**HOST, person="g-ben", reason="We are over time."))
    assert evening.refused(c.LowerHand(**HOST, person="g-ben")) == "missing"


def test_hands_are_bounded_and_checked() -> None:
    evening = doors()
    for number in range(limits.HANDS_COUNT):
        evening.do(hand(f"g-{number}"))
    assert evening.refused(hand("g-late")) == "full"
    evening = doors()
    assert evening.refused(hand("g-ben", "x" * (limits.NOTE_CHARS + 1))) == "value"
    for person in ("", "ben", "b-ben", "g-", "g-BEN", "g-" + "x" * 23, "g-a.b"):
        raised = c.RaiseHand(by=person, role=None, person=person, name="Ben")
        assert evening.refused(raised) == "value", person
    assert evening.do(hand("g-ben", " two\n lines ")).hands["g-ben"].note == "two lines"


def test_the_host_says_whether_hands_are_taken_and_guests() -> None:
    evening = doors(guests=False)
    assert evening.refused(hand("g-ben")) == "shut"
    evening.do(hand("a-eve"))
    evening.do(c.SetRoom(**HOST, guests=True, hands_open=False))
    assert evening.refused(hand("g-ben")) == "shut"
    assert list(evening.space.hands) == ["a-eve"]  # who is in the queue stays in it
    evening.do(c.SetRoom(**HOST, hands_open=True, slow_s=5, chat_open=False))
    evening.do(hand("g-ben"))
    assert (evening.space.slow_s, evening.space.chat_open) == (5, False)
    assert evening.refused(c.SetRoom(**HOST, slow_s=5, guests=True)) == "done"
    assert evening.refused(c.SetRoom(**HOST)) == "done"
    assert evening.refused(c.SetRoom(**HOST, slow_s=limits.SLOW_S_MAX + 1)) == "value"
    assert evening.refused(c.SetRoom(**HOST, slow_s=-1)) == "value"


def test_speakers_are_given_clocks() -> None:
    evening = doors()
    assert (evening.space.equal_time, evening.space.speaker_s) == (False, 0)
    evening.do(c.SetRoom(**HOST, equal_time=True, speaker_s=300))
    assert (evening.space.equal_time, evening.space.speaker_s) == (True, 300)
    evening.do(c.SetRoom(**HOST, speaker_s=0))
    assert evening.refused(c.SetRoom(**HOST, equal_time=True)) == "done"
    for wrong in (-1, limits.SPEAKER_S_MAX + 1):
        assert evening.refused(c.SetRoom(**HOST, speaker_s=wrong)) == "value"
    speaker = c.SetRoom(by="a", role=Role.SPEAKER, equal_time=False)
    assert evening.refused(speaker) == "role"


def test_who_is_invited_takes_that_seat_and_no_other() -> None:
    evening = doors()
    evening.do(hand("g-ben"))
    evening.do(hand("a-eve"))

    def accept(person: str, seat: str, role: Role = Role.SPEAKER) -> c.GrantSeat:
        return c.GrantSeat(
            by=person, role=Role.LISTENER, person=person, seat=seat, name="Ben", seat_role=role
        )

    assert evening.refused(accept("g-ben", "seat1")) == "role"  # not invited yet
    evening.do(c.InviteHand(**HOST, person="g-ben", seat="seat1"))
    assert evening.refused(c.InviteHand(**HOST, person="g-ben", seat="seat2")) == "done"
    assert evening.refused(c.InviteHand(**HOST, person="a-eve", seat="seat1")) == "seat"
    assert evening.refused(c.InviteHand(**HOST, person="g-dan", seat="seat3")) == "missing"
    assert evening.refused(c.InviteHand(**HOST, person="a-eve", seat="x")) == "value"
    assert evening.refused(accept("a-eve", "seat1")) == "role"
    assert evening.refused(accept("g-ben", "seat2")) == "role"
    assert evening.refused(accept("g-ben", "seat1", Role.COHOST)) == "role"
    evening.do(accept("g-ben", "seat1"))
    seat = evening.space.seats["seat1"]
    assert (seat.person, seat.role, seat.name) == ("g-ben", Role.SPEAKER, "Ben")
    assert list(evening.space.hands) == ["a-eve"]
    assert evening.refused(hand("g-ben")) == "done"  # on stage already


def test_an_invitation_taken_back_leaves_the_hand_up() -> None:
    evening = doors()
    evening.do(hand("g-ben"))
    assert evening.refused(c.UninviteHand(**HOST, person="g-ben")) == "done"
    evening.do(c.InviteHand(**HOST, person="g-ben", seat="seat1"))
    evening.do(c.UninviteHand(**HOST, person="g-ben"))
    assert evening.space.hands["g-ben"].seat == ""
    accept = c.GrantSeat(
        by="g-ben",
        role=Role.LISTENER,
        person="g-ben",
        seat="seat1",
        name="Ben",
        seat_role=Role.SPEAKER,
    )
    assert evening.refused(accept) == "role"
    assert evening.refused(c.UninviteHand(**HOST, person="g-eve")) == "missing"


def test_no_more_seats_are_promised_than_there_are() -> None:
    evening = doors()
    for number in range(limits.SEATS_COUNT - 2):
        evening.do(c.GrantSeat(**HOST, seat=f"seat{number}", name="A", seat_role=Role.SPEAKER))
    evening.do(hand("g-ben"))
    evening.do(hand("g-eve"))
    evening.do(c.InviteHand(**HOST, person="g-ben", seat="last"))
    assert evening.refused(c.InviteHand(**HOST, person="g-eve", seat="more")) == "seat"


def test_the_end_clears_the_queue() -> None:
    evening = doors()
    evening.do(hand("g-ben"))
    evening.do(c.GoLive(**HOST))
    assert evening.do(c.End(**HOST)).hands == {}
    assert evening.refused(hand("g-eve")) == "status"
