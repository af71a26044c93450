"""Fixtures: the servers, and a studio on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web import running


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[running.Engines]:
    async with running.engines(tmp_path / "nats") as found:
        yield found


@pytest.fixture
async def web(tmp_path: Path, servers: running.Engines) -> AsyncIterator[running.Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers) as found:
        yield found
