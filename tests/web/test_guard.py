"""The guard: cross-site requests, large bodies, safety headers, and malformed input of any kind."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Final

import pytest

from hustings import limits
from hustings.web.agenda.listing import Agenda
from tests.web.running import Running, is_problem, make_space


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8001"},
    ],
)
async def test_cross_site_requests_are_refused(web: Running, headers: dict[str, str]) -> None:
    async with web.host() as client:
        answer = await client.post("/api/spaces", json={"title": "x"}, headers=headers)
        is_problem(answer, 403, "cross-site")
        answer = await client.post("/sign-out", headers={**headers, "accept": "text/html"})
        assert answer.status_code == 403
        assert "<h1>" in answer.text
        assert (await client.get("/")).status_code == 200


async def test_own_pages_are_let_through(web: Running) -> None:
    async with web.host() as client:
        for headers in ({"origin": web.url}, {"sec-fetch-site": "same-origin"}, {}):
            answer = await client.post("/api/spaces", json={"title": "x"}, headers=headers)
            assert answer.status_code == 201


async def test_every_answer_is_safe(web: Running) -> None:
    async with web.browser() as client:
        for path in ("/sign-in", "/static/studio.css", "/static/base.css", "/api/spaces", "/nope"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "connect-src 'self' http://localhost:8002 http://localhost:8001" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"


async def test_large_bodies_are_refused(web: Running) -> None:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(limits.FORM_BYTES // 1024 + 1):
            yield b"x" * 1024

    async with web.host() as client:
        is_problem(
            await client.post("/api/spaces", content=b"x" * (limits.FORM_BYTES + 1)),
            413,
            "too-large",
        )
        kind = {"content-type": "application/json"}
        is_problem(
            await client.post("/api/spaces", content=drops(), headers=kind), 413, "too-large"
        )


BODIES: Final = [
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"x"',
    b"[" * 20_000,
    json.dumps({"title": ""}).encode(),
    json.dumps({"title": "x" * 121}).encode(),
    json.dumps({"title": 5}).encode(),
    json.dumps({"title": "a\x00b"}).encode(),
    b'{"title": "\\ud800"}',
    json.dumps({"title": "x", "starts_at_ms": 10**30}).encode(),
    json.dumps({"title": "x", "starts_at_ms": -1}).encode(),
    json.dumps({"title": "x", "starts_at_ms": 1.5}).encode(),
    json.dumps({"title": "x", "language": "en\nde"}).encode(),
    json.dumps({"title": "x", "unknown": 1}).encode(),
    json.dumps({"title": "x", "starts_at_ms": 1000, "doors_at_ms": 2000}).encode(),
]


async def test_malformed_json_is_a_problem(web: Running) -> None:
    async with web.host() as client:
        kind = {"content-type": "application/json"}
        for body in BODIES:
            answer = await client.post("/api/spaces", content=body, headers=kind)
            assert 400 <= answer.status_code < 500, (body, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


FORMS: Final = [
    ("application/x-www-form-urlencoded", b"%ff%fe=%00&title=%00"),
    ("application/x-www-form-urlencoded", b"title=x&when=later&starts_local=never"),
    ("application/x-www-form-urlencoded", b"title=x&when=later&starts_at_ms=9999999999999999"),
    ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 500)),
    ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
    ("multipart/form-data", b""),
    ("text/plain", b"title=x"),
]


async def test_malformed_forms_are_pages(web: Running) -> None:
    async with web.host() as client:
        for kind, body in FORMS:
            headers = {"content-type": kind, "accept": "text/html"}
            answer = await client.post("/new", content=body, headers=headers)
            assert 400 <= answer.status_code < 500, (kind, body)
            assert "<h1>" in answer.text


async def test_unknown_addresses_and_methods(web: Running) -> None:
    async with web.host() as client:
        is_problem(await client.get("/api/nope"), 404, "not-found")
        is_problem(await client.delete("/api/spaces"), 405, "method")
        for space in ("zzzzzzzzzz", "UPPER", "a%00b", "..%2f", "x" * 500):
            is_problem(await client.get(f"/api/spaces/{space}"), 404, "not-found")
        made = await make_space(client)
        path = f"/api/spaces/{made['id']}/seats/zzz/mute"
        is_problem(await client.post(path), 404, "seat")
        page = await client.get("/nope", headers={"accept": "text/html"})
        assert page.status_code == 404
        assert "<h1>Nothing here</h1>" in page.text


async def test_words_stand_in_one_line_and_are_not_empty(web: Running) -> None:
    async with web.host() as client:
        made = await make_space(client, title="An\r\nevening\t here")
        assert made["title"] == "An evening here"
        seats = f"/api/spaces/{made['id']}/seats"
        for name in (" ", "\n"):
            is_problem(await client.post("/api/spaces", json={"title": name}), 422, "value")
            is_problem(await client.post(seats, json={"name": name}), 422, "value")


async def test_what_is_not_http_is_a_problem(web: Running) -> None:
    host, port = web.url.removeprefix("http://").split(":")
    for head in (b"\x16\x03\x01\x02\x00 hello\r\n\r\n", b"GET / HTTP/1.1\r\nbad head\r\n\r\n"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"content-type: application/problem+json" in answer.lower()
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request"


async def test_a_head_that_does_not_come_is_not_awaited(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.2)
    host, port = web.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


async def test_answer_to_a_bug_is_safe(
    web: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    async with web.host() as client:
        monkeypatch.setattr(Agenda, "_page", broken)
        is_problem(await client.get("/api/spaces"), 500, "bug")
        page = await client.get("/", headers={"accept": "text/html"})
        assert page.status_code == 500
        assert "a bug" not in page.text
        assert "script-src 'self';" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


async def test_another_name_of_this_machine_leads_to_the_studio(web: Running) -> None:
    port = web.url.rpartition(":")[2]
    accept = {"accept": "text/html"}
    async with web.browser() as client:
        for name in ("localhost", "[::1]"):
            headers = {"host": f"{name}:{port}"}
            answer = await client.get("/sign-in?next=/new", headers={**accept, **headers})
            assert answer.headers["location"] == f"{web.url}/sign-in?next=/new"
            # Programs are let through.
            assert (await client.get("/healthz", headers=headers)).status_code == 200
        for name in ("evil.example", f"evil.example:{port}", "localhost:1", "a:b", ""):
            answer = await client.get("/sign-in", headers={**accept, "host": name})
            assert answer.status_code in (200, 400), name
