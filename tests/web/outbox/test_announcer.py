"""The announcer: nothing is told twice, and nothing is missed because no studio ran."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hustings.log.propose import propose
from hustings.space import Space
from hustings.space.command import Cancel, Command, Delay
from hustings.web.database import Database
from hustings.web.outbox.mail import Fate
from hustings.web.outbox.reminders import Reminders
from hustings.web.studio import now_ms
from tests.servers import connected
from tests.web import running
from tests.web.outbox.receiver import receiver
from tests.web.outbox.test_reminders import SOON, Browser
from tests.web.running import Engines, Running, make_space


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
    async def slow(_self: Reminders, _row: object, _title: str, _last: bool) -> Fate:
        await asyncio.Event().wait()
        return Fate.LATER

    monkeypatch.setattr(Reminders, "_tell_one", slow)
    async with receiver() as found, open_web.host() as host:
        events = {"url": found.url, "events": ["space.doors", "space.live"]}
        assert (await host.post("/api/hooks", json=events)).status_code == 201
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        await _ask(host, space, "http://127.0.0.1:9/")
        for act in ("doors", "live"):
            await host.post(f"/api/spaces/{space}/{act}")
        assert {(await found.next()).headers["webhook-id"] for _ in range(2)}


async def test_what_was_decided_while_no_studio_announced_is_told(
    folder: Path, servers: Engines
) -> None:
    """As if a studio had died between the log and the telling."""
    async with receiver() as found:
        async with running.studio(folder, servers, fetch_private=True) as web, web.host() as host:
            wanted = ["space.delayed", "space.cancelled", "space.live"]
            body = {"url": found.url, "events": wanted}
            assert (await host.post("/api/hooks", json=body)).status_code == 201
            late, off = [(await make_space(host, starts_at_ms=SOON))["id"] for _ in range(2)]
            await _ask(host, late, f"{found.url}/late")
        async with connected("web", servers.live, servers.log, servers.passwords) as (record, live):
            delay = Delay(by="x", starts_at_ms=SOON + 60_000, reason="The train is late.")
            decided: list[tuple[str, Command]] = [
                (late, delay),
                (off, Cancel(by="x", reason="No.")),
            ]
            for space, command in decided:
                assert isinstance(
                    await propose(record, live, space, command, now_ms=now_ms()), Space
                )
        async with running.studio(folder, servers, fetch_private=True):
            told = [await found.next() for _ in range(3)]
        for _ in range(2):
            async with running.studio(folder, servers, fetch_private=True):
                await asyncio.sleep(0.3)
        assert found.came.empty()
        assert sorted(one.target for one in told) == ["/", "/", "/late"]
        bodies = b"".join(one.body for one in told if one.target == "/")
        assert b"The train is late." in bodies
        assert b"No." in bodies
