"""Podcasts through a conversation's whole life, as two parsers and the standard read them."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from PIL import Image

from tests.web.feeds.reading import ITUNES, PODCAST, Read, read
from tests.web.recorded import Spoken, expire, post, revise, transcribe
from tests.web.running import Running, is_problem, make_space, until

STARTS_MS = 4_000_000_000_000
FLIP_S = 5.0
NAMESPACE = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")


async def feed(client: httpx.AsyncClient, path: str = "/feed.xml") -> Read:
    answer = await client.get(path, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    return read(answer.content, str(answer.url))


async def flips(
    client: httpx.AsyncClient, fits: Callable[[Read], Any], path: str = "/feed.xml"
) -> Read:
    """The feed once it says so: within five seconds, whatever caches may keep."""
    began = time.monotonic()

    async def seen() -> Read | None:
        found = await feed(client, path)
        return found if fits(found) else None

    found: Read = await until(seen, within_s=FLIP_S)
    print(f"after {time.monotonic() - began:.2f} s")
    return found


async def said(asking: Awaitable[httpx.Response]) -> None:
    answer = await asking
    assert answer.is_success, answer.text


async def over(web: Running, host: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A space that has ended and is posted."""
    made = await make_space(host, **fields)
    for verb in ("doors", "live", "end"):
        await said(host.post(f"/api/spaces/{made['id']}/{verb}"))
    await post(web, made["id"], length=123_456)
    return made


