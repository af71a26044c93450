"""Three programs on one stage, by three WebRTC stacks that are not ours: Chromium, Firefox, ffmpeg.

Each sends a tone of its own; each browser hears the two others and not itself, listeners hear all.
"""

from __future__ import annotations

import asyncio
import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.listener import Listener
from tests.journey.browser import chromium, level_dbfs
from tests.journey.firefox import FIREFOX, TONE_HZ, Firefox, firefox
from tests.journey.people import until
from tests.stage.test_whip_client import ROOT, certificate
from tests.tones import Sound, tone, write_wav

CHROMIUM_HZ: Final = 660.0
FFMPEG_HZ: Final = 1_480.0
FIREFOX_HZ: Final = float(TONE_HZ)
PRESENT_DBFS: Final = -40.0
BELOW_DB: Final = 20.0

# Records what an element plays: a container of the browser's own choice, as base64.
RECORD: Final = """
    const stream = document.querySelector("#mix-minus").srcObject;
    const recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.start();
    await new Promise((go) => setTimeout(go, 1500));
    recorder.stop();
    await new Promise((go) => (recorder.onstop = go));
    const reader = new FileReader();
    reader.readAsDataURL(new Blob(parts));
    await new Promise((go) => (reader.onload = go));
    return reader.result;
"""


def decoded(address: Any) -> Sound:
    """The second half of what a browser recorded, mono."""
    data = base64.b64decode(str(address).partition(",")[2])
    with av.open(io.BytesIO(data), "r") as container:
        fit = av.AudioResampler("flt", "mono", 48_000)
        pieces = [
            one.to_ndarray().reshape(-1)
            for frame in container.decode(audio=0)
            for one in fit.resample(frame)
        ]
    sound = np.concatenate(pieces).astype(np.float32)
    return sound[len(sound) // 2 :]


def hears(sound: Sound, *others: float, own: float) -> None:
    """The tones of the others are in it, and one's own is not: what a busy machine's gaps spread
    over all frequencies lies far below."""
    levels = {hz: round(level_dbfs(sound, hz)) for hz in (*others, own)}
    softest = min(levels[hz] for hz in others)
    assert softest > PRESENT_DBFS, levels
    assert levels[own] < softest - BELOW_DB, levels


async def chromium_speaks(page: Page, link: str) -> None:
    """Accept an invitation and press Join, with the browser's noise suppression off."""
    await page.goto(link)
    await page.locator("#accept").click()
    await page.wait_for_selector("body[data-events=true]")
    await page.goto(page.url.split("?")[0] + "?raw=1")
    await page.wait_for_selector("body[data-events=true]")
    await page.locator("#join").click()
    await page.wait_for_selector("body[data-connected=true]")


async def firefox_speaks(window: Firefox, link: str) -> None:
    """The same in Firefox."""
    await window.goto(link)
    await window.click("#accept")
    await window.until("document.body.dataset.events === 'true'")
    await window.goto(str(await window.run("return location.href.split('?')[0]")) + "?raw=1")
    await window.until("document.body.dataset.events === 'true'")
    await window.click("#join")
    await window.until("document.body.dataset.connected === 'true'")


async def all_heard(listener: Listener) -> bool:
    """Whether listeners hear the three."""

    def now() -> bool:
        _, sound = listener.sound()
        last = sound[-48_000:]
        tones = (CHROMIUM_HZ, FIREFOX_HZ, FFMPEG_HZ)
        return len(last) == 48_000 and all(level_dbfs(last, hz) > PRESENT_DBFS for hz in tones)

    return await until(now, seconds=20.0)


# Firefox does not use loopback addresses, and no server of a test listens on a real network: a
# network namespace, with an address that leads nowhere, is both.
NAMESPACE: Final = (
    "ip link set lo up && ip address add 198.51.100.1/24 dev lo "
    '&& ip route add default dev lo src 198.51.100.1 && exec "$@"'
)
ADDRESS: Final = "198.51.100.1"


def can_unshare() -> bool:
    """Whether this user may make network namespaces here."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    probe = ("unshare", "-rn", "sh", "-c", NAMESPACE, "sh", "true")
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.skipif(not Path(FIREFOX).exists(), reason="needs firefox-esr")
@pytest.mark.skipif(not can_unshare(), reason="needs network namespaces")
async def test_three_clients_on_one_stage(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("unshare", "-rn", "sh", "-c", NAMESPACE, "sh"),
        *(sys.executable, "-m", "tests.journey.test_clients", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def three_clients(folder: Path) -> None:
    """The evening, inside of the namespace."""
    microphone = write_wav(folder / "chromium.wav", tone(CHROMIUM_HZ, 120.0))
    song = write_wav(folder / "song.wav", tone(FFMPEG_HZ, 120.0))
    chain, key = certificate(folder)
    async with (
        Installation(
            folder / "data", {"stages": "1", "host": "0.0.0.0", "advertise": ADDRESS}
        ) as installation,
        async_playwright() as playwright,
        chromium(playwright, folder / "chromium", microphone=microphone) as context,
        firefox(folder / "firefox") as window,
    ):
        host = Host(installation.studio_url)
        await host.sign_up((folder / "data" / "first-link").read_text().strip(), name="Host")
        space = await host.create("Three programs")
        seats = [
            await host.call("POST", f"/spaces/{space}/seats", {"name": name})
            for name in ("Chromium", "Firefox")
        ]
        page = await context.new_page()
        await asyncio.gather(
            chromium_speaks(page, seats[0]["link"]), firefox_speaks(window, seats[1]["link"])
        )
        # As the speaker's page shows it to whoever asks for it.
        third = await host.invite(space, "A file")
        right = await third.call("POST", f"/spaces/{space}/ticket", {"program": True})
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.stage.publisher", right["whip_url"]),
            *(str(chain), str(key), str(song), right["ticket"]),
            cwd=ROOT,
        )
        try:
            await host.step(space, "doors")
            await host.step(space, "live")
            async with evening.crowd(installation.listen_url, space, count=1) as [listener]:
                assert await all_heard(listener)
                in_chromium, in_firefox = await asyncio.gather(
                    page.evaluate(f"async () => {{ {RECORD} }}"), window.run(RECORD)
                )
        finally:
            program.kill()
            await program.wait()
    hears(decoded(in_chromium), FIREFOX_HZ, FFMPEG_HZ, own=CHROMIUM_HZ)
    hears(decoded(in_firefox), CHROMIUM_HZ, FFMPEG_HZ, own=FIREFOX_HZ)


if __name__ == "__main__":
    asyncio.run(three_clients(Path(sys.argv[1])))
