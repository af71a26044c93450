"""Lists for everybody: live, coming, past; searched, paged, and silent about what is not public."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from hustings import limits
from hustings.log.propose import Proposals
from hustings.space import Space, Status
from hustings.space.command import Withhold
from hustings.store.layout import crowd, replay_aac
from hustings.web.catalogue import Catalogue
from hustings.web.database import Database
from tests.servers import connected
from tests.web.running import Running, is_problem, make_space

HOUR_MS = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def titles(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/api/spaces", params=query)
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()]


async def test_who_sees_what(web: Running) -> None:
    starts = now_ms() + HOUR_MS
    async with web.host() as host, web.browser() as anybody:
        await make_space(host, title="Open to all", starts_at_ms=starts, description="Café au lait")
        await make_space(host, title="By address only", starts_at_ms=starts, listed=False)
        await make_space(host, title="Behind a door", starts_at_ms=starts, private=True)
        live = (await make_space(host, title="On the air"))["id"]
        await host.post(f"/api/spaces/{live}/doors")
        page = (await anybody.get("/")).text
        assert "Open to all" in page
        assert "On the air" in page
        assert "Sign in" in page
        for hidden in ("By address only", "Behind a door"):
            assert hidden not in page
            assert hidden in (await host.get("/spaces")).text
        assert await titles(anybody, state="coming") == ["Open to all"]
        assert await titles(anybody, state="live") == ["On the air"]
        assert len(await titles(host)) == 4
        is_problem(await anybody.get("/api/spaces"), 401, "sign-in")
        assert (await anybody.get("/spaces")).headers["location"].startswith("/sign-in")
        feed = (await anybody.get("/calendar.ics")).text
        assert "Open to all" in feed
        assert "Behind a door" not in feed
        assert "By address only" not in feed


async def test_search(web: Running) -> None:
    starts = now_ms() + HOUR_MS
    async with web.host() as host, web.browser() as anybody:
        for title, words in (("Der Fluß", "**ÜBER** Wasser"), ("100 % rain", "a_b"), ("Sun", "")):
            await make_space(host, title=title, description=words, starts_at_ms=starts)
        for q, found in (
            ("FLUSS über", ["Der Fluß"]),
            ("hanna HOST fluss", ["Der Fluß"]),
            ("fluss rain", []),
            ("%", ["100 % rain"]),
            ("a_b", ["100 % rain"]),
            ("_", ["100 % rain"]),
            ("'; DROP TABLE spaces; --", []),
        ):
            assert await titles(anybody, state="coming", q=q) == found, q
        page = await anybody.get("/", params={"q": "<b>nothing"})
        assert "Nothing was found" in page.text
        assert "<b>nothing" not in page.text
        assert "Der Fluß" in (await anybody.get("/?q=wasser")).text
        is_problem(await anybody.get("/api/spaces?state=coming&cursor=x"), 400, "input")
        is_problem(await anybody.get("/api/spaces?state=gone"), 422, "value")


async def test_pages_of_the_past(web: Running) -> None:
    count = limits.PAGE_SPACES_COUNT + 3
    async with web.host() as host, web.browser() as anybody:
        owner = (await make_space(host))["id"]
        database = Database(web.database_url)
        catalogue = Catalogue(database)
        row = await catalogue.get(owner)
        assert row is not None
        for n in range(count):
            # Three begin at the same moment: the cursor tells them apart.
            space = Space(
                id=f"past{n:06}", title=f"Evening {n}", status=Status.POSTED,
                starts_at_ms=1_000 + n // 3, recording_seconds=90.0,
            )  # fmt: skip
            await catalogue.add(space, owner_id=row.owner_id, seat="seat", now_ms=1)
        await database.close()
        seen: list[str] = []
        address = "/api/spaces?state=past"
        while address:
            answer = await anybody.get(address)
            seen += [one["title"] for one in answer.json()]
            address = answer.links.get("next", {}).get("url", "")
            address = address.replace("http://localhost:8000", web.url)
        assert sorted(seen) == sorted(f"Evening {n}" for n in range(count))
        assert len(set(seen)) == count
        first = (await anybody.get("/")).text
        more = re.search(r'href="(/\?state=past[^"]+)"', first)
        assert more
        rest = (await anybody.get(more[1].replace("&amp;", "&"))).text
        assert "Evening 0<" in rest
        assert "Evening 0<" not in first


@pytest.mark.parametrize("publishing", ["review", "never"])
async def test_after_the_end(web: Running, publishing: str) -> None:
    servers = web.engines
    async with (
        web.host() as host,
        connected("archive", servers.live, servers.log, servers.passwords) as (log, live),
    ):
        space = (await make_space(host, publishing=publishing))["id"]
        for verb in ("doors", "live", "end"):
            assert (await host.post(f"/api/spaces/{space}/{verb}")).status_code == 200
        kept = web.folder / "store" / replay_aac(space)
        kept.parent.mkdir(parents=True)
        kept.write_bytes(bytes(range(256)) * 1000)
        (web.folder / "store" / crowd(space)).write_text(
            '{"peak":{"listening":41},"distinct":{"estimate":73},'
            '"listener_minutes":{"value":900},"turned_away":{"value":2}}'
        )
        done = Withhold(by="system", recording_seconds=3725.0, receipt_sha256="ab" * 32)
        result = await Proposals(log, live).propose(space, done, now_ms=now_ms())
        assert isinstance(result, Space)
        page = (await host.get(f"/s/{space}/after")).text
        assert "1:02:05" in page
        assert "73" in page
        answer = await host.get(f"/s/{space}/recording.m4a", headers={"Range": "bytes=256-511"})
        assert answer.status_code == 206
        assert answer.content == bytes(range(256))
        assert answer.headers["content-range"] == "bytes 256-511/256000"
        assert len((await host.get(f"/s/{space}/recording.m4a")).content) == 256_000
        answer = await host.get(f"/s/{space}/recording.m4a", headers={"Range": "bytes=256000-"})
        assert answer.status_code == 416
        change = await host.patch(f"/api/spaces/{space}", json={"publishing": "auto"})
        told = is_problem(change, 409, "status")
        assert "told of less" in told["detail"]
        if publishing == "never":
            assert "Publish the recording" not in page
            is_problem(await host.post(f"/api/spaces/{space}/publish"), 409, "status")
            return
        assert (await host.post(f"/s/{space}/publish")).status_code == 303
        assert "An evening" in (await host.get("/?state=past")).text
        assert (
            await host.post(f"/s/{space}/withhold", data={"reason": "Wait."})
        ).status_code == 303
        assert "Wait." in (await host.get(f"/s/{space}/after")).text
        assert (await host.post(f"/api/spaces/{space}/publish")).json()["status"] == "posted"
