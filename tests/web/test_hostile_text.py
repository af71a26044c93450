"""Text that no database keeps: refused or dropped, whatever way it comes in, on both databases."""

from __future__ import annotations

import json

import httpx
import pytest

from hustings.web.database import Database, Unstorable, storable
from hustings.web.tables import FirstLinkRow
from tests.web.running import Running, is_problem, make_space

NUL = "a\0b"
HALF = "a\ud800b"
HUGE = 2**70


def test_what_can_be_kept() -> None:
    for value in ("", "río 🎙", "\x01", 2**63 - 1, -(2**63), 1.5, None, b"\0", True):
        assert storable(value)
    for value in (NUL, HALF, "\udfff", 2**63, -(2**63) - 1):
        assert not storable(value)


@pytest.mark.parametrize("value", [NUL, HALF])
async def test_the_database_takes_none_of_it(web: Running, value: str) -> None:
    database = Database(web.database_url)
    with pytest.raises(Unstorable):
        async with database.write() as session:
            session.add(FirstLinkRow(token_hash=value, expires_at_ms=1))
    with pytest.raises(Unstorable):
        async with database.write() as session:
            session.add(FirstLinkRow(token_hash="a", expires_at_ms=HUGE))
    await database.close()


async def test_addresses_and_searches(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        await make_space(host, title="A river", starts_at_ms=4_000_000_000_000)
        assert "A river" in (await anybody.get("/?q=river")).text
        found = await anybody.get("/?q=river%00")
        assert found.status_code == 200
        assert "A river" not in found.text
        assert (await anybody.get("/api/spaces?state=coming&q=%00")).json() == []
        for path in (
            "/series/a%00b",
            "/series/a%00b.ics",
            "/i/a%00b",
            "/r/a%00b",
            "/s/a%00b/stage",
        ):
            answer = await host.get(path)
            assert 400 <= answer.status_code < 500, (path, answer.status_code)
        for path in ("/api/audit?by=%00", "/?cursor=%00", "/new?like=%00", "/audit?by=%00"):
            answer = await host.get(path)
            assert answer.status_code < 500, (path, answer.status_code)


async def test_forms(web: Running) -> None:
    async with web.host() as host, web.browser() as anybody:
        form = {"email": "ho\0st@example.org", "password": "pass\0word of length"}
        answer = await anybody.post("/sign-in", data=form)
        assert answer.status_code < 500, answer.text
        answer = await host.post("/new", data={"title": "Ni\0ght", "audience": "public"})
        assert answer.status_code == 303, answer.text
        space = answer.headers["location"].split("/")[2]
        assert (await web.space(space)).title == "Night"
        # An encoding that the form names itself: what it makes cannot be shown again.
        for charset, value in (("unicode_escape", rb"\ud800"), ("utf-7", b"+2AA-")):
            answer = await _multipart(host, charset, value)
            assert answer.status_code == 422, answer.text
        assert (await _multipart(host, "undefined", b"x")).status_code < 500


async def _multipart(host: httpx.AsyncClient, charset: str, value: bytes) -> httpx.Response:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + value + b"\r\n--x\r\n"
        b'Content-Disposition: form-data; name="audience"\r\n\r\nnone\r\n--x--\r\n'
    )
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    return await host.post("/new", content=body, headers={"Content-Type": kind})


async def test_json(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        for path, body in (
            ("/api/spaces", {"title": "{}"}),
            ("/api/spaces", {"title": "x", "{}": 1}),
            ("/api/spaces", {"title": "x", "description": "{}"}),
            (f"/api/spaces/{space}/members", {"who": "{}"}),
            (f"/api/spaces/{space}/cancel", {"reason": "{}"}),
            ("/api/series", {"title": "x", "slug": "{}"}),
            ("/api/series/x/next", {"rule": "weekly", "count": 1, "zone": "{}"}),
            ("/api/hooks", {"url": "https://example.org/{}", "events": ["space.live"]}),
            ("/api/hooks", {"url": "https://example.org/", "events": ["{}"]}),
        ):
            for bad in (r"\u0000", r"\ud800"):
                text = json.dumps(body).replace("{}", bad)
                headers = {"Content-Type": "application/json"}
                answer = await host.post(path, content=text, headers=headers)
                assert answer.status_code in (400, 404, 422), (path, text, answer.text)
                assert answer.json()["detail"].endswith(".")
        for value in ("1" + "0" * 30, "1" + "0" * 5000, "1e999", "NaN"):
            text = f'{{"title": "x", "starts_at_ms": {value}}}'
            answer = await host.post(
                "/api/spaces", content=text, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in (400, 422), (value, answer.text)


async def test_what_reaches_the_database_is_a_sentence(web: Running) -> None:
    async with web.browser() as anybody:
        is_problem(await anybody.get("/series/a%00b.ics"), 422, "value")
