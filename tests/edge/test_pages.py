"""What visitors take elsewhere: the frame, the calendar entry, the card."""

from __future__ import annotations

import json
import re

import icalendar
import pytest

from hustings import words
from hustings.edge import card
from hustings.errors import BadInput
from hustings.space import Space, Status
from hustings.space import event as e
from tests.edge.house import SPACE, House

STARTS_MS = 1_800_000_000_000


async def test_a_space_goes_into_a_calendar_and_is_struck_out_again(h: House) -> None:
    await h.schedule(title="Rivers, again", starts_at_ms=STARTS_MS)
    answer = await h.get(f"/s/{SPACE}/event.ics")
    assert (answer.status, answer.fields["content-type"]) == (200, "text/calendar; charset=utf-8")
    (first,) = icalendar.Calendar.from_ical(answer.body).events
    assert str(first["SUMMARY"]) == "Rivers, again"
    assert first.DTSTART.timestamp() * 1000 == STARTS_MS
    assert str(first["URL"]).endswith(f"/s/{SPACE}")
    await h.event(e.Cancelled(at_ms=2, by="a"))
    await h.until(lambda s: s["status"] == "cancelled")
    (second,) = icalendar.Calendar.from_ical((await h.get(f"/s/{SPACE}/event.ics")).body).events
    assert (str(second["UID"]), str(second["STATUS"])) == (str(first["UID"]), "CANCELLED")
    assert str(second["SEQUENCE"]) >= str(first["SEQUENCE"])


async def test_what_nobody_knows_is_in_no_calendar(h: House) -> None:
    assert (await h.get("/s/neverheard/event.ics")).status == 404


async def test_only_the_frame_may_be_framed(h: House) -> None:
    await h.schedule(title="Rivers")
    page, frame = await h.get(f"/s/{SPACE}"), await h.get(f"/s/{SPACE}/embed")
    assert (page.status, frame.status) == (200, 200)
    assert "frame-ancestors 'none'" in page.fields["content-security-policy"]
    assert "frame-ancestors *" in frame.fields["content-security-policy"]
    assert b"Rivers" in frame.body
    assert b"{{" not in frame.body
    assert (await h.get("/s/neverheard/embed")).status == 404


async def test_the_page_says_where_its_frame_is(h: House) -> None:
    await h.schedule(title='Rivers & "seas"', host="Ada")
    text = (await h.get(f"/s/{SPACE}")).body.decode()
    link = re.search(r'application/json\+oembed" href="[^"]*(/oembed[^"]*)"', text)
    assert link is not None
    answer = await h.get(link[1].replace("&amp;", "&"))
    assert (answer.status, answer.fields["content-type"]) == (200, "application/json")
    document = answer.json()
    assert document["title"] == 'Rivers & "seas"'
    assert f"/s/{SPACE}/embed" in document["html"]
    small = await h.get(link[1].replace("&amp;", "&") + "&maxwidth=300")
    assert small.json()["width"] == 300


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("url=http://elsewhere.example/s/abcdefghij", 404),
        ("url=nonsense", 404),
        ("url=http://[", 404),
        ("url=https://listen.example/s/neverheard", 404),
        ("url=https://listen.example/s/abcdefghij&format=xml", 501),
        ("url=https://listen.example/s/abcdefghij&maxwidth=-1", 400),
        ("url=https://listen.example/s/abcdefghij&maxheight=x", 400),
    ],
)
async def test_what_cannot_be_embedded_is_told(h: House, query: str, status: int) -> None:
    await h.schedule(title="Rivers")
    assert (await h.get(f"/oembed?{query}")).status == status


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_words(status: Status) -> None:
    space = Space(id=SPACE, title="<b>", description="d" * 500, status=status)
    tags = card.tags(space, words.load("en"), listen="https://listen.example")
    assert "<b>" not in tags
    assert card.WORDS[status] in tags
    assert "not available" not in tags


def test_a_path_in_front_belongs_to_the_address() -> None:
    assert card.space_of("https://a.example/radio/s/abcd", listen="https://a.example/radio") == (
        "abcd"
    )
    assert card.space_of("https://b.example/s/abcd", listen="https://a.example") is None
    assert card.space_of("ftp://a.example/s/abcd", listen="https://a.example") is None


def test_a_size_must_be_a_size() -> None:
    space = Space(id=SPACE, title="T")
    with pytest.raises(BadInput, match="maxwidth"):
        card.oembed(space, listen="https://a.example", max_width="wide", max_height=None)
    made = json.loads(
        card.oembed(space, listen="https://a.example", max_width="100", max_height="50")
    )
    assert (made["width"], made["height"]) == (100, 50)


async def test_a_service_worker_stands_at_the_root(h: House) -> None:
    """It rules all pages of this origin, is never kept for long, and knows where the files lie."""
    assets = re.search(r'"(/assets/[0-9a-f]+/en)/', (await h.get("/s/neverheard")).body.decode())
    assert assets is not None
    for name, kind in (
        ("sw.js", "text/javascript; charset=utf-8"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("offline.html", "text/html; charset=utf-8"),
    ):
        answer = await h.get(f"/{name}")
        assert (answer.status, answer.fields["content-type"]) == (200, kind)
        assert answer.fields["cache-control"] == "no-cache"
        assert "{{" not in answer.body.decode()
        assert assets[1] in answer.body.decode()
        again = await h.get(f"/{name}", if_none_match=answer.fields["etag"])
        assert again.status == 304
        policy = answer.fields["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "connect-src 'self' https://studio.example" in policy


async def test_a_page_asks_for_no_microphone(h: House) -> None:
    await h.schedule()
    answer = await h.get(f"/s/{SPACE}")
    assert answer.fields["permissions-policy"] == "camera=(), geolocation=(), microphone=()"
    policy = answer.fields["content-security-policy"]
    assert "worker-src 'self'" in policy
    assert "https://studio.example" in policy
