"""The one big button: the end that can be undone, the rehearsal, and the step by keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.web.desk.evening import at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def test_the_end_counts_down_and_any_host_undoes_it(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.locator("#end").click()
        await page.locator("#confirm-yes").click()
        step = page.locator("#next-step")
        await expect(step).to_have_attribute("data-verb", "keep-going")
        await expect(step).to_have_text("Undo the end: 9")
        await expect(step).to_be_focused()
        await expect(page.locator("#end")).to_be_hidden()
        assert (await space.state())["ends_at_ms"]
        # A press that was meant for another step does nothing; a later one undoes the end.
        await expect(step).to_be_enabled()
        await step.click()
        await expect(step).to_have_attribute("data-verb", "hold")
        found = await space.state()
        assert (found["status"], found["ends_at_ms"]) == ("live", None)


async def test_an_end_that_nobody_undoes_ends(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await space.does("POST", "/end", {"in_ms": 1_500})
        await page.wait_for_selector("body[data-ending=true]")
        await page.wait_for_selector("body[data-status=ended]")
        await expect(page.locator("#replay")).to_be_visible()
        await expect(page.locator("#next-step")).to_be_hidden()


async def test_a_rehearsal_says_so_and_ends_with_the_doors(web: Running, page: Page) -> None:
    async with evening(web, status="scheduled") as space:
        await at_desk(web, page, space)
        await page.locator("#rehearse").click()
        await expect(page.locator("#rehearsal")).to_be_visible()
        await expect(page.locator("#rehearse")).to_have_attribute("aria-pressed", "true")
        await page.locator("#next-step").click()
        await page.wait_for_selector("body[data-status=doors][data-rehearsing=false]")
        await expect(page.locator("#rehearsal")).to_be_hidden()


async def test_g_asks_before_the_next_step(web: Running, page: Page) -> None:
    async with evening(web, status="scheduled") as space:
        await at_desk(web, page, space)
        await page.keyboard.press("g")
        await expect(page.locator("#confirm-title")).to_have_text("Open the doors?")
        await page.keyboard.press("Escape")
        assert (await space.state())["status"] == "scheduled"
        await page.keyboard.press("g")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("body[data-status=doors]")


async def test_everybody_sees_what_becomes_of_the_recording(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.locator("#room-fold > summary").click()
        await page.locator("#publishing-choice").select_option("review")
        await expect(page.locator("#publishing")).to_contain_text("waits for a host")
        assert (await space.state())["publishing"] == "review"
