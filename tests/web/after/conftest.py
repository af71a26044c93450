"""Fixtures: one studio for a file's tests, a finished recording for each, a browser for all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import CHROMIUM
from tests.web import running
from tests.web.after.finished import Finished, finished
from tests.web.conftest import ARGUMENTS
from tests.web.running import Running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def web(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A studio; every test makes spaces of its own in it."""
    folder = tmp_path_factory.mktemp("after")
    (folder / "data").mkdir()
    async with (
        running.engines(folder / "nats") as servers,
        running.studio(folder / "data", servers) as found,
    ):
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def space(web: Running) -> AsyncIterator[Finished]:
    """A recording that was posted a moment ago, with its transcript."""
    async with finished(web) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        await found.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page without errors: none in the console, no refused script. A refusal of the studio is an
    answer, which browsers write down as an error."""
    context = await browser.new_context(locale="en-GB")
    found = await context.new_page()
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on(
        "console",
        lambda message: (
            wrong.append(message.text)
            if message.type == "error" and "409 (Conflict)" not in message.text
            else None
        ),
    )
    yield found
    await context.close()
    assert wrong == []
