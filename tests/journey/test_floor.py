"""Two people talk: the host sees who has the floor, a clock runs, and a crashed browser is told."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, async_playwright, expect

from hustings.drills.installation import Installation
from tests.journey.browser import chromium
from tests.journey.room import DESKTOP, PHONE, Desk, make_account

TALK = {
    "ann": "It was the best of times, it was the worst of times, it was the age of wisdom, it was"
    " the age of foolishness, it was the epoch of belief, it was the epoch of incredulity. ",
    "ben": "Ever tried, ever failed, no matter. Try again, fail again, fail better. First the body,"
    " no, first the place, no, first both. Now either. ",
}
VOICES = {"ann": "en-gb+f3", "ben": "en-us"}


def speech(folder: Path, name: str) -> Path:
    """Some minutes of a voice."""
    path = folder / f"{name}.wav"
    said = ["espeak-ng", "-v", VOICES[name], "-s", "150", "-w", str(path), TALK[name] * 12]
    subprocess.run(said, check=True)
    with wave.open(str(path)) as file:
        assert file.getnframes() / file.getframerate() > 90
    return path


@pytest.mark.browser
@pytest.mark.timeout(180)
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng")
async def test_who_has_the_floor(tmp_path: Path) -> None:
    sounds = {name: speech(tmp_path, name) for name in TALK}
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        chromium(
            playwright,
            tmp_path / "a",
            microphone=sounds["ann"],
            width=DESKTOP[0],
            height=DESKTOP[1],
        ) as hers,
        chromium(
            playwright, tmp_path / "b", microphone=sounds["ben"], width=PHONE[0], height=PHONE[1]
        ) as his,
    ):
        host, ben = Desk(await hers.new_page()), Desk(await his.new_page())
        link = (tmp_path / "data" / "first-link").read_text().strip()
        await make_account(host.page, link, name="Ann", email="ann@example.org")
        await host.page.goto(f"{installation.studio_url}/new")
        await host.page.fill("[name=title]", "Who has the floor?")
        await host.schedule()
        await host.page.fill("#invite-name", "Ben")
        await host.page.click("#invite button")
        await expect(host.page.locator("#invite-link")).not_to_have_value("")
        await ben.page.goto(await host.page.input_value("#invite-link"))
        await ben.page.click("#accept")
        await ben.page.wait_for_selector("#join")
        await host.raw()
        await ben.raw()
        await host.join()
        await ben.join()
        await host.next_step("doors", "doors")
        await host.next_step("live", "live")
        await both_talk(host, ben)
        await crash(host, ben, his)


async def both_talk(host: Desk, ben: Desk) -> None:
    """The floor grows on the desk, and the clock on the speaker's page."""
    rows = host.page.locator("#floor-rows tr")
    await expect(rows).to_have_count(2, timeout=30_000)
    times = "[...document.querySelectorAll('#floor-rows .floor-time')]"
    await host.page.wait_for_function(f"() => {times}.every((one) => one.textContent > '00:04')")
    await expect(host.page.locator("#floor-whole")).to_contain_text("on air")
    line = host.page.locator("#seats [data-seat]", has_text="Ben").locator(".seat-line")
    await expect(line).to_have_attribute("data-quality", "good")
    await host.page.evaluate("() => document.getElementById('room-fold').open = true")
    await host.page.check("#equal-time")
    await host.page.select_option("#speaker-s", "120")
    clock = ben.page.locator("#own-clock .clock-time")
    await expect(clock).to_contain_text("of 02:00")
    before = await clock.inner_text()
    await expect(clock).not_to_have_text(before)


async def crash(host: Desk, ben: Desk, browser: BrowserContext) -> None:
    """The page dies without a word; the desk says so until it is back in its seat."""
    address = ben.page.url
    seat = host.page.locator("#seats [data-seat]", has_text="Ben")
    with pytest.raises(Error):
        await ben.page.goto("chrome://crash", timeout=5_000)
    await expect(seat).to_have_attribute("data-trouble", "seat_gone", timeout=15_000)
    await expect(seat.locator(".seat-trouble")).to_contain_text("lost the connection")
    again = Desk(await browser.new_page())
    await again.page.goto(address)
    await again.is_connected()  # a page that is opened again soon takes its seat by itself
    await expect(seat.locator(".seat-trouble")).to_be_hidden(timeout=15_000)
    await expect(seat).to_have_attribute("data-connected", "true")
