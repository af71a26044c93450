"""What the page of a space tells machines, in every state; and to whom it tells nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import async_playwright

from hustings import keys
from hustings.edge import about
from hustings.space import Role, Space, Status
from hustings.space.replay import Replay
from hustings.space.state import Seat
from tests.conftest import CHROMIUM
from tests.edge.house import SPACE, House

LISTEN, STUDIO = "https://listen.example", "https://studio.example"
EVENING = Space(
    id="space00001", title="Rivers </script><b>", host="Ada & Co", starts_at_ms=1_800_000_000_000,
    description="**Why** not", language="en",
    seats={"s1": Seat(id="s1", name="Bela", role=Role.SPEAKER)},
)  # fmt: skip


def told(space: Space) -> Any:
    text = about.told(space, listen=LISTEN, studio=STUDIO)
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_before_it_begins() -> None:
    found = told(EVENING)
    assert found["@type"] == "Event"
    assert found["name"] == EVENING.title
    assert found["startDate"] == "2027-01-15T08:00:00Z"
    assert "performer" not in found  # who will sit on stage is not told yet
    assert told(replace(EVENING, status=Status.CANCELLED))["eventStatus"].endswith("Cancelled")


def test_while_it_is_on_and_after() -> None:
    live = replace(EVENING, status=Status.LIVE, live_at_ms=1_800_000_060_000)
    found = told(live)
    assert found["startDate"] == "2027-01-15T08:01:00Z"
    assert found["performer"] == [{"@type": "Person", "name": "Bela"}]
    replay = Replay(transcript="ab", asked=1, done=1)
    posted = replace(live, status=Status.POSTED, recording_seconds=61.2, replay=replay)
    found = told(posted)
    assert found["@type"] == "PodcastEpisode"
    media = found["associatedMedia"]
    assert media["contentUrl"] == f"{LISTEN}/live/space00001/replay.m4a"
    assert media["duration"] == "PT1M1S"
    assert media["caption"]["contentUrl"].endswith("/transcript.vtt")
    gone = replace(posted, replay=replace(replay, expired_at_ms=1))
    assert told(gone)["@type"] == "Event"


def test_nothing_of_what_is_not_for_everybody() -> None:
    for space in (
        replace(EVENING, private=True),
        replace(EVENING, listed=False),
        replace(EVENING, status=Status.WITHHELD),
    ):
        assert about.told(space, listen=LISTEN, studio=STUDIO) == ""


@pytest.mark.browser
async def test_a_browser_takes_it_as_data(h: House) -> None:
    """The page's policy lets no script of its own run, and none is needed for this."""
    await h.schedule(title=EVENING.title, starts_at_ms=EVENING.starts_at_ms)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        await page.goto(f"http://127.0.0.1:{h.port}/s/{SPACE}")
        text = await page.locator('script[type="application/ld+json"]').text_content()
        assert json.loads(text or "")["name"] == EVENING.title
        follow = page.locator('link[type="application/rss+xml"]')
        assert (await follow.get_attribute("href") or "").endswith("/feed.xml")
        assert [line for line in told if "Content Security Policy" in line] == []
        await browser.close()
    known = keys.ensure(h.folder)
    key = await h.get("/receipt.pub.pem")
    assert key.body == known.receipt_public()
    robots = await h.get("/robots.txt")
    assert robots.fields["content-type"] == "text/plain; charset=utf-8"
    assert b"/sitemap.xml\n" in robots.body
