"""Fixtures: an owner who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.web.running import Running


@pytest.fixture
async def owner(web: Running) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's browser."""
    async with web.host() as client:
        yield client
