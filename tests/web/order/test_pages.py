"""The moderators' pages in a browser: readable on a telephone, in both themes, by everybody."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext

from tests.web.order.people import account, says
from tests.web.running import Running, make_space

PATHS = ("/moderation", "/reports", "/audit", "/suspensions", "/account/tokens", "/suspended")
LONG = "An insult without any blanks in it " + "a" * 120


@pytest.mark.browser
async def test_pages_fit_and_are_accessible(web: Running, context: BrowserContext) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        for text in (LONG, "Another"):
            message = await says(web, made["id"], text)
            report = {"about": "message", "id": message, "reason": LONG}
            await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        case = (await owner.get("/api/reports")).json()[0]
        await owner.put(f"/api/reports/{case['id']}", json={"outcome": "removed", "reason": LONG})
        await owner.post("/api/tokens", json={"name": "P", "scopes": ["spaces:read"]})
        async with account(web, "Ho St", "host") as (_, identity):
            await owner.put(f"/api/suspensions/a-{identity}", json={"reason": LONG})
        host = urlsplit(web.url).hostname or ""
        for name, value in owner.cookies.items():
            await context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/"}])
        page = await context.new_page()
        await page.set_viewport_size({"width": 360, "height": 740})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            for path in PATHS:
                await page.goto(web.url + path)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= 360, path
                if shots := os.environ.get("HUSTINGS_SCREENSHOTS"):
                    name = path.strip("/").replace("/", "-")
                    await page.screenshot(path=f"{shots}/{name}-{scheme}.png", full_page=True)
                found = (await Axe().run(page)).response["violations"]
                assert [f"{path}: {one['id']}: {one['nodes'][0]['html']}" for one in found] == []


@pytest.mark.browser
async def test_a_report_is_decided_by_keyboard(web: Running, context: BrowserContext) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        host = urlsplit(web.url).hostname or ""
        for name, value in owner.cookies.items():
            await context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/"}])
        page = await context.new_page()
        await page.goto(f"{web.url}/reports")
        await page.get_by_label("Reason").focus()
        await page.keyboard.type("No insults.")
        for _ in range(2):
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Take back").wait_for()
        assert message in (await web.space(made["id"])).removed
        await page.get_by_role("button", name="Take back").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Dismiss").wait_for()
        assert message not in (await web.space(made["id"])).removed
