"""Fixtures: the servers, a studio on them, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from argon2 import PasswordHasher
from playwright.async_api import BrowserContext, async_playwright

from hustings.web import passwords
from tests.conftest import CHROMIUM
from tests.web import running

ARGUMENTS: Final = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def quick_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little: every test signs somebody in. `test_passwords` has the real ones."""
    if request.node.path.name != "test_passwords.py":
        monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


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


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=ARGUMENTS
        )
        yield found
        await found.close()
