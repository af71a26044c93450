"""hls.js in Chromium plays the live playlist with low latency, and what it plays is what was said
then; it goes through a takeover and to the end."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import numpy as np
import pytest
from playwright.async_api import Browser, async_playwright

from hustings.chunk import PROGRAMME_DELAY_SAMPLES
from hustings.clock import CHUNK_MS, SAMPLE_RATE
from tests import programme
from tests.edge import hlsjs
from tests.edge.house import SPACE, House

pytestmark = [pytest.mark.browser, pytest.mark.alone]

# Plays to the end; notes how far behind the mouth it is, and what it hears.
PLAY: Final = """async ([address, origin]) => {
  const audio = new Audio();
  const hls = new Hls({ lowLatencyMode: true, backBufferLength: 30 });
  const errors = [];
  hls.on(Hls.Events.ERROR, (_, d) => errors.push(`${d.details} ${d.fatal}`));
  hls.loadSource(address);
  hls.attachMedia(audio);
  const context = new AudioContext({ sampleRate: 48000 });
  const tap = context.createScriptProcessor(1024, 1, 1);
  context.createMediaElementSource(audio).connect(tap).connect(context.destination);
  const at = () => (hls.playingDate ? (hls.playingDate.getTime() - 3) / 1000 : 0);
  const sound = [];
  const positions = [];
  tap.onaudioprocess = (event) => {
    if (audio.paused || !at() || sound.length > 48000 * 12) return;
    positions.push(at());
    sound.push(...event.inputBuffer.getChannelData(0));
  };
  await audio.play();
  const behind = [];
  const deadline = performance.now() + 25000;
  while (!audio.ended && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 50));
    if (at()) behind.push([at(), (Date.now() - origin) / 1000 - at()]);
  }
  tap.onaudioprocess = null;
  const names = performance.getEntriesByType("resource").map((e) => e.name);
  const answer = { behind, errors, sound, positions, names, ended: audio.ended };
  hls.destroy();
  await context.close();
  return answer;
}"""


async def speak(h: House, origin_s: float, numbers: range, **options: Any) -> None:
    """A stage in real time: chunk n is ready when it has been spoken to its end."""
    for n in numbers:
        await asyncio.sleep(max(0.0, origin_s + (n + 1) * CHUNK_MS / 1000 - time.time()))
        await h.chunk(n, **options)


async def launch(playwright: Any) -> Browser:
    browser: Browser = await playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        ignore_default_args=["--mute-audio"],
    )
    return browser


async def test_low_latency(h: House) -> None:
    source = await asyncio.to_thread(hlsjs.script)
    if source is None:
        pytest.skip(hlsjs.ABSENT)
    await h.schedule()
    await h.doors()
    await h.go_live(0)
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{h.port}/healthz")
        await page.add_script_tag(content=source)
        origin_s = time.time() - 20 * CHUNK_MS / 1000
        await speak(h, origin_s, range(20))

        async def rest() -> None:
            await speak(h, origin_s, range(20, 36))
            # Another stage takes over, a second later.
            await speak(h, origin_s, range(39, 48), epoch=2)
            await h.end(47)

        speaking = asyncio.create_task(rest())
        heard: dict[str, Any] = await page.evaluate(
            PLAY, [f"/live/{SPACE}/index.m3u8", origin_s * 1000]
        )
        await browser.close()
        await speaking
    assert not [e for e in heard["errors"] if e.endswith("true")], heard["errors"]
    assert heard["ended"], heard["errors"]
    # Sound of the microphone is 2,048 samples further on in the programme.
    late = PROGRAMME_DELAY_SAMPLES / SAMPLE_RATE
    behind = [b + late for at, b in heard["behind"] if 8.5 < at < 11]
    print(f"behind the mouth: {np.median(behind):.2f} s, at most {max(behind):.2f} s")
    assert np.median(behind) <= 2.0
    assert any("/aac/p" in name for name in heard["names"])
    assert any("_HLS_msn" in name for name in heard["names"])
    # What is heard is what stands at that place of the programme, before the gap and after it.
    positions = np.array(heard["positions"])
    for second in (9, 10.5, 13.5):
        at = int(np.searchsorted(positions, second))
        sound = np.array(heard["sound"][at * 1024 : at * 1024 + 24_000], np.float32)
        where = programme.place(sound) / SAMPLE_RATE
        assert -0.03 <= positions[at] - where < 0.2
