"""A telephone on a slow mobile line (400 kbit/s, 400 ms): what a first visit to a live conversation
is like, with nothing in the browser's cache.

All bytes go through a proxy that shapes them (`line`), so streams and handshakes are slow as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page, async_playwright

from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.load_talk import TalkPlan, talking
from tests.conftest import CHROMIUM
from tests.journey.browser import ARGUMENTS
from tests.journey.figures import told
from tests.journey.line import Line, slow_line

READABLE_MS = 2_000
SOUND_MS = 4_000
CHAT_MS = 5_000  # about twice what a visitor needs to find the button
LISTENS_S = 20.0
STALL_MS = 400  # how long the sound's clock may stand still where it is looked at every 50 ms
JOIN_MS = 3_000

# Runs before the page's own scripts: when what was painted, and how the sound's clock runs.
WATCH = """
(() => {
  const seen = (window.seen = { stalls: [] });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen[entry.name] = entry.startTime;
  }).observe({ type: "paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.lcp = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  const shows = (id) => {
    const element = document.getElementById(id);
    return element?.textContent.trim() && element.getBoundingClientRect().height > 0;
  };
  const look = () => {
    for (const id of WANTED) {
      if (!seen[id] && shows(id)) requestAnimationFrame(() => (seen[id] ??= performance.now()));
    }
    if (!seen.chat && document.querySelector(".message .text")) seen.chat = performance.now();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener("click", () => (seen.pressed ??= performance.now()), true);
  let movedAt = 0, was = 0;
  setInterval(() => {
    const sound = document.getElementById("sound");
    if (!sound || sound.paused) return;
    const now = performance.now();
    if (sound.currentTime > was && was > 0) {
      seen.sound ??= now;
      if (now - movedAt > 200 && movedAt) seen.stalls.push(Math.round(now - movedAt));
      movedAt = now;
    }
    was = sound.currentTime;
  }, 50);
})();
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A live conversation with a picture, and the slow way to it."""

    installation: Installation
    space: str
    line: Line


@asynccontextmanager
async def live(folder: Path) -> AsyncIterator[Place]:
    async with Installation(folder) as installation:
        host = Host(installation.studio_url)
        await host.sign_up((folder / "first-link").read_text().strip(), name="Host")
        picture = await sent(host, installation.studio_url, folder / "picture.jpg")
        made = await host.call(
            "POST",
            "/spaces",
            {
                "title": "Should the tram cross the old bridge?",
                "description": "Two neighbours, two opinions, one bridge.\n\nBring a question.",
                "picture": picture,
            },
        )
        space = made["id"]
        async with evening.on_stage(installation, host, space, count=1):
            await host.step(space, "doors")
            await host.step(space, "live")
            async with slow_line(installation.listen_url) as line:
                yield Place(installation, space, line)


async def sent(host: Host, studio_url: str, path: Path) -> str:
    """Send a picture to the studio; returns its id."""
    Image.radial_gradient("L").resize((1600, 1200)).convert("RGB").save(path, "JPEG")
    async with httpx.AsyncClient(cookies=host.cookies, base_url=studio_url, timeout=20) as client:
        answer = await client.post(
            "/api/pictures", content=path.read_bytes(), headers={"Content-Type": "image/jpeg"}
        )
        assert answer.status_code == 201, answer.text
        picture: str = answer.json()["id"]
        return picture


@asynccontextmanager
async def telephone(*wanted: str) -> AsyncIterator[Page]:
    """A page of a new browser, which has nothing cached; `wanted` are the elements to be seen."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = await browser.new_context(viewport={"width": 390, "height": 844})
        await context.add_init_script(WATCH.replace("WANTED", json.dumps(wanted)))
        try:
            yield await context.new_page()
        finally:
            await browser.close()


async def seen(page: Page, *names: str) -> dict[str, Any]:
    """What was seen, once all of it was."""
    async with asyncio.timeout(20):
        while True:
            found: dict[str, Any] = await page.evaluate("window.seen ?? {}")
            if all(name in found for name in names):
                return found
            await asyncio.sleep(0.02)


@pytest.mark.alone
@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_first_visit_on_a_slow_line(tmp_path: Path) -> None:
    wanted = ("title", "headline", "label")
    async with live(tmp_path) as place, telephone(*wanted) as page:
        installation, space, line = place.installation, place.space, place.line
        plan = TalkPlan(
            url=installation.listen_url,
            space=space,
            studio=installation.studio_url,
            chat_per_s=4,
            said_per_s=20,
        )
        async with talking(plan) as crowd:
            await crowd.begin()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on(
                "console", lambda one: errors.append(one.text) if "Policy" in one.text else None
            )
            await page.goto(f"{line.url}/s/{space}", wait_until="commit")
            first = await seen(page, "first-contentful-paint", *wanted)
            needed = line.down.bytes
            await page.click("#play")
            await seen(page, "pressed", "sound")
            await asyncio.sleep(LISTENS_S)
            last = await seen(page, "chat")
            picture = await page.evaluate("document.querySelector('.picture')?.naturalWidth")
            await crowd.end()
    figures = {
        "first contentful paint": round(first["first-contentful-paint"]),
        "title, headline and button": round(max(first[name] for name in wanted)),
        "largest contentful paint": round(last["lcp"]),
        "from pressing play to sound": round(last["sound"] - last["pressed"]),
        "first message of the chat": round(last["chat"]),
        "stalls": last["stalls"],
        "kB down until then": round(needed / 1000, 1),
        "kB down in all": round(line.down.bytes / 1000, 1),
        "connections": line.connections,
    }
    told("first visit on a slow line", figures)
    assert not errors
    assert figures["first contentful paint"] <= READABLE_MS, figures
    assert figures["title, headline and button"] <= READABLE_MS, figures
    assert figures["from pressing play to sound"] <= SOUND_MS, figures
    assert all(stall <= STALL_MS for stall in last["stalls"]), figures
    assert figures["first message of the chat"] <= CHAT_MS, figures
    assert picture == 1200


@pytest.mark.alone
@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_the_way_to_a_name_on_a_slow_line(tmp_path: Path) -> None:
    async with (
        live(tmp_path) as place,
        telephone() as page,
        slow_line(place.installation.studio_url) as line,
    ):
        await page.goto(f"{line.url}/s/{place.space}/join?for=chat", wait_until="commit")
        await page.wait_for_selector("[name=name]")
        await seen(page, "first-contentful-paint")
        await asyncio.sleep(1.0)
        found = await seen(page)
    figures = {
        "first contentful paint": round(found["first-contentful-paint"]),
        "largest contentful paint": round(found["lcp"]),
        "kB down in all": round(line.down.bytes / 1000, 1),
        "connections": line.connections,
    }
    told("join page on a slow line", figures)
    assert figures["largest contentful paint"] <= JOIN_MS, figures
