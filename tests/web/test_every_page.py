"""Every page of the studio: nothing that axe's rules forbid, in both themes; nothing too wide on a
small telephone or with large text; one heading, a title, a language; and one sees where the
keyboard is.

The list is held against the route table: a page that nobody looks at fails.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from fastapi.routing import APIRoute
from playwright.async_api import Browser, Page, async_playwright

from hustings.web.app import ROUTERS
from tests.conftest import CHROMIUM
from tests.web import running
from tests.web.furnished import first_page, furnished
from tests.web.outbox.postbox import Postbox, postbox
from tests.web.running import Engines, Running

# The route, who looks, what fills its holes and follows it, and which status it has.
Look = tuple[str, str, str, int]
PAGES: Final[tuple[Look, ...]] = (
    ("/", "nobody", "/", 200),
    ("/", "host", "/", 200),
    ("/", "nobody", "/?q=Donau&state=coming", 200),
    ("/", "nobody", "/?q=nothingofthekind", 200),
    ("/search", "nobody", "/search", 200),
    ("/search", "nobody", "/search?q=donau", 200),
    ("/search", "host", "/search?q=cost", 200),
    ("/search", "host", "/search?q=nothingofthekind", 200),
    ("/sign-in", "nobody", "/sign-in", 200),
    ("/sign-in", "host", "/sign-in?again=true", 200),
    ("/sign-up", "nobody", "/sign-up", 200),
    ("/forgot", "nobody", "/forgot", 200),
    ("/reset/{token}", "nobody", "/reset/{reset}", 200),
    ("/join/{token}", "nobody", "/join/{join}", 200),
    ("/join/{token}", "host", "/join/{join}", 200),
    ("/account", "host", "/account", 200),
    ("/account", "member", "/account", 200),
    ("/account/delete", "host", "/account/delete", 200),
    ("/account/tokens", "host", "/account/tokens", 200),
    ("/account/hooks", "host", "/account/hooks", 200),
    ("/account/hooks", "member", "/account/hooks", 200),
    ("/people", "host", "/people", 200),
    ("/people", "host", "/people?q=nobodyiscalledso", 200),
    ("/@{handle}", "nobody", "/@{handle}", 200),
    ("/spaces", "host", "/spaces", 200),
    ("/spaces", "member", "/spaces", 200),
    ("/new", "host", "/new", 200),
    ("/new", "member", "/new", 200),
    ("/s/{space_id}/edit", "host", "/s/{coming}/edit", 200),
    ("/s/{space_id}/edit", "host", "/s/{private}/edit?done=saved", 200),
    ("/s/{space_id}/edit", "host", "/s/{over}/edit", 200),
    ("/s/{space_id}/edit", "nobody", "/s/{coming}/edit", 401),
    ("/s/{space_id}/after", "host", "/s/{over}/after", 200),
    ("/s/{space_id}/after", "host", "/s/{ended}/after", 200),
    ("/s/{space_id}/after", "host", "/s/{live}/after", 409),
    ("/s/{space_id}/recording", "host", "/s/{over}/recording", 200),
    ("/s/{space_id}/recording", "host", "/s/{ended}/recording", 409),
    ("/s/{space_id}/keeping", "host", "/s/{over}/keeping", 200),
    ("/s/{space_id}/keeping", "host", "/s/{live}/keeping", 409),
    ("/series/new", "host", "/series/new", 200),
    ("/series/{slug}", "nobody", "/series/{slug}", 200),
    ("/series/{slug}", "host", "/series/{slug}", 200),
    ("/series/{slug}/edit", "host", "/series/{slug}/edit", 200),
    ("/moderation", "host", "/moderation", 200),
    ("/moderation", "member", "/moderation", 403),
    ("/reports", "host", "/reports", 200),
    ("/suspensions", "host", "/suspensions", 200),
    ("/suspended", "suspended", "/suspended", 200),
    ("/suspended", "host", "/suspended", 200),
    ("/audit", "host", "/audit", 200),
    ("/installation", "host", "/installation", 200),
    ("/installation", "member", "/installation", 403),
    ("/s/{space_id}/audit", "host", "/s/{live}/audit", 200),
    ("/s/{space_id}/join", "nobody", "/s/{live}/join?for=hand", 200),
    ("/s/{space_id}/join", "member", "/s/{live}/join?for=question", 200),
    ("/s/{space_id}/join", "nobody", "/s/{over}/join", 200),
    ("/s/{space_id}/take", "guest", "/s/{live}/take", 200),
    ("/s/{space_id}/take", "member", "/s/{live}/take", 410),
    ("/s/{space_id}", "member", "/s/{private}", 403),
    ("/i/{token}", "nobody", "/i/{invitation}", 200),
    ("/i/{token}", "nobody", "/i/spent", 410),
    ("/l/{token}", "nobody", "/l/spent", 404),
    ("/r/{token}", "nobody", "/r/{reminder}", 200),
    ("/s/{space_id}/stage", "host", "/s/{coming}/stage", 200),
    ("/s/{space_id}/stage", "host", "/s/{live}/stage", 200),
    ("/s/{space_id}/stage", "speaker", "/s/{live}/stage", 200),
    ("/s/{space_id}/stage", "host", "/s/{over}/stage", 200),
    ("", "nobody", "/nothing/here", 404),
)
# What is asked for by GET and is no page. `/first/{token}` is looked at before anybody is there.
NO_PAGES: Final = frozenset({
    "/first/{token}",
    "/sounds/{sound}.wav", "/pictures/{picture}/{size}.webp", "/pictures/{picture}/cover.jpg",
    "/calendar.ics", "/series/{slug}.ics", "/hosts/{account_id}.ics", "/@{handle}.ics",
    "/feed.xml", "/series/{slug}.xml", "/hosts/{account_id}.xml", "/@{handle}.xml",
    "/s/{space_id}/transcript.json", "/sitemap.xml", "/robots.txt",
    "/s/{space_id}/recording.m4a", "/s/{space_id}/receipt.json", "/s/{space_id}/recording/{name}",
    "/s/{space_id}/original/{name}", "/s/{space_id}/original/stems/{name}",
    "/s/{space_id}/clips/{clip}/{name}",
    "/sign-in/oidc", "/sign-in/oidc/callback", "/account/oidc",
})  # fmt: skip
SIZES: Final = {"telephone": (390, 844), "desktop": (1440, 900)}
NARROW: Final = 320
FACTS: Final = """() => ({
    headings: document.querySelectorAll("h1").length,
    titled: document.title.length > " · Hustings".length,
    language: document.documentElement.lang,
})"""
# What is wider than the page; what only screen readers get is left out.
WIDE: Final = """(most) => document.documentElement.scrollWidth <= most ? [] :
    [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > most + 0.5)
    .map((e) => e.outerHTML.slice(0, 90)).slice(-3)
    .concat(`${document.documentElement.scrollWidth}`)"""
SMALL: Final = """() => [...document.querySelectorAll("button, input, select, .button, summary")]
    .filter((e) => e.checkVisibility({visibilityProperty: true}))
    .filter((e) => !["radio", "checkbox", "hidden"].includes(e.type))
    .filter((e) => !e.closest(".visually-hidden"))
    .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([html]) => html)"""
CONTRAST: Final = "() => axe.run(document, {runOnly: ['color-contrast']})"
FOCUS: Final = """() => {
    const at = document.activeElement, style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return at !== document.body && box.top >= 0 && box.height > 0 &&
        style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def test_every_page_is_looked_at() -> None:
    there_are = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
        if not route.path.startswith("/api/")
    }
    assert {route for route, *_ in PAGES if route} | NO_PAGES == there_are


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found