async def test_from_the_announcement_to_the_end(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        assert (await feed(anybody)).live == []
        title = "Who owns <the> river? ]]> & \u202eöwner\u202c 🎙"
        made = await make_space(
            host,
            title=title,
            starts_at_ms=STARTS_MS,
            description="**Why** & ]]> how\n\n- <b>one</b>",
        )
        found = await flips(anybody, lambda feed: feed.live)
        assert found.live == [("pending", made["title"])]
        assert found.items == []
        for verb, status in (
            ("doors", "pending"), ("live", "live"), ("hold", "live"), ("resume", "live"),
            ("end", "ended"),
        ):  # fmt: skip
            await said(host.post(f"/api/spaces/{made['id']}/{verb}"))
            found = await flips(anybody, _says(status, made["title"]))
            assert found.items == []
        (live,) = found.channel.findall(f"{PODCAST}liveItem")
        assert live.findtext("guid") == f"live-{made['id']}"
        assert live.get("end")


async def test_an_episode(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        space = (await over(web, host, title="Rivers & lakes"))["id"]
        found = await flips(anybody, lambda feed: feed.items)
        (item,) = found.items
        assert found.live == [("ended", "Rivers & lakes")]
        enclosure = item.find("enclosure")
        assert enclosure is not None
        assert enclosure.attrib == {
            "url": f"http://localhost:8001/live/{space}/replay.m4a",
            "length": "123456",
            "type": "audio/mp4",
        }
        assert item.findtext("guid") == f"space-{space}"
        people = [(p.text, p.get("role")) for p in item.findall(f"{PODCAST}person")]
        assert people == [("Ada & Co", "host"), ("Béla", "guest")]
        assert item.findall(f"{PODCAST}transcript") == []
        chapters = item.find(f"{PODCAST}chapters")
        assert chapters is not None
        assert chapters.get("type") == "application/json+chapters"
        (episode,) = found.episodes
        assert (episode["title"], episode["total_time"]) == ("Rivers & lakes", 3725)
        assert episode["enclosures"][0]["file_size"] == 123_456

        await transcribe(web, space, [Spoken(500, "The river is ours.")], length=123_456)
        found = await flips(anybody, lambda feed: feed.items[0].findall(f"{PODCAST}transcript"))
        forms = found.items[0].findall(f"{PODCAST}transcript")
        assert [(t.get("type"), t.get("rel")) for t in forms] == [
            ("text/vtt", "captions"), ("application/json", "captions"), ("text/plain", None),
        ]  # fmt: skip
        assert {t.get("language") for t in forms} == {"en"}
        told = (await anybody.get(forms[1].attrib["url"])).json()
        assert told["segments"] == [
            {"speaker": "Ada & Co", "startTime": 0.5, "endTime": 2.5, "body": "The river is ours."}
        ]


async def test_edited_withheld_and_gone(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        space = (await over(web, host, title="Rivers"))["id"]
        api = f"/api/spaces/{space}"
        published = _published(await flips(anybody, lambda feed: feed.items))
        await revise(web, space, length=99_999, version=1, seconds=3000.4)
        found = await flips(anybody, lambda feed: _length(feed) == "99999")
        assert found.items[0].findtext("guid") == f"space-{space}"
        assert found.items[0].findtext(f"{ITUNES}duration") == "3000"
        assert _published(found) == published
        await said(host.patch(api, json={"title": "The river"}))
        await flips(anybody, lambda feed: feed.items[0].findtext("title") == "The river")
        await said(host.post(f"{api}/withhold", json={"reason": "Not yet."}))
        await flips(anybody, lambda feed: not feed.items and not feed.live)
        is_problem(await anybody.get(f"/s/{space}/transcript.json"), 404, "not-found")
        await said(host.post(f"{api}/publish"))
        assert _published(await flips(anybody, lambda feed: feed.items)) == published
        await expire(web, space)
        await flips(anybody, lambda feed: not feed.items and not feed.live)


async def test_titles_of_all_kinds(web: Running) -> None:
    titles = ("]]><x>", "& &amp; &#0;", "🏳️‍🌈 ok", "\u202eright to left\u202c", "<![CDATA[", "عربي")
    async with web.host() as host, web.browser() as anybody:
        shown = set()
        for title in titles:
            made = await make_space(host, title=title, description=title, starts_at_ms=STARTS_MS)
            shown.add(made["title"])
        found = await flips(anybody, lambda feed: len(feed.live) == len(titles))
        assert {title for _, title in found.live} == shown


async def test_of_a_series(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        picture = io.BytesIO()
        Image.new("RGB", (1600, 900), "teal").save(picture, "PNG")
        kind = {"Content-Type": "image/png"}
        sent = await host.post("/api/pictures", content=picture.getvalue(), headers=kind)
        body = {
            "title": "Rivers",
            "description": "*All* of them",
            "language": "de",
            "picture": sent.json()["id"],
        }
        series = (await host.post("/api/series", json=body)).json()
        await _four(host, series["id"])
        found = await flips(anybody, lambda feed: feed.live, "/series/rivers.xml")
        assert found.live == [("pending", "Public")]
        assert found.channel.findtext("language") == "de"
        assert found.channel.findtext("description") == "<p><em>All</em> of them</p>"
        address = f"{web.url}/series/rivers.xml"
        assert found.channel.findtext(f"{PODCAST}guid") == str(
            uuid.uuid5(NAMESPACE, address.removeprefix("http://"))
        )
        image = found.channel.find(f"{ITUNES}image")
        assert image is not None
        cover = await anybody.get(image.attrib["href"])
        assert cover.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(cover.content)) as opened:
            assert (opened.size, opened.mode) == ((1400, 1400), "RGB")
        assert (await anybody.get(image.attrib["href"])).content == cover.content
        assert address in (await host.get("/series/rivers")).text
        # Who knows the address of a series that is not listed knows its spaces; directories do not.
        await said(host.patch("/api/series/rivers", json={"listed": False}))
        found = await flips(anybody, lambda feed: len(feed.live) == 2, "/series/rivers.xml")
        assert {title for _, title in found.live} == {"Public", "Unlisted"}
        assert found.channel.findtext(f"{ITUNES}block") == "Yes"


async def test_of_a_host(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        form = {"name": "Hanna Host", "handle": "hanna", "biography": "On rivers & lakes."}
        assert (await host.post("/account/profile", data=form)).status_code == 303
        series = (await host.post("/api/series", json={"title": "Rivers"})).json()
        await _four(host, series["id"])
        own = await anybody.get("/@hanna.xml")
        assert own.status_code == 307
        place = own.headers["location"]
        found = await flips(anybody, lambda feed: len(feed.live) == 2, place)
        assert {title for _, title in found.live} == {"Public", "Elsewhere"}
        person = found.channel.find(f"{PODCAST}person")
        assert person is not None
        assert person.get("href") == f"{web.url}/@hanna"
        page = (await anybody.get("/@hanna")).text
        assert f'type="application/rss+xml" href="{web.url}{place}"' in page
        assert f"{web.url}{place}" in (await host.get("/spaces")).text
        renamed = {**form, "handle": "hanna_h"}
        assert (await host.post("/account/profile", data=renamed)).status_code == 303
        assert (await feed(anybody, place)).channel.findtext("title") == "Hanna Host"
        for nowhere in ("/series/none.xml", "/@hanna.xml", "/hosts/abc.xml", "/@none.ics"):
            is_problem(await anybody.get(nowhere), 404, "not-found")


async def test_who_has_it_is_not_sent_it_again(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        for number in range(3):
            await make_space(host, title=f"Evening {number}", starts_at_ms=STARTS_MS + number)

        async def dated() -> httpx.Response | None:
            answer = await anybody.get("/feed.xml")
            return answer if "last-modified" in answer.headers else None

        first: httpx.Response = await until(dated)
        assert first.headers["content-encoding"] == "gzip"
        assert first.headers["cache-control"] == "public, max-age=2"
        parsedate_to_datetime(first.headers["last-modified"])
        plain = await anybody.get("/feed.xml", headers={"Accept-Encoding": "identity"})
        assert plain.content == first.content
        assert plain.headers["etag"] != first.headers["etag"]
        for fields in (
            {"If-None-Match": first.headers["etag"]},
            {"If-None-Match": f'W/{plain.headers["etag"]}, "x"'},
            {"If-Modified-Since": first.headers["last-modified"]},
        ):
            answer = await anybody.get("/feed.xml", headers=fields)
            assert (answer.status_code, answer.content) == (304, b"")
        looked = await anybody.head("/feed.xml")
        assert (looked.status_code, looked.content) == (200, b"")
        assert looked.headers["etag"] == first.headers["etag"]
        stale = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]}
        assert (await anybody.get("/feed.xml", headers=stale)).status_code == 200
        await make_space(host, title="Another", starts_at_ms=STARTS_MS)
        has = {"If-None-Match": first.headers["etag"]}

        async def new() -> bool:
            return (await anybody.get("/feed.xml", headers=has)).status_code == 200

        await until(new)


async def _four(host: httpx.AsyncClient, series: str) -> None:
    """Spaces of a series that are shown or not, and one of none."""
    ways: tuple[dict[str, Any], ...] = (
        {"title": "Public"},
        {"title": "Unlisted", "listed": False},
        {"title": "Private", "private": True},
        {"title": "Elsewhere", "series": ""},
    )
    for fields in ways:
        whole = {"series": series, "starts_at_ms": STARTS_MS, **fields}
        await make_space(host, **whole)


def _published(feed: Read) -> str | None:
    return feed.items[0].findtext("pubDate")


def _says(status: str, title: str) -> Callable[[Read], bool]:
    return lambda feed: feed.live == [(status, title)]


def _length(feed: Read) -> str:
    found = feed.items[0].find("enclosure")
    assert found is not None
    return found.attrib["length"]
