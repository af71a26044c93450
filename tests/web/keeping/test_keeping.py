"""How long a recording is kept is its host's to say, and who is told when it goes; room for
recordings is what the operator gives."""

from __future__ import annotations

import asyncio
import email
import json
from collections.abc import AsyncIterator, Iterator
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
import pytest

from hustings import limits
from hustings.log import subjects
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Command, Space, encode
from hustings.space.command import Post
from hustings.space.replay_command import Revise, WarnOfExpiry
from hustings.space.replay_event import Expiring
from hustings.store import layout
from hustings.ticket import Scope, verify
from hustings.web.studio import now_ms
from tests.servers import connected
from tests.web import running
from tests.web.outbox.postbox import Postbox, postbox
from tests.web.outbox.receiver import receiver
from tests.web.running import Engines, Running, is_problem, make_space, until

DAY_MS = 24 * 3_600_000


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found


@pytest.fixture
async def telling(tmp_path: Path, servers: Engines, box: Postbox) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, smtp_url=box.url, fetch_private=True) as found:
        yield found


@pytest.fixture
async def narrow(tmp_path: Path, servers: Engines) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, host_quota_gb=2) as found:
        yield found


async def decide(web: Running, space: str, command: Command) -> Space:
    """What the archive decides."""
    servers = web.engines
    async with connected("archive", servers.live, servers.log, servers.passwords) as (log, live):
        result = await propose(log, live, space, command, now_ms=now_ms)
    assert isinstance(result, Space), result
    return result


async def recorded(web: Running, host: httpx.AsyncClient, **fields: Any) -> str:
    """A space that was recorded and posted."""
    space: str = (await make_space(host, **fields))["id"]
    for verb in ("doors", "live", "end"):
        assert (await host.post(f"/api/spaces/{space}/{verb}")).status_code == 200
    await decide(web, space, Post(by="archive", recording_seconds=9.6, receipt_sha256="ab" * 32))
    return space


def kept(number: int, gigabytes: float) -> Revise:
    return Revise(
        by="archive",
        number=number,
        sha256="cd" * 32,
        version=0,
        through=0,
        recording_seconds=9.6,
        kept_bytes=int(gigabytes * 10**9),
    )


async def test_the_host_says_how_long(web: Running) -> None:
    async with web.host() as host:
        space = await recorded(web, host, keep_days=90)
        assert (await web.space(space)).replay.keep_days == 90
        page = (await host.get(f"/s/{space}/keeping")).text
        assert "This studio keeps recordings for ever." in page
        assert '<option value="90" selected>' in page
        saved = await host.post(f"/s/{space}/keep", data={"keep_days": "0"})
        assert saved.headers["location"] == f"/s/{space}/keeping?done=kept"
        assert (await web.space(space)).replay.keep_days == 0
        changed = await host.patch(f"/api/spaces/{space}", json={"keep_days": -1})
        assert changed.status_code == 200, changed.text
        assert (await web.space(space)).replay.keep_days is None
        for wrong in ("", "-2", "for ever", "99999999"):
            answer = await host.post(f"/s/{space}/keep", data={"keep_days": wrong})
            assert answer.status_code == 409
        refused = await host.patch(f"/api/spaces/{space}", json={"keep_days": 40_000})
        assert refused.status_code == 422
        made = await make_space(host)
        assert (await web.space(made["id"])).replay.keep_days is None


async def test_the_host_is_told_when_it_goes_and_when_it_stays(
    telling: Running, box: Postbox
) -> None:
    async with receiver() as found, telling.host() as host:
        hook = {"url": f"{found.url}/in", "events": ["space.expiring"]}
        assert (await host.post("/api/hooks", json=hook)).status_code == 201
        space = await recorded(telling, host, title="The river")
        goes_ms = now_ms() + 14 * DAY_MS
        await decide(telling, space, WarnOfExpiry(by="archive", expires_at_ms=goes_ms))
        told = json.loads((await found.next()).body)
        assert (told["type"], told["data"]["expires_at_ms"]) == ("space.expiring", goes_ms)
        # The archive says it again, for studios that were away: nobody is told twice.
        servers = telling.engines
        again = Expiring(at_ms=1, by="archive", expires_at_ms=goes_ms)
        async with connected("archive", servers.live, servers.log, servers.passwords) as both:
            await both[1].publish(subjects.live(space, Kind.EV), encode(again))
        await decide(telling, space, WarnOfExpiry(by="archive", expires_at_ms=None))
        assert json.loads((await found.next()).body)["data"]["expires_at_ms"] is None

        async def letters() -> bool:
            return len(box.came) == 2

        await until(letters)
        await asyncio.sleep(0.2)
        goes, stays = (email.message_from_bytes(one, policy=default) for _, _, one in box.came)
        assert goes["subject"].startswith("The recording of “The river” will be deleted on 2")
        assert f"{telling.url}/s/{space}/keeping" in goes.get_content()
        assert stays["subject"] == "The recording of “The river” stays"
        assert found.came.empty()


