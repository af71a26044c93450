"""The operator's page says what is there, what is missing, and how to get it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from hustings import load as loads
from hustings.extra import MODULES
from hustings.load import Load
from hustings.log import subjects
from tests.servers import connect_as
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


async def test_stages_and_who_finds_no_room(tmp_path: Path, servers: Engines) -> None:
    load = Load(
        spaces=2, spaces_max=2, seats=9, busy=0.314, room=False, waiting=1,
        realtime=False, ticks=12_345, skipped=6, late_p99_ms=4.6,
    )  # fmt: skip
    async with studio(tmp_path, servers) as web, web.host() as host:
        assert "No stage process has told anything" in (await host.get("/installation")).text
        _, stage, close = await connect_as("stage", servers.live, servers.log, servers.passwords)
        await stage.publish(subjects.load("stage-0-1-box"), loads.encode(load))
        async with asyncio.timeout(5):
            while "stage-0-1-box" not in (text := (await host.get("/installation")).text):
                await asyncio.sleep(0.02)
        await close()
        shown = " ".join(text.split())
        for words in (
            "No stage takes another space",
            "2 of 2 spaces, 9 speakers",
            "31 % of a core",
            "spaces that wait for room: 1",
            "6 of 12345 ticks skipped",
            "less than 5 ms late",
            "Without real-time priority",
        ):
            assert words in shown
