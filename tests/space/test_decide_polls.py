"""Polls and what is pinned above the chat."""

from __future__ import annotations

from typing import Any

import pytest

from hustings import limits
from hustings.space import command as c
from tests.space.evening import HOST, Evening, doors


def poll(**changed: Any) -> c.OpenPoll:
    made: dict[str, Any] = {"poll": "poll1", "question": "Tea?", "options": ("Yes", "No")}
    return c.OpenPoll(**HOST, **(made | changed))


def test_a_poll_is_opened_and_closed_once() -> None:
    evening = doors()
    opened = evening.do(poll(options=(" Yes ", "No"), multiple=True, show="after")).polls["poll1"]
    assert (opened.options, opened.multiple, opened.show) == (("Yes", "No"), True, "after")
    assert not opened.closed
    assert evening.refused(poll()) == "done"
    assert evening.do(c.ClosePoll(**HOST, poll="poll1")).polls["poll1"].closed
    assert evening.refused(c.ClosePoll(**HOST, poll="poll1")) == "done"
    assert evening.refused(c.ClosePoll(**HOST, poll="poll2")) == "missing"
    assert evening.refused(poll()) == "done"  # a poll's votes are its own for ever


@pytest.mark.parametrize(
    "changed",
    [
        {"question": " "},
        {"question": "x" * (limits.POLL_QUESTION_CHARS + 1)},
        {"options": ("Yes",)},
        {"options": tuple(str(i) for i in range(limits.POLL_OPTIONS_COUNT + 1))},
        {"options": ("Yes", " Yes ")},
        {"options": ("Yes", "")},
        {"options": ("Yes", "x" * (limits.POLL_OPTION_CHARS + 1))},
        {"poll": "q-poll"},
        {"poll": ""},
        {"show": "never"},
    ],
)
def test_an_ill_made_poll_is_refused(changed: dict[str, Any]) -> None:
    assert doors().refused(poll(**changed)) == "value"


def test_polls_are_bounded_and_end_with_the_conversation() -> None:
    evening = doors()
    for number in range(limits.POLLS_COUNT):
        evening.do(poll(poll=f"poll{number}"))
    assert evening.refused(poll(poll="more")) == "full"
    evening.do(c.GoLive(**HOST))
    assert all(one.closed for one in evening.do(c.End(**HOST)).polls.values())


def test_pins() -> None:
    evening = Evening()
    evening.do(c.Pin(**HOST, pin="slides", text="Slides", url=" https://example.org/a?b=c#d "))
    evening.do(c.Pin(**HOST, pin="words", text="We begin at eight."))
    pin = evening.space.pins["slides"]
    assert (pin.text, pin.url) == ("Slides", "https://example.org/a?b=c#d")
    assert evening.refused(c.Pin(**HOST, pin="words", text="Again")) == "done"
    for number in range(limits.PINS_COUNT - 2):
        evening.do(c.Pin(**HOST, pin=f"pin{number}", text="More"))
    assert evening.refused(c.Pin(**HOST, pin="more", text="More")) == "full"
    evening.do(c.Unpin(**HOST, pin="words"))
    assert "words" not in evening.space.pins
    assert evening.refused(c.Unpin(**HOST, pin="words")) == "missing"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "ftp://x", "https://", "https://a b", 'https://a"b', "//example.org"],
)
def test_a_link_is_one_of_the_web(url: str) -> None:
    assert Evening().refused(c.Pin(**HOST, pin="pin1", text="Look", url=url)) == "value"
