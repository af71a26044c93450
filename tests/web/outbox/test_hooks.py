"""Webhooks: what happens reaches a real receiver, signed, once, however often it refuses."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from hustings.web.accounts import SiteRole, new_row
from hustings.web.database import Database
from hustings.web.outbox.fetch import Fetch
from hustings.web.outbox.hooks import Hooks, pause_s
from hustings.web.tables import HookRow
from tests import postgres
from tests.web import running
from tests.web.outbox.receiver import Received, Receiver, receiver
from tests.web.running import Engines, Running, is_problem, make_space


@pytest.fixture
async def open_web(tmp_path: Path, servers: Engines) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, fetch_private=True) as found:
        yield found


def checked(came: Received, secret: str) -> dict[str, Any]:
    """The message, after its signature was checked as the specification has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{came.headers['webhook-id']}.{came.headers['webhook-timestamp']}.".encode()
    mac = base64.b64encode(hmac.new(key, signed + came.body, hashlib.sha256).digest()).decode()
    assert came.headers["webhook-signature"] == f"v1,{mac}"
    told: dict[str, Any] = json.loads(came.body)
    return told


async def test_an_evening_is_told(open_web: Running) -> None:
    async with receiver() as found, open_web.host() as host:
        wanted = ["space.scheduled", "space.doors", "space.live", "space.ended"]
        made = await host.post("/api/hooks", json={"url": f"{found.url}/in", "events": wanted})
        assert made.status_code == 201, made.text
        secret = made.json()["secret"]
        space = await make_space(host, title="Grüße & more")
        for step in ("doors", "live", "end"):
            assert (await host.post(f"/api/spaces/{space['id']}/{step}")).status_code == 200
        told = [checked(await found.next(), secret) for _ in wanted]
        assert sorted(one["type"] for one in told) == sorted(wanted)
        assert {one["data"]["space"]["id"] for one in told} == {space["id"]}
        assert {one["data"]["space"]["title"] for one in told} == {"Grüße & more"}
        assert found.came.empty()


async def test_two_studios_tell_it_once(
    tmp_path: Path, servers: Engines, open_web: Running
) -> None:
    async with (
        running.studio(tmp_path / "data", servers, instance="web-1", fetch_private=True),
        receiver() as found,
        open_web.host() as host,
    ):
        await host.post("/api/hooks", json={"url": found.url, "events": ["space.scheduled"]})
        for _ in range(5):
            await make_space(host)
        ids = {(await found.next()).headers["webhook-id"] for _ in range(5)}
        assert len(ids) == 5
        hook = (await host.get("/api/hooks")).json()[0]["id"]
        deliveries = (await host.get(f"/api/hooks/{hook}/deliveries")).json()
        assert len(deliveries) == 5


async def _hook(host: Any, found: Receiver) -> str:
    made = await host.post("/api/hooks", json={"url": found.url, "events": ["space.scheduled"]})
    hook: str = made.json()["id"]
    return hook


async def test_what_was_refused_is_tried_again(open_web: Running) -> None:
    async with receiver() as found, open_web.host() as host:
        found.statuses = [500]
        hook = await _hook(host, found)
        await make_space(host)
        first = await found.next()

        async def refused() -> Any:
            one = (await host.get(f"/api/hooks/{hook}/deliveries")).json()[0]
            return one if one["status"] == 500 else None

        waiting = await running.until(refused)
        assert not waiting["taken"]
        assert waiting["tries"] == 1
        assert 18_000 <= waiting["due_at_ms"] - waiting["made_at_ms"] <= 25_000
        # Its time has come.
        database = Database(open_web.database_url)
        async with database.write() as session:
            await session.execute(text("UPDATE deliveries SET due_at_ms = 1"))
        await database.close()
        await host.post(f"/api/hooks/{hook}/ping")  # and something wakes the sender
        again = {(await found.next()).headers["webhook-id"] for _ in range(2)}
        assert first.headers["webhook-id"] in again

        async def taken() -> bool:
            return all(
                one["taken"] and one["due_at_ms"] is None
                for one in (await host.get(f"/api/hooks/{hook}/deliveries")).json()
            )

        await running.until(taken)


