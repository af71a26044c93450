"""Chromium plays what is pushed, events in between and all, at the programme's own time."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import pytest
from playwright.async_api import async_playwright

from hustings.formats import fmp4
from tests import programme
from tests.edge.house import SPACE, House

# Appends the body as it comes and plays it; records the sound with the position it was heard at.
LISTEN: Final = """async ([address, type]) => {
  const audio = new Audio();
  const media = new MediaSource();
  audio.src = URL.createObjectURL(media);
  await new Promise((done) => media.addEventListener("sourceopen", done, { once: true }));
  const buffer = media.addSourceBuffer(type);
  const answer = await fetch(address);
  const reader = answer.body.getReader();
  let bytes = 0;
  let error = "";
  (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      try {
        buffer.appendBuffer(value);
        await new Promise((ok, no) => {
          buffer.addEventListener("updateend", ok, { once: true });
          buffer.addEventListener("error", no, { once: true });
        });
      } catch (problem) { error = String(problem); break; }
    }
  })();
  while (!buffer.buffered.length || buffer.buffered.end(0) < 9) {
    if (error || audio.error) return { error: error || audio.error.message };
    await new Promise((done) => setTimeout(done, 20));
  }
  const context = new AudioContext({ sampleRate: 48000 });
  const tap = context.createScriptProcessor(1024, 1, 1);
  context.createMediaElementSource(audio).connect(tap).connect(context.destination);
  const sound = [];
  const at = [];
  tap.onaudioprocess = (event) => {
    if (audio.currentTime < 3) return;
    sound.push(...event.inputBuffer.getChannelData(0));
    at.push(audio.currentTime);
  };
  audio.currentTime = 2.5;
  await audio.play();
  while (audio.currentTime < 5) await new Promise((done) => setTimeout(done, 20));
  tap.onaudioprocess = null;
  const ranges = [...Array(buffer.buffered.length).keys()]
    .map((i) => [buffer.buffered.start(i), buffer.buffered.end(i)]);
  return { sound, at: at[0], last: at.at(-1), ranges, error, bytes };
}"""


@pytest.mark.browser
@pytest.mark.parametrize("codec", fmp4.CODECS)
async def test_media_time_is_programme_time(h: House, codec: fmp4.Codec) -> None:
    await h.open_with(20)
    await h.go_live(20)
    for n in range(20, 30):
        await h.chunk(n)
    await h.until(lambda s: s["n"] == 29)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
            ignore_default_args=["--mute-audio"],
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{h.port}/healthz")
        address = f"/live/{SPACE}/push?codec={codec}&from=1600"
        heard: dict[str, Any] = await page.evaluate(LISTEN, [address, fmp4.mime(codec)])
        await browser.close()
    assert heard["error"] == "", json.dumps({k: v for k, v in heard.items() if k != "sound"})
    assert len(heard["ranges"]) == 1
    start, end = heard["ranges"][0]
    # Chunks 5 to 29 at least; later ones are silence that stood in for a stage that fell silent.
    first = fmp4.decode_time(codec, 5) / 48_000
    assert start == pytest.approx(first, abs=0.03)
    assert end >= fmp4.decode_time(codec, 30) / 48_000 - 0.03
    sound = np.array(heard["sound"][: 48_000 * 3 // 2], np.float32)
    where = programme.place(sound) / 48_000
    # The tap hears what the element put out some buffers ago; the element's clock is an estimate
    # that a busy machine throws off by a buffer of 21 ms.
    assert -0.022 <= heard["at"] - where < 0.12
