"""An evening as people have it, from the first link to the replay, on a telephone and at a desk.

Host and listeners use the pages alone, nothing but the first link comes from elsewhere. Whoever has
the telephone in one walk sits at the desk in the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright, expect

from hustings.drills.installation import Installation
from tests.conftest import CHROMIUM
from tests.journey.album import Album
from tests.journey.browser import ARGUMENTS, TAP, chromium
from tests.journey.room import (
    DESKTOP,
    PHONE,
    POSTED_MS,
    Desk,
    Listener,
    invite_host,
    make_account,
    until_gone,
    until_heard,
    voice,
)

HOST_HZ, SPEAKER_HZ = 440.0, 660.0
TITLE = "Should the tram cross the old bridge?"
WORDS = """Two neighbours, **two opinions**, one bridge.

- What it would cost
- Who would walk, who would ride"""


@dataclass(slots=True)
class Evening:
    """Everybody's pages. `host_suffix` and `suffix` end the names of pictures."""

    installation: Installation
    album: Album
    host: Desk
    ben: Listener  # who raises a hand
    cem: Listener  # who listens
    dora: Listener  # who reads along, without sound
    host_suffix: str
    suffix: str
    space: str = ""

    @property
    def share(self) -> str:
        return f"{self.installation.listen_url}/s/{self.space}"

    async def desk_picture(self, name: str, *, top: bool = False) -> None:
        await self.album.take(self.host.page, name + self.host_suffix, top=top)

    async def picture(self, name: str, page: Page, *, top: bool = False) -> None:
        await self.album.take(page, name + self.suffix, top=top)


@pytest.mark.browser
@pytest.mark.timeout(240)
@pytest.mark.parametrize("host_on", ["telephone", "desk"])
async def test_an_evening_of_people(tmp_path: Path, host_on: str) -> None:
    sizes = (PHONE, DESKTOP) if host_on == "telephone" else (DESKTOP, PHONE)
    suffixes = ["-phone" if size == PHONE else "" for size in sizes]
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        visitors(playwright, DESKTOP, sizes[1], PHONE) as (owner, *listeners),
        people(playwright, tmp_path, *sizes) as (host, ben),
    ):
        cem, dora = (Listener(page) for page in listeners)
        evening = Evening(installation, Album(tmp_path), host, ben, cem, dora, *suffixes)
        await first_start(evening, owner, (tmp_path / "data" / "first-link").read_text().strip())
        for step in (before, green_room, on_air, hand, poll, chat, hold, end):
            await step(evening)


@asynccontextmanager
async def people(
    playwright: Playwright,
    folder: Path,
    host_size: tuple[int, int],
    size: tuple[int, int],
) -> AsyncIterator[tuple[Desk, Listener]]:
    """Those who have microphones, each in a browser of their own."""
    host_voice = voice(folder / "host.wav", HOST_HZ)
    ben_voice = voice(folder / "ben.wav", SPEAKER_HZ)
    async with (
        microphone(playwright, folder / "a", host_voice, host_size, "light") as host,
        microphone(playwright, folder / "b", ben_voice, size, "dark") as ben,
    ):
        yield Desk(await host.new_page()), Listener(await ben.new_page())


