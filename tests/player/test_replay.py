"""The recording: a seek bar, steps, speed, and an address that points into it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.player.browser import FURNISHED, PLAYING, Visit, until
from tests.player.server import Edge, door, replay

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

READY = "document.getElementById('record').readyState >= 1"


@pytest.fixture(autouse=True)
def _posted(edge: Edge) -> None:
    edge.door = door("posted", replay=replay(40))


async def second(page: Page) -> float:
    found: float = await page.evaluate("() => document.getElementById('record').currentTime")
    return found


async def test_plays_pauses_and_steps(visit: Visit) -> None:
    page = await visit()
    await page.click("#play")
    await until(page, f"{PLAYING} && document.getElementById('record').currentTime > 0.3")
    assert await page.inner_text("#label") == "Pause"
    await page.click("#play")
    await until(page, f"!({PLAYING})")
    at = await second(page)
    await page.click("#ahead")
    assert await second(page) == pytest.approx(at + 15, abs=0.05)
    await page.click("#back")
    await page.click("#back")
    assert await second(page) == 0
    assert await page.inner_text("#total") == "0:40"


async def test_the_seek_bar_works_from_the_keyboard(visit: Visit) -> None:
    page = await visit()
    await until(page, READY)
    await page.focus("#seek")
    await page.keyboard.press("End")
    assert await second(page) == pytest.approx(40, abs=0.1)
    await page.keyboard.press("Home")
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    assert await second(page) == pytest.approx(3, abs=0.05)
    told = await page.get_attribute("#seek", "aria-valuetext")
    assert told == "3 seconds of 40 seconds"


async def test_speed(visit: Visit) -> None:
    page = await visit()
    await page.select_option("#speed", "2")
    await page.click("#play")
    await until(page, f"{PLAYING} && document.getElementById('record').playbackRate === 2")
    offered = await page.eval_on_selector_all("#speed option", "all => all.map((o) => o.value)")
    assert (offered[0], offered[-1]) == ("0.5", "3")


async def test_an_address_can_point_into_it(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await page.goto("about:blank")
    await page.goto(f"{edge.page}#t=12")
    await until(page, f"{READY} && document.getElementById('record').currentTime === 12")
    assert await page.inner_text("#at") == "0:12"


async def test_an_edge_without_room_is_asked_again(visit: Visit, edge: Edge) -> None:
    edge.refuse = 503
    page = await visit()
    await page.click("#play")
    await until(page, "document.getElementById('record').error !== null")
    edge.refuse = 0
    heard = f"{PLAYING} && document.getElementById('record').currentTime > 0.3"
    await until(page, heard, seconds=20)  # a pause is at most 10 s


async def test_everything_can_be_taken_along(visit: Visit) -> None:
    page = await visit()
    await until(page, FURNISHED)
    found = await page.eval_on_selector_all("#links a", "all => all.map((a) => a.pathname)")
    base = "/live/space00001"
    assert found == [
        f"{base}/replay.m4a", f"{base}/replay.opus", f"{base}/stems/ada.opus",
        f"{base}/stems/ben.opus", f"{base}/receipt.json", f"{base}/timeline.json",
    ]  # fmt: skip
