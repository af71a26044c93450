"""The listen page without scripts says what there is to know, in every state."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.async_api import async_playwright

from hustings import words
from hustings.edge import still
from hustings.edge.kept import Chapter, Kept
from hustings.space import Space, Status
from hustings.space import event as e
from tests.conftest import CHROMIUM
from tests.edge.house import SPACE, House

STARTS_MS = 1_800_000_000_000
TEXT = "What does it **cost**?\n\n- The council <b>says</b>\n- https://example.org/tram"
EVENING = Space(id="space00001", title="Rivers", host="Ada & Co", starts_at_ms=STARTS_MS)


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (Status.SCHEDULED, ["event.ics"]),
        (Status.DOORS, ["listen.aac", "event.ics"]),
        (Status.LIVE, ["listen.aac"]),
        (Status.HELD, ["listen.aac"]),
        (Status.ENDED, []),
        (Status.POSTED, ["replay.m4a", "all.zip"]),
        (Status.WITHHELD, []),
        (Status.CANCELLED, []),
    ],
)
def test_it_offers_what_there_is(status: Status, names: list[str]) -> None:
    space = replace(EVENING, status=status, reason="Fog <today>", description=TEXT)
    text = still.written(space, words.load("en"), Kept())
    assert re.findall(r'class="button" href="[^"]*/([^"/]+)"', text) == names
    assert "2027-01-15, 08:00 UTC" in text
    assert "Ada &amp; Co" in text
    assert "Fog &lt;today&gt;" in text
    assert "<strong>cost</strong>" in text
    assert "<b>" not in text
    kept = Kept({"transcript.json": 1}, (Chapter(62_000, "The <old> bridge"),))
    private = still.written(replace(space, private=True), words.load("en"), kept)
    assert 'class="button"' not in private
    assert "/live/" not in private
    told = still.written(space, words.load("en"), kept)
    assert ("#t=62" in told) == (status is Status.POSTED)
    assert ("The &lt;old&gt; bridge" in told) == (status is Status.POSTED)
    assert (f"/s/{EVENING.id}/transcript" in told) == (status is Status.POSTED)


@pytest.mark.browser
async def test_it_is_read_where_no_script_runs(h: House) -> None:
    await h.schedule(title="Rivers", description=TEXT, starts_at_ms=STARTS_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(
            java_script_enabled=False, viewport={"width": 360, "height": 740}
        )
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{h.port}/s/{SPACE}")
        assert await page.get_by_role("heading", level=1).inner_text() == "Rivers"
        told = await page.locator("main").inner_text()
        assert "Scheduled" in told
        assert "The council" in told
        assert await page.locator("time").get_attribute("datetime") == "2027-01-15T08:00:00Z"
        assert not await page.locator(".player").is_visible()
        calendar = page.locator("a[href$='event.ics']:visible")
        assert await calendar.inner_text() == "Add to my calendar"
        assert (await h.get(await calendar.get_attribute("href") or "")).status == 200
        await h.doors()
        await h.event(e.WentLive(at_ms=4, by="web"))
        await h.until(lambda state: state["status"] == "live")
        await page.reload()
        assert "Live now" in await page.locator("main").inner_text()
        live = page.locator("a[href$='listen.aac']")
        assert await live.is_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        # Where scripts run, nobody sees any of it.
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{h.port}/s/{SPACE}")
        assert await page.locator("a[href$='listen.aac']").count() == 0
        await browser.close()


async def test_a_closed_door_says_how_to_come_in(h: House) -> None:
    await h.schedule(title="Rivers", description=TEXT, private=True)
    answer = await h.get(f"/s/{SPACE}")
    assert answer.status == 401
    assert "Open the link that you were sent once more." in answer.body.decode()
    assert "The council" not in answer.body.decode()
