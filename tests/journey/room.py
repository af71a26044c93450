"""The steps of an evening as people take them: a host at the desk, a listener on the page.

Each step ends when the page shows that it is done; the sound is measured by FFT on what a browser
really plays.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from playwright.async_api import Locator, Page, expect

from tests.journey.browser import heard, level_dbfs, tap
from tests.tones import silence, tone, write_wav

PHONE: Final = (390, 844)
DESKTOP: Final = (1440, 900)
PASSWORD: Final = "a long enough password"
PRESENT_DBFS: Final = -36.0
ABSENT_DBFS: Final = -50.0
SOON_MS: Final = 15_000
POSTED_MS: Final = 30_000  # ten seconds in which the end can be undone, and the recording's files


def voice(path: Path, hz: float, *, seconds: int = 240) -> Path:
    """A microphone's file: syllables of one tone, as speech has pauses and a hum has none."""
    syllable = np.concatenate([tone(hz, 0.75), silence(0.25)])
    return write_wav(path, np.tile(syllable, seconds))


async def until(what: Callable[[], Awaitable[bool]], *, seconds: float, why: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not await what():
        assert time.monotonic() < end, why
        await asyncio.sleep(0.2)


async def level(page: Page, hz: float) -> float:
    """How loud a tone is in the newest second that a tapped page plays, in dBFS; nan before."""
    sound = await heard(page, 1.0)
    return level_dbfs(sound, hz) if len(sound) >= 24_000 else math.nan


async def until_heard(page: Page, hz: float, *, seconds: float = 15.0) -> None:
    """Wait until a tapped page plays a tone."""

    async def present() -> bool:
        return await level(page, hz) > PRESENT_DBFS

    await until(present, seconds=seconds, why=f"{hz:.0f} Hz is not heard")


async def until_gone(page: Page, hz: float, *, seconds: float = 15.0) -> None:
    """Wait until a tapped page plays, and not this tone."""

    async def absent() -> bool:
        return await level(page, hz) < ABSENT_DBFS

    await until(absent, seconds=seconds, why=f"{hz:.0f} Hz is still heard")


async def make_account(page: Page, link: str, *, name: str, email: str) -> None:
    """Follow the first link, or an invitation, to an account."""
    await page.goto(link)
    await page.fill("[name=name]", name)
    await page.fill("[name=email]", email)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.primary")
    await page.wait_for_selector("[href='/account']", state="attached")


async def invite_host(page: Page, studio_url: str) -> str:
    """An owner makes an invitation; returns its link."""
    await page.goto(f"{studio_url}/people")
    await page.click("text=Invite somebody")
    await page.select_option("#role", "host")
    await page.click("text=Make the invitation")
    return await page.input_value("#link")


@dataclass(frozen=True, slots=True)
class Desk:
    """A page with a seat: the host's desk, or a speaker's."""

    page: Page

    async def fill_in(self, studio_url: str, *, title: str, description: str) -> None:
        """The form of a new space: it starts in twenty minutes, the doors open ten before."""
        page = self.page
        await page.goto(f"{studio_url}/new")
        await page.fill("[name=title]", title)
        await page.fill("[name=description]", description)
        await page.check("[name=when][value=later]")
        await page.fill("#starts_local", local_in(minutes=20))
        await page.select_option("#doors_minutes", "10")
        await page.evaluate("scrollTo(0, 0)")

    async def schedule(self) -> str:
        """Make the space that is filled in; returns its id."""
        await self.page.click("#create-space")
        await self.page.wait_for_selector("body[data-events=true]")
        return self.page.url.split("/s/")[1].split("/")[0]

    async def raw(self) -> None:
        """The same page with the browser's noise suppression off, which would eat a tone."""
        await self.page.goto(self.page.url.split("?")[0] + "?raw=1")

    async def check_microphone(self) -> None:
        """The meter moves, and the sound test says that it is good."""
        page = self.page
        await page.click("#mic-more > summary")
        await page.click("#trial")
        await expect(page.locator("#trial-words")).to_have_attribute(
            "data-verdict", "good", timeout=SOON_MS
        )
        await self.level_moves()
        await page.click("#mic-more > summary")

    async def level_moves(self) -> None:
        """The own meter shows a voice."""
        await self.page.wait_for_function(
            "() => Number(document.getElementById('own-level').dataset.dbfs) > -30"
        )

    async def join(self) -> None:
        await self.page.click("#join")
        await self.is_connected()

    async def is_connected(self) -> None:
        body = self.page.locator("body")
        await expect(body).to_have_attribute("data-connected", "true", timeout=SOON_MS)

    async def tab(self, name: str) -> None:
        """What a narrow screen keeps behind a tab; a wide one shows everything."""
        button = self.page.locator(f"#tabs [data-tab={name}]")
        if await button.is_visible():
            await button.click()

    async def is_at(self, status: str, *, timeout_ms: int = SOON_MS) -> None:
        await expect(self.page.locator("body")).to_have_attribute(
            "data-status", re.compile(status), timeout=timeout_ms
        )

    async def next_step(self, verb: str, status: str) -> None:
        """Press the big button, which says what comes next."""
        button = self.page.locator("#next-step")
        await expect(button).to_have_attribute("data-verb", verb, timeout=SOON_MS)
        await button.click()
        await self.is_at(status)

    def hand(self, name: str) -> Locator:
        return self.page.locator("#hands [data-person]", has_text=name)

    async def invite_hand(self, name: str) -> None:
        await self.hand(name).locator("[data-act=invite]").click()
        await expect(self.hand(name)).to_have_attribute("data-invited", "true")

    async def open_poll(self, question: str, *options: str) -> None:
        page = self.page
        await page.click("#poll-fold > summary")
        await page.fill("#poll-question", question)
        for field, option in zip(await page.locator("[name=option]").all(), options, strict=True):
            await field.fill(option)
        await page.click("#poll-form button.primary")
        await expect(page.locator("#polls [data-poll]")).to_contain_text(question)

    async def counts(self, *counts: str) -> None:
        """Wait for a poll's result, option by option."""
        for option, count in enumerate(counts):
            line = self.page.locator(f"#polls [data-option='{option}'] .poll-count")
            await expect(line).to_have_text(count, timeout=SOON_MS)

    async def say(self, text: str) -> None:
        await self.page.fill("#chat-text", text)
        await self.page.press("#chat-text", "Enter")
        await expect(self.message(text)).to_be_visible()

    def message(self, text: str) -> Locator:
        return self.page.locator("#chat-list [data-message]", has_text=text)

    async def remove_message(self, text: str, *, reason: str) -> None:
        await self.message(text).locator("[data-act=more]").click()
        await self.page.fill("#sheet-reason", reason)
        await self.page.click("#sheet [data-act=remove]")
        await expect(self.message(text)).to_have_attribute("data-removed", "true")

    async def undo(self) -> None:
        await self.page.click("#toast-undo")

    async def announce_end(self) -> None:
        await self.page.click("#end")
        await self.page.click("#confirm-yes")
        await expect(self.page.locator("body")).to_have_attribute("data-ending", "true")


@dataclass(frozen=True, slots=True)
class Listener:
    """A listen page."""

    page: Page

    async def open(self, address: str) -> None:
        await self.page.goto(address)

    async def counts_down(self) -> None:
        """The countdown runs."""
        count = self.page.locator("#countdown")
        await expect(count).to_contain_text(re.compile(r"\d+ minutes"))
        before = await count.inner_text()
        await expect(count).not_to_have_text(before)

    async def is_at(self, status: str, *, timeout_ms: int = SOON_MS) -> None:
        await expect(self.page.locator("html")).to_have_attribute(
            "data-status", status, timeout=timeout_ms
        )

    async def play(self, element: str = "#sound") -> None:
        await self.page.click("#play")
        await expect(self.page.locator("html")).to_have_attribute(
            "data-playing", "true", timeout=SOON_MS
        )
        await tap(self.page, element)

    async def become(self, name: str, *, button: str = "Join the chat") -> None:
        """The studio asks for a name, in a window of its own."""
        async with self.page.context.expect_page() as window:
            await self.page.click(f"button:has-text('{button}')")
        asked = await window.value
        await asked.fill("input[name=name]", name)
        await asked.click("#go-on")
        await expect(self.page.locator(".me")).to_contain_text(name, timeout=SOON_MS)

    async def say(self, text: str) -> None:
        await self.page.fill("#panel-chat input", text)
        await self.page.press("#panel-chat input", "Enter")
        await self.sees(text)

    def message(self, text: str) -> Locator:
        return self.page.locator(".message .text", has_text=text)

    async def sees(self, text: str) -> None:
        await expect(self.message(text)).to_be_visible(timeout=SOON_MS)

    async def raise_hand(self, note: str) -> None:
        await self.page.click("button.hand")
        await self.page.keyboard.type(note)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator(".raised")).to_contain_text("Your hand is up")

    async def accept(self) -> Desk:
        """Go to the stage and take the seat."""
        await self.page.click(".invitation a", timeout=SOON_MS)
        await self.page.wait_for_selector("#take")
        return Desk(self.page)

    async def vote(self, option: str) -> None:
        await self.page.click("#tab-polls")
        await self.page.click(f".ballot .option:has-text('{option}')")
        await self.page.click(".ballot button")

    async def change_vote(self, option: str) -> None:
        await self.page.click("text=Change my vote")
        await self.page.click(f".ballot .option:has-text('{option}')")
        await self.page.click(".ballot button")

    async def counts(self, *counts: str) -> None:
        """Wait for a poll's result, option by option."""
        shares = self.page.locator("#panel-polls .bars .share")
        await expect(shares).to_have_text(list(counts), timeout=SOON_MS)


def local_in(*, minutes: int) -> str:
    """A time some minutes from now, by this machine's clock, as a date field has it."""
    return (datetime.now().astimezone() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M")
