"""The page in every state: what it says, that it is safe to show, and that everybody can use it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.player.browser import FURNISHED, Visit, listen, until
from tests.player.server import Edge, door, replay, seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON: Final = 12 * 60_000
STATES: Final[dict[str, tuple[str, dict[str, Any], str, str]]] = {
    "scheduled": ("scheduled", {}, "Scheduled", "let you in by itself"),
    "delayed": ("scheduled", {"reason": "A train is late."}, "Delayed", "A train is late."),
    "doors": ("doors", {}, "Doors open", "Doors are open · starts soon"),
    "live": ("live", {}, "Live", "Live now"),
    "held": ("held", {"reason": "The server is restarting."}, "On hold", "server is restarting"),
    "ended": ("ended", {}, "Ended", "The recording is being posted"),
    "posting": ("posted", {}, "Ended", "The recording is being posted"),
    "posted": ("posted", {"replay": replay(40)}, "Replay", "Listen to the recording"),
    "withheld": ("withheld", {"reason": "A speaker asked."}, "Ended", "A speaker asked."),
    "cancelled": ("cancelled", {"reason": "No power."}, "Cancelled", "will not take place"),
}
PRESSABLE: Final = frozenset({"scheduled", "delayed", "doors", "live", "held", "posted"})

# Whatever a visitor can press or set, its name as a screen reader has it, and its size.
CONTROLS: Final = """() => [...document.querySelectorAll("button, input, select, a, summary")]
  .filter((one) => one.checkVisibility())
  .map((one) => ({
    tag: one.tagName, id: one.id, height: one.getBoundingClientRect().height,
    name: (one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent).trim(),
  }))"""

# What has moved without anybody having pressed anything (web.dev/cls).
SHIFTS: Final = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


def state(name: str) -> dict[str, Any]:
    status, more, _, _ = STATES[name]
    starts_at_ms = time.time_ns() // 1_000_000 + (SOON if status == "scheduled" else 0)
    return door(status, **{"starts_at_ms": starts_at_ms, **more})


@pytest.mark.parametrize("name", STATES)
async def test_says_what_is_so(visit: Visit, edge: Edge, tmp_path: Path, name: str) -> None:
    edge.door = state(name)
    _, _, pill, said = STATES[name]
    for width, scheme in ((360, "light"), (1280, "dark")):
        page = await visit(viewport={"width": width, "height": 760}, color_scheme=scheme)
        await until(page, FURNISHED)
        text = await page.inner_text("body")
        assert await page.inner_text("#pill") == pill
        assert said in text
        assert "not available" not in text
        assert edge.door["title"] == await page.inner_text("h1")
        assert await page.is_visible("#play") == (name in PRESSABLE)
        assert await page.evaluate("() => document.documentElement.scrollWidth") == width
        await page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("name", ["scheduled", "live", "posted"])
async def test_controls_have_names_and_room(visit: Visit, edge: Edge, name: str) -> None:
    edge.door = state(name)
    page = await visit(viewport={"width": 320, "height": 640})
    await until(page, FURNISHED)
    controls = await page.evaluate(CONTROLS)
    assert len(controls) >= 3
    assert [one for one in controls if not one["name"]] == []
    assert [one for one in controls if one["height"] < 44] == []
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 320


async def test_the_keyboard_reaches_and_presses_the_button(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await until(page, "document.documentElement.dataset.status === 'live'")
    await page.keyboard.press("Tab")
    focused = "document.activeElement.id"
    assert await page.evaluate(focused) == "play"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.evaluate(outline) == "solid"
    await page.keyboard.press("Enter")
    await until(page, "document.documentElement.dataset.phase !== 'idle'")


async def test_a_hand_on_stage_is_seen_at_its_seat(visit: Visit, edge: Edge) -> None:
    edge.door = door("live", seats=[seat("x", "Ada", "speaker", connected=True, hand=True)])
    page = await visit()
    await until(page, FURNISHED)
    assert "Speaker · wants to speak" in await page.inner_text("#seats")


async def test_what_people_write_stays_text(visit: Visit, edge: Edge) -> None:
    evil = '<img src=x onerror="window.bad=1"></script><script>window.bad=1</script>'
    seats = [seat("x", evil, "host", connected=True)]
    edge.door = door("held", title=evil, description=evil, host=evil, reason=evil, seats=seats)
    page = await visit()
    await until(page, FURNISHED)
    assert await page.inner_text("h1") == evil
    assert await page.inner_text("#description") == evil
    assert evil in await page.inner_text("#notice")
    assert evil in await page.inner_text("#seats")
    assert await page.evaluate("() => [window.bad, document.images.length]") == [None, 0]


async def test_a_change_is_announced_and_speaking_is_not(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await until(page, "document.documentElement.dataset.status === 'live'")
    edge.door = door("live", seats=[seat("ada", "Ada", "host", connected=True, speaking=True)])
    await until(page, "document.querySelector('.speaking')")
    assert await page.inner_text(".speaking .place") == "Speaking"
    assert await page.text_content("#announce") == ""
    edge.door = door("held", reason="Back in a minute.")
    await until(page, "document.getElementById('announce').textContent")
    assert "Back in a minute." in (await page.text_content("#announce") or "")
    live_regions = "[...document.querySelectorAll('[aria-live], [role=status]')].map((e) => e.id)"
    assert await page.evaluate(live_regions) == ["shared", "announce"]


async def test_shows_who_speaks_how_late_and_how_many(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    assert await page.inner_text("#listening") == "1,284 listening"
    await until(
        page, "/^[01]\\.\\d s behind live$/.test(document.getElementById('delay').textContent)"
    )
    title = await page.evaluate("() => navigator.mediaSession.metadata.title")
    assert title == edge.door["title"]
    assert (await page.title()).startswith("Live · ")


async def test_the_countdown_runs_on_the_edges_clock(visit: Visit, edge: Edge) -> None:
    edge.door = state("scheduled")
    skewed = "const real = Date.now; Date.now = () => real() - 3_600_000;"
    page = await visit(script=skewed)
    await until(page, "document.getElementById('countdown').textContent.includes('minutes')")
    told = await page.inner_text("#countdown b:first-child")
    assert told in ("11", "12")


@pytest.mark.parametrize("name", STATES)
async def test_nothing_moves_while_it_loads(visit: Visit, edge: Edge, name: str) -> None:
    edge.door = state(name)
    page = await visit(viewport={"width": 360, "height": 740})
    await until(page, FURNISHED)
    shift = await page.evaluate(SHIFTS)
    assert shift < 0.02, shift


@pytest.mark.parametrize("name", ["later.js", "tape.js"])
async def test_a_file_that_does_not_come_is_asked_for_again(
    visit: Visit, edge: Edge, name: str
) -> None:
    edge.missing = {name}
    page = await visit()
    await until(page, FURNISHED)


async def test_the_small_player_for_other_pages(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await page.goto(f"{edge.page}/embed")
    await listen(page)
    assert await page.inner_text("h1") == edge.door["title"]
    link = page.locator("a")
    assert await link.get_attribute("href") == "/s/space00001"
    assert await link.get_attribute("target") == "_blank"
    await page.set_viewport_size({"width": 320, "height": 220})
    size = "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await page.evaluate(size) == [320, 220]


async def test_motion_stops_for_those_who_want_none(visit: Visit) -> None:
    page = await visit(reduced_motion="reduce")
    await until(page, "document.documentElement.dataset.status === 'live'")
    style = "getComputedStyle(document.getElementById('pill'), '::before').animationName"
    assert await page.evaluate(style) == "none"
