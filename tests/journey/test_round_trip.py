"""A speaker on a telephone tests their sound in the green room: to the stage and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright, expect

from hustings.drills.installation import Installation
from tests.journey.album import Album
from tests.journey.browser import chromium, tap
from tests.journey.room import DESKTOP, Desk, until_gone, until_heard
from tests.journey.test_people import visitors
from tests.journey.test_unplugged import invited
from tests.tones import silence, tone, write_wav

HZ = 660.0
SMALL = (360, 740)


def talk(path: Path) -> Path:
    """A microphone's file: one tone in the rhythm of speech, which does not repeat itself."""
    dice = np.random.default_rng(7)
    pieces = []
    for _ in range(300):
        pieces += [tone(HZ, dice.uniform(0.2, 0.6)), silence(dice.uniform(0.1, 0.5))]
    return write_wav(path, np.concatenate(pieces))


@pytest.mark.browser
@pytest.mark.timeout(180)
async def test_a_speaker_hears_what_others_would_hear(tmp_path: Path) -> None:
    width, height = SMALL
    sound = talk(tmp_path / "ben.wav")
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        chromium(playwright, tmp_path / "b", microphone=sound, width=width, height=height) as ben,
        visitors(playwright, DESKTOP, SMALL) as (host_page, _),
    ):
        album = Album(tmp_path)
        host, speaker = Desk(host_page), Desk(await ben.new_page())
        link = (tmp_path / "data" / "first-link").read_text().strip()
        await invited(host, speaker, link, installation.studio_url)
        page = speaker.page
        await speaker.join()
        await tap(page, "#mix-minus")
        await page.click("#mic-more > summary")
        await until_gone(page, HZ)  # others have nothing to say, and one does not hear oneself
        await one_trip(page, album, "round-trip")
        await until_gone(page, HZ)
        await page.click("#mute")
        await one_trip(page, album, "round-trip-muted")
        await expect(page.locator("body")).to_have_attribute("data-muted", "true")
        await page.click("#trial")
        await expect(page.locator("#trial span")).to_contain_text("Recording")
        for name in [n for n in installation.processes() if n.startswith("stage")]:
            installation.kill(name)
        words = page.locator("#trial-words")
        await expect(words).to_have_attribute("data-by", "device", timeout=20_000)
        await speaker.is_connected()


async def one_trip(page: Page, album: Album, name: str) -> None:
    """One test, from the press to the verdict."""
    await page.click("#trial")
    words = page.locator("#trial-words")
    await expect(words).to_contain_text("Speak now")
    await expect(words).to_contain_text("This is how others hear you", timeout=10_000)
    await until_heard(page, HZ, seconds=5.0)
    await expect(words).to_have_attribute("data-by", "stage", timeout=10_000)
    await page.locator("#trial-figures").scroll_into_view_if_needed()
    await album.take(page, name)
    await expect(words).to_have_text("You sound good.")
    assert await page.locator("#trial-up").inner_text() == "0.0 %"
    assert await page.locator("#trial-down").inner_text() == "0.0 %"
    assert 20 < int((await page.locator("#trial-delay").inner_text()).split()[0]) < 400
