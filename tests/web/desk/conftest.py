"""Fixtures: a browser on the studio, in which nothing may go wrong, and a stage by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Page

from tests.servers import connected
from tests.web.conftest import context, servers, web
from tests.web.desk.evening import Stage
from tests.web.running import Running

__all__ = ["context", "servers", "web"]


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page without errors: none in the console, no refused script."""
    found = context.pages[0]
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    yield found
    assert wrong == []


@pytest.fixture
async def stage(web: Running) -> AsyncIterator[Stage]:
    """What a stage and an archive would tell, told by the test."""
    engines = web.engines
    async with (
        connected("stage", engines.live, engines.log, engines.passwords) as (record, live),
        connected("archive", engines.live, engines.log, engines.passwords) as (_, archive),
    ):
        yield Stage(record, live, archive)
