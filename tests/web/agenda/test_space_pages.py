"""Spaces made, changed and copied by forms, without a script."""

from __future__ import annotations

import re
import time

from tests.web.agenda.people import account
from tests.web.agenda.test_pictures import photo
from tests.web.running import Running, is_problem, make_space

HOUR_MS = 3_600_000
NASTY = "**Bold** <script>alert(1)</script> [here](javascript:alert(1)) https://example.org"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_space_with_everything(web: Running) -> None:
    form = {
        "title": "Who owns the river?",
        "description": NASTY,
        "language": "cy",
        "audience": "unlisted",
        "publishing": "review",
        "listeners_max": "250",
        "guests_shown": "on",
        "when": "later",
        "starts_local": "2098-07-01T20:00",
        "zone": "Europe/Berlin",
        "doors_minutes": "30",
    }
    picture = {"picture_file": ("river.jpg", photo(), "image/jpeg")}
    async with web.host() as host:
        answer = await host.post("/new", data=form, files=picture)
        assert answer.status_code == 303, answer.text
        found = re.fullmatch(r"/s/(\w{10})/stage", answer.headers["location"])
        assert found
        edit = await host.get(f"/s/{found[1]}/edit")
        [listed] = (await host.get("/api/spaces")).json()
        assert (listed["language"], listed["listed"], listed["publishing"]) == (
            "cy", False, "review",
        )  # fmt: skip
        assert listed["starts_at_ms"] == 4_055_076_000_000
        assert listed["starts_at_ms"] - listed["doors_at_ms"] == HOUR_MS / 2
        assert (await host.get(listed["picture_url"])).status_code == 200
        assert 'value="250"' in edit.text
        assert "<strong>Bold</strong>" in edit.text
        assert "alert(1)</script>" not in edit.text.replace("&lt;/script&gt;", "")
        assert 'href="javascript' not in edit.text
        assert 'href="https://example.org"' in edit.text
        assert re.search(r'name="guests" value="on">', edit.text), "guests are not allowed"


async def test_preview_keeps_what_was_written(web: Running) -> None:
    form = {"title": "River", "description": "*soon*", "preview": "1", "when": "later"}
    files = {"picture_file": ("river.jpg", photo(), "image/jpeg")}
    async with web.host() as host:
        answer = await host.post("/new", data=form, files=files)
        assert answer.status_code == 200
        assert "<em>soon</em>" in answer.text
        assert 'value="River"' in answer.text
        kept = re.search(r'name="picture" value="([0-9a-f]{32})"', answer.text)
        assert kept
        answer = await host.post("/new", data={"title": "River", "picture": kept[1]})
        assert answer.status_code == 303
        broken = {"picture_file": ("x.jpg", b"no picture at all", "image/jpeg")}
        answer = await host.post("/new", data=form, files=broken)
        assert answer.status_code == 422
        assert "no picture" in answer.text
        answer = await host.post("/new", data={"title": "River", "picture": "0" * 32})
        assert answer.status_code == 422
        assert (await host.get("/api/spaces")).json()[0]["title"] == "River"


async def test_edit_delay_and_cancel(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host, starts_at_ms=now_ms() + HOUR_MS))["id"]
        page = f"/s/{space}"
        form = {"title": "", "audience": "public", "publishing": "auto"}
        answer = await host.post(f"{page}/edit", data=form)
        assert answer.status_code == 422
        assert "title-error" in answer.text
        form |= {"title": "A better title", "language": "de"}
        assert (await host.post(f"{page}/edit", data=form)).status_code == 303
        assert (await host.post(f"{page}/edit", data=form)).status_code == 303, "same again"
        assert (await host.get(f"/api/spaces/{space}")).json()["title"] == "A better title"
        assert "A better title" in (await host.get("/")).text
        late = {"starts_local": "2001-01-01T20:00", "reason": "A late train."}
        answer = await host.post(f"{page}/delay", data=late)
        assert answer.status_code == 422
        assert "lies ahead" in answer.text
        late["starts_local"] = "2098-07-01T20:00"
        answer = await host.post(f"{page}/delay", data={**late, "zone": "Mars/Olympus"})
        assert "time zone is not known" in answer.text
        assert (await host.post(f"{page}/delay", data=late)).status_code == 303
        assert "A late train." in (await host.get("/")).text
        assert (await host.post(f"{page}/cancel", data={"reason": "Ill."})).status_code == 303
        assert (await host.get(f"/api/spaces/{space}")).json()["status"] == "cancelled"
        answer = await host.post(f"{page}/edit", data=form | {"title": "Too late"})
        assert answer.status_code == 422
        assert (await host.get(f"{page}/edit")).status_code == 200


async def test_another_like_this(web: Running) -> None:
    async with web.host() as host, account(web, "Amara") as amara:
        fields = {"title": "River", "private": True, "publishing": "never", "listeners_max": 9}
        space = (await make_space(host, **fields))["id"]
        await host.post(f"/api/spaces/{space}/members", json={"who": "@amara"})
        page = await host.get(f"/new?like={space}")
        assert 'value="River"' in page.text
        assert re.search(r'value="never" checked', page.text)
        form = {"title": "River again", "audience": "private", "publishing": "never"}
        answer = await host.post(f"/new?like={space}", data=form)
        copy = answer.headers["location"].split("/")[2]
        members = (await host.get(f"/api/spaces/{copy}/members")).json()
        assert [one["name"] for one in members] == ["Amara"]
        assert (await amara.get(f"/s/{copy}")).status_code == 303
        is_problem(await amara.get(f"/new?like={space}"), 404, "not-found")
        is_problem(await amara.post("/new", data={"title": "x"}), 403, "role")


async def test_nobody_edits_without_a_seat(web: Running) -> None:
    async with web.host() as host, account(web, "Amara") as amara, web.browser() as anybody:
        space = (await make_space(host))["id"]
        for path in ("edit", "after", "recording.m4a", "receipt.json"):
            is_problem(await amara.get(f"/s/{space}/{path}"), 403, "stranger")
            is_problem(await anybody.get(f"/s/{space}/{path}"), 401, "sign-in")
        for path in ("edit", "delay", "cancel", "cohosts", "members", "publish", "withhold"):
            is_problem(await amara.post(f"/s/{space}/{path}", data={}), 403, "stranger")
        is_problem(await host.get(f"/s/{space}/after"), 409, "status")
        answer = await anybody.get("/new?like=abcdefghij")
        assert answer.headers["location"] == "/sign-in?next=/new%3Flike=abcdefghij"
