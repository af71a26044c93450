"""The operator's page says what is there, what is missing, and how to get it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hustings.extra import MODULES
from tests.web.running import Engines, Running, studio


async def test_owners_see_what_is_there(web: Running) -> None:
    async with web.host() as host, web.browser() as nobody:
        text = (await host.get("/installation")).text
        assert "Installed and switched on." in text
        assert "No mail server is set" in text
        assert 'href="/installation"' in (await host.get("/spaces")).text
        assert (await nobody.get("/installation")).status_code in (303, 401)


async def test_what_is_missing_can_be_installed(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in MODULES["captions"]:
        monkeypatch.setitem(sys.modules, name, None)
    async with web.host() as host:
        text = (await host.get("/installation")).text
    assert "Not installed." in text
    assert "pip install 'hustings[captions]'" in text


async def test_switched_off(tmp_path: Path, servers: Engines) -> None:
    async with studio(tmp_path, servers, captions="off") as web, web.host() as host:
        assert "Switched off by a setting." in (await host.get("/installation")).text
