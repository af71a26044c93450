"""How the stage page looks in each state: axe finds nothing, nothing is too wide or too small."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.web.desk.evening import Evening, Stage, at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser
SIZES: Final = {"telephone": (390, 844), "desktop": (1440, 900)}
TABS: Final = ("stage", "hands", "chat", "more")
SMALL: Final = """[...document.querySelectorAll("button, input, select, .button, summary")]
    .filter((e) => e.checkVisibility() && !["radio", "checkbox"].includes(e.type))
    .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([html]) => html)"""


async def looks(page: Page, folder: Path, name: str, *, tabs: tuple[str, ...] = TABS) -> None:
    """Judge and photograph the page at both sizes in both themes."""
    kept = os.environ.get("HUSTINGS_SCREENSHOTS")
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for tab in tabs if size == "telephone" else ("stage",):
            if size == "telephone":
                await page.locator(f"#tabs [data-tab={tab}]").click()
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (name, size, tab, wide)
            small: list[Any] = await page.evaluate(SMALL)
            assert small == [], (name, size, tab)
            for theme in ("light", "dark"):
                await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                if kept:
                    await page.screenshot(path=Path(kept) / f"{name}-{size}-{tab}-{theme}.png")
                found = await Axe().run(page)
                assert found.violations_count == 0, (
                    name,
                    size,
                    tab,
                    theme,
                    found.generate_report(),
                )


async def _crowd_writes(space: Evening, stage: Stage) -> None:
    for index, one in enumerate(space.guests):
        note = ("", "I live at the last stop.", "About the noise at night")[index % 3]
        assert (await one.post("hand", {"note": note})).is_success
        texts = ("Good evening from the harbour!", "Will the old bridge carry it?", "Hello all.")
        assert (await one.post("chat", {"text": texts[index % 3]})).is_success
    asked = []
    for one, text in zip(
        space.guests, ("Will the line run at night?", "Who pays for it?"), strict=False
    ):
        asked.append((await one.post("questions", {"text": text})).json()["id"])
    poll = {"question": "Which stop comes first?", "options": ["The market", "The harbour"]}
    made = (await space.does("POST", "/polls", poll))["polls"][0]["id"]
    await space.does("POST", "/pins", {"text": "The plan", "url": "https://example.org/plan"})
    await space.does("POST", "/chat", {"text": "Welcome! We begin in a minute."})
    await stage.counts(space.id, {made: [31, 12], f"q-{asked[0]}": [7], f"q-{asked[1]}": [19]})


async def test_before_it_begins(web: Running, page: Page, tmp_path: Path) -> None:
    async with evening(web, status="scheduled") as space:
        await at_desk(web, page, space)
        await looks(page, tmp_path, "scheduled")
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.locator("#rehearse").click()
        await page.wait_for_selector("body[data-rehearsing=true]")
        await looks(page, tmp_path, "rehearsal", tabs=("stage",))


async def test_while_it_is_live(web: Running, page: Page, stage: Stage, tmp_path: Path) -> None:
    async with evening(web, guests=("Noor Haddad", "Piet de Vries", "Lena")) as space:
        await at_desk(web, page, space)
        for seat in space.seats.values():
            await stage.sits(space.id, seat)
        await stage.speaks(space.id, space.seats["Amara"])
        await _crowd_writes(space, stage)
        await page.locator("#polls .poll-count", has_text="31").wait_for()
        levels = dict(zip(space.seats.values(), (-55.0, -18.0, -40.0), strict=True))
        await stage.levels(space.id, levels)
        await stage.warns(
            space.id,
            space.seats["Jonas"],
            "seat_silent",
            "Jonas Weber cannot be heard: the microphone sends silence.",
        )
        await page.locator("[data-trouble=seat_silent]").wait_for()
        await page.locator("#chat-list [data-message]").nth(3).wait_for(state="attached")
        await looks(page, tmp_path, "live")
        await page.locator("#tabs [data-tab=stage]").dispatch_event("click")
        await page.locator("#end").click()
        await page.locator("#confirm-yes").click()
        await page.wait_for_selector("body[data-ending=true]")
        await looks(page, tmp_path, "ending", tabs=("stage",))


async def test_held(web: Running, page: Page, tmp_path: Path) -> None:
    async with evening(web, status="held") as space:
        await at_desk(web, page, space)
        await looks(page, tmp_path, "held", tabs=("stage",))


async def test_after_it(web: Running, page: Page, tmp_path: Path) -> None:
    async with evening(web) as space:
        await space.does("POST", "/end", {"in_ms": 0})
        await at_desk(web, page, space)
        await looks(page, tmp_path, "ended", tabs=("stage", "more"))


async def test_speakers_page(web: Running, page: Page, stage: Stage, tmp_path: Path) -> None:
    async with evening(web) as space:
        link = (await space.does("POST", f"/seats/{space.seats['Amara']}/link"))["link"]
        await page.goto(link)
        await page.get_by_role("button", name="Take your seat").click()
        await page.wait_for_selector("body[data-events=true]")
        await stage.sits(space.id, space.seats["host"])
        await space.does("POST", "/backstage", {"text": "Two minutes left."})
        await page.locator("[data-line]").wait_for(state="attached")
        await looks(page, tmp_path, "speaker", tabs=("stage", "chat", "more"))
