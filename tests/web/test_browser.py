"""The pages in a real browser: from the first link to the desk, at telephone and desktop size."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, Page, expect

from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.subjects import Kind
from hustings.space import encode
from hustings.space.event import SeatJoined, Spoke
from tests.servers import connected
from tests.web.running import EMAIL, PASSWORD, Running, make_space, until

pytestmark = pytest.mark.browser

SIZES: Final = {"telephone": (360, 740), "desktop": (1280, 860)}


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which nothing may go wrong: no error in the console, no refused script."""
    found = context.pages[0]
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    yield found
    assert wrong == []


async def shoot(page: Page, folder: Path, name: str) -> None:
    """Screenshots at both sizes in both themes; nothing may be wider than the screen."""
    folder = Path(os.environ.get("HUSTINGS_SCREENSHOTS", folder))
    folder.mkdir(exist_ok=True)
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            path = folder / f"{name}-{size}-{theme}.png"
            await page.screenshot(path=path, full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (name, size, wide)
    await _targets_are_large(page, name)


async def _targets_are_large(page: Page, name: str) -> None:
    small: list[Any] = await page.evaluate(
        """[...document.querySelectorAll("button, input, select, .button, summary")]
        .filter((e) => e.checkVisibility() && !["radio", "checkbox"].includes(e.type))
        .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([html]) => html)"""
    )
    assert small == [], name


async def test_from_the_first_link_to_the_desk(web: Running, page: Page, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    await page.goto((web.folder / "first-link").read_text().strip())
    await shoot(page, shots, "first")
    await page.get_by_label("Your name").fill("Hanna Host")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await page.wait_for_url(f"{web.url}/")
    await shoot(page, shots, "home-empty")
    await page.get_by_role("link", name="New space").click()
    await page.get_by_label("Title").fill("An evening on the new tram line")
    await page.get_by_text("At a set time").click()
    await shoot(page, shots, "new")
    await page.get_by_role("button", name="Make the space").click()
    await page.wait_for_selector("body[data-status=scheduled][data-events=true]")
    assert await page.locator("#next-step").inner_text() == "Open the doors"
    assert "Doors open by themselves" in await page.locator("#next-words").inner_text()
    await shoot(page, shots, "desk-scheduled")
    await page.goto(f"{web.url}/")
    await shoot(page, shots, "home")
    await page.goto(f"{web.url}/account")
    await shoot(page, shots, "account")
    await page.goto(f"{web.url}/sign-in?next=/account")
    assert page.url == f"{web.url}/account"


async def test_host_runs_a_space(web: Running, page: Page, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    await _signed_in(web, page)
    servers = web.engines
    async with (
        web.host() as host,
        connected("stage", servers.live, servers.log, servers.passwords) as (record, live),
    ):
        made = await make_space(host, title="An evening on the new tram line")
        await page.goto(made["stage_url"])
        await page.get_by_label("Name").fill("Amara Okafor")
        await page.get_by_role("button", name="Make a link").click()
        link = page.locator("#invite-link")
        await link.wait_for()
        assert "/i/" in await link.input_value()
        await page.locator("[data-seat]").nth(1).wait_for()
        # The browser allows the microphone already, so it is checked without asking.
        await until(partial(_hears, page))
        await shoot(page, shots, "desk-green-room")
        await page.locator("#next-step").click()
        await page.wait_for_selector("body[data-status=doors]")
        await page.locator("#next-step").click()
        await shoot(page, shots, "desk-question")
        assert "Nobody is on stage yet" in await page.locator("#confirm-title").inner_text()
        await page.locator("#confirm-no").click()
        seats = [s["id"] for s in (await host.get(f"/api/spaces/{made['id']}")).json()["seats"]]
        await _joined(record, made["id"], seats)
        await page.wait_for_selector(f"[data-seat='{seats[1]}'][data-speaking=true]")
        await page.locator("#next-step").click()
        await page.wait_for_selector("body[data-status=live]")
        await _loud(live, made["id"], dict(zip(seats, (-32.0, -14.0), strict=True)))
        await page.wait_for_selector(f"[data-seat='{seats[1]}'][data-level='-14.0']")
        await shoot(page, shots, "desk-live")
        await page.locator(f"[data-seat='{seats[1]}'] [data-act=mute]").click()
        await page.wait_for_selector(f"[data-seat='{seats[1]}'][data-muted=true]")
        await page.get_by_label("Tell listeners why").fill("Back in five minutes.")
        await page.locator("#next-step").click()
        await page.wait_for_selector("body[data-status=held]")
        assert await page.locator("#reason").inner_text() == "Back in five minutes."
        await shoot(page, shots, "desk-held")
        await page.locator("#end").click()
        await page.locator("#confirm-yes").click()
        await page.wait_for_selector("body[data-status=ended]")
        assert await page.locator("#replay").is_visible()
        await shoot(page, shots, "desk-ended")


async def test_speaker_takes_a_seat(web: Running, page: Page, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    async with web.host() as host:
        space = (await make_space(host, title="An evening on the new tram line"))["id"]
        answer = await host.post(f"/api/spaces/{space}/seats", json={"name": "Amara"})
        await page.goto(answer.json()["link"])
        await shoot(page, shots, "invite")
        await page.get_by_label("Your name").fill("Amara Okafor")
        await page.get_by_role("button", name="Take your seat").click()
        await page.wait_for_selector("body[data-status=scheduled][data-events=true]")
        assert await page.locator("#next-step").count() == 0
        assert await page.locator("[data-seat]").count() == 2
        await shoot(page, shots, "speaker")
        await host.delete(f"/api/spaces/{space}/seats/{answer.json()['seat']}")
        await page.locator("#notice").wait_for()
        assert "taken away" in await page.locator("#notice").inner_text()


async def test_cohost_who_is_removed_runs_nothing(web: Running, page: Page) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        body = {"name": "Amara", "role": "cohost"}
        made = (await host.post(f"/api/spaces/{space}/seats", json=body)).json()
        await page.goto(made["link"])
        await page.get_by_role("button", name="Take your seat").click()
        await page.wait_for_selector("body[data-events=true]")
        assert await page.locator("#next-step").is_visible()
        own = page.locator(f"[data-seat='{made['seat']}']")
        others = page.locator(f"[data-seat]:not([data-seat='{made['seat']}'])")
        await own.wait_for()
        assert not await others.locator("[data-act=remove]").is_visible(), "the host's seat stays"
        await host.delete(f"/api/spaces/{space}/seats/{made['seat']}")
        await page.locator("#notice").wait_for()
        assert "taken away" in await page.locator("#notice").inner_text()
        for gone in ("#next-step", "#invite", "#later", "#offline", "#microphone"):
            assert not await page.locator(gone).is_visible(), gone


async def test_desk_says_when_nobody_is_signed_in(web: Running, context: BrowserContext) -> None:
    page = context.pages[0]
    await _signed_in(web, page)
    async with web.host() as host:
        made = await make_space(host)
        await page.goto(made["stage_url"])
        await page.wait_for_selector("body[data-events=true]")
        await context.clear_cookies()
        await page.locator("#next-step").click()
        await page.locator("#notice").wait_for()
        assert "You are signed out" in await page.locator("#notice").inner_text()


async def test_second_press_does_not_go_live(web: Running, page: Page) -> None:
    await _signed_in(web, page)
    servers = web.engines
    async with (
        web.host() as host,
        connected("stage", servers.live, servers.log, servers.passwords) as (record, _),
    ):
        made = await make_space(host)
        await page.goto(made["stage_url"])
        joined = SeatJoined(at_ms=1, seat=made["seats"][0]["id"], join=1, n=0)
        await record.append(made["id"], Kind.OBS, encode(joined), message_id="joined")
        await page.wait_for_selector("[data-seat][data-connected=true]")
        next_step = page.locator("#next-step")
        await next_step.focus()
        await page.keyboard.press("Space")
        await page.wait_for_selector("body[data-status=doors]")
        await page.keyboard.press("Space")
        await expect(next_step).to_be_enabled()
        assert (await host.get(f"/api/spaces/{made['id']}")).json()["status"] == "doors"
        # The button keeps the focus, and works once it has been seen.
        await page.keyboard.press("Space")
        await page.wait_for_selector("body[data-status=live]")


async def test_keyboard_reaches_the_next_step(web: Running, page: Page) -> None:
    await _signed_in(web, page)
    async with web.host() as host:
        made = await make_space(host)
        await page.goto(made["stage_url"])
        await page.wait_for_selector("body[data-events=true]")
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id") == "next-step":
                break
        await page.keyboard.press("Enter")
        await page.wait_for_selector("body[data-status=doors]")


async def _signed_in(web: Running, page: Page) -> None:
    async with web.host():
        await page.goto(f"{web.url}/sign-in")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{web.url}/")


async def _hears(page: Page) -> bool:
    """Whether the own meter moves. The policy of the page forbids waiting by evaluated strings."""
    return float(await page.locator("#own-level").get_attribute("data-dbfs") or -90) > -60


async def _loud(live: Live, space: str, levels: dict[str, float]) -> None:
    data = json.dumps({"n": 1, "levels": levels}).encode()
    await live.publish(subjects.live(space, "levels"), data)


async def _joined(record: Log, space: str, seats: list[str]) -> None:
    """What a stage would observe: both are here, and the second speaks."""
    for index, seat in enumerate(seats):
        event = SeatJoined(at_ms=1, seat=seat, join=1, n=index)
        await record.append(space, Kind.OBS, encode(event), message_id=f"joined-{index}")
    spoke = Spoke(at_ms=1, seat=seats[1], speaking=True, n=2)
    await record.append(space, Kind.OBS, encode(spoke), message_id="spoke")
