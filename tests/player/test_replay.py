"""The recording where little is known of it: steps, speed, and an address that points into it."""

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
    await until(page, FURNISHED)
    at = await second(page)
    await page.click("#ahead")
    assert await second(page) == pytest.approx(at + 10, abs=0.05)
    await page.click("#back")
    await page.click("#back")
    assert await second(page) == 0
    assert await page.inner_text("#total") == "0:40"


async def test_the_seek_bar_works_from_the_keyboard(visit: Visit) -> None:
    page = await visit()
    await until(page, READY)
    await until(page, FURNISHED)
    await page.focus("#wave")
    await page.keyboard.press("End")
    assert await second(page) == pytest.approx(40, abs=0.1)
    await page.keyboard.press("Home")
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    assert await second(page) == pytest.approx(15, abs=0.05)
    assert await page.get_attribute("#wave", "aria-valuetext") == "15 seconds"


async def test_speed(visit: Visit) -> None:
    page = await visit()
    await until(page, FURNISHED)
    await page.select_option("#replayspeed", "2")
    await page.click("#play")
    await until(page, f"{PLAYING} && document.getElementById('record').playbackRate === 2")
    offered = await page.eval_on_selector_all(
        "#replayspeed option", "all => all.map((o) => o.value)"
    )
    assert (offered[0], offered[-1]) == ("0.5", "3")
    assert await page.evaluate("() => document.getElementById('record').preservesPitch")
    await page.reload()
    await until(page, FURNISHED)
    assert await page.evaluate("() => document.getElementById('record').playbackRate") == 2


@pytest.mark.parametrize("place", ["?t=12", "?t=0:12", "?t=12.0s", "#t=12", "?lang=en&t=12"])
async def test_an_address_can_point_into_it(visit: Visit, edge: Edge, place: str) -> None:
    page = await visit()
    await page.goto("about:blank")
    await page.goto(edge.page + place)
    await until(page, f"{READY} && document.getElementById('record').currentTime === 12")
    await until(page, "document.getElementById('at')?.textContent === '0:12'")


async def test_it_goes_on_where_one_stopped(visit: Visit) -> None:
    page = await visit()
    await until(page, FURNISHED)
    await page.click("#play")
    await until(page, PLAYING)
    await page.evaluate("() => { document.getElementById('record').currentTime = 20; }")
    await page.click("#play")
    await until(page, f"!({PLAYING})")
    await page.reload()
    await until(page, "document.getElementById('record').currentTime >= 20")
    assert "goes on at 0:20" in await page.inner_text(".goeson")
    await page.click("text=From the start")
    assert await second(page) == 0


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
        f"{base}/all.zip", f"{base}/replay.m4a", f"{base}/replay.opus", f"{base}/stems/ada.opus",
        f"{base}/stems/ben.opus", f"{base}/timeline.json", f"{base}/receipt.json",
    ]  # fmt: skip
    named = await page.eval_on_selector_all("#links a", "all => all.map((a) => a.download)")
    title = "What the river took, and who pays to give it back"
    assert named[0] == f"{title}.zip"
    assert named[4] == f"{title} - Ben Calloway-Ferreira.opus"
    assert await page.inner_text("#links .all .soft") == "1.2 MB"


async def test_clips_lead_to_their_pages(visit: Visit) -> None:
    page = await visit()
    await until(page, FURNISHED)
    clip = page.locator("section", has=page.locator("#clipshead")).get_by_role("link")
    assert await clip.all_inner_texts() == ["0:12\nWho owns the river?"]
    assert str(await clip.get_attribute("href")).endswith("/k1")
    key = page.locator("#files details a")
    assert await key.get_attribute("href") == "/receipt.pub.pem"
