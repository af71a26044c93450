"""Series: an address that stays, spaces by the clock on the wall, a feed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import icalendar

from hustings.web.agenda.series import good_slug, slug_of
from tests.web.agenda.people import account
from tests.web.running import Engines, Running, is_problem, make_space, studio


def test_addresses_made_of_titles() -> None:
    assert slug_of("Who owns the river?") == "who-owns-the-river"
    assert slug_of("Über allen Gipfeln") == "uber-allen-gipfeln"
    assert slug_of("談話") == "series"
    assert slug_of("New") == "series"
    assert all(good_slug(slug_of("x y" * n)) for n in range(1, 60))
    assert not good_slug("new")
    assert not good_slug("-a")


async def test_evening_that_repeats(web: Running) -> None:
    form = {
        "title": "Thursday at the forum",
        "audience": "public",
        "when": "later",
        "starts_local": "2097-03-21T20:00",
        "zone": "Europe/Berlin",
        "doors_minutes": "10",
        "repeat": "weekly",
        "repeat_count": "3",
    }
    async with web.host() as host, web.browser() as anybody:
        answer = await host.post("/new", data=form)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == "/series/thursday-at-the-forum"
        spaces = (await host.get("/api/series/thursday-at-the-forum/spaces")).json()
        hours = [datetime.fromtimestamp(s["starts_at_ms"] / 1000, UTC).hour for s in spaces]
        # The clocks go forward on the last Sunday of March.
        assert sorted(hours) == [18, 19, 19]
        assert {s["starts_at_ms"] - s["doors_at_ms"] for s in spaces} == {600_000}
        body = {"rule": "weekly", "count": 2, "zone": "Europe/Berlin"}
        more = await host.post("/api/series/thursday-at-the-forum/next", json=body)
        assert more.status_code == 201, more.text
        spaces = (await host.get("/api/series/thursday-at-the-forum/spaces")).json()
        week_ms = 7 * 24 * 3_600_000
        starts = sorted(s["starts_at_ms"] for s in spaces)
        assert len(set(starts)) == 5
        assert all(abs(b - a - week_ms) <= 3_600_000 for a, b in pairwise(starts))
        # One is cancelled, one has another title: the others stay as they are.
        await host.post(f"/api/spaces/{spaces[0]['id']}/cancel", json={"reason": "Holiday."})
        await host.patch(f"/api/spaces/{spaces[1]['id']}", json={"title": "Special guest"})
        page = (await anybody.get("/series/thursday-at-the-forum")).text
        assert "Special guest" in page
        assert "Holiday." in page
        assert "Add spaces" not in page
        assert 'property="og:title" content="Thursday at the forum"' in page
        feed = await anybody.get("/series/thursday-at-the-forum.ics")
        assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
        events = {str(e["UID"]): e for e in icalendar.Calendar.from_ical(feed.content).events}
        assert len(events) == 5
        gone = events[f"{spaces[0]['id']}@localhost"]
        assert gone["STATUS"] == "CANCELLED"
        assert "Holiday." in str(gone["DESCRIPTION"])
        series = (await host.get("/api/series")).json()[0]
        answer = await anybody.get(f"/series/{series['id']}")
        assert answer.headers["location"] == "/series/thursday-at-the-forum"


async def test_series_by_hand(web: Running) -> None:
    async with web.host() as host, account(web, "Amara") as amara:
        form = {"title": "The river", "slug": "river", "listed": "on"}
        answer = await host.post("/series/new", data=form)
        assert answer.headers["location"] == "/series/river"
        answer = await host.post("/series/new", data=form)
        assert answer.status_code == 422
        assert "taken" in answer.text
        is_problem(await host.post("/api/series", json={"title": "x", "slug": "new"}), 409, "taken")
        answer = await host.post("/series/river/next", data={"rule": "weekly", "count": "2"})
        assert answer.status_code == 422
        assert "first space" in answer.text
        series = (await host.get("/api/series/river")).json()
        assert urlsplit(series["url"]).path == "/series/river"
        await make_space(host, series=series["id"], starts_at_ms=4_055_076_000_000)
        assert "An evening" in (await amara.get("/series/river")).text
        answer = await host.post("/series/river/next", data={"rule": "monthly", "count": "2"})
        assert answer.status_code == 303
        assert len((await host.get("/api/series/river/spaces")).json()) == 3
        edit = {"title": "The rivers", "description": "All of *them*", "listed": "on"}
        assert (await host.post("/series/river/edit", data=edit)).status_code == 303
        assert "<em>them</em>" in (await amara.get("/series/river")).text
        is_problem(await amara.post("/series/river/edit", data=edit), 404, "series")
        is_problem(await amara.get("/api/series/river"), 404, "series")
        refused = await amara.post("/api/series", json={"title": "x"})
        is_problem(refused, 403, "role")
        answer = await host.post("/api/spaces", json={"title": "x", "series": "abcdefghij"})
        is_problem(answer, 422, "series")
        answer = await host.patch("/api/series/river", json={"title": "Rivers", "listed": False})
        assert answer.json()["title"] == "Rivers"
        assert 'name="robots"' in (await amara.get("/series/river")).text
        is_problem(await amara.get("/series/nowhere"), 404, "not-found")
        is_problem(await amara.get("/series/nowhere.ics"), 404, "not-found")


async def test_a_listed_series_leads_to_nothing_unlisted(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        made = await host.post("/api/series", json={"title": "River"})
        series = made.json()["id"]
        for title, listed in (("For everybody", True), ("By its address", False)):
            starts = 4_000_000_000_000
            await make_space(host, title=title, series=series, listed=listed, starts_at_ms=starts)
        for path in ("/series/river", "/series/river.ics"):
            found = (await anybody.get(path)).text
            assert "For everybody" in found
            assert "By its address" not in found
        assert "By its address" in (await host.get("/series/river")).text
        # Who knows the address of a series that is not listed itself knows its spaces.
        await host.patch("/api/series/river", json={"listed": False})
        for path in ("/series/river", "/series/river.ics"):
            assert "By its address" in (await anybody.get(path)).text


async def test_titles_in_other_scripts_find_an_address(web: Running) -> None:
    async with web.host() as host:
        slugs = []
        for _ in range(25):
            made = await host.post("/api/series", json={"title": "談話"})
            assert made.status_code == 201, made.text
            slugs.append(made.json()["slug"])
        assert slugs[:3] == ["series", "series-2", "series-3"]
        assert len(set(slugs)) == 25
        assert all(good_slug(slug) for slug in slugs)


WEEKLY = {"rule": "weekly", "count": 6, "zone": "Europe/Berlin"}


async def test_two_studios_make_each_occurrence_once(
    web: Running, servers: Engines, tmp_path: Path
) -> None:
    async with (
        studio(tmp_path / "data", servers, instance="web-1") as other,
        web.host() as host,
        other.host() as there,
    ):
        for n in range(3):
            made = await host.post("/api/series", json={"title": f"River {n}"})
            series = made.json()["id"]
            await make_space(host, series=series, starts_at_ms=4_055_076_000_000)
            path = f"/api/series/{series}/next"
            for _ in range(2):  # the rule is new at first, and known then
                answers = await asyncio.gather(
                    *(one.post(path, json=WEEKLY) for one in (host, there, host, there))
                )
                assert {answer.status_code for answer in answers} <= {201, 409}
                assert any(answer.status_code == 201 for answer in answers)
                for answer in answers:
                    if answer.status_code == 409:
                        is_problem(answer, 409, "race")
            spaces = (await host.get(f"/api/series/{series}/spaces")).json()
            starts = [one["starts_at_ms"] for one in spaces]
            assert len(set(starts)) == len(starts) >= 13


async def test_a_space_that_leaves_its_series_is_none_of_its_occurrences(web: Running) -> None:
    async with web.host() as host:
        ids = []
        for title in ("River", "Lake"):
            series = (await host.post("/api/series", json={"title": title})).json()["id"]
            await make_space(host, series=series, starts_at_ms=4_055_076_000_000)
            made = await host.post(f"/api/series/{series}/next", json={**WEEKLY, "count": 1})
            ids.append((series, made.json()[0]["id"]))
        (_, one), (lake, _) = ids
        assert (await host.patch(f"/api/spaces/{one}", json={"series": lake})).status_code == 200
        made = await host.post(f"/api/series/{lake}/next", json={**WEEKLY, "count": 2})
        assert made.status_code == 201, made.text
        assert len((await host.get(f"/api/series/{lake}/spaces")).json()) == 5


async def test_a_series_ends(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody, account(web, "Amara") as amara:
        series = (await host.post("/api/series", json={"title": "River"})).json()["id"]
        starts = 4_055_076_000_000
        opened = (await make_space(host, series=series, starts_at_ms=starts))["id"]
        await host.post("/api/series/river/next", json={**WEEKLY, "count": 2})
        await host.post(f"/api/spaces/{opened}/doors")
        assert "End this series" in (await host.get("/series/river")).text
        for wrong in ({}, {"spaces": "burn"}):
            answer = await host.post("/series/river/end", data=wrong)
            assert answer.status_code == 422
            assert "Choose what becomes of the spaces." in answer.text
        is_problem(await amara.post("/series/river/end", data={"spaces": "keep"}), 404, "series")

        assert (await host.post("/series/river/end", data={"spaces": "keep"})).status_code == 303
        assert "This series has ended." in (await anybody.get("/series/river")).text
        refused = await host.post("/api/series/river/next", json={**WEEKLY, "count": 1})
        is_problem(refused, 409, "status")
        refused = await host.post("/api/spaces", json={"title": "x", "series": series})
        is_problem(refused, 409, "status")
        form = {"title": "x", "audience": "public", "series": series}
        assert (await host.post("/new", data=form)).status_code == 422
        assert "River" not in (await host.get("/new")).text
        # What stands in it can still be edited.
        answer = await host.patch(f"/api/spaces/{opened}", json={"title": "y", "series": series})
        assert answer.status_code == 200, answer.text

        end = {"spaces": "cancel", "reason": "That was it."}
        answer = await host.post("/api/series/river/end", json=end)
        assert answer.json()["ended"] is True
        spaces = (await host.get("/api/series/river/spaces")).json()
        assert sorted(one["status"] for one in spaces) == ["cancelled", "cancelled", "doors"]
        assert "That was it." in (await anybody.get("/series/river")).text

        assert (await host.post("/series/river/resume")).status_code == 303
        answer = await host.post("/api/series/river/next", json={**WEEKLY, "count": 1})
        assert answer.status_code == 201, answer.text
        is_problem(await amara.post("/api/series/river/resume"), 404, "series")
        await host.post("/api/series/river/end", json={"spaces": "keep"})
        assert (await host.post("/api/series/river/resume")).json()["ended"] is False
