"""Searching: what is found, by whom, in which order, and how soon it is not found any more."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx

from hustings import limits
from hustings.space.replay_command import Erase
from tests.web import running
from tests.web.agenda.people import account
from tests.web.recorded import Spoken, decide, expire, post, revise, transcribe, transcript
from tests.web.running import Engines, Running, is_problem, make_space, until

SAID = (
    Spoken(1_500, "Good evening, and welcome to the river."),
    Spoken(62_250, "Wer über die Brücke geht, zahlt den Fluß.", "bela"),
    Spoken(3_600_000, "We spoke about the old bridge & <b>tolls</b>.", "bela"),
)


async def held(web: Running, host: httpx.AsyncClient, **fields: Any) -> str:
    """A space that is over, with a recording."""
    space: str = (await make_space(host, **fields))["id"]
    for verb in ("doors", "live", "end"):
        assert (await host.post(f"/api/spaces/{space}/{verb}")).is_success
    await post(web, space)
    return space


async def titles(client: httpx.AsyncClient, q: str, **params: str) -> list[str]:
    answer = await client.get("/api/search", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return [one["space"]["title"] for one in answer.json()]


async def finds(client: httpx.AsyncClient, q: str, expected: list[str]) -> None:
    async def found() -> bool:
        await asyncio.sleep(0.05)  # there is a bound on searches
        return await titles(client, q) == expected

    await until(found, within_s=10)


async def test_what_was_said_is_found(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        space = await held(web, host, title="An evening on tolls", description="About *ferries*.")
        await transcribe(web, space, SAID)
        await finds(anybody, "brucke", ["An evening on tolls"])
        for q, texts in (
            ("BRIDGE old", ["We spoke about the old bridge & <b>tolls</b>."]),
            ('"fluss" über', ["Wer über die Brücke geht, zahlt den Fluß."]),
            ('"the old bri', ["We spoke about the old bridge & <b>tolls</b>."]),
            ('"old the"', []),
            ("bridge river", []),
            ("ferries hanna", ["About ferries."]),
            ("riv", ["Good evening, and welcome to the river."]),
            ("riv ", []),
        ):
            answer = (await anybody.get("/api/search", params={"q": q})).json()
            assert [m["text"] for one in answer for m in one["moments"]] == texts, q
        (found,) = (await anybody.get("/api/search?q=zahlt")).json()
        (moment,) = found["moments"]
        assert moment["url"] == f"http://localhost:8001/s/{space}?t=62.25"
        assert (moment["at_ms"], moment["name"], moment["part"]) == (62_250, "Béla", "said")
        assert [moment["text"][a:b] for a, b in moment["marks"]] == ["zahlt"]
        page = (await anybody.get("/search", params={"q": "tolls"})).text
        assert "An evening on <mark>tolls</mark>" in page
        assert "old bridge &amp; &lt;b&gt;<mark>tolls</mark>&lt;/b&gt;." in page
        assert f'href="http://localhost:8001/s/{space}?t=3600"' in page
        assert ">1:00:00<" in page
        assert "Nothing was found" in (await anybody.get("/search?q=xylophone")).text
        assert "Find the moment" in (await anybody.get("/search")).text
        assert 'href="/search"' in (await anybody.get("/")).text


async def test_nothing_is_found_any_more(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody, account(web, "Amara") as amara:
        space = await held(web, host, title="Evening")
        api = f"/api/spaces/{space}"
        await transcribe(web, space, SAID)
        await finds(anybody, "bridge", ["Evening"])
        assert (await host.patch(api, json={"listed": False})).is_success
        await finds(anybody, "bridge", [])
        assert await titles(amara, "bridge") == []
        assert await titles(host, "bridge") == ["Evening"]
        assert (await host.patch(api, json={"listed": True})).is_success
        await finds(anybody, "bridge", ["Evening"])
        closed = await held(web, host, title="Behind doors", private=True)
        await transcribe(web, closed, [Spoken(0, "The bridge is closed.")])
        await finds(host, '"bridge is closed"', ["Behind doors"])
        assert await titles(anybody, "closed") == await titles(amara, "closed") == []
        assert (await host.post(f"{api}/withhold", json={"reason": ""})).is_success
        await finds(anybody, "bridge", [])
        (own,) = (await host.get("/api/search?q=old+bridge")).json()
        assert own["moments"][0]["url"] == f"{web.url}/s/{space}/after"
        assert (await host.post(f"{api}/publish")).is_success
        await finds(anybody, "bridge", ["Evening"])

        # What is to be erased is not found from the moment on at which that was decided.
        before = await web.space(space)
        erase = Erase(by=before.id, erasure="gone1", from_ms=3_200_000, to_ms=3_700_000, seat="",
                      revision=before.replay.revision, role=_host(before))  # fmt: skip
        folder = web.folder / "store/spaces"
        (folder / space).rename(folder / "away")
        (folder / space).touch()  # the store gives nothing but errors
        await decide(web, space, erase)
        await finds(host, "old bridge", [])
        (folder / space).unlink()
        (folder / "away").rename(folder / space)
        transcript(web, space, SAID[:2], version=1)
        await revise(web, space, length=900, version=1)
        await finds(anybody, "brucke", ["Evening"])
        assert await titles(host, "old bridge") == []
        await expire(web, space)
        await finds(host, "brucke", [])
        assert await titles(host, "evening") == ["Evening"]


async def test_order_and_pages(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        starts = time.time_ns() // 1_000_000 + 3_600_000
        for number in range(25):
            await make_space(host, title=f"River {number}", starts_at_ms=starts + number)
        await make_space(host, title="Lakes", description="No river.", starts_at_ms=starts + 99)

        async def pages() -> list[httpx.Response] | None:
            await asyncio.sleep(0.2)
            first = await anybody.get("/api/search?q=river")
            if "next" not in first.links:
                return None
            second = await anybody.get(first.links["next"]["url"])
            return [first, second] if len(second.json()) == 6 else None

        first, second = await until(pages, within_s=15)
        assert "next" not in second.links
        got = [one["space"]["title"] for page in (first, second) for one in page.json()]
        # A title counts more than a description, and what is new comes first.
        assert got == [f"River {n}" for n in reversed(range(25))] + ["Lakes"]
        page = (await anybody.get("/search?q=river")).text
        assert "Show more" in page
        is_problem(await anybody.get("/api/search?q=x&cursor=1-2"), 400, "input")
        is_problem(await anybody.get("/api/search?q=x&cursor=a-b-c-d"), 400, "input")


async def test_hostile_words(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        await make_space(host, title="Evening", starts_at_ms=4_000_000_000_000)
        for q in (
            "\0", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), '"', '""""',
            "NEAR(a b)", "words:x", "a* OR b", "^a", "-a", "'; DROP TABLE spaces; --", "a:*b & !c",
            "<->", "\\", "(((", "%%%", "*", "x" * 100,
        ):  # fmt: skip
            for path in ("/search", "/api/search"):
                answer = await anybody.get(path, params={"q": q})
                assert answer.status_code == 200, (q, answer.text)
        is_problem(await anybody.get("/api/search", params={"q": "x" * 101}), 422, "value")
        for _ in range(limits.SEARCHES_COUNT):
            answer = await anybody.get("/api/search?q=evening")
            if answer.status_code != 200:
                break
        is_problem(answer, 429, "often")
        assert int(answer.headers["retry-after"]) >= 1


async def test_a_studio_that_was_away(servers: Engines, tmp_path: Path) -> None:
    """What was posted while no studio was there is found after its start; of two, one reads it."""
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers) as web, web.host() as host:
        space = await held(web, host, title="Evening")
        await finds(host, "evening", ["Evening"])
    await transcribe(web, space, SAID)
    async with (
        running.studio(folder, servers) as one,
        running.studio(folder, servers, instance="web-1") as two,
        one.browser() as anybody,
        two.browser() as there,
    ):
        await asyncio.gather(*(finds(who, "bridge", ["Evening"]) for who in (anybody, there)))
        (found,) = (await anybody.get("/api/search?q=bridge")).json()
        assert found["said_count"] == 1


def _host(space: Any) -> Any:
    return next(seat.role for seat in space.seats.values())