async def test_only_its_owner_sees_and_removes_a_hook(open_web: Running) -> None:
    async with receiver() as found, open_web.host() as host, open_web.browser() as stranger:
        hook = await _hook(host, found)
        is_problem(await stranger.get("/api/hooks"), 401, "sign-in")
        assert (await host.delete(f"/api/hooks/{hook}")).status_code == 204
        is_problem(await host.delete(f"/api/hooks/{hook}"), 404, "not-found")
        is_problem(await host.get(f"/api/hooks/{hook}/deliveries"), 404, "not-found")
        is_problem(await host.post(f"/api/hooks/{hook}/ping"), 404, "not-found")


async def test_addresses_inside_are_refused(web: Running) -> None:
    async with web.host() as host:
        body = {"url": "http://10.0.0.1/", "events": ["space.live"]}
        is_problem(await host.post("/api/hooks", json=body), 400, "input")
        body["url"] = "https://example.org/\r\nX: y"
        is_problem(await host.post("/api/hooks", json=body), 400, "input")
        body = {"url": "https://example.org/", "events": ["space.exploded"]}
        is_problem(await host.post("/api/hooks", json=body), 422, "value")


def test_pauses_grow_and_end_within_days() -> None:
    pauses = [pause_s(tries) for tries in range(1, 8)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 20
    assert 24 * 3600 < sum(pauses) < 4 * 24 * 3600


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_message_is_claimed_by_one_studio(kind: str, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'hooks.db'}"
    if kind == "postgresql":
        url = postgres.session.server.database()
    databases = [Database(url) for _ in range(4)]
    try:
        await databases[0].migrate()
        async with receiver() as found:
            studios = [Hooks(one, Fetch(private=True), key=b"k" * 32) for one in databases]
            async with databases[0].write() as session:
                row = new_row(
                    email="host@example.org",
                    name="Hanna",
                    role=SiteRole.OWNER,
                    password_hash="",
                    now_ms=1,
                )
                session.add(row)
            owner = row.id
            made = await studios[0].add(
                account=owner, url=found.url, events=("space.live",), everywhere=False, now_ms=1
            )
            assert made
            for n in range(24):
                await studios[0].tell("space.live", {"n": n}, owner=owner, now_ms=1)
            for _ in range(3):
                await asyncio.gather(*(one.send_due(lambda: 1000) for one in studios))
            ids = [found.came.get_nowait().headers["webhook-id"] for _ in range(found.came.qsize())]
            assert len(ids) == len(set(ids)) == 24
    finally:
        for one in databases:
            await one.close()


async def test_secrets_rest_encrypted(tmp_path: Path, servers: Engines) -> None:
    """Also those that an earlier version kept as they are; their receivers notice nothing."""
    folder = tmp_path / "data"
    folder.mkdir()
    old = "whsec_" + base64.b64encode(b"o" * 32).decode()
    async with receiver() as found:
        wanted = {"url": found.url, "events": ["space.live"]}
        async with running.studio(folder, servers, fetch_private=True) as web, web.host() as host:
            made = [(await host.post("/api/hooks", json=wanted)).json() for _ in range(2)]
            database = Database(web.database_url)
            async with database.write() as session:
                await session.execute(
                    update(HookRow).where(HookRow.id == made[1]["id"]).values(secret=old)
                )
        async with running.studio(folder, servers, fetch_private=True) as web, web.host() as host:
            async with database.read() as session:
                kept = (await session.scalars(select(HookRow.secret))).all()
            assert len(kept) == 2
            assert not any(one.startswith("whsec_") for one in kept)
            for hook, secret in ((made[0]["id"], made[0]["secret"]), (made[1]["id"], old)):
                assert (await host.post(f"/api/hooks/{hook}/ping")).status_code == 202
                checked(await found.next(), secret)
        await database.close()
