"""One Chromium for all tests of the page; a fresh context and a fresh edge for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.player import programme
from tests.player.browser import Visit
from tests.player.server import Edge, door

ARGUMENTS: Final = (
    "--autoplay-policy=no-user-gesture-required", "--no-sandbox", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=list(ARGUMENTS),
            ignore_default_args=["--mute-audio"],
        )
        yield made
        await made.close()


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with replay.m4a, 40 s of the programme."""
    folder = tmp_path_factory.mktemp("replay")
    programme.recording(folder / "replay.m4a", seconds=40)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def edge(recordings: Path) -> AsyncIterator[Edge]:
    made = Edge(recordings)
    made.door = door("live")
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, edge: Edge) -> AsyncIterator[Visit]:
    """Opens the page; a page that throws or breaks its content policy fails the test."""
    errors: list[str] = []
    contexts = []

    async def opened(*, script: str = "", **options: Any) -> Page:
        context = await browser.new_context(**options)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: _policy(errors, message.text))
        if script:
            await page.add_init_script(script)
        await page.goto(edge.page)
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert errors == []


def _policy(errors: list[str], text: str) -> None:
    if "Content Security Policy" in text:
        errors.append(text)
