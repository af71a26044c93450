"""What becomes of a conversation after its end: heard, read, searched, clipped and named anew.

One person talks into a microphone and ends the space; the recording, its transcript, the search in
it and a clip with its video come from the product alone. Once from a desk, once from a telephone.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import wave
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from hustings.drills.installation import Installation
from tests.journey.album import Album
from tests.journey.browser import chromium
from tests.journey.room import DESKTOP, PHONE, POSTED_MS, Desk, make_account
from tests.journey.test_people import visitors

TITLE = "Who keeps the lighthouse"
BETTER = "Who keeps the lighthouse burning?"
TALK = (
    "Good evening, and welcome to the harbour. Tonight we talk about the lighthouse, about "
    "those who look at it from the sea, and about those who live beside it on the rock. "
    "My grandfather kept the lamp for thirty years. Every winter the storm broke a window. "
    "Who will pay for the new glass? That is the question of this evening. "
    "Thank you for listening, and good night."
)
WORD = "grandfather"
TRANSCRIBED_MS = 90_000  # the engine is loaded, and the machine is shared

needs_a_voice = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng")


@needs_a_voice
@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "telephone"])
async def test_after_the_end(tmp_path: Path, size: tuple[int, int]) -> None:
    speech = spoken(tmp_path / "talk.wav")
    suffix = "-phone" if size == PHONE else ""
    album = Album(tmp_path)
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        visitors(playwright, size) as (listener,),
        chromium(
            playwright, tmp_path / "host", microphone=speech, width=size[0], height=size[1]
        ) as host,
    ):
        desk = Desk(await host.new_page())
        link = (tmp_path / "data" / "first-link").read_text().strip()
        await make_account(desk.page, link, name="Mara Voss", email="mara@example.org")
        space = await talked(desk, installation.studio_url)
        address = f"{installation.listen_url}/s/{space}"
        await listener.goto(address)
        await heard_and_read(listener)
        await album.take(listener, f"replay{suffix}")
        assert await faults(listener) == []
        await found(desk.page, installation.studio_url, address)
        clip = await clipped(desk.page, installation.studio_url, space)
        await album.take(desk.page, f"editor{suffix}")
        assert await faults(desk.page) == []
        await watched(listener, f"{installation.listen_url}/c/{space}/{clip}", tmp_path)
        await album.take(listener, f"clip{suffix}")
        assert await faults(listener) == []
        edit = f"{installation.studio_url}/s/{space}/edit"
        await named_anew(desk.page, listener, edit, address, tmp_path)


def spoken(path: Path) -> Path:
    """A microphone's sound: somebody talks, and is quiet afterwards."""
    subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "150", "-w", path, TALK], check=True)
    with wave.open(str(path)) as file:
        assert file.getnframes() / file.getframerate() < 45
    return path


async def talked(desk: Desk, studio: str) -> str:
    """From the form of a new space to its end, all by the big button; the microphone plays from
    when the page takes it, so nothing waits before going live."""
    await desk.fill_in(studio, title=TITLE, description="An evening at the harbour.")
    space = await desk.schedule()
    await desk.join()
    await desk.next_step("doors", "doors")
    await desk.next_step("live", "live")
    await asyncio.sleep(20)
    await desk.announce_end()
    await desk.is_at("posted", timeout_ms=POSTED_MS)
    return space


async def heard_and_read(page: Page) -> None:
    """The recording is there at once; its words follow, and each is a way into the sound."""
    await page.wait_for_selector("html[data-replay=shown]")
    await page.wait_for_selector("#wave")
    await page.wait_for_selector(".cue", timeout=TRANSCRIBED_MS, state="attached")
    await page.locator("#find").scroll_into_view_if_needed()
    await page.fill("#find", WORD)
    await page.wait_for_selector("text=1 hit")
    await page.press("#find", "Enter")
    await page.wait_for_function("() => document.getElementById('record').currentTime > 1")
    await page.evaluate("() => document.getElementById('record').play()")
    await page.wait_for_function(
        f"() => document.querySelector('.cue[aria-current]')?.textContent.includes('{WORD}')"
    )
    await page.evaluate("() => document.getElementById('record').pause()")


async def found(page: Page, studio: str, address: str) -> None:
    """The studio's search finds the sentence, and leads to its moment."""

    async def searched() -> int:
        await page.goto(f"{studio}/search?q={WORD}")
        return await page.locator("mark", has_text=WORD).count()

    async with asyncio.timeout(30):
        while not await searched():
            await asyncio.sleep(0.5)
    assert await page.locator(f"a[href^='{address}?t=']").count()


async def clipped(page: Page, studio: str, space: str) -> str:
    """A clip of a stretch, made in the editor; its id."""
    await page.goto(f"{studio}/s/{space}/recording")
    await page.fill("#start", "0:04")
    await page.fill("#end", "0:10")
    await page.fill("#clip-title", "Thirty years of light")
    await page.click("text=Make a clip of it")
    made = page.locator("[data-clip][data-state=made]")
    await expect(made).to_have_count(1, timeout=60_000)
    clip = await made.get_attribute("data-clip")
    assert clip is not None
    return clip


async def watched(page: Page, address: str, folder: Path) -> None:
    """The clip's page plays, and its video is one that others read."""
    await page.goto(address)
    video = page.locator("video")
    await expect(video).to_be_visible()
    await page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    lasts = await page.evaluate("() => document.querySelector('video').duration")
    assert 6 <= lasts <= 7
    source = await page.evaluate("() => document.querySelector('video').currentSrc")
    answer = await page.request.get(source)
    file = folder / "clip.mp4"
    file.write_bytes(await answer.body())
    streams = probed(file)["streams"]
    shown = {one["codec_type"]: one["codec_name"] for one in streams}
    assert (shown["video"], shown["audio"]) == ("h264", "aac")
    back = await page.locator(f"a[href*='/s/{address.split('/')[-2]}?t=']").count()
    assert back, "the clip leads to the whole conversation"


async def named_anew(desk: Page, listener: Page, edit: str, address: str, folder: Path) -> None:
    """A better title, on the page and in the file."""
    await desk.goto(edit)
    await desk.fill("[name=title]", BETTER)
    await desk.click("main button.primary")

    async def told() -> str:
        answer = await listener.request.get(f"{address.replace('/s/', '/live/')}/replay.m4a")
        file = folder / "replay.m4a"
        file.write_bytes(await answer.body())
        return str(probed(file)["format"]["tags"]["title"])

    async with asyncio.timeout(60):
        while await told() != BETTER:
            await asyncio.sleep(0.5)
    await listener.goto(address)
    await expect(listener.locator("h1")).to_have_text(BETTER)


def probed(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file."""
    options = ("-v", "error", "-show_streams", "-show_format", "-of", "json")
    told = subprocess.run(["ffprobe", *options, path], check=True, capture_output=True)
    assert told.stderr == b""
    found: dict[str, Any] = json.loads(told.stdout)
    return found


async def faults(page: Page) -> list[str]:
    """What axe has against a page."""
    found = await Axe().run(page)
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]
