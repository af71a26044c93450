"""A chapter of the recording, marked from the desk while it is live."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from hustings.log.subjects import Kind
from hustings.space import decode
from hustings.space.replay_event import ChapterMarked
from tests.web.desk.evening import at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def test_k_marks_a_chapter_while_it_is_live(web: Running, page: Page) -> None:
    async with evening(web, status="doors") as space:
        await at_desk(web, page, space)
        await expect(page.locator("#chapter")).to_be_hidden()
        await page.keyboard.press("k")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await space.does("POST", "/live")
        await expect(page.locator("#chapter")).to_be_visible()
        await page.keyboard.press("k")
        await page.keyboard.type("Questions")
        await page.keyboard.press("Enter")
        await expect(page.locator("#toast-words")).to_have_text("Chapter: Questions")
        events = [
            decode(entry.data)
            async for entry in web.record.read(space.id, (Kind.EV,))
            if b"chapter_marked" in entry.data
        ]
        (marked,) = events
        assert isinstance(marked, ChapterMarked)
        assert (marked.title, marked.by) == ("Questions", space.seats["host"])
