"""The announcer: nothing is told twice, and nothing is missed because no studio ran."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hustings import limits
from hustings.web.database import Database
from hustings.web.outbox import announcer
from hustings.web.outbox.reminders import Notice, Reminders
from tests.web import running
from tests.web.outbox.receiver import receiver
from tests.web.outbox.test_reminders import SOON, Browser
from tests.web.running import Engines, Running, make_space


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests of this process ask from one address."""
    monkeypatch.setattr(limits, "REMINDERS_PER_HOUR_COUNT", 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
async def open_web(folder: Path, servers: Engines) -> AsyncIterator[Running]:
    async with running.studio(folder, servers, fetch_private=True) as found:
        yield found


async def _ask(client: Any, space: str, url: str) -> None:
    body = {"kind": "push", "subscription": Browser(url).subscription}
    answer = await client.post(f"/api/spaces/{space}/reminders", json=body)
    assert answer.status_code == 201, answer.text


async def _execute(url: str, *statements: str) -> None:
    database = Database(url)
    async with database.write() as session:
        for statement in statements:
            await session.execute(text(statement))
    await database.close()


async def _count(url: str) -> int:
    database = Database(url)
    async with database.read() as session:
        found: int | None = await session.scalar(text("SELECT count(*) FROM reminders"))
    await database.close()
    return found or 0


async def test_who_was_not_reached_is_told_after_a_restart(folder: Path, servers: Engines) -> None:
    """A studio that dies over a long list has announced the doors: the others are told too."""
    async with receiver() as found:
        async with running.studio(folder, servers, fetch_private=True) as web, web.host() as host:
            space = (await make_space(host, starts_at_ms=SOON))["id"]
            await _ask(host, space, f"{found.url}/a")
            await host.post(f"/api/spaces/{space}/doors")
            await found.next()
            # One whom it did not come to: announced, and still waiting.
            await _ask(host, space, f"{found.url}/b")
        async with running.studio(folder, servers, fetch_private=True):
            assert (await found.next()).target == "/b"
            await asyncio.sleep(0.3)
            assert found.came.empty()


async def test_an_address_is_forgotten_after_its_reminder(open_web: Running) -> None:
    async with receiver() as found, open_web.host() as host:
        for act in ("doors", "cancel"):
            space = (await make_space(host, starts_at_ms=SOON))["id"]
            await _ask(host, space, found.url)
            await host.post(f"/api/spaces/{space}/{act}")
            await found.next()

        async def forgotten() -> bool:
            return await _count(open_web.database_url) == 0

        await running.until(forgotten)


async def test_several_studios_tell_each_of_them_once(
    folder: Path, servers: Engines, open_web: Running
) -> None:
    async with (
        running.studio(folder, servers, instance="web-1", fetch_private=True),
        receiver() as found,
        open_web.host() as host,
    ):
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        for n in range(12):
            await _ask(host, space, f"{found.url}/{n}")
        await host.post(f"/api/spaces/{space}/doors")
        told = [(await found.next()).target for _ in range(12)]
        assert sorted(told) == sorted(f"/{n}" for n in range(12))
        await asyncio.sleep(0.3)
        assert found.came.empty()


async def test_reminders_hold_up_nothing_else(
    open_web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()

    async def slow(_self: Reminders, _space: str, _notice: Notice, *, last: bool = False) -> int:
        await never.wait()
        return 0

    monkeypatch.setattr(Reminders, "tell", slow)
    async with receiver() as found, open_web.host() as host:
        events = {"url": found.url, "events": ["space.doors", "space.live"]}
        assert (await host.post("/api/hooks", json=events)).status_code == 201
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        for act in ("doors", "live"):
            await host.post(f"/api/spaces/{space}/{act}")
        assert {(await found.next()).headers["webhook-id"] for _ in range(2)}


async def test_what_was_posted_while_no_studio_ran_is_told(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer, "_YOUNG_MS", -60_000)
    async with receiver() as found:
        async with running.studio(folder, servers, fetch_private=True) as web, web.host() as host:
            wanted = {"url": found.url, "events": ["space.posted"]}
            assert (await host.post("/api/hooks", json=wanted)).status_code == 201
            space = (await make_space(host))["id"]
            # As the catalogue has it once the archive has posted.
            await _execute(
                web.database_url, f"UPDATE spaces SET status = 'posted' WHERE id = '{space}'"
            )
        for _ in range(2):
            async with running.studio(folder, servers, fetch_private=True):
                pass
        async with running.studio(folder, servers, fetch_private=True):
            assert b'"space.posted"' in (await found.next()).body
            await asyncio.sleep(0.3)
            assert found.came.empty()
