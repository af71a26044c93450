"""Seats on the desk: trouble in words, asking to unmute, roles, removal, its undo, floor time."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.web.desk.evening import Evening, Stage, at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def as_speaker(space: Evening, page: Page, name: str) -> None:
    """A speaker's browser, by a link."""
    made = await space.does("POST", f"/seats/{space.seats[name]}/link")
    await page.goto(made["link"])
    await page.get_by_role("button", name="Take your seat").click()
    await page.wait_for_selector("body[data-events=true]")


async def test_trouble_is_told_at_its_seat(web: Running, page: Page, stage: Stage) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        seat = space.seats["Jonas"]
        row = page.locator(f"[data-seat='{seat}']")
        await stage.sits(space.id, seat)
        await stage.warns(space.id, seat, "seat_silent", "Jonas Weber cannot be heard.")
        await expect(row).to_have_attribute("data-trouble", "seat_silent")
        await expect(row.locator(".seat-trouble")).to_have_text("Jonas Weber cannot be heard.")
        await space.does("POST", f"/seats/{seat}/mute")
        await expect(row.locator(".seat-trouble")).to_be_hidden()


async def test_floor_time_grows_while_somebody_speaks(
    web: Running, page: Page, stage: Stage
) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        seat = space.seats["Amara"]
        await stage.sits(space.id, seat)
        await stage.on_air(space.id, 0)
        await stage.speaks(space.id, seat)
        floor = page.locator(f"[data-seat='{seat}'] .seat-floor")
        for n, spoken in ((12, "00:03"), (202, "01:04")):
            await stage.levels(space.id, {}, n=n, lines={})
            await expect(floor).to_have_text(f"spoke {spoken}, 100 %")


async def test_a_seat_is_removed_and_given_back(
    web: Running, page: Page, context: BrowserContext
) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        row = page.locator(f"[data-seat='{space.seats['Amara']}']")
        await row.locator("[data-act=more]").click()
        await page.locator("#sheet [data-act=role]").click()
        await expect(row).to_have_attribute("data-role", "cohost")
        await row.locator("[data-act=more]").click()
        await page.locator("#sheet [data-act=remove]").click()
        await expect(row).to_have_count(0)
        await page.locator("#toast-undo").click()
        await expect(row).to_have_count(1)


async def test_a_muted_speaker_is_asked_to_unmute(
    web: Running, page: Page, stage: Stage, context: BrowserContext
) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        seat = space.seats["Amara"]
        await stage.sits(space.id, seat)
        await space.does("POST", f"/seats/{seat}/mute")
        ask = page.locator(f"[data-seat='{seat}'] [data-act=ask]")
        await ask.click()
        await expect(ask).to_have_attribute("aria-disabled", "true")
        assert next(one for one in (await space.state())["seats"] if one["id"] == seat)["asked"]


async def test_a_speaker_steps_down_and_comes_back_when_the_host_undoes_it(
    web: Running, page: Page
) -> None:
    async with evening(web) as space:
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#next-step")).to_have_count(0)
        await expect(page.locator("#publishing")).to_contain_text("posted by itself")
        await page.locator("#step-down").click()
        await page.locator("#confirm-yes").click()
        await expect(page.locator("#notice")).to_contain_text("taken away")
        back = page.locator("#as-listener a")
        await expect(back).to_be_visible()
        assert await back.get_attribute("href") == space.made["share_url"]
        await space.does("POST", f"/seats/{space.seats['Amara']}/restore")
        await expect(page.locator("#microphone")).to_be_visible(timeout=15_000)


async def test_backstage_lines_reach_those_with_a_seat(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await space.does("POST", "/backstage", {"text": "Before you came."})
        await as_speaker(space, page, "Amara")
        lines = page.locator("#backstage-list .message-text")
        await expect(lines.first).to_have_text("Before you came.")
        await page.keyboard.press("b")
        await page.keyboard.type("I am here.")
        await page.keyboard.press("Enter")
        await expect(lines.nth(1)).to_have_text("I am here.")
        await page.reload()
        await expect(lines).to_have_count(2)