async def test_a_studio_that_was_away_tells_it_later(
    tmp_path: Path, servers: Engines, box: Postbox
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers) as web, web.host() as host:
        space = await recorded(web, host, title="The river")
    async with connected("archive", servers.live, servers.log, servers.passwords) as (log, live):
        warn = WarnOfExpiry(by="archive", expires_at_ms=now_ms() + 14 * DAY_MS)
        two_days_ago = now_ms() - 2 * DAY_MS
        assert isinstance(await propose(log, live, space, warn, now_ms=two_days_ago), Space)
        async with running.studio(folder, servers, smtp_url=box.url):
            newest = await log.last(space, Kind.EV)
            assert newest is not None

            async def told() -> bool:
                await live.publish(subjects.live(space, Kind.EV), newest.data)
                return bool(box.came)

            await until(told)


async def test_who_has_no_room_makes_no_new_space(narrow: Running) -> None:
    async with narrow.host() as host:
        live = await make_space(host, title="On air")
        for verb in ("doors", "live"):
            assert (await host.post(f"/api/spaces/{live['id']}/{verb}")).status_code == 200
        first = await recorded(narrow, host)
        await decide(narrow, first, kept(2, 1.2))

        async def shown(words: str) -> bool:
            return words in (await host.get("/spaces")).text

        await until(lambda: shown("Your recordings take 1.2 of 2 GB."))
        second = await recorded(narrow, host)
        await decide(narrow, second, kept(2, 0.9))
        await until(lambda: shown("There is no room for a new space."))
        said = is_problem(await host.post("/api/spaces", json={"title": "More"}), 409, "quota")
        assert "2.1 of the 2 GB" in said["detail"]
        form = await host.post("/new", data={"title": "More"})
        assert "2.1 of the 2 GB" in form.text
        # What runs is never cut.
        assert (await host.post(f"/api/spaces/{live['id']}/hold")).status_code == 200
        assert (await host.post(f"/api/spaces/{live['id']}/end")).status_code == 200


async def test_links_are_made_shown_and_ended(web: Running) -> None:
    async with web.host() as host:
        space = await recorded(web, host, private=True)
        answer = await host.post(f"/s/{space}/links", data={"name": "Bela <b>"})
        assert answer.headers["location"] == f"/s/{space}/keeping?done=given"
        page = (await host.get(f"/s/{space}/keeping")).text
        assert "Bela &lt;b&gt;" in page
        token = page.partition("replay.m4a?ticket=")[2].partition('"')[0]
        key = (web.folder / "keys/ticket.pub.pem").read_bytes()
        right = verify(token, public_key=key, now=0)
        assert (right.scope, right.space, right.person) == (Scope.REPLAY, space, "")
        link = web.folder / "store" / layout.link(space, right.link)
        assert link.exists()
        ended = await host.post(f"/s/{space}/links/{right.link}/end")
        assert ended.headers["location"] == f"/s/{space}/keeping?done=ended"
        assert not link.exists()
        assert "Bela" not in (await host.get(f"/s/{space}/keeping")).text
        for name in ("", " ", "x" * 61):
            assert (await host.post(f"/s/{space}/links", data={"name": name})).status_code == 409
        assert (await host.post(f"/s/{space}/links/none/end")).status_code == 303
        audit = (await host.get(f"/s/{space}/audit")).text
        assert "made a link to the private recording" in audit
        assert "ended a link to the private recording" in audit
        public = await recorded(web, host)
        answer = await host.post(f"/s/{public}/links", data={"name": "Bela"})
        assert "it needs no link" in answer.text


async def test_links_by_program(web: Running) -> None:
    async with web.host() as host:
        space = await recorded(web, host, private=True)
        path = f"/api/spaces/{space}/recording/links"
        assert (await host.get(path)).json() == []
        answer = await host.post(path, json={"name": "Bela"})
        made = answer.json()
        assert (answer.status_code, made["name"]) == (201, "Bela")
        assert answer.headers["location"] == f"{path}/{made['id']}"
        assert f"/live/{space}/replay.m4a?ticket=" in made["url"]
        assert made["until_ms"] - made["made_at_ms"] == limits.LINK_S * 1000
        assert (await host.get(path)).json() == [made]
        assert made["url"] in (await host.get(f"/s/{space}/keeping")).text
        assert (await host.delete(f"{path}/{made['id']}")).status_code == 204
        is_problem(await host.delete(f"{path}/{made['id']}"), 404, "missing")
        assert (await host.get(path)).json() == []
        is_problem(await host.post(path, json={"name": ""}), 422, "value")
        public = await recorded(web, host)
        path = f"/api/spaces/{public}/recording/links"
        assert (await host.get(path)).json() == []
        is_problem(await host.post(path, json={"name": "Bela"}), 409, "public")


async def test_a_link_opens_nothing_else(web: Running) -> None:
    """A ticket for files neither talks nor speaks nor lets anybody in."""
    async with web.host() as host, web.browser() as nobody:
        space = await recorded(web, host, private=True)
        await host.post(f"/s/{space}/links", data={"name": "Bela"})
        page = (await host.get(f"/s/{space}/keeping")).text
        token = page.partition("replay.m4a?ticket=")[2].partition('"')[0]
        bearer = {"Authorization": f"Bearer {token}"}
        said = await nobody.post(
            f"/api/spaces/{space}/chat", json={"text": "Hello"}, headers=bearer
        )
        assert said.status_code in (401, 403)
        inside = await nobody.get(f"/l/{token}")
        assert inside.status_code in (303, 404)
        assert "ticket=" not in inside.headers.get("location", "")
