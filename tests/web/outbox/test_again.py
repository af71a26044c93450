"""Reminders and letters whose way was closed: tried again until their time is past."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from hustings import limits
from hustings.web.database import Database
from hustings.web.outbox import announcer, letters
from hustings.web.outbox.reminders import Reminders
from tests.web import running
from tests.web.outbox.postbox import postbox
from tests.web.outbox.receiver import receiver
from tests.web.outbox.test_reminders import SOON, Browser
from tests.web.running import Engines, Running, make_space


async def _scalar(url: str, statement: str) -> Any:
    database = Database(url)
    async with database.read() as session:
        found = await session.scalar(text(statement))
    await database.close()
    return found


def _count(web: Running, table: str, wanted: int) -> Callable[[], Any]:
    async def counted() -> bool:
        return bool(await _scalar(web.database_url, f"SELECT count(*) FROM {table}") == wanted)

    return counted


async def _ask(client: Any, space: str, url: str) -> None:
    body = {"kind": "push", "subscription": Browser(url).subscription}
    answer = await client.post(f"/api/spaces/{space}/reminders", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_reminder_is_tried_again_after_a_restart(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_FIRST_PAUSE_S", 1)
    monkeypatch.setattr(letters, "_PAUSE_FACTOR", 1)
    async with receiver() as found:
        found.statuses = [503, 503]
        async with running.studio(folder, servers, fetch_private=True) as web, web.host() as host:
            space = (await make_space(host, starts_at_ms=SOON))["id"]
            await _ask(host, space, found.url)
            await host.post(f"/api/spaces/{space}/doors")
            await found.next()
        async with running.studio(folder, servers, fetch_private=True) as web:
            for _ in range(2):
                await found.next()
            await running.until(_count(web, "reminders", 0))


async def test_a_reminder_whose_time_is_past_is_told_to_nobody(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMINDER_LATE_S", 1)
    monkeypatch.setattr(letters, "_FIRST_PAUSE_S", 2)
    async with (
        receiver() as found,
        running.studio(folder, servers, fetch_private=True) as web,
        web.host() as host,
    ):
        found.statuses = [503]
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        await _ask(host, space, found.url)
        await host.post(f"/api/spaces/{space}/doors")
        await found.next()
        await running.until(_count(web, "reminders", 0))
        assert found.came.empty()


async def test_what_is_newer_takes_the_place_of_what_was_not_told(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        receiver() as found,
        running.studio(folder, servers, fetch_private=True) as web,
        web.host() as host,
    ):
        found.statuses = [503]
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        browser = Browser(found.url)
        body = {"kind": "push", "subscription": browser.subscription}
        await host.post(f"/api/spaces/{space}/reminders", json=body)
        delay = {"starts_at_ms": SOON + 60_000, "reason": "The train is late."}
        await host.post(f"/api/spaces/{space}/delay", json=delay)
        assert "begins later" in browser.read(await found.next())["body"]
        await host.post(f"/api/spaces/{space}/cancel", json={"reason": "Storm."})
        assert "does not take place" in browser.read(await found.next())["body"]
        await running.until(_count(web, "reminders", 0))


async def test_a_letter_is_kept_until_the_mail_server_takes_it(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_FIRST_PAUSE_S", 1)
    monkeypatch.setattr(letters, "_PAUSE_FACTOR", 1)
    with postbox() as box:
        box.answers = ["451 later"]
        async with running.studio(folder, servers, smtp_url=box.url) as web, web.host() as host:
            form = {"email": "new@example.org", "role": "host"}
            assert (await host.post("/people/invitations", data=form)).status_code == 200
            await running.until(_count(web, "letters", 1))
            kept = await _scalar(web.database_url, "SELECT concealed FROM letters")
            assert "example" not in base64.b64decode(kept).decode(errors="ignore")
            assert not box.came
        async with running.studio(folder, servers, smtp_url=box.url) as web:
            await running.until(_count(web, "letters", 0))
        [(_, to, data)] = box.came
    assert to == ["new@example.org"]
    assert b"/join/" in data


async def test_a_database_that_fails_once_ends_nothing(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_FIRST_PAUSE_S", 1)
    monkeypatch.setattr(letters, "_PAUSE_FACTOR", 1)
    failing = {"_claim": 1, "_settle": 1}

    def fails(name: str) -> Callable[..., Any]:
        real = getattr(Reminders, name)

        async def once(*given: Any) -> Any:
            if failing[name]:
                failing[name] -= 1
                raise OperationalError("SELECT", {}, Exception("locked"))
            return await real(*given)

        return once

    for name in failing:
        monkeypatch.setattr(Reminders, name, fails(name))
    monkeypatch.setattr(announcer, "_LOOK_S", 1.0)
    async with (
        receiver() as found,
        running.studio(folder, servers, fetch_private=True) as web,
        web.host() as host,
    ):
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        await _ask(host, space, found.url)
        await host.post(f"/api/spaces/{space}/doors")
        await found.next()
        assert failing == {"_claim": 0, "_settle": 0}
