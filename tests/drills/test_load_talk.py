"""A crowd that talks: how many are needed, what cannot be carried out, and who does what is due."""

from __future__ import annotations

from typing import Any

import pytest

from hustings import limits
from hustings.drills.load_talk import Deed, TalkPlan, TalkReport
from hustings.drills.load_talker import Due
from hustings.errors import BadInput


def plan(**values: Any) -> TalkPlan:
    return TalkPlan(
        **{
            "url": "http://127.0.0.1:1",
            "space": "abcdefghij",
            "studio": "http://127.0.0.1:2",
            **values,
        }
    )


def test_nobody_talks_faster_than_one_may() -> None:
    loud = plan(chat_per_s=200, said_per_s=5_000, hands=50, votes=10)
    writing = loud.guests - 50
    assert 200 / writing < limits.CHAT_BURST_COUNT / limits.CHAT_BURST_S
    assert 5_000 / loud.visitors < limits.SAID_PER_S
    assert plan(votes=3_000).visitors == 3_000
    assert (plan().guests, plan().visitors) == (0, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"chat_per_s": -1},
        {"said_per_s": 1e9},
        {"votes": -1},
        {"hands": limits.HANDS_COUNT + 1},
    ],
)
def test_what_cannot_be_carried_out_is_said(values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        plan(**values).checked()


class _Person:
    def __init__(self) -> None:
        self.busy = False


def test_what_is_due_is_done_by_whoever_is_free() -> None:
    people: Any = [_Person() for _ in range(4)]
    did: list[Any] = []
    due = Due(people, per_s=2.0, do=did.append)
    due.turn(1.0)
    assert did == people[:2]
    people[2].busy = True
    due.turn(2.0)
    assert did == [people[0], people[1], people[3], people[0]]
    for person in people:
        person.busy = True
    due.turn(3.0)
    assert (len(did), due.held) == (4, 1)
    for person in people:
        person.busy = False
    due.turn(3.0)
    assert len(did) == 6, "what was due is done later, not left out"


def test_what_each_does_once_is_done_once_by_each() -> None:
    people: Any = [_Person() for _ in range(3)]
    did: list[Any] = []
    due = Due(people, per_s=10.0, do=did.append, once=True)
    people[0].busy = True
    due.turn(0.2)
    people[0].busy = False
    due.turn(5.0)
    assert sorted(map(id, did)) == sorted(map(id, people))


def test_a_refusal_is_seen_in_the_report() -> None:
    report = TalkReport(seconds=2.0, chat=Deed(sent=10, accepted=10))
    assert report.sound
    assert report.figures()["messages"]["per_s"] == 5.0  # type: ignore[index]
    report.reactions = Deed(sent=3, accepted=2, refused={"429": 1})
    assert not report.sound
