"""Shortcuts: they act, never while one writes, and can be switched off."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.web.desk.evening import at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def test_shortcuts_can_be_read_and_switched_off(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.keyboard.press("?")
        await expect(page.locator("#help")).to_be_visible()
        await page.locator("#shortcuts-on").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await expect(page.locator("#confirm")).to_be_hidden()
        await page.reload()
        await page.wait_for_selector("body[data-events=true]")
        await page.keyboard.press("g")
        await expect(page.locator("#confirm")).to_be_hidden()
        await page.locator("#help-open").click()
        await page.locator("#shortcuts-on").check()
        await page.keyboard.press("Escape")
        await page.keyboard.press("p")
        await expect(page.locator("#polls-fold > summary")).to_be_focused()


async def test_no_shortcut_acts_while_one_writes(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.locator("#hold-reason").focus()
        await page.keyboard.type("g m ?")
        await expect(page.locator("#hold-reason")).to_have_value("g m ?")
        await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_on_a_telephone_the_next_step_is_always_there(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.set_viewport_size({"width": 360, "height": 740})
        for tab in ("hands", "chat", "more", "stage"):
            await page.locator(f"#tabs [data-tab={tab}]").click()
            await expect(page.locator(f"#panel-{tab}")).to_be_visible()
            box = await page.locator("#next-step").bounding_box()
            assert box is not None
            assert box["y"] > 500, "the thumb reaches it"
            assert box["y"] + box["height"] < 740
