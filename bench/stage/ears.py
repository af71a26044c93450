"""Mouth to ear with three Chromium: one says the time code, two listen, on either server.

The same page for both: what goes into its microphone's track and what comes out of the track it
receives is kept with the wall time at which an audio worklet saw it, and the code is read in both.
So the delay holds all that a browser, a server and the network do in between, and not what a sound
card adds. All three run on one machine and have one clock.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import statistics
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.async_api import BrowserContext, Page, Playwright, Route, async_playwright

from bench import packages, report
from bench.report import Peer, Row
from bench.stage.cost import Room, Server
from bench.stage.hall import hall
from bench.stage.janus import Janus, janus
from hustings.clock import SAMPLE_RATE
from hustings.drills import timecode

EAR_MS: Final = 150.0
PAGES: Final = 3
_ADDRESS: Final = "http://localhost/"
_PAGE: Final = "<!doctype html><title>ear</title><audio autoplay></audio>"
_SCRIPT: Final = (Path(__file__).parent / "ear.js").read_text()
_ARGUMENTS: Final = (
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required", "--no-sandbox", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
_PERIOD_MS: Final = timecode.SLOTS * timecode.SLOT_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often, how long."""

    rounds: int
    settle_s: float
    listen_s: float


FULL: Final = Plan(rounds=3, settle_s=6.0, listen_s=8.0)
QUICK: Final = Plan(rounds=1, settle_s=2.0, listen_s=3.0)


async def rows(folder: Path, plan: Plan) -> list[Row]:
    """Measure both servers in turn, with the same three browsers."""
    found: dict[str, list[float]] = {}
    # Three browsers need all cores there are; the servers stay on theirs.
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    async with (
        hall(folder / "hall") as ours,
        janus(folder / "janus") as theirs,
        _pages(folder) as pages,
    ):
        servers: dict[str, Server] = {"ours": ours, "theirs": theirs}
        for _, (who, server) in itertools.product(range(plan.rounds), servers.items()):
            found.setdefault(who, []).extend(await _delays_ms(server, pages, plan))
        peer = Peer(Janus.name, theirs.version, found["theirs"])
    what = f"mouth to ear, {PAGES} Chromium, p50 of {len(found['ours'])} slots"
    return [
        report.at_most(what, "ms", found["ours"], EAR_MS),
        report.noted(what, "ms", found["ours"], peer),
    ]


async def _delays_ms(server: Server, pages: list[Page], plan: Plan) -> list[float]:
    async with server.room(PAGES) as room:
        try:
            for seat, page in enumerate(pages):
                await _join(room, seat, page)
            await asyncio.sleep(plan.settle_s)
            for page in pages:
                await page.evaluate("ear.begin()")
            await asyncio.sleep(plan.listen_s)
            said = _placed(await pages[0].evaluate("ear.kept('mouth')"))
            heard = [_placed(await page.evaluate("ear.kept('heard')")) for page in pages[1:]]
        finally:
            for page in pages:
                await page.evaluate("window.ear?.connection && ear.close()")
    return [delay for one in heard for delay in between_ms(said, one)]


async def _join(room: Room, seat: int, page: Page) -> None:
    await page.goto(_ADDRESS)
    await page.evaluate(_SCRIPT)
    await page.evaluate("sdp => ear.take(sdp)", await room.answer(seat, await _offer(page)))


async def _offer(page: Page) -> str:
    sdp: str = await page.evaluate("ear.open()")
    return sdp


def between_ms(said: dict[float, int], heard: dict[float, int]) -> list[float]:
    """The delay of each slot that was heard; both map the time of a slot's beginning to it."""
    delays = []
    for at, slot in heard.items():
        past = [at - when for when, other in said.items() if other == slot and when <= at]
        if past and min(past) < _PERIOD_MS / 2:
            delays.append(round(min(past), 1))
    return delays


def _placed(kept: dict[str, Any]) -> dict[float, int]:
    """The slots in what a worklet saw, by the wall time of their beginning in milliseconds."""
    sound = np.frombuffer(base64.b64decode(kept["sound"]), np.float32)
    # A worklet sees blocks in bursts; the median is when a sample was there on the whole.
    offsets = [now - 1000 * end / SAMPLE_RATE for end, now in kept["ends"]]
    begin_ms = statistics.median(offsets)
    return {
        begin_ms + 1000 * reading.sample / SAMPLE_RATE: reading.slot
        for reading in timecode.read(sound)
        if reading.whole
    }


@contextlib.asynccontextmanager
async def _pages(folder: Path) -> AsyncIterator[list[Page]]:
    """Three browsers with a page each: the first has the code as its microphone."""
    program = packages.need("chromium", package="chromium")
    folder.mkdir(parents=True, exist_ok=True)
    code = timecode.samples(start=0, count=timecode.SLOTS * timecode.SLOT_MS * 48)
    room = np.random.default_rng(1).standard_normal(len(code)) * 10 ** (-72 / 20)
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:
        made = []
        for number in range(PAGES):
            sound = room if number else code
            microphone = _wav(folder / f"{number}.wav", sound.astype(np.float32))
            context = await _browser(playwright, folder / f"p{number}", program, microphone)
            stack.push_async_callback(context.close)
            page = context.pages[0] if context.pages else await context.new_page()
            await page.route("**/*", _fulfil)
            made.append(page)
        yield made


async def _fulfil(route: Route) -> None:
    await route.fulfill(body=_PAGE, content_type="text/html")


async def _browser(
    playwright: Playwright, profile: Path, program: Path, microphone: Path
) -> BrowserContext:
    return await playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=str(program),
        args=[*_ARGUMENTS, f"--use-file-for-fake-audio-capture={microphone}"],
        ignore_default_args=["--mute-audio"],
    )


def _wav(path: Path, sound: timecode.Frame) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path
