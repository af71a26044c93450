"""A calendar file that calendars read."""

from __future__ import annotations

from datetime import UTC, datetime

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from hustings.formats.calendar import Event, feed, render

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200)


def event(title: str = "Who owns the river?", description: str = "", **other: object) -> Event:
    fields = {
        "uid": "riverside1@example.org",
        "url": "https://example.org/s/riverside1",
        "starts": "20270115T080000Z",
        "ends": "20270115T090000Z",
        "changed": "20270103T180000Z",
        "revision": 3,
        **other,
    }
    return Event(title=title, description=description, **fields)  # type: ignore[arg-type]


def read(data: bytes) -> icalendar.Event:
    (found,) = icalendar.Calendar.from_ical(data).events
    return found


@given(title=WORDS, description=WORDS)
def test_words_come_back_as_they_were(title: str, description: str) -> None:
    data = render(event(title, description))
    found = read(data)
    assert str(found["SUMMARY"]) == title
    assert str(found["DESCRIPTION"]) == description
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_lines_of_a_description_stay_lines() -> None:
    assert str(read(render(event(description="one\r\ntwo\rthree\nfour")))["DESCRIPTION"]) == (
        "one\ntwo\nthree\nfour"
    )


@given(text=st.text(max_size=100))
def test_no_words_make_a_property_or_an_event_of_their_own(text: str) -> None:
    text += "\x85END:VEVENT\u2028BEGIN:VEVENT\x9b\ud800\r\nATTACH:x"
    data = feed([event(text, text), event()], name=text)
    found = icalendar.Calendar.from_ical(data)
    assert len(found.events) == 2
    assert {"NAME", "X-WR-CALNAME"} <= set(found)
    assert not any("ATTACH" in one for one in (found, *found.events))
    assert b"\xc2\x85" not in data


def test_it_says_when_and_where() -> None:
    found = read(render(event()))
    assert datetime(2027, 1, 15, 8, 0, tzinfo=UTC) == found.DTSTART
    assert str(found["UID"]) == "riverside1@example.org"
    assert str(found["URL"]) == "https://example.org/s/riverside1"
    assert (found["SEQUENCE"], str(found["STATUS"])) == (3, "CONFIRMED")


def test_a_cancelled_one_is_struck_out() -> None:
    assert str(read(render(event(cancelled=True)))["STATUS"]) == "CANCELLED"
