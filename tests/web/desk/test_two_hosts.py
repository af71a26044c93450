"""Two hosts at once, a desk that slept, and a clock that is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.web.desk.evening import at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


@asynccontextmanager
async def overtaken(page: Page, pattern: str) -> AsyncIterator[asyncio.Event]:
    """What this page sends there arrives only once somebody else was quicker."""
    sent, go, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        sent.set()
        await go.wait()
        await route.continue_()
        gone.set()

    await page.route(pattern, late)
    yield sent
    go.set()
    await gone.wait()
    await page.unroute(pattern)


async def _is_told(page: Page, words: str) -> None:
    """Calmly: what was wanted is so."""
    await expect(page.locator("#toast-words")).to_have_text(words)
    await expect(page.locator("#toast-undo")).to_be_hidden()  # it is not ours to undo
    await expect(page.locator("#notice")).to_be_hidden()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    """A page whose console may name refused requests: here they are the point."""
    return context.pages[0]


async def test_who_comes_second_is_told_and_sees_what_is_so(web: Running, page: Page) -> None:
    poll = {"question": "Which stop?", "options": ["The market", "The harbour"]}
    async with evening(web, guests=("Noor",)) as space:
        await at_desk(web, page, space)
        noor = space.guests[0]
        await noor.post("hand", {})
        said = (await noor.post("chat", {"text": "Rubbish!"})).json()["id"]
        made = (await space.does("POST", "/polls", poll))["polls"][0]["id"]
        hand = page.locator(f"#hands [data-person='{noor.person}']")
        message = page.locator(f"[data-message='{said}']")

        async with overtaken(page, "**/invite") as sent:
            await hand.locator("[data-act=invite]").click()
            await sent.wait()
            await space.does("POST", f"/hands/{noor.person}/invite")
        await _is_told(page, "This person is invited already.")
        await expect(hand).to_have_attribute("data-invited", "true")

        async with overtaken(page, "**/close") as sent:
            await page.locator(f"[data-poll='{made}'] [data-act=close]").click()
            await sent.wait()
            await space.does("POST", f"/polls/{made}/close")
        await _is_told(page, "This poll is closed.")

        async with overtaken(page, f"**/chat/{said}") as sent:
            await message.locator("[data-act=more]").click()
            await page.locator("#sheet [data-act=remove]").click()
            await sent.wait()
            await space.does("DELETE", f"/chat/{said}", {"reason": "An insult."})
        await _is_told(page, "This is removed already.")
        await expect(message).to_have_attribute("data-removed", "true")

        async with overtaken(page, "**/hold") as sent:
            await page.locator("#next-step").click()
            await sent.wait()
            await space.does("POST", "/hold", {"reason": "A pause."})
        await _is_told(page, "This has been done already.")
        await expect(page.locator("#next-step")).to_have_attribute("data-verb", "resume")

        async with overtaken(page, "**/end") as sent:
            await page.locator("#end").click()
            await page.locator("#confirm-yes").click()
            await sent.wait()
            await space.does("POST", "/end", {"in_ms": 60_000})
        await _is_told(page, "The end is announced already.")
        await expect(page.locator("#next-step")).to_have_attribute("data-verb", "keep-going")


async def test_a_yes_never_takes_a_step_that_was_not_asked_for(web: Running, page: Page) -> None:
    """While one host is asked "Go live?", the other goes live: a yes must not hold."""
    async with evening(web, status="doors") as space:
        await at_desk(web, page, space)
        await page.keyboard.press("g")
        await expect(page.locator("#confirm-title")).to_have_text("Go live?")
        await space.does("POST", "/live")
        await expect(page.locator("#next-step")).to_have_attribute("data-verb", "hold")
        await expect(page.locator("#next-step")).not_to_have_attribute("aria-disabled", "true")
        await page.locator("#confirm-yes").click()
        await expect(page.locator("#confirm")).to_be_hidden()
        await space.does("POST", "/chat", {"text": "Still live."})
        await expect(page.locator("#chat-list")).to_contain_text("Still live.")
        assert (await space.state())["status"] == "live"


async def test_a_desk_that_slept_looks_anew(web: Running, page: Page) -> None:
    """A line that outlived its other end says nothing for ever: the page must not believe it."""
    await page.clock.install()
    async with evening(web) as space:
        await at_desk(web, page, space)
        async with page.expect_request("**/events"):
            await page.clock.fast_forward(600_000)
        await space.does("POST", "/hold")
        await page.wait_for_selector("body[data-status=held][data-events=true]")


async def test_a_quiet_line_is_known_to_live(
    web: Running, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.WATCH_PING_S", 0.2)
    await page.clock.install()
    async with evening(web) as space:
        await at_desk(web, page, space)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for _ in range(8):
            await page.clock.run_for(10_000)
            await page.wait_for_timeout(600)
        assert [url for url in asked if url.endswith("/events")] == []


async def test_a_wrong_clock_counts_right(
    web: Running, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.WATCH_PING_S", 0.1)
    await page.clock.install(time=time.time() + 300)
    async with evening(web, guests=("Noor",)) as space:
        await at_desk(web, page, space)
        await space.guests[0].post("hand", {})
        waits = page.locator("#hands .hand-state")
        await expect(waits).to_have_text("just now")
        await expect(page.locator("#clock")).to_contain_text("00:0")
        await page.locator("#end").click()
        await page.locator("#confirm-yes").click()
        await expect(page.locator("#next-step")).to_have_text("Undo the end: 9")
        await page.locator("#next-step").click()
        await expect(page.locator("#next-step")).to_have_attribute("data-verb", "hold")
        for _ in range(4):  # nothing else changes, and the line is known to live
            await page.clock.run_for(16_000)
            await page.wait_for_timeout(300)
        await expect(waits).to_have_text("for 1 min")
