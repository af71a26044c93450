"""Notes to the people of a space: once each, with the way in."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import text

from hustings.web.database import Database
from hustings.web.studio import now_ms
from tests.web import running
from tests.web.agenda.people import account
from tests.web.outbox.postbox import Postbox
from tests.web.running import EMAIL, Engines, Running, make_space

SOON = 4_000_000_000_000


@pytest.fixture
async def sending(tmp_path: Path, servers: Engines, box: Postbox) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, smtp_url=box.url) as found:
        yield found


async def _came(box: Postbox, count: int) -> list[tuple[str, str, str]]:
    """To whom, about what, and what it says."""

    async def there() -> bool:
        return len(box.came) >= count

    await running.until(there)
    await asyncio.sleep(0.2)
    read = [email.message_from_bytes(data, policy=default) for _, _, data in box.came]
    to = [receivers[0] for _, receivers, _ in box.came]
    told = [one.get_content().replace("\r\n", "\n") for one in read]
    return [(to[n], one["subject"], told[n]) for n, one in enumerate(read)]


async def test_members_and_cohosts_get_the_way_in(sending: Running, box: Postbox) -> None:
    async with sending.host() as host, account(sending, "Amara"):
        title = "{name}, <b>tonight</b>"
        made = await make_space(host, title=title, private=True, starts_at_ms=SOON)
        for path, who in (("members", "@amara"), ("cohosts", "amara@example.org")):
            for _ in range(2):  # taken off and put in again: told once
                added = await host.post(f"/api/spaces/{made['id']}/{path}", json={"who": who})
                assert added.status_code == 201, added.text
                person = added.json()["id"]
                gone = await host.delete(f"/api/spaces/{made['id']}/{path}/{person}")
                assert gone.status_code == 204
        member, cohost = await _came(box, 2)
        assert {member[0], cohost[0]} == {"amara@example.org"}
        assert member[1] == f"You are invited to listen to “{title}”"
        assert member[2].startswith("Hanna Host invites you")
        assert f"{sending.url}/s/{made['id']}\n" in member[2]
        assert cohost[1] == f"You are a co-host of “{title}”"
        assert f"{sending.url}/s/{made['id']}/stage" in cohost[2]


async def test_a_public_space_writes_to_no_listener(sending: Running, box: Postbox) -> None:
    async with sending.host() as host, account(sending, "Amara"):
        space = (await make_space(host, starts_at_ms=SOON))["id"]
        await host.post(f"/api/spaces/{space}/members", json={"who": "@amara"})
        await host.post(f"/api/spaces/{space}/cohosts", json={"who": "@amara"})
        [(_, subject, _)] = await _came(box, 1)
        assert "co-host" in subject


async def test_hosts_are_told_once_that_it_begins_soon(
    tmp_path: Path, servers: Engines, box: Postbox
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, smtp_url=box.url) as web, web.host() as host:
        starts = now_ms() + 1_200_000
        old = await make_space(host, title="Der Fluss", language="de", starts_at_ms=starts)
        await make_space(host, title="Planned just now", starts_at_ms=starts)
        await make_space(host, title="Tomorrow", starts_at_ms=starts + 86_400_000)
    database = Database(web.database_url)
    async with database.write() as session:
        await session.execute(text(f"UPDATE spaces SET created_at_ms = 1 WHERE id = '{old['id']}'"))
    await database.close()
    for n in range(2):
        async with running.studio(folder, servers, instance=f"web-{n}", smtp_url=box.url):
            [(to, subject, told)] = await _came(box, 1)
    assert to == EMAIL
    assert "Der Fluss" in subject
    assert f"/s/{old['id']}/stage" in told
