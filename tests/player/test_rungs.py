"""A page at an edge without room for everybody: it goes by the rung it is given, and back up."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from hustings.space import event as e
from hustings.space.state import Role
from tests.player.browser import BEHIND, PLAYING, WATCH, listen, places_itself, spans, until
from tests.player.house import SPACE, House, opened, running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Open = Callable[..., Awaitable[House]]
Visitor = Callable[[House], Awaitable[Page]]
WAITING = "document.documentElement.dataset.phase === 'waiting'"


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens a house with a space that is live, its stage running."""
    async with AsyncExitStack() as stack:

        async def live(*, ready: int = 12, **settings: Any) -> House:
            made = await stack.enter_async_context(opened(tmp_path, edge=False))
            if settings.get("cdn_url") == "here":
                settings["cdn_url"] = made.origin
            at_ms = time.time_ns() // 1_000_000
            stage = made.stage
            await stage.schedule(e.Scheduled(at_ms=at_ms, by="ada", title="River", host="Ada Obi"))
            granted = e.SeatGranted(
                at_ms=at_ms, by="ada", seat="ada", name="Ada Obi", role=Role.HOST
            )
            await stage.decide(granted)
            await stage.decide(e.DoorsOpened(at_ms=at_ms, by="ada"))
            await stage.decide(e.WentLive(at_ms=at_ms, by="ada"))
            await stage.observe(e.OnAir(at_ms=at_ms, n=0, live=True))
            await stage.observe(e.SeatJoined(at_ms=at_ms, seat="ada", join=1, n=0))
            await stage.hasten(ready)
            await made.start_edge(**settings)
            await stack.enter_async_context(running(stage))
            return made

        yield live


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser) -> AsyncIterator[Visitor]:
    """Opens the page as somebody else each time."""
    errors: list[str] = []
    contexts = []

    async def come(at: House) -> Page:
        context = await browser.new_context()
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(at.page)
        return page

    yield come
    for context in contexts:
        await context.close()
    assert errors == []


async def heard_well(page: Page, *, seconds: float) -> None:
    """From now on for some seconds of programme, nothing stands still."""
    await page.evaluate(WATCH)
    at = await page.evaluate("() => document.getElementById('sound').currentTime")
    await until(page, f"document.getElementById('sound').currentTime > {at + seconds}", seconds=20)
    assert await page.evaluate("() => window.still.longestMs") < 250
    await places_itself(page)


@pytest.mark.alone
@pytest.mark.parametrize(("rung", "behind_ms"), [("slow", 2200), ("slower", 3400)])
async def test_slower_steps_are_heard_without_a_stall(
    house: Open, visitor: Visitor, rung: str, behind_ms: int
) -> None:
    page = await visitor(await house(rung=rung))
    await listen(page)
    await heard_well(page, seconds=6)
    assert len(await spans(page)) == 1
    assert 1200 < await page.evaluate(BEHIND) < behind_ms


async def test_a_full_edge_gives_text_and_then_the_place_that_frees(
    house: Open, visitor: Visitor
) -> None:
    at = await house(listeners_max=1)
    first = await visitor(at)
    await listen(first)
    second = await visitor(at)
    await second.click("#play")
    await until(
        second, f"{WAITING} && document.getElementById('note').textContent.includes('next')"
    )
    assert await second.inner_text("#label") == "Waiting for a place"
    assert "follow below who is speaking" in await second.inner_text("#note")
    await at.stage.observe(e.Spoke(at_ms=2, seat="ada", speaking=True, n=at.stage.n))
    await until(second, "document.querySelector('.speaking')")
    await first.close()
    await until(second, PLAYING, seconds=20)
    assert await second.inner_text("#headline") == "Your place is free"
    await heard_well(second, seconds=2)


async def test_without_text_it_waits_in_line_and_may_leave(house: Open, visitor: Visitor) -> None:
    at = await house(listeners_max=1, readers_max=0)
    first = await visitor(at)
    await listen(first)
    second, third = await visitor(at), await visitor(at)
    for page in (second, third):
        await page.click("#play")
        await until(
            page,
            f"{WAITING} && document.getElementById('note').textContent.includes('line')"
            " || document.getElementById('note').textContent.includes('next')",
        )
    assert "You are next" in await second.inner_text("#note")
    assert "number 2 in line" in await third.inner_text("#note")
    assert "not available" not in await third.inner_text("body")
    await second.click("#play")  # leaves the line
    await until(second, "document.documentElement.dataset.phase === 'idle'")
    await first.close()
    await until(third, PLAYING, seconds=30)
    assert not await second.evaluate("() => document.documentElement.dataset.playing === 'true'")


async def test_segments_through_a_cache(house: Open, visitor: Visitor) -> None:
    at = await house(rung="segments", cdn_url="here", ready=30)
    page = await visitor(at)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(at.origin)))
    await listen(page)
    await heard_well(page, seconds=7)
    assert len(await spans(page)) == 1
    assert 2000 < await page.evaluate(BEHIND) < 5500
    segments = [path for path in asked if path.endswith(".m4s")]
    numbers = [int(path.rsplit("/", 1)[1].removesuffix(".m4s")) for path in segments]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) >= 4
    assert len([path for path in asked if path.endswith("/enter")]) == 1
    assert asked.count(f"/live/{SPACE}/opus/init.mp4") == 1


async def test_every_second_there_has_been_can_be_gone_to(house: Open, visitor: Visitor) -> None:
    at = await house(ready=120)
    page = await visitor(at)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(at.origin)))
    await listen(page)
    await page.evaluate(WATCH)
    await until(page, "Number(document.getElementById('seek').max) > 38")
    await page.evaluate(
        "() => { const bar = document.getElementById('seek'); bar.value = '3';"
        " bar.dispatchEvent(new Event('input')); bar.dispatchEvent(new Event('change')); }"
    )
    sound = "document.getElementById('sound').currentTime"
    await until(page, f"{PLAYING} && {sound} > 3.5 && {sound} < 6")
    await places_itself(page)
    assert f"/live/{SPACE}/opus/1.m4s" in asked
    assert await page.is_visible("#golive")
    assert await page.inner_text("#at") in ("0:03", "0:04", "0:05", "0:06")
    await page.click("#ahead")
    await until(page, f"{PLAYING} && {sound} > 18 && {sound} < 23")
    await places_itself(page)
    # What is buffered meets the programme, and goes on by push from exactly there.
    pushes = [path for path in asked if "/push?" in path]
    assert "from=" in pushes[-1]
    await page.select_option("#speed", "1.5")
    await until(page, "document.getElementById('sound').playbackRate === 1.5")
    await page.click("#golive")
    await until(page, f"{PLAYING} && {BEHIND} < 1500")
    assert await page.input_value("#speed") == "1"
    await places_itself(page)


async def test_reactions_are_added_up_for_everybody(house: Open, visitor: Visitor) -> None:
    at = await house()
    first, second = await visitor(at), await visitor(at)
    for page in (first, second):
        await listen(page)
    for _ in range(3):
        await first.click("[aria-label=Applause]")
    await second.click("[aria-label=Applause]")
    sums = "[...document.querySelectorAll('.sum')].map((one) => one.textContent).join('')"
    for page in (first, second):
        await page.wait_for_function(f"() => Number({sums}) >= 1")
