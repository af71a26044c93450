"""Invitations and sign-up: who gets an account, in which role, and what strangers learn."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from hustings.web.accounts import Account, SiteRole, new_row
from hustings.web.database import Database
from hustings.web.order.suspension import Suspensions
from hustings.web.people.invitations import HELD, Invitations
from hustings.web.people.refused import Refused
from tests import postgres
from tests.web.outbox.postbox import postbox
from tests.web.people.joined import invite, member, words
from tests.web.running import EMAIL, PASSWORD, Engines, Running, is_problem, studio, until

FORM = {"name": "Nia New", "email": "nia@example.org", "password": PASSWORD}


async def test_a_link_for_an_address_works_once_and_for_that_address(
    web: Running, owner: httpx.AsyncClient
) -> None:
    made = await invite(owner, email="Nia@Example.org", role="host")
    assert made["email"] == "nia@example.org"
    async with web.browser() as client, web.browser() as late:
        page = (await client.get(made["link"])).text
        assert "Hanna Host invites you" in page
        other = {**FORM, "email": "other@example.org"}
        answers = await asyncio.gather(
            client.post(made["link"], data=other), late.post(made["link"], data=other)
        )
        assert sorted(a.status_code for a in answers) in ([303, 410], [303, 422])
        winner = client if answers[0].status_code == 303 else late
        me = (await winner.get("/api/me")).json()
        assert (me["email"], me["role"]) == ("nia@example.org", "host")
        is_problem(await late.get(made["link"]), 410, "invitation")


async def test_an_open_link_works_until_it_is_revoked(
    web: Running, owner: httpx.AsyncClient
) -> None:
    made = await invite(owner, role="member")
    for name in ("Ann", "Ben"):
        async with web.browser() as client:
            form = {**FORM, "name": name, "email": f"{name}@example.org"}
            assert (await client.post(made["link"], data=form)).status_code == 303
    listed = (await owner.get("/api/invitations")).json()
    assert [(one["used_count"], one["by"]) for one in listed] == [(2, "Hanna Host")]
    assert "link" not in listed[0]
    assert (await owner.delete(f"/api/invitations/{made['id']}")).status_code == 204
    async with web.browser() as client:
        is_problem(await client.post(made["link"], data=FORM), 410, "invitation")
    assert (await owner.get("/api/invitations")).json() == []


async def test_an_address_that_is_taken_is_refused_without_losing_the_link(
    web: Running, owner: httpx.AsyncClient
) -> None:
    made = await invite(owner, role="member")
    async with web.browser() as client:
        answer = await client.post(made["link"], data={**FORM, "email": EMAIL})
        assert answer.status_code == 422
        assert "If you have one already, sign in" in answer.text
        assert (await owner.get("/api/invitations")).json()[0]["used_count"] == 0
        assert (await client.post(made["link"], data=FORM)).status_code == 303


async def test_who_may_give_what(web: Running, owner: httpx.AsyncClient) -> None:
    async with (
        member(web, owner, "Mo", role="moderator") as moderator,
        member(web, owner, "Hal", role="host") as host,
    ):
        is_problem(await host.post("/api/invitations", json={}), 403, "role")
        for role in ("moderator", "owner"):
            body = {"email": "x@example.org", "role": role}
            is_problem(await moderator.post("/api/invitations", json=body), 403, "invitation")
            # Nobody gives such a right to whoever has the link.
            answer = await owner.post("/api/invitations", json={"role": role})
            is_problem(answer, 422, "invitation")
        for role in ("member", "host"):
            await invite(moderator, role=role)
        await invite(owner, email="second@example.org", role="owner")


async def test_links_work_while_their_maker_may_give_them(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with member(web, owner, "Mo", role="moderator") as moderator, web.browser() as client:
        made = await invite(moderator, role="host")
        me = (await moderator.get("/api/me")).json()

        async def held() -> None:
            for answer in (await client.get(made["link"]), await client.post(made["link"])):
                problem = is_problem(answer, 403, "invitation")
                assert "Ask an owner or another moderator" in problem["detail"]
            assert [one["good"] for one in (await owner.get("/api/invitations")).json()] == [False]
            assert "Does not work at the moment" in (await owner.get("/people")).text

        await owner.patch(f"/api/people/{me['id']}", json={"role": "host"})
        await held()
        await owner.patch(f"/api/people/{me['id']}", json={"role": "moderator"})
        await owner.put(f"/api/suspensions/{me['person']}", json={})
        await held()
        await owner.delete(f"/api/suspensions/{me['person']}")
        assert (await client.post(made["link"], data=FORM)).status_code == 303


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_maker_who_is_suspended_while_the_form_is_filled_in(
    kind: str, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    if kind == "postgresql":
        url = postgres.session.server.database()
    database = Database(url)
    await database.migrate()
    maker = new_row(email="", name="Mo", role=SiteRole.MODERATOR, password_hash="", now_ms=1)
    async with database.write() as session:
        session.add(maker)
    invitations = Invitations(database)
    suspensions = Suspensions(database, key=b"k" * 32)

    async def accept(token: str, now_ms: int) -> object:
        return await invitations.accept(
            token, email="nia@example.org", name="Nia", password_hash="", now_ms=now_ms
        )

    made = await invitations.make(email="", role=SiteRole.HOST, by_id=maker.id, now_ms=1)
    assert not isinstance(made, Refused)
    await suspensions.add(
        f"a-{maker.id}", name="Mo", reason="", until_ms=5, by="a-1", by_name="", now_ms=2
    )
    assert await accept(made[1], 3) is HELD
    assert isinstance(await accept(made[1], 6), Account)  # its time is over
    await database.close()


async def test_sign_up_is_closed_by_default(web: Running) -> None:
    async with web.browser() as client:
        is_problem(await client.get("/sign-up"), 403, "sign-up")
        is_problem(await client.post("/sign-up", data=FORM), 403, "sign-up")
        assert "/sign-up" not in (await client.get("/sign-in")).text


async def test_open_sign_up_without_mail(tmp_path: Path, servers: Engines) -> None:
    async with studio(tmp_path, servers, sign_up="open") as web, web.browser() as client:
        assert "/sign-up" in (await client.get("/sign-in")).text
        assert (await client.post("/sign-up", data=FORM)).status_code == 303
        me = (await client.get("/api/me")).json()
        assert (me["name"], me["role"]) == ("Nia New", "member")
        is_problem(await client.post("/api/spaces", json={"title": "x"}), 403, "role")
        async with web.browser() as second:
            again = await second.post("/sign-up", data=FORM)
            assert again.status_code == 422


async def test_open_sign_up_by_mail_tells_nobody_who_has_an_account(
    tmp_path: Path, servers: Engines
) -> None:
    with postbox() as box:
        async with (
            studio(tmp_path, servers, sign_up="open", smtp_url=box.url) as web,
            web.host(),
            web.browser() as client,
        ):
            texts = set()
            for email in (EMAIL, "new@example.org"):
                answer = await client.post("/sign-up", data={"email": email})
                assert answer.status_code == 200
                texts.add(answer.text.replace(email, ""))
            assert len(texts) == 1

            async def both() -> bool:
                return len(box.came) == 2

            await until(both)
            mails = {to[0]: words(content) for _, to, content in box.came}
            assert "There is one already" in mails[EMAIL]
            link = re.findall(r"http\S+/join/\S+", mails["new@example.org"])[0]
            form = {"name": "New", "password": PASSWORD}
            assert (await client.post(link, data=form)).status_code == 303
            assert (await client.get("/api/me")).json()["email"] == "new@example.org"


async def test_who_is_no_owner_any_more_has_no_links_to_become_one(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with member(web, owner, "Ola", role="owner") as other:
        links = {
            role: (await invite(other, email=f"{role}@example.org", role=role))["link"]
            for role in ("host", "moderator", "owner")
        }
        me = (await other.get("/api/me")).json()
        await owner.patch(f"/api/people/{me['id']}", json={"role": "moderator"})
    async with web.browser() as client:
        assert (await client.get(links["host"])).status_code == 200
        for role in ("moderator", "owner"):
            form = {"name": "Again", "password": PASSWORD}
            is_problem(await client.post(links[role], data=form), 403, "invitation")


async def test_who_signs_up_first_does_not_keep_the_owner_out(
    tmp_path: Path, servers: Engines
) -> None:
    async with studio(tmp_path, servers, sign_up="open") as web, web.browser() as early:
        assert (await early.post("/sign-up", data=FORM)).status_code == 303
        async with web.browser() as late:
            link = (web.folder / "first-link").read_text().strip()
            answer = await late.post(link, data=FORM)
            assert answer.status_code == 422
        async with web.host() as owner:
            assert (await owner.get("/api/me")).json()["role"] == "owner"
