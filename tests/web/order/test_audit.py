"""The audit log: written down once, read by those who may, changed by nobody."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hustings import limits
from hustings.web.database import Database
from hustings.web.order.audit import Audit
from tests import postgres
from tests.web.running import Running, is_problem, make_space


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    else:
        url = postgres.session.server.database()
    found = Database(url)
    await found.migrate()
    yield found
    await found.close()


async def _fill(audit: Audit, count: int, *, space: str = "", person: str = "") -> None:
    for number in range(count):
        await audit.add(
            by="a-one", did="message.removed", space=space, about=f"message:{number}",
            person=person, reason="why", snapshot=f"Ann: {number}", now_ms=number,
        )  # fmt: skip


async def test_pages_follow_each_other(database: Database) -> None:
    audit = Audit(database)
    await _fill(audit, 5, space="s1", person="g-a")
    await _fill(audit, 2, space="s2", person="g-b")
    first = await audit.read(count=3)
    assert [e.about for e in first] == ["message:1", "message:0", "message:4"]
    rest = await audit.read(before=first[-1].id, count=10)
    assert [e.about for e in rest] == ["message:3", "message:2", "message:1", "message:0"]
    assert {e.space for e in await audit.read(space="s1")} == {"s1"}
    assert len(await audit.read(person="g-b")) == 2
    assert len(await audit.read(person="a-one")) == 7  # by whom counts as well
    assert await audit.read(space="s1", person="g-b") == []


async def test_export_reads_all_of_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_EXPORT_COUNT", 2)
    audit = Audit(database)
    await _fill(audit, 5)
    assert [e.at_ms async for e in audit.walk()] == list(range(5))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET reason = 'another'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit LIMIT 1",
        "TRUNCATE audit",
    ],
)
async def test_the_database_itself_refuses_to_change_it(database: Database, statement: str) -> None:
    own = database.engine.dialect.name
    if ("OR REPLACE" in statement and own != "sqlite") or (
        "TRUNC" in statement and own == "sqlite"
    ):
        return  # no such statement there
    await _fill(Audit(database), 2)
    with pytest.raises(DatabaseError, match="append-only"):
        async with database.write() as session:
            await session.execute(text(statement))
    assert [e.reason for e in await Audit(database).read()] == ["why", "why"]


async def test_moderators_read_and_export_it(web: Running) -> None:
    async with web.host() as owner:
        made = await make_space(owner)
        person = {"person": "g-k3v9q1xzm4rk3tpl", "name": '=HYPERLINK("x")', "reason": "@loud"}
        answer = await owner.post(f"/api/spaces/{made['id']}/blocks", json=person)
        assert answer.status_code == 201, answer.text
        page = (await owner.get("/api/audit")).json()
        entry = page["entries"][0]
        assert page["before"] is None
        assert entry["did"] == "person.blocked"
        assert entry["by"].startswith("a-")
        assert entry["by_name"] == "Hanna Host"
        assert entry["space"] == made["id"]
        assert entry["person"] == "g-k3v9q1xzm4rk3tpl"

        sheet = await owner.get("/api/audit.csv")
        assert sheet.headers["content-type"].startswith("text/csv")
        assert "attachment" in sheet.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(sheet.text)))
        assert rows[0]["snapshot"] == """'=HYPERLINK("x")"""
        assert rows[0]["reason"] == "'@loud"
        lines = (await owner.get(f"/api/spaces/{made['id']}/audit.jsonl")).text.splitlines()
        assert json.loads(lines[0])["snapshot"] == '=HYPERLINK("x")'

        for path in ("/audit", f"/s/{made['id']}/audit", "/audit?person=g-k3v9q1xzm4rk3tpl"):
            shown = await owner.get(path, headers={"accept": "text/html"})
            assert shown.status_code == 200
            assert "blocked somebody" in shown.text
            assert "=HYPERLINK(&#34;x&#34;)" in shown.text


async def test_speakers_and_strangers_do_not_read_it(web: Running) -> None:
    async with web.host() as owner:
        made = await make_space(owner)
        own = f"/api/spaces/{made['id']}/audit"
        async with web.speaker(owner, made["id"]) as (speaker, _):
            is_problem(await speaker.get(own), 403, "role")
            assert (await speaker.get(f"/s/{made['id']}/audit")).status_code == 403
            is_problem(await speaker.get("/api/audit"), 401, "sign-in")
        async with web.speaker(owner, made["id"], role="cohost") as (cohost, _):
            assert (await cohost.get(own)).status_code == 200
            assert (await cohost.get(f"/s/{made['id']}/audit")).status_code == 200
            assert (await cohost.get(f"{own}.csv")).status_code == 200
    async with web.browser() as stranger:
        is_problem(await stranger.get(own), 401, "sign-in")
        assert (await stranger.get("/audit")).headers["location"] == "/sign-in?next=/audit"