def microphone(
    playwright: Playwright,
    profile: Path,
    sound: Path,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> AbstractAsyncContextManager[BrowserContext]:
    width, height = size
    return chromium(
        playwright, profile, microphone=sound, width=width, height=height, scheme=scheme
    )


@asynccontextmanager
async def visitors(playwright: Playwright, *sizes: tuple[int, int]) -> AsyncIterator[list[Page]]:
    """One browser, and in it a page of its own kind for each who has no microphone."""
    async with await playwright.chromium.launch(
        executable_path=CHROMIUM, args=list(ARGUMENTS), ignore_default_args=["--mute-audio"]
    ) as browser:
        pages = []
        for width, height in sizes:
            context = await browser.new_context(
                viewport={"width": width, "height": height}, bypass_csp=True
            )
            await context.add_init_script(TAP)
            pages.append(await context.new_page())
        yield pages


async def first_start(evening: Evening, owner: Page, link: str) -> None:
    """The owner's account, and the host's by the owner's invitation."""
    await make_account(owner, link, name="Olga, who owns it", email="olga@example.org")
    link = await invite_host(owner, evening.installation.studio_url)
    await evening.album.take(owner, "people")
    await owner.close()
    page = evening.host.page
    await make_account(page, link, name="Ann, in the chair", email="ann@example.org")
    assert not await page.get_by_role("link", name="Moderation").count(), "a host is no moderator"


async def before(evening: Evening) -> None:
    """The space is made, and listeners see when it begins."""
    host, cem = evening.host, evening.cem
    await host.fill_in(evening.installation.studio_url, title=TITLE, description=WORDS)
    await evening.desk_picture("new-space")
    evening.space = await host.schedule()
    await cem.open(evening.share)
    await cem.counts_down()
    await evening.picture("listen-scheduled", cem.page)


async def green_room(evening: Evening) -> None:
    """The host's microphone is checked, and on stage."""
    host = evening.host
    await host.raw()
    await host.check_microphone()
    await host.join()
    await host.level_moves()
    await evening.desk_picture("green-room", top=True)


async def on_air(evening: Evening) -> None:
    """Doors, and then the host is heard, not a moment before."""
    host, cem = evening.host, evening.cem
    await host.next_step("doors", "doors")
    await cem.is_at("doors", timeout_ms=30_000)
    await cem.play()
    await until_gone(cem.page, HOST_HZ)
    await evening.picture("listen-doors", cem.page)
    await host.next_step("live", "live")
    await until_heard(cem.page, HOST_HZ)
    await cem.is_at("live")


async def hand(evening: Evening) -> None:
    """From a listener with a name to a speaker on air."""
    host, ben, cem = evening.host, evening.ben, evening.cem
    await ben.open(evening.share)
    await ben.page.click("#play")
    await ben.become("Ben")
    await ben.say("Good evening from the east bank!")
    await ben.raise_hand("I drive the tram")
    await host.tab("hands")
    await expect(host.hand("Ben")).to_contain_text("I drive the tram")
    await evening.desk_picture("desk-hands")
    await host.invite_hand("Ben")
    await ben.page.wait_for_selector(".invitation a", timeout=30_000)
    await evening.picture("invitation", ben.page)
    speaker = await ben.accept()
    await evening.picture("take-seat", speaker.page)
    await speaker.page.click("#take")
    await speaker.page.wait_for_selector("#join")
    await speaker.raw()
    await speaker.check_microphone()
    await speaker.join()
    await until_heard(cem.page, SPEAKER_HZ)
    await until_heard(cem.page, HOST_HZ)
    await expect(host.hand("Ben")).to_have_count(0)
    await evening.picture("speaker-live", speaker.page, top=True)


async def poll(evening: Evening) -> None:
    """Two listeners vote, one of them differently the second time."""
    host, cem, dora = evening.host, evening.cem, evening.dora
    await dora.open(evening.share)
    await host.tab("more")
    await host.open_poll("How did you come here tonight?", "On foot", "By tram")
    await cem.vote("On foot")
    await dora.vote("By tram")
    await host.counts("1 · 50 %", "1 · 50 %")
    await cem.counts("1 · 50%", "1 · 50%")
    await dora.change_vote("On foot")
    await host.counts("2 · 100 %", "0 · 0 %")
    await cem.counts("2 · 100%", "0 · 0%")
    await evening.picture("listen-poll", cem.page)


async def chat(evening: Evening) -> None:
    """What is written is read by all; what the host removes is gone, and can come back."""
    host, cem, dora = evening.host, evening.cem, evening.dora
    text = "Buy my tram tickets, cheap!"
    await dora.page.click("#tab-chat")
    await dora.become("Dora")
    await dora.say(text)
    await cem.page.click("#tab-chat")
    await cem.sees("Good evening from the east bank!")
    await cem.sees(text)
    await host.tab("chat")
    await expect(host.message(text)).to_be_visible()
    await host.say("Good evening, all of you. Questions are welcome.")
    await cem.sees("Good evening, all of you.")
    await evening.desk_picture("desk-live", top=True)
    await evening.picture("listen-live", cem.page, top=True)
    await host.remove_message(text, reason="An advertisement")
    await evening.desk_picture("moderation")
    for listener in (cem, dora):
        await expect(listener.message(text)).to_have_count(0, timeout=15_000)
    await expect(cem.page.locator(".gone")).to_have_count(1)
    await host.undo()
    await expect(host.message(text)).to_have_attribute("data-removed", "false")
    await cem.sees(text)


async def hold(evening: Evening) -> None:
    """Off air with a word why, and on again."""
    host, cem = evening.host, evening.cem
    reason = "The church bells: back in a minute."
    await host.tab("stage")
    await host.page.fill("#hold-reason", reason)
    await host.next_step("hold", "held")
    await expect(cem.page.locator(".player")).to_contain_text(reason, timeout=15_000)
    await until_gone(cem.page, HOST_HZ)
    await evening.picture("listen-held", cem.page)
    await host.next_step("resume", "live")
    await until_heard(cem.page, HOST_HZ)


async def end(evening: Evening) -> None:
    """Announced and undone; announced, and over. The recording is where the sound was."""
    host, cem = evening.host, evening.cem
    await host.announce_end()
    await evening.desk_picture("ending")
    await host.page.click("#next-step")
    await expect(host.page.locator("body")).to_have_attribute("data-ending", "false")
    await host.is_at("live")
    await host.announce_end()
    await host.is_at("posted", timeout_ms=POSTED_MS)
    await cem.is_at("posted", timeout_ms=POSTED_MS)
    assert cem.page.url == evening.share
    await cem.play("#record")
    await until_heard(cem.page, HOST_HZ)
    await evening.picture("listen-replay", cem.page)
    await evening.desk_picture("desk-posted", top=True)
