"""The host's browser is killed on air: the deputy is in charge, on a telephone, and ends it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from hustings.drills.installation import Installation
from tests.journey.album import Album
from tests.journey.browser import chromium, kill
from tests.journey.room import PHONE, Desk, Listener, make_account, until_heard, voice
from tests.journey.test_people import visitors

HOST_HZ, DEPUTY_HZ = 440.0, 660.0
SMALL = (360, 740)
AWAY_MS = 40_000  # until the stage knows, and as long as a host may be away


@pytest.mark.browser
@pytest.mark.timeout(180)
async def test_a_deputy_ends_what_the_host_cannot(tmp_path: Path) -> None:
    width, height = SMALL
    sounds = [voice(tmp_path / f"{hz:.0f}.wav", hz) for hz in (HOST_HZ, DEPUTY_HZ)]
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        chromium(playwright, tmp_path / "a", microphone=sounds[0]) as ann,
        chromium(
            playwright, tmp_path / "b", microphone=sounds[1], width=width, height=height
        ) as ben,
        visitors(playwright, PHONE, PHONE) as (listener_page, _),
    ):
        album, listener = Album(tmp_path), Listener(listener_page)
        host, deputy = Desk(await ann.new_page()), Desk(await ben.new_page())
        page = deputy.page
        link = (tmp_path / "data" / "first-link").read_text().strip()
        space = await on_stage(host, deputy, link, installation.studio_url)
        row = host.page.locator("#seats [data-seat]", has_text="Ben")
        await row.locator("[data-act=more]").click()
        await album.take(host.page, "deputy-named")
        await host.page.click("#sheet [data-act=deputy]")
        await expect(row.locator(".seat-state")).to_contain_text("deputy")
        await host.next_step("doors", "doors")
        await listener.open(f"{installation.listen_url}/s/{space}")
        await listener.play()
        await host.next_step("live", "live")
        await until_heard(listener.page, DEPUTY_HZ)
        await expect(page.locator("#next-step")).to_have_count(0)
        kill(tmp_path / "a")
        charge = page.locator("#charge")
        await expect(charge).to_contain_text(
            "Ann's connection is lost: you are in charge", timeout=AWAY_MS
        )
        assert await page.locator("body").get_attribute("data-connected") == "true"
        lost = page.locator("#seats [data-seat]", has_text="Ann")
        await expect(lost.locator(".seat-state")).to_contain_text("connection lost")
        await album.take(page, "deputy-phone")
        await until_heard(listener.page, DEPUTY_HZ)  # nothing of it reaches the listeners
        await deputy.next_step("hold", "held")
        await deputy.next_step("resume", "live")
        await until_heard(listener.page, DEPUTY_HZ)
        await page.click("#end")
        await page.click("#confirm-yes")
        await deputy.is_at("ended|posted", timeout_ms=AWAY_MS)
        await expect(charge).to_be_hidden()
        await expect(page.locator("#next-step")).to_be_hidden()
        over = re.compile("ended|posted")
        await expect(listener.page.locator("html")).to_have_attribute(
            "data-status", over, timeout=AWAY_MS
        )


async def on_stage(host: Desk, deputy: Desk, link: str, studio_url: str) -> str:
    """A host and a speaker in the green room of a new space; its id."""
    await make_account(host.page, link, name="Ann", email="ann@example.org")
    await host.page.goto(f"{studio_url}/new")
    await host.page.fill("[name=title]", "With a deputy")
    space = await host.schedule()
    await host.page.fill("#invite-name", "Ben")
    await host.page.click("#invite button")
    await expect(host.page.locator("#invite-link")).not_to_have_value("")
    await deputy.page.goto(await host.page.input_value("#invite-link"))
    await deputy.page.click("#accept")
    for desk in (host, deputy):
        await desk.page.wait_for_selector("#join")
        await desk.raw()
        await desk.join()
    return space
