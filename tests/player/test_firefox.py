"""Firefox plays the page's push: at the programme's own time, without a stall, and comes back."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest
import pytest_asyncio

from hustings.clock import SAMPLE_RATE
from tests.player.browser import BEHIND, FURNISHED, PLAYING
from tests.player.firefox import Page, firefox
from tests.player.programme import tone_hz
from tests.player.server import Edge

pytestmark = [
    pytest.mark.browser,
    pytest.mark.alone,
    pytest.mark.asyncio(loop_scope="session"),
]

AT: Final = "document.getElementById('sound').currentTime"

# Firefox will not play where there is no sound card, and Web Audio stands still there; but it plays
# into a stream, and a recorder hears that.
CAPTURE: Final = "void (window.stream = document.getElementById('sound').mozCaptureStream())"

# Gives the element's position and what was heard until then.
RECORD: Final = """(async () => {
  const audio = document.getElementById("sound");
  const ready = () => window.stream.getAudioTracks().length && audio.currentTime > 0;
  while (!ready()) await new Promise((done) => setTimeout(done, 50));
  const recorder = new MediaRecorder(window.stream);
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  recorder.start();
  await new Promise((done) => setTimeout(done, 1500));
  const second = audio.currentTime;
  await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return [second, btoa(String.fromCharCode(...bytes))];
})()"""

# The longest that the position stood still.
STILL: Final = """(() => {
  const audio = document.getElementById("sound");
  let [at, sinceMs] = [-1, performance.now()];
  window.stillMs = 0;
  setInterval(() => {
    const nowMs = performance.now();
    if (audio.currentTime !== at) [at, sinceMs] = [audio.currentTime, nowMs];
    else window.stillMs = Math.max(window.stillMs, nowMs - sinceMs);
  }, 10);
})()"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(tmp_path: Path, edge: Edge) -> AsyncIterator[Page]:
    async with firefox(tmp_path) as page:
        await page.goto(edge.page)
        yield page


async def test_plays_opus_at_its_own_time_and_resumes(page: Page, edge: Edge) -> None:
    await page.until(FURNISHED)
    await page.evaluate(CAPTURE)
    await page.click("#play")
    await page.until(PLAYING)
    assert "codec=opus" in edge.pushes()[0]
    await page.until(f"{BEHIND} > 400 && {BEHIND} < 1600")
    await page.evaluate(STILL)
    edge.drop()
    cut = await page.evaluate(AT)
    await page.until(f"{AT} > {cut + 2.5}")
    assert "from=" in edge.pushes()[1]
    assert await page.evaluate("document.getElementById('sound').buffered.length") == 1
    assert await page.evaluate("window.stillMs") < 300
    await places_itself(page)


async def places_itself(page: Page) -> None:
    """The pitch that is heard belongs to the second that the player says it plays."""
    second, recorded = await page.evaluate(RECORD)
    with av.open(io.BytesIO(base64.b64decode(recorded)), "r") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    tail = np.concatenate(frames)[-SAMPLE_RATE // 4 :].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(tail * np.hanning(len(tail))))
    hz = int(spectrum.argmax()) * SAMPLE_RATE / len(tail)
    assert min(abs(hz - tone_hz(second - late)) for late in (0.0, 0.3, 0.6)) < 12, (hz, second)
