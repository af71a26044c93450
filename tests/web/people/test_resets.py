"""Resets: links by mail, the same answer for everybody, and the end of all sign-ins."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx

from hustings import limits
from hustings.config import Settings
from hustings.web.people import operator
from tests.web.outbox.postbox import Postbox, postbox
from tests.web.people.joined import words
from tests.web.running import EMAIL, PASSWORD, Engines, Running, is_problem, studio, until

NEW = "another long password"


async def _mail(box: Postbox, count: int) -> str:
    async def came() -> bool:
        return len(box.came) >= count

    await until(came)
    return words(box.came[count - 1][2])


async def test_a_link_by_mail_sets_a_new_password_once(tmp_path: Path, servers: Engines) -> None:
    with postbox() as box:
        async with (
            studio(tmp_path, servers, smtp_url=box.url) as web,
            web.host() as elsewhere,
            web.browser() as client,
        ):
            answers = [await client.post("/forgot", data={"email": e}) for e in (EMAIL, "x@y.org")]
            assert {a.status_code for a in answers} == {200}
            assert len({a.text.replace(EMAIL, "x@y.org") for a in answers}) == 1
            link = re.findall(r"http\S+/reset/\S+", await _mail(box, 1))[0]
            assert "minlength" in (await client.get(link)).text
            assert (await client.post(link, data={"password": "short"})).status_code == 422
            assert (await client.post(link, data={"password": NEW})).status_code == 303
            assert (await client.get("/api/me")).json()["email"] == EMAIL
            is_problem(await elsewhere.get("/api/me"), 401, "sign-in")
            is_problem(await client.post(link, data={"password": NEW}), 410, "reset")
            form = {"email": EMAIL, "password": PASSWORD}
            assert (await elsewhere.post("/sign-in", data=form)).status_code == 403
            form["password"] = NEW
            assert (await elsewhere.post("/sign-in", data=form)).status_code == 303
            # Nothing was sent to whoever has no account.
            told = await _mail(box, 2)
            assert [to for _, to, _ in box.came] == [[EMAIL]] * 2
            assert "A new password was set for your account." in told


async def test_a_mailbox_is_not_flooded(tmp_path: Path, servers: Engines) -> None:
    with postbox() as box:
        async with (
            studio(tmp_path, servers, smtp_url=box.url) as web,
            web.host(),
            web.browser() as client,
        ):
            for _ in range(limits.ASKED_COUNT):
                assert (await client.post("/forgot", data={"email": EMAIL})).status_code == 200
            answer = await client.post("/forgot", data={"email": EMAIL})
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0
            await _mail(box, limits.ASKED_COUNT)


async def test_without_mail_the_page_says_whom_to_ask(web: Running) -> None:
    async with web.browser() as client:
        assert "Ask whoever runs it" in (await client.get("/forgot")).text


async def test_the_operators_command_prints_a_link(web: Running, owner: httpx.AsyncClient) -> None:
    settings = Settings(data=str(web.folder), studio_url=web.url, database_url=web.database_url)
    link = await asyncio.to_thread(operator.reset, settings, email=EMAIL.upper())
    async with web.browser() as client:
        assert (await client.post(link, data={"password": NEW})).status_code == 303
    is_problem(await owner.get("/api/me"), 401, "sign-in")
