"""Titles and names that try to be more than words: in pages, previews and calendars."""

from __future__ import annotations

from html.parser import HTMLParser

import icalendar
import pytest

from tests.web.running import Running, make_space

HOSTILE = [
    '"><script>alert(1)</script>',
    "';alert(1)//&lt;b&gt; {{ 7*7 }} {% raw %} %(x)s",
    "a\\;b,c\\nEND:VEVENT;X=1:y",
    "=cmd|' /C calc'!A0",
    "🏳️‍🌈" * 20,
    "</title></style></textarea><!--",
]


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.meta: dict[str, str] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") for name in values)
        if tag == "meta" and "property" in values:
            self.meta[values["property"]] = values["content"]

    def handle_data(self, data: str) -> None:
        self.text += data


def _seen(page: str) -> _Seen:
    seen = _Seen()
    seen.feed(page)
    return seen


@pytest.mark.parametrize("words", HOSTILE)
async def test_words_stay_words(web: Running, words: str) -> None:
    async with web.host() as host, web.browser() as anybody:
        await host.post("/account/profile", data={"name": words[:60], "handle": "host"})
        series = await host.post("/api/series", json={"title": words, "slug": "river"})
        assert series.status_code == 201, series.text
        title, about = series.json()["title"], f"# {words}\n\n[x](javascript:alert(1))"
        fields = {"title": title, "description": about, "series": series.json()["id"]}
        space = await make_space(host, starts_at_ms=4_000_000_000_000, **fields)
        plain = _seen((await anybody.get("/series/river")).text)
        assert plain.meta["og:title"] == title
        assert title in plain.text
        for path in ("/", "/series/river"):
            page = (await anybody.get(path)).text
            assert "<script>alert" not in page
            assert 'href="javascript' not in page
            assert title in _seen(page).text
        assert title in _seen((await host.get(f"/s/{space['id']}/edit")).text).text
        await host.post(f"/api/spaces/{space['id']}/cancel", json={"reason": words})
        for path in ("/calendar.ics", "/series/river.ics"):
            found = icalendar.Calendar.from_ical((await anybody.get(path)).content)
            [event] = found.events
            assert str(event["SUMMARY"]) == title
            assert str(event["STATUS"]) == "CANCELLED"
            assert "X" not in event
            assert "NAME" in found
