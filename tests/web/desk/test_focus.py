"""The focus is never lost, whoever takes away what had it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.web.desk.evening import at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def test_a_row_that_goes_hands_the_focus_to_the_next(web: Running, page: Page) -> None:
    async with evening(web, guests=("Noor", "Piet")) as space:
        await at_desk(web, page, space)
        noor, piet = space.guests
        for one in space.guests:
            await one.post("hand", {})
        rows = [page.locator(f"#hands [data-person='{one.person}']") for one in (noor, piet)]
        await rows[0].locator("[data-act=lower]").focus()
        await noor.request("DELETE", "hand")
        await expect(rows[1].locator("[data-act=invite]")).to_be_focused()
        await piet.request("DELETE", "hand")
        await expect(page.locator("#hands-title")).to_be_focused()
        seats = [page.locator(f"[data-seat='{space.seats[one]}']") for one in ("Amara", "Jonas")]
        await seats[0].locator("[data-act=more]").focus()
        await space.does("DELETE", f"/seats/{space.seats['Amara']}")
        await expect(seats[1].locator("[data-act=more]")).to_be_focused()
        await space.does("DELETE", f"/seats/{space.seats['Jonas']}")
        await expect(page.locator("#seats-title")).to_be_focused()


async def test_a_sheet_whose_row_is_gone_closes_beside_it(web: Running, page: Page) -> None:
    async with evening(web, guests=("Noor", "Piet")) as space:
        await at_desk(web, page, space)
        for one in space.guests:
            await one.post("hand", {})
        row, other = (page.locator(f"#hands [data-person='{one.person}']") for one in space.guests)
        await row.locator("[data-act=more]").click()
        await expect(page.locator("#sheet")).to_be_visible()
        await space.guests[0].request("DELETE", "hand")
        await expect(row).to_have_count(0)
        await page.keyboard.press("Escape")
        await expect(other.locator("[data-act=invite]")).to_be_focused()


async def test_what_another_host_does_leaves_the_focus_on_the_next_step(
    web: Running, page: Page
) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.locator("#hold-reason").focus()
        await space.does("POST", "/hold")
        await expect(page.locator("#next-step")).to_be_focused()
        await page.locator("#end").click()
        await space.does("POST", "/end", {"in_ms": 30_000})
        await page.wait_for_selector("body[data-ending=true]")
        await page.keyboard.press("Escape")
        await expect(page.locator("#next-step")).to_be_focused()


async def test_an_undo_leads_back(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        row = page.locator(f"[data-seat='{space.seats['Jonas']}']")
        await row.locator("[data-act=more]").click()
        await page.locator("#sheet [data-act=remove]").click()
        await expect(row).to_have_count(0)
        await page.locator("#toast-undo").click()
        await expect(row).to_have_count(1)
        seats = page.locator("#panel-stage section", has=page.locator("#seats"))
        await expect(seats.locator(":focus")).to_have_count(1)
