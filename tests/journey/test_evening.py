"""An evening with real browsers: two people talk, others listen, and the recording holds it all.

Each speaker's microphone plays a file: first the tone of the green room, then, for the rest, the
tone of the evening. What every party hears is measured by FFT on what their browser really plays.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright, expect

from hustings.drills import evening
from hustings.drills.host import Person
from hustings.drills.installation import Installation
from tests.journey.browser import chromium, heard, level_dbfs, tap
from tests.tones import Sound, tone, tone_presence, write_wav

GREEN_HZ = 1_500.0
ANN_HZ, BEN_HZ = 440.0, 660.0
GREEN_S, EVENING_S = 20.0, 120.0
ON_AIR_S = 10.0
PRESENT_DBFS = -36.0


def microphone(path: Path, hz: float) -> Path:
    return write_wav(path, np.concatenate([tone(GREEN_HZ, GREEN_S), tone(hz, EVENING_S)]))


async def until(what: Callable[[], Awaitable[bool]], *, seconds: float, why: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not await what():
        assert time.monotonic() < end, why
        await asyncio.sleep(0.25)


async def sign_up(page: Page, link: str) -> None:
    await page.goto(link)
    await page.fill("[name=name]", "Ann, in the chair")
    await page.fill("[name=email]", "ann@example.org")
    await page.fill("[name=password]", "a long enough password")
    await page.click("main button")


async def create(page: Page, studio_url: str) -> str:
    await page.goto(f"{studio_url}/new")
    await page.fill("[name=title]", "Should the tram cross the old bridge?")
    await page.fill("[name=description]", "Two neighbours, two opinions, one bridge.")
    await page.click("#create-space")
    await page.wait_for_selector("body[data-events=true]")
    return page.url.split("/s/")[1].split("/")[0]


async def seat(page: Page) -> None:
    """Join the green room with the fake microphone, its tone left as it is."""
    await page.goto(page.url.split("?")[0] + "?raw=1")
    await page.click("#join")
    await expect(page.locator("body")).to_have_attribute("data-connected", "true", timeout=15_000)


async def listen(page: Page, address: str) -> None:
    await page.goto(address)
    await page.click("#play")
    await expect(page.locator("html")).to_have_attribute("data-playing", "true", timeout=10_000)
    await tap(page, "audio")


async def next_step(page: Page, verb: str, status: str) -> None:
    await expect(page.locator("#next-step")).to_have_attribute("data-verb", verb)
    await page.click("#next-step")
    await expect(page.locator("body")).to_have_attribute("data-status", status, timeout=10_000)


def holds(sound: Sound, *hz: float) -> bool:
    return all(level_dbfs(sound, one) > PRESENT_DBFS for one in hz)


def spans(sound: Sound, hz: float) -> float:
    """Seconds for which a tone is heard."""
    return sum(end - start for start, end in tone_presence(sound, hz, threshold_db=PRESENT_DBFS))


@dataclass(slots=True)
class Room:
    """Everybody's pages, and where things are."""

    installation: Installation
    ann: Page
    ben: Page
    early: Page
    space: str = ""
    live_at: float = 0.0
    on_air_s: float = 0.0

    @property
    def share(self) -> str:
        return f"{self.installation.listen_url}/s/{self.space}"


@pytest.mark.browser
@pytest.mark.timeout(240)
async def test_an_evening(tmp_path: Path) -> None:
    ann_voice = microphone(tmp_path / "ann.wav", ANN_HZ)
    ben_voice = microphone(tmp_path / "ben.wav", BEN_HZ)
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        chromium(playwright, tmp_path / "a", microphone=ann_voice) as ann,
        chromium(
            playwright, tmp_path / "b", microphone=ben_voice, width=390, height=844, scheme="dark"
        ) as ben,
        chromium(playwright, tmp_path / "c", width=390, height=844) as listeners,
    ):
        room = Room(
            installation,
            await ann.new_page(),
            await ben.new_page(),
            await listeners.new_page(),
        )
        await prepare(room, (tmp_path / "data" / "first-link").read_text().strip())
        await green_room(room)
        await doors(room)
        await live(room, await listeners.new_page())
        await end(room)
        await check_recording(room)


async def prepare(room: Room, link: str) -> None:
    """The studio: an account, a space, an invitation."""
    await sign_up(room.ann, link)
    room.space = await create(room.ann, room.installation.studio_url)
    await room.ann.fill("#invite-name", "Ben, who objects")
    await room.ann.click("#invite button")
    await expect(room.ann.locator("#invite-link")).not_to_have_value("")
    await room.ben.goto(await room.ann.input_value("#invite-link"))
    await room.ben.click("#accept")
    await room.ben.wait_for_selector("#join")


