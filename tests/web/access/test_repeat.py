"""Idempotency keys: the same request twice is done once, and answered the same."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from hustings import limits
from hustings.web.spaces import Spaces
from hustings.web.tables import KeptAnswerRow
from tests.web.order.people import account, database_of
from tests.web.running import Running, is_problem, make_space


def _key() -> dict[str, str]:
    return {"idempotency-key": f'"{uuid.uuid4()}"'}


async def test_the_same_answer_again(web: Running) -> None:
    async with web.host() as owner:
        key, body = _key(), {"title": "Once"}
        first = await owner.post("/api/spaces", json=body, headers=key)
        again = await owner.post("/api/spaces", json=body, headers=key)
        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert first.headers["location"] == again.headers["location"]
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert len((await owner.get("/api/spaces")).json()) == 1
        assert (await owner.post("/api/spaces", json=body, headers=_key())).status_code == 201
        assert len((await owner.get("/api/spaces")).json()) == 2


async def test_another_body_is_refused(web: Running) -> None:
    async with web.host() as owner:
        key = _key()
        await owner.post("/api/spaces", json={"title": "One"}, headers=key)
        other = await owner.post("/api/spaces", json={"title": "Two"}, headers=key)
        is_problem(other, 422, "idempotency-key")
        # At another address the same key is another one.
        made = (await owner.get("/api/spaces")).json()[0]["id"]
        seat = await owner.post(f"/api/spaces/{made}/seats", json={"name": "A"}, headers=key)
        assert seat.status_code == 201


async def test_secrets_come_again_and_rest_sealed(web: Running) -> None:
    async with web.host() as owner:
        made = await make_space(owner)
        path, key = f"/api/spaces/{made['id']}/seats", _key()
        first = await owner.post(path, json={"name": "A guest"}, headers=key)
        again = await owner.post(path, json={"name": "A guest"}, headers=key)
        assert first.json() == again.json()
        assert len((await web.space(made["id"])).seats) == 2
        token = {"name": "P", "scopes": ["spaces:read"]}
        one = await owner.post("/api/tokens", json=token, headers=key)
        two = await owner.post("/api/tokens", json=token, headers=key)
        assert one.json()["token"] == two.json()["token"]
    secrets = (first.json()["link"].rpartition("/")[2], one.json()["token"])
    database = database_of(web)
    async with database.read() as session:
        rows = (await session.scalars(select(KeptAnswerRow))).all()
    await database.close()
    assert len(rows) == 2
    for row in rows:
        assert row.status == 201
        for secret in secrets:
            assert secret.encode() not in row.answer
            assert secret not in str(vars(row))


async def test_at_once_one_runs_and_the_other_is_told(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    real = Spaces.create

    async def slow(self: Spaces, *args: object, **options: object) -> object:
        begun.set()
        await go.wait()
        return await real(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Spaces, "create", slow)
    async with web.host() as owner:
        key, body = _key(), {"title": "Once"}
        first = asyncio.create_task(owner.post("/api/spaces", json=body, headers=key))
        await begun.wait()
        second = await owner.post("/api/spaces", json=body, headers=key)
        is_problem(second, 409, "idempotency-key")
        assert second.headers["retry-after"] == "1"
        go.set()
        assert (await first).status_code == 201
        third = await owner.post("/api/spaces", json=body, headers=key)
        assert third.content == (await first).content
        assert len((await owner.get("/api/spaces")).json()) == 1


async def test_what_made_nothing_may_be_asked_again(web: Running) -> None:
    async with web.host() as owner:
        key = _key()
        is_problem(await owner.post("/api/spaces", json={"title": ""}, headers=key), 422, "value")
        assert (
            await owner.post("/api/spaces", json={"title": "x"}, headers=key)
        ).status_code == 201


async def test_keys_of_two_accounts_never_meet(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (host, _):
        key, body = _key(), {"title": "Mine"}
        one = await owner.post("/api/spaces", json=body, headers=key)
        two = await host.post("/api/spaces", json=body, headers=key)
        assert one.json()["id"] != two.json()["id"]
    async with web.browser() as stranger:
        is_problem(await stranger.post("/api/spaces", json=body, headers=key), 401, "sign-in")


async def test_a_revoked_token_gets_no_old_answer(web: Running) -> None:
    async with web.host() as owner, web.browser() as program:
        made = (
            await owner.post("/api/tokens", json={"name": "P", "scopes": ["spaces:write"]})
        ).json()
        headers = {"authorization": f"Bearer {made['token']}", **_key()}
        answer = await program.post("/api/spaces", json={"title": "x"}, headers=headers)
        assert answer.status_code == 201
        await owner.delete(f"/api/tokens/{made['id']}")
        answer = await program.post("/api/spaces", json={"title": "x"}, headers=headers)
        is_problem(answer, 401, "token")


@pytest.mark.parametrize("key", ["", '""', '"a', "a b", "é", "x" * 300])
async def test_keys_that_are_none(web: Running, key: str) -> None:
    async with web.host() as owner:
        answer = await owner.post(
            "/api/spaces", json={"title": "x"}, headers={b"idempotency-key": key.encode("latin-1")}
        )
        is_problem(answer, 400, "idempotency-key")


async def test_a_request_that_died_may_be_sent_again_and_old_ones_go(web: Running) -> None:
    async with web.host() as owner:
        key, body = _key(), {"title": "x"}
        assert (await owner.post("/api/spaces", json=body, headers=key)).status_code == 201
        await _age(web, status=0, back_ms=int(limits.IDEMPOTENCY_RUN_S * 1000) + 1)
        assert (await owner.post("/api/spaces", json=body, headers=key)).status_code == 201
        assert len((await owner.get("/api/spaces")).json()) == 2
        await _age(web, status=201, back_ms=limits.IDEMPOTENCY_S * 1000 + 1)
        await owner.post("/api/spaces", json=body, headers=_key())
        database = database_of(web)
        async with database.read() as session:
            count = await session.scalar(select(func.count()).select_from(KeptAnswerRow))
        await database.close()
        assert count == 1


async def _age(web: Running, *, status: int, back_ms: int) -> None:
    database = database_of(web)
    async with database.write() as session:
        await session.execute(
            update(KeptAnswerRow).values(status=status, at_ms=KeptAnswerRow.at_ms - back_ms)
        )
    await database.close()


async def test_large_and_broken_bodies_are_problems(web: Running) -> None:
    async with web.host() as owner:
        headers = {**_key(), "content-type": "application/json"}
        large = await owner.post(
            "/api/spaces", content=b"x" * (limits.FORM_BYTES + 1), headers=headers
        )
        is_problem(large, 413, "too-large")

        async def drops() -> AsyncIterator[bytes]:
            for _ in range(limits.FORM_BYTES // 1024 + 1):
                yield b"x" * 1024

        large = await owner.post("/api/spaces", content=drops(), headers=headers)
        is_problem(large, 413, "too-large")
        is_problem(await owner.post("/api/spaces", content=b"{", headers=headers), 422, "value")


async def test_a_database_that_is_away_is_a_problem(web: Running) -> None:
    async with web.host() as owner:
        database = database_of(web)
        async with database.write() as session:
            await session.execute(text("DROP TABLE kept_answers"))
        await database.close()
        answer = await owner.post("/api/spaces", json={"title": "x"}, headers=_key())
        is_problem(answer, 503, "database-away")


async def test_what_was_made_is_told_even_if_it_cannot_be_kept(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Spaces.create

    async def dropping(*args: Any, **options: Any) -> Any:
        database = database_of(web)
        async with database.write() as session:
            await session.execute(text("DROP TABLE kept_answers"))
        await database.close()
        return await real(*args, **options)

    monkeypatch.setattr(Spaces, "create", dropping)
    async with web.host() as owner:
        answer = await owner.post("/api/spaces", json={"title": "x"}, headers=_key())
        assert answer.status_code == 201
