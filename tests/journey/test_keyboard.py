"""A host without a mouse: from the sign-in to the replay, and the focus is seen at every step."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from hustings.drills.host import Person
from hustings.drills.installation import Installation
from tests.journey.browser import chromium
from tests.journey.keyboard import Keyboard
from tests.journey.room import (
    DESKTOP,
    PASSWORD,
    POSTED_MS,
    Desk,
    Listener,
    until_gone,
    until_heard,
    voice,
)
from tests.journey.test_people import visitors

HOST_HZ = 440.0
EMAIL = "ann@example.org"
TEXT = "Buy my tram tickets, cheap!"
REASON = "The church bells"


@pytest.mark.browser
@pytest.mark.timeout(240)
async def test_an_evening_by_keyboard_alone(tmp_path: Path) -> None:
    width, height = DESKTOP
    sound = voice(tmp_path / "host.wav", HOST_HZ)
    async with (
        Installation(tmp_path / "data") as installation,
        async_playwright() as playwright,
        chromium(playwright, tmp_path / "a", microphone=sound, width=width, height=height) as host,
        visitors(playwright, DESKTOP) as (page,),
    ):
        link = (tmp_path / "data" / "first-link").read_text().strip()
        await Person(installation.studio_url).form(
            link, {"name": "Ann", "email": EMAIL, "password": PASSWORD}
        )
        desk, keys, ben = Desk(await host.new_page()), Keyboard(host.pages[-1]), Listener(page)
        await sign_in(keys, installation.studio_url)
        space = await schedule(keys)
        await green_room(desk, keys)
        await on_air(desk, keys)
        await take_part(ben, f"{installation.listen_url}/s/{space}")
        await invite(desk, keys, ben)
        await poll(desk, keys, ben)
        await moderate(desk, keys, ben)
        await hold(desk, keys, ben)
        await end(desk, keys)
        await hear_again(keys)


async def sign_in(keys: Keyboard, studio_url: str) -> None:
    await keys.page.goto(studio_url)
    await keys.go("a[href='/sign-in']")
    await keys.page.wait_for_selector("[name=password]")
    await keys.write("[name=email]", EMAIL)
    await keys.write("[name=password]", PASSWORD)
    await keys.press("Enter")
    await keys.page.wait_for_selector("main a[href='/new']")


async def schedule(keys: Keyboard) -> str:
    """A space at a set time, with doors."""
    await keys.go("main a[href='/new']")
    await keys.page.wait_for_selector("#create-space")
    await keys.write("[name=title]", "By keyboard alone")
    await keys.to("[name=when]")
    await keys.press("ArrowDown")
    await keys.is_on("[name=when][value=later]:checked")
    await keys.to("#doors_minutes")
    await keys.press("ArrowDown")
    await expect(keys.page.locator("#doors_minutes")).to_have_value("15")
    await keys.go("#create-space")
    await keys.page.wait_for_selector("body[data-events=true]")
    return keys.page.url.split("/s/")[1].split("/")[0]


async def green_room(desk: Desk, keys: Keyboard) -> None:
    await desk.raw()
    await keys.go("#mic-more > summary")
    await keys.go("#trial")
    await expect(keys.page.locator("#trial-words")).to_have_attribute(
        "data-verdict", "good", timeout=15_000
    )
    await keys.is_on("#trial")
    await keys.go("#join", back=True)
    await desk.is_connected()
    await keys.is_on("#mute")
    await keys.press("m")
    await expect(keys.page.locator("body")).to_have_attribute("data-muted", "true")
    await keys.press("Space")
    await expect(keys.page.locator("body")).to_have_attribute("data-muted", "false")
    await keys.is_on("#mute")


async def on_air(desk: Desk, keys: Keyboard) -> None:
    """By the shortcut, which asks; and by the button."""
    await keys.press("g")
    await keys.is_on("#confirm-yes")
    await keys.press("Enter")
    await desk.is_at("doors")
    await keys.is_on("#mute")
    await keys.to("#next-step[data-verb=live]", back=True)
    await ready(keys.page)
    await keys.press("Enter")
    await desk.is_at("live")
    await keys.is_on("#next-step")


async def take_part(ben: Listener, address: str) -> None:
    """A listener, with a mouse."""
    await ben.open(address)
    await ben.play()
    await until_heard(ben.page, HOST_HZ)
    await ben.become("Ben")
    await ben.say(TEXT)
    await ben.raise_hand("I drive the tram")


async def invite(desk: Desk, keys: Keyboard, ben: Listener) -> None:
    await expect(desk.hand("Ben")).to_contain_text("I drive the tram")
    await keys.press("h")
    await keys.is_on("#hands-title")
    await keys.go("#hands [data-act=invite]")
    await expect(desk.hand("Ben")).to_have_attribute("data-invited", "true")
    await keys.is_on("#hands [data-act=uninvite]")
    await expect(ben.page.locator(".invitation")).to_be_visible(timeout=15_000)
    await ben.page.click(".invitation button:has-text('Not now')")
    await expect(desk.hand("Ben")).to_have_count(0)
    await keys.is_on("#hands-title")


async def poll(desk: Desk, keys: Keyboard, ben: Listener) -> None:
    await keys.press("p")
    await keys.is_on("#polls-fold > summary")
    await keys.go("#poll-fold > summary")
    await keys.write("#poll-question", "How did you come here?")
    await keys.write("[name=option]", "On foot")
    await keys.write("[name=option]:nth-child(2)", "By tram")
    await keys.to("#poll-show")
    await keys.go("#poll-form button.primary")
    await expect(keys.page.locator("#polls [data-poll]")).to_contain_text("On foot")
    await keys.is_on("#poll-fold > summary")
    await ben.vote("By tram")
    await desk.counts("0 · 0 %", "1 · 100 %")
    await keys.go("#polls [data-act=close]", back=True)
    await expect(keys.page.locator("#polls [data-poll]")).to_have_attribute("data-closed", "true")
    await keys.is_seen()


async def moderate(desk: Desk, keys: Keyboard, ben: Listener) -> None:
    """A message is removed, and put back: once by its key, once by its button."""
    await ben.page.click("#tab-chat")
    await ben.sees(TEXT)
    for undone_by in ("key", "button"):
        await keys.press("c")
        await keys.is_on("#chat-text")
        await keys.go("#chat-list [data-act=more]", back=True)
        await keys.is_on("#sheet [data-act=remove]")
        await keys.write("#sheet-reason", "An advertisement", back=True)
        await keys.go("#sheet [data-act=remove]")
        await expect(desk.message(TEXT)).to_have_attribute("data-removed", "true")
        await keys.is_on("#chat-list [data-act=restore]")
        await expect(ben.message(TEXT)).to_have_count(0, timeout=15_000)
        await keys.press("u" if undone_by == "key" else "Enter")
        await expect(desk.message(TEXT)).to_have_attribute("data-removed", "false")
        await keys.is_on("#chat-list [data-act=more]")
        await ben.sees(TEXT)


async def hold(desk: Desk, keys: Keyboard, ben: Listener) -> None:
    await keys.write("#hold-reason", REASON, back=True)
    await keys.go("#next-step[data-verb=hold]")
    await desk.is_at("held")
    await keys.is_on("#next-step[data-verb=resume]")
    await expect(ben.page.locator(".player")).to_contain_text(REASON, timeout=15_000)
    await until_gone(ben.page, HOST_HZ)
    await ready(keys.page)
    await keys.press("Space")
    await desk.is_at("live")
    await until_heard(ben.page, HOST_HZ)


async def end(desk: Desk, keys: Keyboard) -> None:
    """Announced and undone; announced, and over."""
    body = keys.page.locator("body")
    for undone in (True, False):
        await keys.go("#end")
        await keys.is_on("#confirm-no")
        await keys.go("#confirm-yes")
        await expect(body).to_have_attribute("data-ending", "true")
        await keys.is_on("#next-step[data-verb=keep-going]")
        if undone:
            await ready(keys.page)
            await keys.press("Enter")
            await expect(body).to_have_attribute("data-ending", "false")
            await keys.is_on("#next-step[data-verb=hold]")
    await desk.is_at("posted", timeout_ms=POSTED_MS)
    await keys.is_on("#replay")


async def hear_again(keys: Keyboard) -> None:
    await keys.press("Enter")
    await Listener(keys.page).is_at("posted")
    await keys.go("#play", "Space")
    await expect(keys.page.locator("html")).to_have_attribute(
        "data-playing", "true", timeout=15_000
    )


async def ready(page: Page) -> None:
    """The big button settles for a moment after it has become another one."""
    await expect(page.locator("#next-step")).to_have_attribute("aria-disabled", "false")
