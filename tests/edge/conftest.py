"""A running edge for every test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.hall import Hall
from tests.edge.house import House, house


@pytest.fixture
async def h(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as running:
        yield running


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    one = Hall()
    yield one
    await one.aclose()
