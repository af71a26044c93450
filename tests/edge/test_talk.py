"""What listeners are told of the people: bounded, and nothing that was taken down."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hustings import limits
from hustings.edge import events, talk
from hustings.edge.events import Pending
from hustings.errors import BadInput
from hustings.space import Hand, Pin, Poll, Space, Status
from hustings.talk import Asked, Said, Talk, Tally

SPACE = Space(id="abcd", status=Status.LIVE)
OPTIONS = ("Yes", "No")


def said(number: int, text: str = "Hello") -> Said:
    return Said(id=f"m{number}", person="g-1", name="Grace", text=text, role="", at_ms=number)


def asked(number: int) -> Asked:
    return Asked(id=f"q{number}", person="g-1", name="Grace", text="Why?", at_ms=number)


def test_the_room() -> None:
    hands = {
        "g-1": Hand(person="g-1", name="Grace", note="me", raised_at_ms=1),
        "a-2": Hand(person="a-2", name="Ben", note="", raised_at_ms=2, seat="s9"),
    }
    space = replace(
        SPACE,
        hands=hands,
        slow_s=5,
        chat_open=False,
        asking="q1",
        pins={"p": Pin(id="p", text="Slides", url="https://example.org")},
        removed=frozenset({"m1"}),
        removed_last=("m1",),
    )
    told = talk.room(space, Talk(questions={"q1": asked(1)}))
    assert told == {
        "type": "room",
        "chat_open": False,
        "hands_open": True,
        "guests": True,
        "slow_s": 5,
        "hands": 2,
        "invited": ["a-2"],
        "pins": [{"id": "p", "text": "Slides", "url": "https://example.org"}],
        "asking": {"id": "q1", "name": "Grace", "text": "Why?"},
        "removed": ["m1"],
    }
    gone = replace(space, removed=frozenset({"q1"}))
    assert talk.room(gone, Talk(questions={"q1": asked(1)}))["asking"] is None
    ending = talk.room(replace(space, ends_at_ms=7), Talk())
    assert ending["ends_at_ms"] == 7
    again = talk.room(replace(space, restored_last=("m0", "m2")), Talk())
    assert again["restored"] == ["m0", "m2"]


def test_a_result_that_is_shown_afterwards_is_not_told_before() -> None:
    poll = Poll(id="p", question="?", options=OPTIONS, show="after")
    tallies = {"p": Tally(counts=[3, 4], voters=7)}
    hidden = talk.polls(replace(SPACE, polls={"p": poll}), tallies)["polls"][0]
    assert (hidden["counts"], hidden["voters"]) == (None, 7)
    closed = replace(poll, closed=True)
    shown = talk.polls(replace(SPACE, polls={"p": closed}), tallies)["polls"][0]
    assert shown["counts"] == [3, 4]
    nobody = talk.polls(replace(SPACE, polls={"p": closed}), {})["polls"][0]
    assert (nobody["counts"], nobody["voters"]) == ([0, 0], 0)


def test_open_polls_come_before_closed_ones() -> None:
    polls = {
        f"p{i}": Poll(id=f"p{i}", question="?", options=OPTIONS, closed=i not in (1, 5))
        for i in range(6)
    }
    space = replace(SPACE, polls=polls)
    assert [one["id"] for one in talk.polls(space, {})["polls"]] == ["p4", "p1", "p5"]
    assert [one["id"] for one in talk.all_polls(space, {})] == list(polls)


def test_the_document_is_bounded_and_holds_nothing_removed() -> None:
    count = limits.QUESTIONS_LISTED_COUNT + 10
    space = replace(SPACE, removed=frozenset({"m150", "q3"}), answered=frozenset({"q4"}))
    crowd = Talk(
        chat=tuple(said(i) for i in range(limits.CHAT_KEPT_COUNT)),
        written=1_000,
        questions={f"q{i}": asked(i) for i in range(count)},
    )
    tallies = {f"q-q{i}": Tally(counts=[i], voters=i) for i in range(count)}
    made = json.loads(talk.document(space, crowd, tallies))
    assert set(made) == {"room", "polls", "chat", "questions"}
    ids = [one["id"] for one in made["chat"]]
    assert len(ids) == limits.CHAT_LISTED_COUNT
    assert ids[-1] == "m199"
    assert "m150" not in ids
    assert made["chat"][-1] == {
        "id": "m199", "number": 999, "person": "g-1", "name": "Grace", "text": "Hello", "role": "",
        "at_ms": 199,
    }  # fmt: skip
    questions = made["questions"]
    assert [one["votes"] for one in questions] == list(range(count - 1, 9, -1))
    assert not [one for one in questions if one["id"] == "q3"]
    assert questions[0] == {
        "id": f"q{count - 1}", "name": "Grace", "text": "Why?", "votes": count - 1,
        "answered": False,
    }  # fmt: skip


def test_messages_that_wait_stand_one_behind_the_other() -> None:
    pending = Pending()
    pending.put([talk.chat([(1, said(1))], 0), events.listening(3)])
    pending.put([talk.chat([(2, said(2)), (3, said(3))], 4)])
    data = pending.take()
    assert data is not None
    chat = {one["type"]: one for one in json.loads(data)}["chat"]
    assert [one["id"] for one in chat["messages"]] == ["m1", "m2", "m3"]
    assert chat["more"] == 4
    for i in range(limits.CHAT_WAITING_COUNT + 5):
        pending.put([talk.chat([(i, said(i))], 1)])
    data = pending.take()
    assert data is not None
    (chat,) = json.loads(data)
    assert len(chat["messages"]) == limits.CHAT_WAITING_COUNT
    assert chat["more"] == limits.CHAT_WAITING_COUNT + 10
    assert chat["messages"][-1]["id"] == f"m{limits.CHAT_WAITING_COUNT + 4}"


def test_a_newcomer_is_told_little() -> None:
    """It rides with every burst: a usual evening's has 600 bytes, and a full one is cut."""
    poll = Poll(id="p" * 8, question="Shall we go on until ten?", options=("Yes", "No", "Later"))
    usual = replace(
        SPACE,
        polls={"p": poll},
        pins={"a": Pin(id="a" * 8, text="The slides", url="https://example.org/slides")},
    )
    told = [talk.room_whole(usual, Talk()), talk.polls(usual, {})]
    assert len(events.encode(told)) <= 600
    pins = {
        str(i): Pin(id=str(i), text="x" * limits.PIN_CHARS, url="https://a.example/" + "y" * 2_000)
        for i in range(5)
    }
    removed = tuple(f"message{i:05}" for i in range(500))
    full = replace(
        SPACE, pins=pins, removed=frozenset(removed), removed_last=removed, restored_last=removed
    )
    assert len(talk.room(full, Talk())["removed"]) == limits.REMOVED_SHOWN_COUNT
    whole = talk.room_whole(full, Talk())
    assert whole["removed"] == whole["restored"] == list(removed[-5:])
    assert len(events.encode([whole])) <= limits.PINS_TOLD_BYTES + 500


def test_what_is_no_result_is_refused() -> None:
    found = talk.results(b'{"ballots": {"p": {"counts": [1], "voters": 1}}}')
    assert found == {"p": Tally(counts=[1], voters=1)}
    for data in (b"", b"[]", b"{}", b'{"ballots": {"p": 1}}'):
        with pytest.raises(BadInput):
            talk.results(data)
