"""The studio in a browser that runs no script: everything can be read, and every form works."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from tests.conftest import CHROMIUM
from tests.web.running import EMAIL, PASSWORD, Running, make_space

pytestmark = pytest.mark.browser


@pytest.fixture
async def plain() -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield await browser.new_context(
            java_script_enabled=False, viewport={"width": 360, "height": 740}
        )
        await browser.close()


async def _signed_in(web: Running, page: Page, *, there: str = "/") -> None:
    await page.goto(f"{web.url}/sign-in?next={there}")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(f"{web.url}{there}")


async def test_visitors_read_and_search(web: Running, plain: BrowserContext) -> None:
    async with web.host() as host:
        series = await host.post("/api/series", json={"title": "Evenings", "slug": "evenings"})
        fields = {"starts_at_ms": 4_000_000_000_000, "series": series.json()["id"]}
        words = "What does it **cost**?"
        coming = await make_space(host, title="The new tram line", description=words, **fields)
        past = await make_space(host, title="The old bridge")
        for verb in ("doors", "live", "end"):
            await host.post(f"/api/spaces/{past['id']}/{verb}")
        page = await plain.new_page()
        await page.goto(web.url)
        await expect(page.get_by_role("heading", name="Coming up")).to_be_visible()
        await expect(page.get_by_role("link", name="The old bridge")).to_be_visible()
        assert "2 Oct 2096, 07:06 UTC" in await page.locator(".coming .entry-facts").inner_text()
        await page.get_by_label("Search in titles").fill("tram")
        await page.get_by_role("button", name="Search").click()
        await expect(page.get_by_role("link", name="The old bridge")).to_have_count(0)
        link = page.get_by_role("link", name="The new tram line")
        assert (await link.get_attribute("href") or "").endswith(f"/s/{coming['id']}")
        await page.goto(f"{web.url}/series/evenings")
        await expect(page.get_by_role("heading", name="Evenings", level=1)).to_be_visible()
        await expect(page.locator(".entry a", has_text="The new tram line")).to_be_visible()


async def test_a_host_makes_and_changes_a_space(web: Running, plain: BrowserContext) -> None:
    async with web.host():
        page = await plain.new_page()
        await _signed_in(web, page)
        await page.get_by_role("link", name="Make your first space").click()
        await page.get_by_label("Title").fill("An evening")
        await page.get_by_label("Description").fill("What does it **cost**?")
        await page.get_by_role("button", name="Show how it will look").click()
        await expect(page.locator(".preview strong")).to_have_text("cost")
        await page.get_by_text("At a set time").click()
        await page.locator("#starts_local").fill("2096-10-02T07:06")
        await page.get_by_role("button", name="Make the space").click()
        await page.wait_for_url("**/stage")
        # The desk is live and needs scripts; it says so, and what stands still can be read.
        await expect(page.get_by_role("heading", level=1)).to_have_text("An evening")
        assert "needs JavaScript" in await page.locator("body").inner_text()
        await page.goto(page.url.replace("/stage", "/edit"))
        await page.get_by_label("Title").fill("A long evening")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("status")).to_have_text("Saved. Listeners see it at once.")
        await expect(page.get_by_role("heading", level=1)).to_have_text("A long evening")
        await page.locator(".menu > summary").click()
        await page.locator(".menu").get_by_role("link", name="Your account").click()
        await page.get_by_role("link", name="Webhooks").click()
        await page.get_by_label("Address").fill("https://example.org/hooks")
        await page.get_by_label("Doors open").check()
        await page.get_by_role("button", name="Add the webhook").click()
        assert "whsec_" in await page.locator("#made").input_value()
        await page.locator(".menu > summary").click()
        await page.locator(".menu").get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{web.url}/sign-in")


async def test_a_guest_joins(web: Running, plain: BrowserContext) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        await host.post(f"/api/spaces/{space}/doors")
        page = await plain.new_page()
        await page.goto(f"{web.url}/s/{space}/join?for=chat")
        await page.get_by_label("Your name").fill("Noor")
        async with page.expect_response(lambda one: one.request.method == "POST") as posted:
            await page.get_by_role("button", name="Go on").click()
        answer = await posted.value
        assert answer.status == 303
        assert "#talk=" in (await answer.all_headers())["location"]
