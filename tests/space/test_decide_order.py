"""Keeping order: removed and restored messages, questions on stage, blocked persons."""

from __future__ import annotations

from hustings import limits
from hustings.space import Role, Status
from hustings.space import command as c
from tests.space.evening import HOST, Evening, doors, hand, live


def remove(message: str) -> c.RemoveMessage:
    return c.RemoveMessage(**HOST, message=message, reason="Insult")


def test_what_is_removed_can_be_restored_even_after_the_end() -> None:
    evening = live()
    evening.do(remove("mess1"))
    assert evening.refused(remove("mess1")) == "done"
    evening.do(c.End(**HOST))
    evening.do(remove("mess2"))
    assert evening.space.removed == {"mess1", "mess2"}
    assert list(evening.space.removed_last) == ["mess1", "mess2"]
    evening.do(c.RestoreMessage(**HOST, message="mess1"))
    assert evening.space.removed == {"mess2"}
    assert list(evening.space.removed_last) == ["mess2"]
    assert list(evening.space.restored_last) == ["mess1"]
    assert evening.refused(c.RestoreMessage(**HOST, message="mess1")) == "missing"
    assert evening.refused(remove("no id")) == "value"
    listener = c.RemoveMessage(by="g-ben", role=Role.LISTENER, message="mess3")
    assert evening.refused(listener) == "role"


def test_what_is_removed_anew_is_restored_no_more() -> None:
    evening = live()
    for _ in range(2):
        evening.do(remove("mess1"))
        assert list(evening.space.restored_last) == []
        evening.do(c.RestoreMessage(**HOST, message="mess1"))
        assert list(evening.space.restored_last) == ["mess1"]


def test_removals_are_bounded() -> None:
    evening = doors()
    for number in range(limits.REMOVED_COUNT):
        evening.do(remove(f"mess{number}"))
    assert evening.refused(remove("more")) == "full"
    assert len(evening.space.removed_last) == limits.REMOVED_SHOWN_COUNT
    assert evening.space.removed_last[-1] == f"mess{limits.REMOVED_COUNT - 1}"


def where(evening: Evening) -> tuple[str, set[str]]:
    return evening.space.asking, set(evening.space.answered)


def test_one_question_is_on_stage_at_a_time() -> None:
    evening = live()

    def mark(question: str, state: str) -> c.MarkQuestion:
        return c.MarkQuestion(**HOST, question=question, state=state)  # type: ignore[arg-type]

    evening.do(mark("first", "asking"))
    assert evening.refused(mark("first", "asking")) == "done"
    evening.do(mark("second", "asking"))
    assert where(evening) == ("second", set())
    evening.do(mark("second", "answered"))
    assert where(evening) == ("", {"second"})
    evening.do(mark("second", "asking"))  # once more
    assert where(evening) == ("second", set())
    evening.do(mark("second", "open"))
    assert where(evening) == ("", set())
    assert evening.refused(mark("second", "open")) == "done"
    assert evening.refused(mark("second", "gone")) == "value"
    evening.do(mark("first", "asking"))
    assert evening.do(remove("first")).asking == ""
    assert evening.refused(mark("first", "asking")) == "missing"


def block(person: str) -> c.BlockPerson:
    return c.BlockPerson(**HOST, person=person, name="Troll", reason="Insults")


def test_a_blocked_person_has_neither_hand_nor_seat() -> None:
    evening = doors()
    evening.do(hand("g-troll"))
    evening.do(block("g-troll"))
    assert evening.space.hands == {}
    assert evening.space.blocked["g-troll"].reason == "Insults"
    assert evening.refused(hand("g-troll")) == "blocked"
    seat = c.GrantSeat(**HOST, seat="seat", name="Troll", seat_role=Role.SPEAKER, person="g-troll")
    assert evening.refused(seat) == "blocked"
    evening.do(c.UnblockPerson(**HOST, person="g-troll", reason="A misunderstanding"))
    evening.do(seat)
    evening.do(block("g-troll"))
    assert list(evening.space.seats) == ["host"]
    assert evening.refused(block("g-troll")) == "done"
    assert evening.refused(c.UnblockPerson(**HOST, person="g-ben")) == "missing"


def test_a_host_is_not_blocked_nor_anybody_by_themselves() -> None:
    evening = Evening()
    evening.do(c.GrantSeat(**HOST, seat="ben", name="Ben", seat_role=Role.COHOST, person="a-ben"))
    assert evening.refused(block("a-ann")) == "role"
    own = c.BlockPerson(by="ben", role=Role.COHOST, person="a-ben", name="Ben")
    assert evening.refused(own) == "role"
    assert evening.refused(block("nobody")) == "value"


def test_blocking_after_the_end_leaves_the_seats_as_they_were() -> None:
    """Who was on stage is part of what is replayed."""
    evening = live()
    evening.do(c.GrantSeat(**HOST, seat="ben", name="Ben", seat_role=Role.SPEAKER, person="a-ben"))
    evening.do(c.End(**HOST))
    evening.do(block("a-ben"))
    assert list(evening.space.seats) == ["host", "ben"]
    assert evening.space.status is Status.ENDED


def test_blocks_are_bounded() -> None:
    evening = doors()
    for number in range(limits.BLOCKED_COUNT):
        evening.do(block(f"g-{number}"))
    assert evening.refused(block("g-more")) == "full"
