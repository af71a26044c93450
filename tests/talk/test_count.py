"""One vote of each voter, the newest: in whatever order, however often they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.talk import Count, Tally, Voted
from hustings.talk.count import is_voter

_ADA, _BOB = "00000000000000aa", "ffffffffffffffff"


def test_the_newest_vote_counts() -> None:
    count = Count()
    assert count.take("p", _ADA, [0, 2], 5)
    assert count.take("p", _BOB, [2], 5)
    assert count.tally("p", 3) == Tally(counts=[1, 0, 2], voters=2)
    assert not count.take("p", _ADA, [1], 4)  # an older one that comes late
    assert not count.take("p", _ADA, [0, 2], 5)  # the same again
    assert count.take("p", _ADA, [1], 6)
    assert count.tally("p", 3) == Tally(counts=[0, 1, 1], voters=2)
    assert count.take("p", _BOB, [], 7)  # taken back
    assert count.tally("p", 3) == Tally(counts=[0, 1, 0], voters=1)
    assert count.tallies({"p": 2}) == {"p": Tally(counts=[0, 1], voters=1)}
    assert count.tally("q-1", 1) == Tally(counts=[0], voters=0)


_VOTES = st.lists(
    st.tuples(
        st.sampled_from(["p", "q-1"]),
        st.sampled_from([_ADA, _BOB, "0123456789abcdef"]),
        st.lists(st.integers(0, 9), unique=True),
        st.integers(0, 5),
    ),
    max_size=30,
)


@given(_VOTES, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(
    votes: list[tuple[str, str, list[int], int]], dice: object
) -> None:
    one, other = Count(), Count()
    for vote in votes:
        one.take(*vote)
    again = [*votes, *votes]
    dice.shuffle(again)  # type: ignore[attr-defined]
    for ballot, voter, choices, at_ms in again:
        voted = Voted(votes={ballot: {voter: choices}}, times={ballot: {voter: at_ms}})
        other.apply(voted)
    assert one.tallies({"p": 10}) == other.tallies({"p": 10})


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VOTES_KEPT_COUNT", 1)
    count = Count()
    assert count.take("p", _ADA, [0], 1)
    assert not count.take("p", _BOB, [0], 2)
    assert count.take("p", _ADA, [1], 3)  # who has voted may change their mind
    assert len(count) == 1


def test_who_can_be_a_voter() -> None:
    assert is_voter(_ADA)
    for text in ("", "aa", "0" * 17, "G" * 16, "0x" + "0" * 14, "AAAAAAAAAAAAAAAA"):
        assert not is_voter(text)
