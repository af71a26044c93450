"""API tokens: shown once, held to their scopes, ended at once."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from sqlalchemy import select, update

from hustings import limits
from hustings.quota import Policy
from hustings.web.access import quota
from hustings.web.tables import TokenRow
from tests.web.order.people import account, database_of
from tests.web.running import Running, is_problem, make_space

ACCEPT = {"accept": "text/html"}


async def _token(
    client: httpx.AsyncClient, *scopes: str, days: int = 7
) -> tuple[str, dict[str, str]]:
    answer = await client.post("/api/tokens", json={"name": "P", "scopes": scopes, "days": days})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return made["id"], {"authorization": f"Bearer {made['token']}"}


async def test_a_token_stands_for_its_account(web: Running) -> None:
    async with web.host() as owner, web.browser() as program:
        _, bearer = await _token(owner, "spaces:write", "spaces:read", "room:write")
        made = await program.post("/api/spaces", json={"title": "By a program"}, headers=bearer)
        assert made.status_code == 201, made.text
        path = f"/api/spaces/{made.json()['id']}"
        assert (await program.get(path, headers=bearer)).json()["title"] == "By a program"
        assert (await program.post(f"{path}/doors", headers=bearer)).status_code == 200
        own = (await owner.get("/api/tokens")).json()
        assert own[0]["used_at_ms"] is not None
        assert "token" not in own[0]


async def test_only_its_hash_is_kept(web: Running) -> None:
    async with web.host() as owner:
        _, bearer = await _token(owner, "spaces:read")
    value = bearer["authorization"].removeprefix("Bearer ")
    assert value.startswith("hst_")
    database = database_of(web)
    async with database.read() as session:
        row = (await session.scalars(select(TokenRow))).one()
    await database.close()
    assert value not in str(vars(row))


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("spaces:read", "POST", "/api/spaces"),
        ("spaces:write", "GET", "/api/spaces"),
        ("spaces:write", "GET", "/api/audit"),
        ("audit:read", "GET", "/api/suspensions"),
        ("people:write", "GET", "/api/tokens"),
        ("people:write", "POST", "/new"),
    ],
)
async def test_what_its_scopes_do_not_name_is_closed(
    web: Running, scope: str, method: str, path: str
) -> None:
    async with web.host() as owner, web.browser() as program:
        _, bearer = await _token(owner, scope)
        body = {"title": "x"} if method == "POST" else None
        answer = await program.request(method, path, headers=bearer, json=body)
        is_problem(answer, 403, "scope")


async def test_a_scope_gives_no_more_than_the_account_may(web: Running) -> None:
    async with account(web, "Mem Ber", "member") as (member, _), web.browser() as program:
        _, bearer = await _token(member, "spaces:write", "audit:read")
        is_problem(
            await program.post("/api/spaces", json={"title": "x"}, headers=bearer), 403, "role"
        )
        is_problem(await program.get("/api/audit", headers=bearer), 403, "role")


async def test_revoked_and_ended_tokens_are_worth_nothing(web: Running) -> None:
    async with web.host() as owner, web.browser() as program:
        one, first = await _token(owner, "spaces:read")
        two, second = await _token(owner, "spaces:read")
        assert (await owner.delete(f"/api/tokens/{one}")).status_code == 204
        is_problem(await owner.delete(f"/api/tokens/{one}"), 404, "not-found")
        is_problem(await program.get("/api/spaces", headers=first), 401, "token")
        assert (await program.get("/api/spaces", headers=second)).status_code == 200
        database = database_of(web)
        async with database.write() as session:
            past = time.time_ns() // 1_000_000 - 1
            await session.execute(
                update(TokenRow).where(TokenRow.id == two).values(expires_at_ms=past)
            )
        await database.close()
        is_problem(await program.get("/api/spaces", headers=second), 401, "token")
        nonsense = {"authorization": "Bearer hst_nonsense"}
        is_problem(await program.get("/api/spaces", headers=nonsense), 401, "token")
        # A bad token is not made good by a cookie.
        is_problem(await owner.get("/api/spaces", headers=nonsense), 401, "token")
        entries = (await owner.get("/api/audit")).json()["entries"]
        assert [e["did"] for e in entries].count("token.revoked") == 1


async def test_nobody_revokes_anothers(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (host, _):
        one, _ = await _token(owner, "spaces:read")
        is_problem(await host.delete(f"/api/tokens/{one}"), 404, "not-found")
        assert (await host.get("/api/tokens")).json() == []


async def test_a_suspended_account_has_no_acting_tokens(web: Running) -> None:
    async with (
        web.host() as owner,
        account(web, "Ho St", "host") as (host, identity),
        web.browser() as program,
    ):
        _, bearer = await _token(host, "spaces:write")
        answer = await owner.put(f"/api/suspensions/a-{identity}", json={})
        assert answer.status_code == 200
        is_problem(
            await program.post("/api/spaces", json={"title": "x"}, headers=bearer), 403, "suspended"
        )
        is_problem(
            await host.post("/api/tokens", json={"name": "P", "scopes": ["spaces:read"]}),
            403,
            "suspended",
        )
        form = {"name": "P", "scopes": "spaces:read", "days": "7"}
        assert (await host.post("/account/tokens", data=form)).status_code == 403


async def test_the_page_makes_and_revokes(web: Running) -> None:
    async with web.host() as owner, web.browser() as program:
        wrong = await owner.post("/account/tokens", data={"name": "", "days": "7"})
        assert wrong.status_code == 422
        assert "Choose at least one." in wrong.text
        form = {"name": "Our website", "scopes": ["spaces:read", "audit:read"], "days": "30"}
        page = await owner.post("/account/tokens", data=form)
        value = re.search(r"hst_[A-Za-z0-9_-]+", page.text)
        assert value is not None
        bearer = {"authorization": f"Bearer {value[0]}"}
        assert (await program.get("/api/audit", headers=bearer)).status_code == 200
        page = await owner.get("/account/tokens", headers=ACCEPT)
        assert "Our website" in page.text
        assert value[0] not in page.text
        token = (await owner.get("/api/tokens")).json()[0]["id"]
        assert (await owner.post(f"/account/tokens/{token}/revoke")).status_code == 303
        is_problem(await program.get("/api/audit", headers=bearer), 401, "token")


async def test_tokens_are_bounded(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TOKENS_COUNT", 1)
    async with web.host() as owner:
        await _token(owner, "spaces:read")
        body = {"name": "P", "scopes": ["spaces:read"]}
        is_problem(await owner.post("/api/tokens", json=body), 409, "full")
        for bad in ({**body, "scopes": []}, {**body, "scopes": ["all"]}, {**body, "days": 9999}):
            is_problem(await owner.post("/api/tokens", json=bad), 422, "value")


async def test_answers_say_what_is_left(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Policy(name="token", count=3, window_s=60)
    monkeypatch.setattr(quota, "TOKEN", few)
    async with web.host() as owner, web.browser() as program:
        _, bearer = await _token(owner, "spaces:read")
        for left in (2, 1, 0):
            answer = await program.get("/api/spaces", headers=bearer)
            assert answer.status_code == 200
            assert f'"token";r={left};t=' in answer.headers["ratelimit"]
            assert '"token";q=3;w=60' in answer.headers["ratelimit-policy"]
        answer = await program.get("/api/spaces", headers=bearer)
        is_problem(answer, 429, "rate")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        # Another caller of the same address goes on.
        assert (await owner.get("/api/spaces")).status_code == 200


async def test_an_address_is_bounded(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Policy(name="address", count=2, window_s=60)
    monkeypatch.setattr(quota, "ADDRESS", few)
    async with web.browser() as client:
        for _ in range(2):
            assert (await client.get("/api/spaces")).status_code == 401
        is_problem(await client.get("/api/spaces"), 429, "rate")
        assert (await client.get("/sign-in")).status_code == 200  # pages are no calls


async def test_the_document_says_so(web: Running) -> None:
    async with web.host() as owner:
        await make_space(owner)
        document = (await owner.get("/api/openapi.json")).json()
    create = document["paths"]["/api/spaces"]["post"]
    assert {"token": ["spaces:write"]} in create["security"]
    assert "429" in create["responses"]
    assert "RateLimit" in create["responses"]["201"]["headers"]
    assert any(p["name"] == "Idempotency-Key" for p in create["parameters"])
