"""The cut on the desk: there when something is to be cut, at one press, and what it says then."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.web.desk.evening import at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def test_one_press_cuts_and_says_so(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await expect(page.locator("#next-words")).not_to_contain_text("later")
        await page.locator("#hold-reason").fill("One moment.")
        await page.locator("#cut").click()
        await page.wait_for_selector("body[data-status=held]")
        found = await space.state()
        assert (found["status"], found["cut"], found["reason"]) == ("held", True, "One moment.")
        await expect(page.locator("#cut")).to_be_hidden()
        await expect(page.locator("#next-step")).to_be_focused()
        await expect(page.locator("#next-words")).to_contain_text("It was cut")
        await space.does("POST", "/resume")
        await page.wait_for_selector("body[data-status=live]")
        await page.locator("h1").focus()
        await page.keyboard.press("x")
        await page.wait_for_selector("body[data-status=held]")
        assert (await space.state())["cut"] is True


async def test_with_a_delay_a_hold_can_be_cut_until_all_is_heard(web: Running, page: Page) -> None:
    async with evening(web, delay_s=3) as space:
        await at_desk(web, page, space)
        words = page.locator("#next-words")
        await expect(words).to_contain_text("Listeners hear you 3 seconds later.")
        await space.does("POST", "/hold")
        await expect(words).to_contain_text("a cut stops it")
        await expect(page.locator("#cut")).to_be_visible()
        await expect(page.locator("#cut")).to_be_hidden(timeout=9_000)
        await space.does("POST", "/resume")
        await space.does("POST", "/hold")
        await page.locator("#cut").click()
        await expect(words).to_contain_text("It was cut")


async def test_the_end_waits_for_the_delay_and_can_be_undone(web: Running, page: Page) -> None:
    async with evening(web, delay_s=30) as space:
        await at_desk(web, page, space)
        await space.does("POST", "/end")
        await page.wait_for_selector("body[data-ending=true]")
        found = await space.state()
        assert found["status"] == "held"
        assert found["ends_at_ms"] - found["held_at_ms"] == found["delay_ms"] + 1_000
        await expect(page.locator("#next-words")).to_contain_text("still goes out")
        await expect(page.locator("#cut")).to_be_visible()
        await page.locator("#cut").click()
        await expect(page.locator("#cut")).to_be_hidden()
        # Nothing is on its way any more: the end need not wait.
        await space.does("POST", "/end")
        await page.wait_for_selector("body[data-status=ended]")
