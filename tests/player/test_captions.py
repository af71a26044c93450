"""Live captions on the page: when they are wanted, in step with the sound, with nothing moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from hustings.log import subjects
from hustings.log.contract import Live
from hustings.space import event as e
from hustings.space.state import Role
from tests.player.browser import FURNISHED, PLAYING, listen, until
from tests.player.house import SPACE, House, opened, running
from tests.servers import connected

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXTS = "[...document.querySelectorAll('#livecaptions .said span')].map((s) => s.textContent)"
SECOND = "document.getElementById('sound').currentTime"


async def say(live: Live, at_ms: int, text: str, *, final: bool, number: int) -> None:
    one: dict[str, Any] = {
        "seat": "ada", "name": "Ada Obi", "id": f"c{number}", "final": final, "at_ms": at_ms,
        "end_ms": at_ms + 900, "text": text,
    }  # fmt: skip
    await live.publish(subjects.live(SPACE, "captions"), json.dumps(one).encode())


async def test_they_are_shown_when_their_sound_is_heard(browser: Browser, tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        stage = house.stage
        await stage.schedule(e.Scheduled(at_ms=1, by="ada", title="Rivers", host="Ada Obi"))
        seat = e.SeatGranted(at_ms=1, by="ada", seat="ada", name="Ada Obi", role=Role.HOST)
        await stage.decide(seat)
        await stage.decide(e.DoorsOpened(at_ms=1, by="ada"))
        await stage.decide(e.WentLive(at_ms=2, by="ada"))
        await stage.observe(e.OnAir(at_ms=2, n=0, live=True))
        three: Any = house.servers
        async with running(stage), connected("captions", *three) as (_, live):
            page = await (await browser.new_context()).new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on(
                "console", lambda one: errors.append(one.text) if "Policy" in one.text else None
            )
            await page.goto(house.page)
            await until(page, FURNISHED)
            assert await page.locator("#captions").is_hidden()
            await _shown(page, house, live)
            assert errors == []
            await page.context.close()


async def _shown(page: Page, house: House, live: Live) -> None:
    await listen(page)
    await say(live, 0, "Good", final=False, number=1)
    await say(live, 0, "Good evening.", final=True, number=1)
    for _ in range(30):
        await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        await page.wait_for_timeout(100)
        if await page.locator("#captions").is_visible():
            break
    await page.click("#captions")
    await until(page, f"{TEXTS}.join() === 'Good evening.'")
    assert await page.get_attribute("#captions", "aria-pressed") == "true"
    tall = "document.getElementById('livecaptions').offsetHeight"
    height = await page.evaluate(tall)
    # Ahead of its sound by more than the listener's distance: it waits.
    at_ms = int((house.stage.n + 6) * 320)
    await say(live, at_ms, "The water <b>came</b>", final=False, number=2)
    await say(live, at_ms, "The water <b>came</b> at nine.", final=True, number=2)
    await page.wait_for_function(f"() => {TEXTS}.length === 2 && ({SECOND} >= {at_ms / 1000})")
    early = f"{TEXTS}.length === 2 && {SECOND} < {at_ms / 1000 - 0.05}"
    assert not await page.evaluate(early)
    assert (await page.evaluate(f"() => {TEXTS}"))[-1] == "The water <b>came</b> at nine."
    assert await page.evaluate(tall) == height
    said = page.locator("#livecaptions .said")
    assert await said.get_attribute("aria-live") == "off"
    await page.click("text=Announce captions")
    assert await said.get_attribute("aria-live") == "polite"
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"]] == []
    await page.click("#captions")
    assert await page.locator("#livecaptions").is_hidden()
    await page.click("#captions")
    await page.reload()  # the wish is remembered, and the newest are there for who comes
    await listen(page)
    await until(page, f"{PLAYING} && {TEXTS}.length === 2", seconds=12)
