"""The sitemap names what everybody may find, and nothing else; pages say what they are about."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import httpx

from tests.web.running import Running, make_space, until

STARTS_MS = 4_000_000_000_000
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


async def addresses(client: httpx.AsyncClient) -> set[str]:
    answer = await client.get("/sitemap.xml")
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    return {one.text or "" for one in root.iterfind("s:url/s:loc", NAMES)}


def linked(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    return json.loads(found)


async def test_what_can_be_found(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        form = {"name": "Hanna </script> & Host", "handle": "hanna"}
        assert (await host.post("/account/profile", data=form)).status_code == 303
        series = (await host.post("/api/series", json={"title": "Rivers"})).json()["id"]
        hidden = (await host.post("/api/series", json={"title": "Lakes", "listed": False})).json()
        made = []
        for fields in (
            {"series": series}, {"series": hidden["id"]}, {"listed": False}, {"private": True},
        ):  # fmt: skip
            space = await make_space(host, starts_at_ms=STARTS_MS, **fields)
            made.append(space["share_url"])

        async def there() -> bool:
            return set(made[:2]) <= await addresses(anybody)

        await until(there)
        assert await addresses(anybody) == {
            f"{web.url}/", f"{web.url}/@hanna", f"{web.url}/series/rivers", *made[:2],
        }  # fmt: skip
        robots = (await anybody.get("/robots.txt")).text
        assert f"Sitemap: {web.url}/sitemap.xml\n" in robots
        assert "Disallow: /account\n" in robots

        told = linked((await anybody.get("/@hanna")).text)
        assert told["@type"] == "PodcastSeries"
        assert told["name"] == form["name"]
        assert (await anybody.get(told["webFeed"])).status_code == 200
        told = linked((await anybody.get("/series/rivers")).text)
        assert told["webFeed"] == f"{web.url}/series/rivers.xml"
        page = (await anybody.get("/series/lakes")).text
        assert "ld+json" not in page
        assert 'content="noindex"' in page
