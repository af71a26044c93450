"""A speaker on a telephone whose microphone is unplugged on air, and plugged in again.

No program can pull a plug out of Chromium. What a browser then does is done by a script before the
page's own: the microphone's source stops, all its tracks end, its name leaves the list of devices,
the page is told, and nobody can open a microphone until the plug is in again. Everything after that
is the product's: its page, its line to the stage, and the stage itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from hustings.drills.installation import Installation
from tests.journey.album import Album
from tests.journey.browser import chromium
from tests.journey.room import (
    DESKTOP,
    PHONE,
    Desk,
    Listener,
    make_account,
    until_gone,
    until_heard,
    voice,
)
from tests.journey.test_people import visitors

SPEAKER_HZ = 660.0
PLUG = (Path(__file__).parent / "plug.js").read_text()


@pytest.mark.browser
@pytest.mark.timeout(180)
async def test_a_microphone_is_unplugged_on_air(tmp_path: Path) -> None:
    width, height = PHONE
    sound = voice(tmp_path / "ben.wav", SPEAKER_HZ)
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        chromium(playwright, tmp_path / "b", microphone=sound, width=width, height=height) as ben,
        visitors(playwright, DESKTOP, PHONE) as (host_page, listener_page),
    ):
        await ben.add_init_script(PLUG)
        album, listener = Album(tmp_path), Listener(listener_page)
        host, speaker = Desk(host_page), Desk(await ben.new_page())
        link = (tmp_path / "data" / "first-link").read_text().strip()
        await invited(host, speaker, link, installation.studio_url)
        await speaker.join()
        await host.next_step("doors", "doors")
        space = host.page.url.split("/s/")[1].split("/")[0]
        await listener.open(f"{installation.listen_url}/s/{space}")
        await listener.play()
        await host.next_step("live", "live")
        await until_heard(listener.page, SPEAKER_HZ)
        await pull(host, speaker, listener, album)
        await plug(host, speaker, listener)


async def invited(host: Desk, speaker: Desk, link: str, studio_url: str) -> None:
    """A host at the desk, without a microphone, and a speaker by a link."""
    await make_account(host.page, link, name="Ann", email="ann@example.org")
    await host.page.goto(f"{studio_url}/new")
    await host.page.fill("[name=title]", "With a loose plug")
    await host.schedule()
    await host.page.fill("#invite-name", "Ben")
    await host.page.click("#invite button")
    await expect(host.page.locator("#invite-link")).not_to_have_value("")
    await speaker.page.goto(await host.page.input_value("#invite-link"))
    await speaker.page.click("#accept")
    await speaker.page.wait_for_selector("#join")
    await speaker.raw()


async def pull(host: Desk, speaker: Desk, listener: Listener, album: Album) -> None:
    """Both sides are told, in words, and the listeners hear nobody."""
    seat = host.page.locator("#seats [data-seat]", has_text="Ben")
    assert await seat.get_attribute("data-trouble") is None
    await speaker.page.evaluate("pull()")
    said = speaker.page.locator("#unplugged")
    await expect(said).to_contain_text("was unplugged: nobody hears you")
    await expect(speaker.page.locator("#line-words")).to_have_text(
        "You are here, without a microphone."
    )
    await expect(seat).to_have_attribute("data-trouble", "seat_silent", timeout=15_000)
    await expect(seat.locator(".seat-trouble")).to_contain_text("silence")
    await until_gone(listener.page, SPEAKER_HZ)
    await album.take(speaker.page, "unplugged-phone")
    await album.take(host.page, "desk-warning")


async def plug(host: Desk, speaker: Desk, listener: Listener) -> None:
    """On air again by itself, in the same seat, on the same line."""
    seat = host.page.locator("#seats [data-seat]", has_text="Ben")
    before = await seat.get_attribute("data-seat")
    await speaker.page.evaluate("plug()")
    await expect(speaker.page.locator("#unplugged")).to_be_hidden()
    await expect(speaker.page.locator("#mic-words")).to_contain_text("is back and in use")
    await until_heard(listener.page, SPEAKER_HZ)
    await expect(seat).to_have_attribute("data-speaking", "true", timeout=15_000)
    assert await seat.get_attribute("data-seat") == before
    await expect(seat).to_have_count(1)
    assert await speaker.page.locator("body").get_attribute("data-connected") == "true"
