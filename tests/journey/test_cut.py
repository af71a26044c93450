"""An evening with a broadcast delay: a word is cut within it, and no listener ever hears it.

The host's microphone is an oscillator in the page, so that what is said when is the test's to say;
everything behind it is a browser's real WebRTC. What listeners get is the plain stream as it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect

from hustings.drills.installation import Installation
from tests.journey.browser import chromium
from tests.journey.room import Desk, Listener, make_account, until_heard
from tests.tones import decode_file, frames, level_dbfs, tone, tone_level_dbfs, write_wav

DELAY_S = 5
HOLD_HZ, FAIR_HZ, SECOND_HZ, FOUL_HZ = 800.0, 440.0, 600.0, 1_500.0
MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext({ sampleRate: 48000 });
  window.voice = new OscillatorNode(context, { frequency: 440 });
  const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  window.voice.connect(new GainNode(context, { gain: 0.25 })).connect(out);
  window.voice.start();
  return out.stream;
};
"""


async def says(page: Page, hz: float) -> None:
    await page.evaluate("hz => { window.voice.frequency.value = hz }", hz)


@contextlib.asynccontextmanager
async def taped(url: str, path: Path) -> AsyncIterator[None]:
    """Everything that a plain player gets, written down."""

    async def write() -> None:
        async with httpx.AsyncClient(timeout=60) as client, client.stream("GET", url) as answer:
            with path.open("wb") as file:
                async for piece in answer.aiter_bytes():
                    file.write(piece)

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing


async def prepared(page: Page, studio: str, link: str, sound: Path) -> str:
    """An account, a space with a delay and a hold sound of its own; returns the space's id."""
    await make_account(page, link, name="Ann, in the chair", email="ann@example.org")
    await page.goto(f"{studio}/new")
    await page.fill("[name=title]", "Live, and five seconds behind")
    await page.select_option("#delay_s", str(DELAY_S))
    await page.click("#create-space")
    await page.wait_for_selector("body[data-events=true]")
    space = page.url.split("/s/")[1].split("/")[0]
    await page.goto(f"{studio}/s/{space}/edit")
    await page.set_input_files("#sound_file", sound)
    await page.click("#hold-sound button:has-text('Use this sound')")
    await expect(page.locator("#hold-sound audio")).not_to_have_attribute(
        "src", "/sounds/built-in.wav"
    )
    await page.screenshot(path=sound.parent / "edit.png", full_page=True)
    await page.goto(f"{studio}/s/{space}/stage?raw=1")
    await page.wait_for_selector("body[data-events=true]")
    return space


@pytest.mark.browser
@pytest.mark.timeout(180)
async def test_a_word_that_is_cut_in_the_delay_is_heard_by_nobody(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "hold.wav", tone(HOLD_HZ, 2.0))
    async with (
        Installation(tmp_path / "data") as there,
        async_playwright() as playwright,
        chromium(playwright, tmp_path / "a") as ann,
        chromium(playwright, tmp_path / "c", width=390, height=844) as listeners,
    ):
        await ann.add_init_script(MICROPHONE)
        page = await ann.new_page()
        desk, ear = Desk(page), Listener(await listeners.new_page())
        link = (tmp_path / "data" / "first-link").read_text().strip()
        space = await prepared(page, there.studio_url, link, sound)
        await desk.join()
        await desk.next_step("doors", "doors")
        await ear.open(f"{there.listen_url}/s/{space}")
        await ear.play()
        await until_heard(ear.page, HOLD_HZ)
        tape = tmp_path / "tape.aac"
        async with taped(f"{there.listen_url}/live/{space}/listen.aac", tape):
            await desk.next_step("live", "live")
            await until_heard(ear.page, FAIR_HZ, seconds=25)
            # What is said and not cut is heard, and no sooner than the delay.
            await says(page, SECOND_HZ)
            said = time.monotonic()
            await until_heard(ear.page, SECOND_HZ, seconds=25)
            assert time.monotonic() - said > DELAY_S
            await says(page, FOUL_HZ)
            await asyncio.sleep(2.5)
            await page.screenshot(path=tmp_path / "live.png")
            await page.keyboard.press("x")
            await desk.is_at("held")
            await says(page, FAIR_HZ)
            await page.screenshot(path=tmp_path / "cut.png")
            await until_heard(ear.page, HOLD_HZ)
            await desk.next_step("resume", "live")
            await until_heard(ear.page, FAIR_HZ, seconds=25)
            # At once, without the countdown: it still waits for what was said.
            await page.evaluate(f"fetch('/api/spaces/{space}/end', {{ method: 'POST' }})")
            await expect(page.locator("body")).to_have_attribute("data-ending", "true")
            await desk.is_at("posted|ended", timeout_ms=40_000)
            await ear.is_at("posted", timeout_ms=30_000)
        nobody_heard_it(tape, there.folder, space)


def nobody_heard_it(tape: Path, data: Path, space: str) -> None:
    """Neither the plain stream nor any file of the recording has the word, nor half of it."""
    folder = data / "store" / "spaces" / space
    files = [tape, folder / "replay.m4a", folder / "replay.opus", *folder.glob("stems/*.opus")]
    assert len(files) == 4
    for file in files:
        heard = decode_file(file, format="aac") if file == tape else decode_file(file)
        for hz in (FAIR_HZ, SECOND_HZ):
            assert max(tone_level_dbfs(part, hz) for part in frames(heard, 4_800)) > -36, file
        assert max(tone_level_dbfs(part, FOUL_HZ) for part in frames(heard)) < -50, file
    assert level_dbfs(decode_file(tape, format="aac")) > -36
    receipt = json.loads((folder / "receipt.json").read_text())["receipt"]
    assert [hold.get("cut") for hold in receipt["holds"]] == [True]
    events = json.loads((folder / "timeline.json").read_text())["events"]
    assert "cut" in [event["type"] for event in events]
