"""The page at a real edge, on real NATS servers: a whole evening, and a restart in its midst."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from hustings.space import event as e
from hustings.space.state import Role
from tests.player.browser import BEHIND, PLAYING, WATCH, listen, places_itself, spans, until
from tests.player.house import House, opened, running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STATUS = "document.documentElement.dataset.status"


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as made:
        at_ms = time.time_ns() // 1_000_000
        await made.stage.schedule(
            e.Scheduled(at_ms=at_ms, by="ada", title="Who owns the river?", host="Ada Obi")
        )
        granted = e.SeatGranted(at_ms=at_ms, by="ada", seat="ada", name="Ada Obi", role=Role.HOST)
        await made.stage.decide(granted)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, house: House) -> AsyncIterator[Page]:
    context = await browser.new_context()
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(house.page)
    yield page
    await context.close()
    assert errors == []


async def test_from_the_schedule_to_the_end(house: House, page: Page) -> None:
    stage = house.stage
    await until(page, f"{STATUS} === 'scheduled'")
    assert await page.inner_text("h1") == "Who owns the river?"
    await page.click("#play")
    await stage.decide(e.DoorsOpened(at_ms=1, by="ada"))
    async with running(stage):
        await until(page, f"{PLAYING} && {STATUS} === 'doors'", seconds=20)
        await page.evaluate(WATCH)
        await places_itself(page)
        live_n = stage.n + 1
        await stage.decide(e.WentLive(at_ms=2, by="ada"))
        await stage.observe(e.OnAir(at_ms=2, n=live_n, live=True))
        await stage.observe(e.SeatJoined(at_ms=2, seat="ada", join=1, n=live_n))
        await stage.observe(e.Spoke(at_ms=2, seat="ada", speaking=True, n=live_n))
        await until(page, f"{STATUS} === 'live' && document.querySelector('.speaking')")
        await until(page, "document.getElementById('listening').textContent === '1 listening'")
        await until(page, f"{BEHIND} < 1500")
    await stage.decide(e.Ended(at_ms=3, by="ada"))
    await stage.observe(e.OnAir(at_ms=3, n=stage.n, live=False))
    await until(page, f"{STATUS} === 'ended'")
    await stage.decide(
        e.Posted(at_ms=4, by="archive", recording_seconds=3.2, receipt_sha256="0" * 64)
    )
    await until(page, f"{STATUS} === 'posted'")


@pytest.mark.alone
async def test_a_restart_of_the_edge_leaves_no_gap(house: House, page: Page) -> None:
    await house.stage.decide(e.DoorsOpened(at_ms=1, by="ada"))
    while await page.evaluate(STATUS) != "doors":
        await page.reload()
    async with running(house.stage):
        await listen(page)
        await page.evaluate(WATCH)
        began = (await spans(page))[0]
        await house.stop_edge()
        await house.start_edge()
        await until(page, f"document.getElementById('sound').currentTime > {began[1]} + 3")
        assert [round(start, 1) for start, _ in await spans(page)] == [round(began[0], 1)]
        await places_itself(page)
