"""The agenda in a real browser: a host makes an evening, visitors find it."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, expect

from tests.web.agenda.people import account
from tests.web.agenda.test_pictures import photo
from tests.web.running import EMAIL, PASSWORD, Running, make_space
from tests.web.test_browser import page as page  # noqa: PLC0414 - a fixture: nothing may go wrong
from tests.web.test_browser import shoot

pytestmark = pytest.mark.browser

HOUR_MS = 3_600_000
WORDS = """The new line comes through the old town. What does it cost, and **who decides**?

- What the council says
- What the neighbours say

More at https://example.org/tram."""


async def signed_in(web: Running, page: Page) -> None:
    async with web.host():
        await page.goto(f"{web.url}/sign-in")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await page.wait_for_url(f"{web.url}/")


async def test_from_an_empty_home_to_a_series(web: Running, page: Page, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    await signed_in(web, page)
    await shoot(page, shots, "home-empty")
    await page.get_by_role("link", name="New space").click()
    await page.get_by_label("Title").fill("An evening on the new tram line")
    await page.get_by_label("Description").fill(WORDS)
    picture = FilePayload(name="tram.jpg", mimeType="image/jpeg", buffer=photo())
    await page.locator("#picture_file").set_input_files([picture])
    await page.locator("#language").select_option(label="English")
    await page.get_by_text("At a set time").click()
    zone = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert zone.replace("_", " ") in await page.locator("#starts_local-hint").inner_text()
    await page.get_by_role("button", name="Show how it will look").click()
    await expect(page.locator(".preview strong")).to_have_text("who decides")
    await expect(page.get_by_label("Title")).to_have_value("An evening on the new tram line")
    await shoot(page, shots, "new")
    await page.get_by_label("Repeat").select_option("weekly")
    await page.get_by_label("How many times").fill("3")
    await page.get_by_text("Let me listen first").click()
    await page.get_by_role("button", name="Make the space").click()
    await page.wait_for_url(f"{web.url}/series/an-evening-on-the-new-tram-line")
    assert await page.locator(".group .entry").count() == 3
    await shoot(page, shots, "series-host")
    await page.get_by_role("link", name="Edit", exact=True).click()
    await shoot(page, shots, "series-edit")
    await page.goto(f"{web.url}/spaces")
    await shoot(page, shots, "spaces")


async def test_host_edits_a_private_space(
    web: Running, context: BrowserContext, tmp_path: Path
) -> None:
    page, shots = context.pages[0], tmp_path / "shots"
    await signed_in(web, page)
    async with web.host() as host, account(web, "Amara"), account(web, "Bo"):
        starts = time.time_ns() // 1_000_000 + 24 * HOUR_MS
        made = await make_space(host, title="Budget", private=True, starts_at_ms=starts)
        await page.goto(f"{web.url}/s/{made['id']}/edit")
        members = page.locator("form[action$='/members']")
        await members.get_by_label("Handle or e-mail address").fill("@amara")
        await members.get_by_role("button").click()
        await expect(page.get_by_text("@amara")).to_be_visible()
        cohosts = page.locator("form[action$='/cohosts']")
        await cohosts.get_by_label("Handle or e-mail address").fill("@nobody")
        await cohosts.get_by_role("button").click()
        await expect(page.locator("#cohost-error")).to_be_visible()
        await cohosts.get_by_label("Handle or e-mail address").fill("bo@example.org")
        await cohosts.get_by_role("button").click()
        await expect(page.get_by_text("@bo")).to_be_visible()
        await shoot(page, shots, "edit")
        later = page.locator("#later")
        await later.get_by_label("New start").fill("2098-07-01T20:00")
        await later.get_by_label("Why?").fill("Our guest's train is late.")
        await later.get_by_role("button", name="Begin later").click()
        await expect(page.get_by_text("Listeners see the new time")).to_be_visible()
        space = (await host.get(f"/api/spaces/{made['id']}")).json()
        zone_ms = await page.evaluate("Date.parse('2098-07-01T20:00')")
        assert space["starts_at_ms"] == zone_ms


async def test_visitor_without_scripts_finds_a_space(
    web: Running, context: BrowserContext, tmp_path: Path
) -> None:

    starts = time.time_ns() // 1_000_000 + 24 * HOUR_MS
    async with web.host() as host:
        sent = await host.post(
            "/api/pictures", content=photo(), headers={"Content-Type": "image/jpeg"}
        )
        picture = sent.json()["id"]
        live = await make_space(host, title="On the air: the night bus", description=WORDS)
        await host.post(f"/api/spaces/{live['id']}/doors")
        await make_space(
            host, title="Who owns the river?", description=WORDS, starts_at_ms=starts,
            picture=picture, language="en",
        )  # fmt: skip
        gone = await make_space(host, title="A walk", starts_at_ms=starts)
        await host.post(f"/api/spaces/{gone['id']}/cancel", json={"reason": "Rain all day."})
        page = context.pages[0]
        await page.goto(web.url)
        await shoot(page, tmp_path / "shots", "home-visitor")
        await page.route("**/*.js", lambda route: route.abort())
        await page.goto(web.url)
        await page.get_by_role("searchbox").fill("RIVER")
        await page.keyboard.press("Enter")
        link = page.get_by_role("link", name="Who owns the river?")
        await expect(link).to_have_attribute("href", "http://localhost:8001/s/" + await _id(host))
        await expect(page.get_by_text("On the air")).to_have_count(0)
        assert await page.locator("meta[property='og:title']").count() == 1


async def _id(host: httpx.AsyncClient) -> str:
    answer = await host.get("/api/spaces?state=coming&q=river")
    found: str = answer.json()[0]["id"]
    return found