async def green_room(room: Room) -> None:
    """They hear each other; nobody else does."""
    for page in (room.ann, room.ben):
        await seat(page)
        await tap(page, "#mix-minus")
    for page in (room.ann, room.ben):
        await until(
            partial(_holds, page, GREEN_HZ),
            seconds=10,
            why="the green room is not heard by its people",
        )
    await room.early.goto(room.share)


async def doors(room: Room) -> None:
    """The hold sound, and not a word of the green room."""
    await next_step(room.ann, "doors", "doors")
    await listen(room.early, room.share)
    await until(lambda: _above(room.early, -60.0), seconds=10, why="no hold sound at the doors")
    # On air goes the evening's tone only: wait until the microphones' files have come to it.
    for page, other in ((room.ann, BEN_HZ), (room.ben, ANN_HZ)):
        await until(
            partial(_holds, page, other),
            seconds=GREEN_S + 10,
            why="the evening's tone does not come",
        )
    sound = await heard(room.early, 2.0)
    assert not any(holds(sound, hz) for hz in (GREEN_HZ, ANN_HZ, BEN_HZ))


async def live(room: Room, late: Page) -> None:
    """Both tones for the listeners, each other's only for the speakers."""
    await next_step(room.ann, "live", "live")
    room.live_at = time.monotonic()
    await until(
        lambda: _holds(room.early, ANN_HZ, BEN_HZ), seconds=6, why="the listener hears not both"
    )
    await listen(late, room.share)
    await until(
        lambda: _holds(late, ANN_HZ, BEN_HZ), seconds=6, why="a late listener hears not both"
    )
    await asyncio.sleep(max(0.0, ON_AIR_S - (time.monotonic() - room.live_at)))
    for page, own, other in ((room.ann, ANN_HZ, BEN_HZ), (room.ben, BEN_HZ, ANN_HZ)):
        sound = await heard(page, 3.0)
        assert level_dbfs(sound, other) > PRESENT_DBFS
        assert level_dbfs(sound, own) < level_dbfs(sound, other) - 30, "the own voice comes back"
    assert float(await late.get_attribute("html", "data-behind-ms") or "nan") < 2_500


async def end(room: Room) -> None:
    """The end, after the seconds in which it could be undone, and the replay where it was."""
    await room.ann.click("#end")
    await room.ann.click("#confirm-yes")
    await expect(room.ann.locator("body")).to_have_attribute(
        "data-status", re.compile("ended|posted"), timeout=20_000
    )
    room.on_air_s = time.monotonic() - room.live_at
    await expect(room.early.locator("html")).to_have_attribute(
        "data-status", "posted", timeout=15_000
    )


async def _holds(page: Page, *hz: float) -> bool:
    sound = await heard(page, 1.0)
    return len(sound) >= 24_000 and holds(sound, *hz)


async def _above(page: Page, dbfs: float) -> bool:
    sound = await heard(page, 2.0)
    return len(sound) > 48_000 and 20 * np.log10(np.sqrt(np.mean(sound**2)) + 1e-9) > dbfs


async def check_recording(room: Room) -> None:
    """Both tones for the right time in every file, the green room in none."""
    installation, space, on_air_s = room.installation, room.space, room.on_air_s
    visitor = Person(installation.studio_url)
    door = await evening.look(visitor, installation.listen_url, space)
    receipt = json.loads(await visitor.page(installation.listen_url + door["replay"]["receipt"]))[
        "receipt"
    ]
    assert receipt["gaps"] == []
    # From click to click it takes a moment longer than on air; the files know to the frame.
    seconds = receipt["audio"]["duration_ms"] / 1000
    assert seconds == pytest.approx(on_air_s, abs=3.0)
    files = [door["replay"]["m4a"], door["replay"]["opus"]]
    stems = list(door["replay"]["stems"].values())
    assert len(stems) == 2
    for address in files:
        sound = await asyncio.to_thread(evening.fetch, installation.listen_url + address)
        assert len(sound) / 48_000 == pytest.approx(seconds, abs=0.1)
        assert spans(sound, ANN_HZ) == pytest.approx(seconds, abs=0.7)
        assert spans(sound, BEN_HZ) == pytest.approx(seconds, abs=0.7)
        assert spans(sound, GREEN_HZ) == 0.0, "the green room is in a file"
    own = []
    for address in stems:
        sound = await asyncio.to_thread(evening.fetch, installation.listen_url + address)
        own.append({hz for hz in (ANN_HZ, BEN_HZ, GREEN_HZ) if spans(sound, hz) > 1.0})
    assert sorted(own, key=min) == [{ANN_HZ}, {BEN_HZ}]
