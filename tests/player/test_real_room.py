"""The people's side at a real edge and a real studio: from a name to an invitation to speak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.player.browser import FURNISHED, until
from tests.player.house import House, Stage
from tests.servers import connected
from tests.web.room.crowd import opened
from tests.web.running import engines, studio

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_guest_talks_raises_a_hand_and_is_invited(browser: Browser, tmp_path: Path) -> None:
    async with engines(tmp_path) as servers:
        three: Any = (servers.live, servers.log, servers.passwords)
        async with connected("stage", *three) as (log, live), connected("web", *three) as (own, _):
            house = House(tmp_path, three, Stage(own, log, live))
            try:
                async with (
                    studio(tmp_path, servers, listen_url=house.origin) as web,
                    web.host() as host,
                ):
                    space = await opened(host)
                    await house.start_edge(studio_url=web.url)
                    await _evening(browser, house, host, space)
                    await house.stop_edge()
            finally:
                await house.stop_edge()
                house.close()


async def _evening(browser: Browser, house: House, host: Any, space: str) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda one: errors.append(one.text) if "Policy" in one.text else None)
    await page.goto(f"{house.origin}/s/{space}")
    await until(page, FURNISHED)
    await _join(page)
    await page.keyboard.type("Good evening")
    await page.keyboard.press("Enter")
    await until(page, "document.querySelector('.message .text')?.textContent === 'Good evening'")
    await page.click("#tab-questions")
    await page.fill("input[placeholder='Your question to the stage']", "Who pays?")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".question")
    await page.click("text=Raise your hand")
    await page.keyboard.type("I live there")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Your hand is up")
    talk = (await host.get(f"/api/spaces/{space}/talk")).json()
    assert [one["note"] for one in talk["hands"]] == ["I live there"]
    person = talk["hands"][0]["person"]
    message = talk["chat"][0]["id"]
    await host.post(f"/api/spaces/{space}/hands/{person}/invite")
    await _look(page, ".invitation")
    removed = await host.request(
        "DELETE", f"/api/spaces/{space}/chat/{message}", json={"reason": "A test"}
    )
    assert removed.status_code == 204
    await page.click("#tab-chat")
    await _look(page, ".gone")
    await page.click(".invitation a")
    await page.wait_for_url(f"**/s/{space}/take?**")
    assert (await page.inner_text("h1")).strip()
    assert errors == []
    await context.close()


async def _look(page: Page, selector: str) -> None:
    """Without sound the page asks every few seconds, and at once when somebody comes back to it."""
    for _ in range(20):
        await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        await page.wait_for_timeout(300)
        if await page.is_visible(selector):
            return
    pytest.fail(f"{selector} did not come")


async def _join(page: Page) -> None:
    """The studio asks for a name in a window of its own."""
    async with page.context.expect_page() as window:
        await page.click("text=Join the chat")
    asked = await window.value
    await asked.fill("input[name=name]", "Mina")
    await asked.keyboard.press("Enter")
    await until(page, "document.querySelector('.me')?.textContent.includes('Mina')")
    await page.wait_for_selector("input[placeholder='Your message']:focus")
