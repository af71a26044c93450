"""A hand on stage: a speaker asks for the floor, and everybody there sees it in order."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.web.desk.evening import at_desk, evening
from tests.web.desk.test_seats import as_speaker
from tests.web.running import Running, is_problem, until

pytestmark = pytest.mark.browser


async def test_a_speaker_asks_for_the_floor_and_takes_it_back(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await as_speaker(space, page, "Amara")
        seat, button = space.seats["Amara"], page.locator("#own-hand")
        row = page.locator(f"[data-seat='{seat}'] .seat-hand")
        await expect(row).to_be_hidden()
        await button.click()
        await expect(button).to_have_text("Lower your hand")
        await expect(row).to_contain_text("Wants to speak")
        await expect(row.locator("button")).to_be_hidden()  # the own hand has its own button
        assert (await space.state())["hands_on_stage"] == [seat]
        await page.keyboard.press("r")
        await expect(button).to_have_text("Raise your hand")
        await expect(row).to_be_hidden()
        assert (await space.state())["hands_on_stage"] == []


async def test_the_desk_shows_them_in_order_and_lowers_one(web: Running, page: Page) -> None:
    async with (
        evening(web) as space,
        web.speaker(space.host, space.id, name="Bo") as (bo, first),
        web.speaker(space.host, space.id, name="Cleo") as (cleo, second),
    ):
        await at_desk(web, page, space)
        await expect(page.locator("#own-hand")).to_have_count(0)  # a host takes the floor
        for client, seat in ((cleo, second), (bo, first)):
            answer = await client.post(f"/api/spaces/{space.id}/seats/{seat}/hand")
            assert answer.is_success, answer.text
        hands = [page.locator(f"[data-seat='{seat}'] .seat-hand") for seat in (second, first)]
        await expect(hands[0]).to_contain_text("Wants to speak, number 1")
        await expect(hands[1]).to_contain_text("Wants to speak, number 2")
        await expect(page.locator("#news")).to_contain_text("Cleo wants to speak.")
        await expect(page.locator("#stage-badge")).to_have_text("2")
        await hands[0].get_by_role("button", name="Lower the hand of Cleo").click()
        await expect(hands[0]).to_be_hidden()
        await expect(hands[1]).to_have_text("Wants to speak")
        await expect(page.locator(f"[data-seat='{second}'] [data-act=more]")).to_be_focused()


async def test_a_hand_on_stage_is_its_owners(web: Running) -> None:
    async with evening(web) as space, web.speaker(space.host, space.id) as (speaker, seat):
        path = f"/api/spaces/{space.id}/seats/{{}}/hand"
        is_problem(await speaker.post(path.format(space.seats["Jonas"])), 403, "role")
        is_problem(await space.host.post(path.format(seat)), 403, "role")
        assert (await speaker.post(path.format(seat))).json()["hands_on_stage"] == [seat]
        is_problem(await speaker.post(path.format(seat)), 409, "done")
        assert (await speaker.delete(path.format(seat))).json()["hands_on_stage"] == []
        await space.does("DELETE", f"/seats/{seat}")

        async def gone() -> bool:
            answer = await space.host.delete(path.format(seat))
            return answer.status_code == 404 and "taken away" in answer.json()["detail"]

        await until(gone)


async def test_a_cohost_has_a_hand_and_the_desk(
    web: Running, page: Page, context: BrowserContext
) -> None:
    async with evening(web) as space:
        await space.does("PUT", f"/seats/{space.seats['Amara']}", {"role": "cohost"})
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#next-step")).to_be_visible()
        await page.locator("#own-hand").click()
        await expect(page.locator("#own-hand")).to_have_text("Lower your hand")
