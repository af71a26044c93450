"""A speaker on air who is thrown off in every way there is, and is heard again in the same seat.

How long it takes is measured at the ear of another speaker, from the moment it happened, in
`times.json` of the test's folder: a table for people, and no bound of the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Error, Page, Route, async_playwright, expect

from hustings.audio.level import rms_dbfs
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.speaker import Sound, Speaker
from tests.journey.album import Album
from tests.journey.browser import chromium, kill
from tests.journey.test_unplugged import PLUG
from tests.stage.peers import Relay
from tests.tones import silence, tone, write_wav

HZ: Final = 660.0
HEARD_DBFS: Final = -40.0
SILENT_S: Final = 0.15  # a gap that is more than a lost packet
BACK_S: Final = 30.0
OUTAGE_S: Final = 3.0
FLUSHED_S: Final = 40.0  # Chromium writes its cookies down twice a minute


@dataclass(slots=True)
class Ear:
    """Another speaker, silent, who hears when somebody is heard."""

    speaker: Speaker
    times: dict[str, dict[str, float]] = field(default_factory=dict)

    def heard(self) -> list[float]:
        """When a frame with sound came in."""
        return [one.at for one in self.speaker.returned if rms_dbfs(one.sound) > HEARD_DBFS]

    async def until_heard(self) -> None:
        async with asyncio.timeout(BACK_S):
            while not self.heard() or time.monotonic() - self.heard()[-1] > SILENT_S:
                await asyncio.sleep(0.05)

    async def gap(self, what: str, do: Callable[[], Awaitable[float]]) -> None:
        """Note the longest silence around something that is done, and when it ended, counted from
        the moment that `do` tells. When `do` is over, the speaker is back."""
        await self.until_heard()
        self.speaker.returned.clear()
        at = await do()
        await self.until_heard()
        self.note(what, at)

    def note(self, what: str, at: float) -> None:
        """Note the longest silence so far. Ours may stall, in a loop with the relays and the ear:
        gaps of a fifth of a second are no more than that."""
        pairs = itertools.pairwise(self.heard())
        begins, ends = max(pairs, key=lambda pair: pair[1] - pair[0])
        self.times[what] = {
            "heard_again_s": round(ends - at, 2),
            "silent_s": round(ends - begins, 2),
        }


def silent(at: int, count: int) -> Sound:
    return silence(count / 48_000)


@dataclass
class Outage:
    """The way of the sound through relays, which can be cut; signalling does not pass here."""

    relays: dict[int, int]
    cut: bool = False

    def verdict(self, up: bool, index: int, datagram: bytes) -> list[bytes]:
        return [] if self.cut else [datagram]

    async def stand_before(self, context: BrowserContext) -> None:
        await context.route(re.compile(r"/whip/\w+(\?.*)?$"), self._answer)

    async def _answer(self, route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        answer = await route.fetch()
        body = await answer.text()
        for port, relay in self.relays.items():
            body = body.replace(f" {port} ", f" {relay} ")
        await route.fulfill(response=answer, body=body)


@asynccontextmanager
async def live(folder: Path, installation: Installation) -> AsyncIterator[tuple[Ear, str]]:
    """A live space whose host is an ear, and a link for a speaker."""
    host = Host(installation.studio_url)
    await host.sign_up((folder / "first-link").read_text().strip(), name="Ann")
    space = await host.create("In and out")
    seat = await host.seat(space)
    link = (await host.call("POST", f"/spaces/{space}/seats", {"name": "Ben"}))["link"]
    for verb in ("doors", "live"):
        await host.step(space, verb)
    speaker = Speaker(gate_url=installation.gate_url, space=space, ticket=seat.ticket, voice=silent)
    running = asyncio.create_task(speaker.run())
    try:
        await speaker.connected.wait()
        yield Ear(speaker), link
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@pytest.mark.browser
@pytest.mark.timeout(240)
async def test_a_speaker_comes_back_from_everything(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "ben.wav", tone(HZ, 300.0))
    profile = tmp_path / "b"
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        live(tmp_path / "data", installation) as (ear, link),
    ):
        outage = Outage({})
        async with contextlib.AsyncExitStack() as stack:
            for port in (installation.media_port, installation.media_port + 1):
                made = Relay.before(port, outage.verdict)
                outage.relays[port] = (await stack.enter_async_context(made))[1]
            async with chromium(
                playwright, profile, microphone=sound, width=360, height=740
            ) as ben:
                await outage.stand_before(ben)
                address = await seated(ben, link)
                page = await thrown_out(ear, ben, address)
                await cut_off(ear, outage, page)
                await two_tabs(ear, ben, page, address, Album(tmp_path))
                await until_kept(profile)
                await ear.until_heard()
                ear.speaker.returned.clear()
                kill(profile)
                killed = time.monotonic()
            async with chromium(playwright, profile, microphone=sound) as ben:
                again = await opened(ben, address)
                await connected(again)
                await ear.until_heard()
                ear.note("browser killed, started again", killed)
        (tmp_path / "times.json").write_text(json.dumps(ear.times, indent=1))


async def seated(context: BrowserContext, link: str) -> str:
    """Take the seat and join; the address of the page."""
    page = context.pages[0]
    await page.goto(link)
    await page.click("#accept")
    await page.wait_for_selector("#join")
    address = page.url.split("?")[0] + "?raw=1"
    await page.close()
    page = await opened(context, address)
    await page.click("#join")
    await connected(page)
    return address


async def opened(context: BrowserContext, address: str) -> Page:
    page = await context.new_page()
    await page.add_init_script(PLUG)
    await page.goto(address)
    return page


async def connected(page: Page) -> None:
    await expect(page.locator("body")).to_have_attribute("data-connected", "true", timeout=20_000)


async def thrown_out(ear: Ear, context: BrowserContext, address: str) -> Page:
    """The page is loaded anew; its process dies; the microphone is unplugged."""
    page = context.pages[-1]

    async def reload() -> float:
        at = time.monotonic()
        await page.reload()
        await connected(page)
        return at

    await ear.gap("page reloaded", reload)

    async def crash() -> float:
        session = await context.new_cdp_session(page)
        at = time.monotonic()
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(0.2):  # nobody answers
                await session.send("Page.crash")
        await connected(await opened(context, address))
        return at

    await ear.gap("tab crashed, opened again", crash)
    page = context.pages[-1]

    async def unplug() -> float:
        await page.evaluate("() => pull()")
        await asyncio.sleep(2.0)
        at = time.monotonic()
        await page.evaluate("() => plug()")
        await expect(page.locator("#unplugged")).to_be_hidden()
        return at

    await ear.gap("microphone plugged in again", unplug)
    return page


async def cut_off(ear: Ear, outage: Outage, page: Page) -> None:
    """The network is gone for a while: the page never stops trying."""

    async def drop() -> float:
        outage.cut = True
        await asyncio.sleep(OUTAGE_S)
        outage.cut = False
        at = time.monotonic()
        await connected(page)
        await page.wait_for_timeout(500)
        return at

    await ear.gap("network back after 3 s", drop)


async def two_tabs(
    ear: Ear, context: BrowserContext, first: Page, address: str, album: Album
) -> None:
    """Another tab sits down; the first lets go, does not fight, and can take the seat back."""
    second = await opened(context, address)
    await expect(second.locator("body")).to_have_attribute("data-events", "true")
    await second.wait_for_timeout(500)
    await expect(second.locator("body")).to_have_attribute("data-connected", "false")

    async def take() -> float:
        at = time.monotonic()
        await second.click("#join")
        await connected(second)
        await expect(first.locator("#line-words")).to_contain_text("You joined from elsewhere")
        await album.take(first, "elsewhere")
        await second.wait_for_timeout(2_000)  # several times what a page waits before it asks again
        await connected(second)
        return at

    async def take_back() -> float:
        at = time.monotonic()
        button = first.locator("#join")
        await expect(button).to_have_text("Use this tab instead")
        await button.click()
        await connected(first)
        await expect(second.locator("#line-words")).to_contain_text("You joined from elsewhere")
        return at

    await ear.gap("a second tab joins", take)
    await ear.gap("the first one again", take_back)
    await second.close()


async def until_kept(profile: Path) -> None:
    """Wait until the browser has its cookies and its memory on the disk."""

    def kept() -> bool:
        found = [*profile.rglob("Cookies*"), *profile.rglob("Local Storage/leveldb/*.log")]
        texts = [one.read_bytes() for one in found if one.is_file()]
        return all(any(word in text for text in texts) for word in (b"seat-", b"hustings-seat-"))

    async with asyncio.timeout(FLUSHED_S):
        while not kept():
            await asyncio.sleep(0.2)