@pytest.fixture
async def mailing(tmp_path: Path, servers: Engines, box: Postbox) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    options: dict[str, Any] = {"smtp_url": box.url, "sign_up": "open"}
    async with running.studio(folder, servers, at="localhost", **options) as found:
        yield found


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


@pytest.mark.browser
@pytest.mark.timeout(240)
async def test_every_page_is_good(mailing: Running, box: Postbox, chromium: Browser) -> None:
    pages: dict[str, Page] = {"nobody": await _page(chromium, mailing, None)}
    first = await first_page(mailing)
    faults = await _faults(pages["nobody"], mailing.url + first, 200, "first")
    async with furnished(mailing, box) as site:
        for who, client in site.people.items():
            if who != "nobody":
                pages[who] = await _page(chromium, mailing, client)

        async def walk(who: str) -> None:
            for number, (_, whose, path, status) in enumerate(PAGES):
                if whose == who:
                    address = mailing.url + path.format_map(site.places)
                    faults.extend(await _faults(pages[who], address, status, f"{number:02}-{who}"))

        await asyncio.gather(*map(walk, pages))
    assert faults == [], "\n".join(faults)


async def _faults(page: Page, address: str, status: int, name: str) -> list[str]:
    """What is wrong with one page."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = await page.goto(address)
    assert answer is not None
    found = [] if answer.status == status else [f"status {answer.status}"]
    facts = await page.evaluate(FACTS)
    if facts != {"headings": 1, "titled": True, "language": "en"}:
        found.append(str(facts))
    await page.keyboard.press("Tab")
    if not await page.evaluate(FOCUS):
        found.append("one does not see where the keyboard is")
    found += [f"small: {one}" for one in await page.evaluate(SMALL)]
    # The first run brings axe's script along; of the rules, only contrast depends on the theme.
    found += [f"light: {one}" for one in _told((await Axe().run(page)).response)]
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark: {one}" for one in _told(await page.evaluate(CONTRAST))]
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await _shoot(page, name)
    await page.set_viewport_size({"width": NARROW, "height": 700})
    found += [f"wide: {one}" for one in await page.evaluate(WIDE, NARROW)]
    await page.set_viewport_size({"width": 2 * NARROW, "height": 900})
    await page.evaluate("() => (document.documentElement.style.fontSize = '200%')")
    found += [f"wide at 200 %: {one}" for one in await page.evaluate(WIDE, 2 * NARROW)]
    return [f"{name} {urlsplit(address).path}: {one}" for one in found]


def _told(found: dict[str, Any]) -> list[str]:
    return [
        f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
    ]


async def _shoot(page: Page, name: str) -> None:
    folder = os.environ.get("HUSTINGS_SCREENSHOTS")
    if not folder:
        return
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        place = urlsplit(page.url).path.strip("/").replace("/", "-")[:24]
        path = Path(folder) / f"{name}-{place}-{size}.png"
        await page.screenshot(path=path, full_page=True)


async def _page(chromium: Browser, web: Running, client: httpx.AsyncClient | None) -> Page:
    """A browser of its own for whoever `client` is."""
    context = await chromium.new_context(locale="en-GB")
    for cookie in client.cookies.jar if client else ():
        await context.add_cookies(
            [{"name": cookie.name, "value": cookie.value or "", "url": f"{web.url}/"}]
        )
    return await context.new_page()
