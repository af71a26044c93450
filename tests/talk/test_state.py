"""The fold of what the crowd writes: the newest messages, the first questions, never more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hustings import limits, talk


def said(number: int) -> talk.Said:
    return talk.Said(id=f"m{number}", person="g-eve", name="Eve", text="Hi", at_ms=number)


def asked(number: int) -> talk.Asked:
    return talk.Asked(id=f"q{number}", person="g-eve", name="Eve", text="Why?", at_ms=number)


def test_messages_and_questions_in_order() -> None:
    state = talk.fold([[said(1), asked(1)], [], [talk.Voted(votes={})], [said(2), asked(2)]])
    assert [one.id for one in state.chat] == ["m1", "m2"]
    assert list(state.questions) == ["q1", "q2"]


def test_the_newest_messages_are_kept() -> None:
    state = talk.fold([[said(n), said(n + 1)] for n in range(0, 2 * limits.CHAT_KEPT_COUNT, 2)])
    assert len(state.chat) == limits.CHAT_KEPT_COUNT
    assert state.chat[-1].id == f"m{2 * limits.CHAT_KEPT_COUNT - 1}"


def test_the_first_questions_are_kept_and_none_twice() -> None:
    many = [asked(n) for n in range(limits.QUESTIONS_COUNT + 5)]
    state = talk.fold([many[:10], many, [talk.Asked(id="q1", person="p", name="N", text="Other",
                                                    at_ms=1)]])  # fmt: skip
    assert len(state.questions) == limits.QUESTIONS_COUNT
    assert state.questions["q1"].text == "Why?"


@given(st.lists(st.lists(st.integers(0, 600), max_size=80), max_size=30))
def test_memory_is_bounded_whatever_comes(batches: list[list[int]]) -> None:
    state = talk.Talk()
    for batch in batches:
        entry: list[talk.Piece] = [said(n) if n % 2 else asked(n) for n in batch]
        state = talk.evolve(state, talk.decode(talk.encode(entry)))
        assert len(state.chat) <= limits.CHAT_KEPT_COUNT
        assert len(state.questions) <= limits.QUESTIONS_COUNT
