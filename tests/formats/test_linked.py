"""Linked data: what machines are told, and that no text ends its element."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from hustings.formats.linked import Conversation, conversation, podcast, script

URL = "https://example.org/s/abcd"
START = "2026-11-23T20:00:00Z"


def test_before_and_while() -> None:
    told = conversation(
        Conversation(url=URL, title="Rivers", starts=START, host="Hanna", cancelled=True)
    )
    assert told["@type"] == "Event"
    assert told["startDate"] == START
    assert told["eventStatus"] == "https://schema.org/EventCancelled"
    assert told["location"] == {"@type": "VirtualLocation", "url": URL}
    assert told["organizer"] == {"@type": "Person", "name": "Hanna"}
    assert "endDate" not in told
    assert "publication" not in told
    began = "2026-11-23T20:01:00Z"
    told = conversation(Conversation(url=URL, title="Rivers", starts=START, began=began))
    assert told["startDate"] == began
    assert told["publication"]["isLiveBroadcast"] is True


def test_after() -> None:
    told = conversation(
        Conversation(
            url=URL, title="Rivers", starts=START, audio=f"{URL}.m4a", seconds=3725,
            transcript=f"{URL}.vtt", people=("Ada", "Bela"), podcast="All", feed=f"{URL}.xml",
        )
    )  # fmt: skip
    assert told["@type"] == "PodcastEpisode"
    media = told["associatedMedia"]
    assert (media["contentUrl"], media["duration"]) == (f"{URL}.m4a", "PT1H2M5S")
    assert media["caption"]["contentUrl"] == f"{URL}.vtt"
    assert told["partOfSeries"] == {
        "@type": "PodcastSeries", "name": "All", "webFeed": f"{URL}.xml",
    }  # fmt: skip
    assert [one["name"] for one in told["actor"]] == ["Ada", "Bela"]


@given(st.text())
def test_no_text_ends_the_element(text: str) -> None:
    made = script(podcast(name=text, url=URL, feed=URL))
    found = re.fullmatch(r'<script type="application/ld\+json">([^<>&]*)</script>', made, re.S)
    assert found is not None
    assert json.loads(found[1]).get("name", "") == text
