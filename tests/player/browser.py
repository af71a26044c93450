"""What tests ask of a page: to wait for a condition, to listen, to run one of our modules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from playwright.async_api import Page

from tests.player.programme import tone_hz

Visit = Callable[..., Awaitable[Page]]

PLAYING: Final = "document.documentElement.dataset.playing === 'true'"
FURNISHED: Final = "!document.getElementById('rest').hidden"
BEHIND: Final = "Number(document.documentElement.dataset.behindMs)"

# Watches the element that plays: how long its position stood still, and which pitch it gives.
WATCH: Final = """() => {
  const audio = document.getElementById("sound");
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
  const bins = new Float32Array(analyser.frequencyBinCount);
  window.heard = () => {
    analyser.getFloatFrequencyData(bins);
    const peak = bins.indexOf(Math.max(...bins));
    return { hz: (peak * context.sampleRate) / 8192, second: audio.currentTime, db: bins[peak] };
  };
  window.still = { longestMs: 0, position: -1, sinceMs: performance.now() };
  setInterval(() => {
    const nowMs = performance.now();
    const { still } = window;
    if (audio.currentTime !== still.position) {
      still.position = audio.currentTime;
      still.sinceMs = nowMs;
    } else still.longestMs = Math.max(still.longestMs, nowMs - still.sinceMs);
  }, 10);
}"""


async def until(page: Page, condition: str, *, seconds: float = 8) -> None:
    """Waits until a JavaScript expression is true in the page."""
    await page.wait_for_function(f"() => ({condition})", timeout=seconds * 1000)


async def listen(page: Page) -> None:
    """Presses the big button and waits for sound."""
    await page.click("#play")
    await until(page, PLAYING)


async def run(page: Page, module: str, code: str, argument: Any = None) -> Any:
    """The result of `code`, a function of one of our modules and an argument."""
    script = f"async (a) => ({code})(await import('/assets/0/{module}'), a)"
    return await page.evaluate(script, argument)


async def spans(page: Page) -> list[list[float]]:
    """What the element has buffered."""
    found: list[list[float]] = await page.evaluate(
        "() => { const b = document.getElementById('sound').buffered;"
        " return Array.from({ length: b.length }, (_, i) => [b.start(i), b.end(i)]); }"
    )
    return found


async def places_itself(page: Page) -> None:
    """The pitch that is heard belongs to the second that the player says it plays."""
    heard = {"hz": 0.0, "second": 0.0}
    for _ in range(30):
        heard = await page.evaluate("() => window.heard()")
        near = (tone_hz(heard["second"]), tone_hz(heard["second"] - 0.3))
        if heard["db"] > -60 and min(abs(heard["hz"] - hz) for hz in near) < 12:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"heard {heard}")
