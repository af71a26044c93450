"""Real browsers: Chromium with a sound file as microphone, and a tap on what a page plays."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from playwright.async_api import BrowserContext, Error, Page, Playwright

from tests.conftest import CHROMIUM
from tests.tones import Sound

ARGUMENTS = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
TAP = (Path(__file__).parent / "tap.js").read_text()


@asynccontextmanager
async def chromium(
    playwright: Playwright,
    profile: Path,
    *,
    microphone: Path | None = None,
    width: int = 1280,
    height: int = 900,
    scheme: Literal["light", "dark"] = "light",
) -> AsyncIterator[BrowserContext]:
    """One Chromium of its own. `microphone` is a WAV file that its fake device plays once."""
    arguments = list(ARGUMENTS)
    if microphone is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    context = await playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        args=arguments,
        ignore_default_args=["--mute-audio"],
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        bypass_csp=True,  # the tap's worklet comes from a blob
    )
    await context.add_init_script(TAP)
    try:
        yield context
    finally:
        with contextlib.suppress(Error):  # it may have been killed
            await context.close()


def kill(profile: Path) -> None:
    """SIGKILL to the browser that has this profile, as if its machine had lost its power."""
    own = f"--user-data-dir={profile}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if own in words and not any(word.startswith(b"--type=") for word in words):
                found.append(int(folder.name))
    assert found, f"no browser has {profile}"
    for pid in found:
        os.kill(pid, signal.SIGKILL)


async def tap(page: Page, selector: str) -> None:
    """Begin to listen to what an element plays."""
    await page.evaluate("selector => window.tapOn(selector)", selector)


async def heard(page: Page, seconds: float) -> Sound:
    """The newest seconds of what was tapped (mono, 48 kHz)."""
    text: str = await page.evaluate("seconds => window.tapped(seconds)", seconds)
    return np.frombuffer(base64.b64decode(text), np.float32)


def level_dbfs(sound: Sound, hz: float) -> float:
    """Level of a tone, wherever within ±4 % of `hz` a player's speed has moved it."""
    window = 4_800
    whole = sound[: len(sound) // window * window].reshape(-1, window) * np.hanning(window)
    spectrum = np.abs(np.fft.rfft(whole, axis=1)) * 4 / window
    hertz = np.fft.rfftfreq(window, 1 / 48_000)
    band = np.abs(hertz - hz) <= max(0.04 * hz, 15)
    level = float(np.median(spectrum[:, band].max(axis=1)))
    return 20 * float(np.log10(max(level, 1e-9)))
