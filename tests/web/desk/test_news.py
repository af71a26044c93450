"""What is read out: what matters, and never a flood."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from hustings.log import subjects
from tests.servers import connected
from tests.web.desk.evening import Stage, at_desk, evening
from tests.web.desk.test_crowd import _written
from tests.web.running import Running

pytestmark = pytest.mark.browser


async def test_a_flood_of_messages_is_counted_and_then_let_be(web: Running, page: Page) -> None:
    await page.clock.install()
    async with evening(web) as space:
        await at_desk(web, page, space)
        news, last = page.locator("#news"), page.locator("#chat-list [data-message]").last
        await _written(web, space.id, 0, 100)
        await expect(last).to_have_attribute("data-message", "m000000099")
        await page.clock.run_for(6_000)
        await expect(news).to_have_text("100 new messages.")
        for first in (100, 150, 200):
            await _written(web, space.id, first, 50)
            await expect(last).to_have_attribute("data-message", f"m{first + 49:09}")
            await page.clock.run_for(6_000)
            await expect(news).to_have_text("100 new messages.")
        await page.clock.run_for(20_000)
        await expect(news).to_have_text("150 new messages.")


async def test_how_many_wait_at_the_door_is_shown_and_not_read_out(
    web: Running, page: Page
) -> None:
    engines = web.engines
    async with (
        evening(web) as space,
        connected("edge", engines.live, engines.log, engines.passwords) as (_, edge),
    ):
        await at_desk(web, page, space)
        door, news = page.locator("#door"), page.locator("#news")
        for waiting in (3, 4):
            told = {"rung": "wait", "spaces": {space.id: {"listening": 9, "waiting": waiting}}}
            await edge.publish(subjects.crowd("edge-0"), json.dumps(told).encode())
            await expect(door).to_have_text(f"New listeners wait for a place: {waiting} waiting.")
        await expect(news).to_have_text("New listeners wait for a place.")
        assert await door.evaluate("(it) => it.closest('[role], [aria-live]')") is None


async def test_trouble_that_lasts_is_read_out_once(web: Running, page: Page, stage: Stage) -> None:
    async with evening(web, guests=("Noor",)) as space:
        await at_desk(web, page, space)
        seat, news = space.seats["Jonas"], page.locator("#news")
        await stage.sits(space.id, seat)
        advice = "Jonas Weber cannot be heard."
        await stage.warns(space.id, seat, "seat_silent", advice)
        await expect(news).to_contain_text(advice)
        await stage.warns(space.id, seat, "seat_silent", advice)
        await space.guests[0].post("hand", {})
        await expect(news).to_have_text("Noor raises a hand.", timeout=15_000)
