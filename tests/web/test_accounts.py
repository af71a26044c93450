"""Accounts: the first link, signing in and out, and how often one may try."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from hustings import limits
from tests.web.running import EMAIL, PASSWORD, Engines, Running, is_problem, studio

FORM = {"name": "Hanna Host", "email": EMAIL, "password": PASSWORD}


async def test_first_link_works_once(web: Running) -> None:
    file = web.folder / "first-link"
    assert file.stat().st_mode & 0o777 == 0o600
    link = file.read_text().strip()
    assert link.startswith(f"{web.url}/first/")
    async with web.browser() as client, web.browser() as late:
        assert (await client.get(link)).status_code == 200
        answers = await asyncio.gather(
            client.post(link, data=FORM), late.post(link, data={**FORM, "email": "b@example.org"})
        )
        assert sorted(a.status_code for a in answers) == [303, 410]
        winner = client if answers[0].status_code == 303 else late
        assert "Hanna Host" in (await winner.get("/")).text
        page = await late.get(link, headers={"accept": "text/html"})
        assert page.status_code == 410
        assert "Sign in with it" in page.text
    assert not file.exists()


async def test_first_link_lasts_over_a_restart_and_then_no_more(
    tmp_path: Path, servers: Engines
) -> None:
    async with studio(tmp_path, servers, studio_url="http://studio.example") as first:
        link = (first.folder / "first-link").read_text()
    async with studio(tmp_path, servers, studio_url="http://studio.example") as second:
        assert (second.folder / "first-link").read_text() == link
        path = link.strip().removeprefix("http://studio.example")
        async with second.browser() as client:
            assert (await client.post(path, data=FORM)).status_code == 303
    async with studio(tmp_path, servers) as third:
        assert not (third.folder / "first-link").exists()


async def test_wrong_first_link_says_how_to_get_one(web: Running) -> None:
    async with web.browser() as client:
        page = await client.get("/first/nonsense", headers={"accept": "text/html"})
    assert page.status_code == 410
    assert "Start Hustings again" in page.text


async def test_first_form_says_what_is_wrong_beside_the_field(web: Running) -> None:
    link = (web.folder / "first-link").read_text().strip()
    async with web.browser() as client:
        answer = await client.post(link, data={"name": "", "email": "nobody", "password": "short"})
    assert answer.status_code == 422
    assert set(re.findall(r'id="(\w+)-error"', answer.text)) == {"name", "email", "password"}
    assert "short" not in re.findall(r'value="([^"]*)"', answer.text)


async def test_sign_in_and_out(web: Running) -> None:
    async with web.host() as client:
        cookie = client.cookies["hustings-session"]
        assert (await client.get("/")).status_code == 200
        answer = await client.post("/sign-out")
        assert answer.status_code == 303
        client.cookies.set("hustings-session", cookie)
        assert (await client.get("/spaces")).headers["location"] == "/sign-in?next=/spaces"
        answer = await client.post(
            "/sign-in?next=/account", data={"email": f" {EMAIL.upper()}", "password": PASSWORD}
        )
        assert answer.headers["location"] == "/account"
        header = answer.headers["set-cookie"].lower()
        assert "httponly" in header
        assert "samesite=lax" in header


async def test_sign_in_leads_nowhere_else(web: Running) -> None:
    async with web.host() as client:
        for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/e"):
            answer = await client.get("/sign-in", params={"next": elsewhere})
            assert answer.headers["location"] == "/"


async def test_other_browser_can_be_signed_out(web: Running) -> None:
    async with web.host() as mine, web.host() as other:
        page = (await mine.get("/account")).text
        references = re.findall(r'action="(/account/sign-ins/\w+/revoke)"', page)
        assert len(references) == 1
        assert (await mine.post(references[0])).status_code == 303
        assert (await other.get("/spaces")).status_code == 303
        assert (await mine.get("/spaces")).status_code == 200


async def test_wrong_passwords_are_throttled(web: Running) -> None:
    async with web.host(), web.browser() as client:
        wrong = {"email": EMAIL, "password": "not the password"}
        tries = [client.post("/sign-in", data=wrong) for _ in range(limits.SIGN_IN_TRIES_COUNT)]
        answers = await asyncio.gather(*tries)
        assert {a.status_code for a in answers} == {403}
        late = await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert late.status_code == 429
        assert 0 < int(late.headers["retry-after"]) <= limits.SIGN_IN_WINDOW_S


async def test_unknown_account_is_answered_alike(web: Running) -> None:
    async with web.host(), web.browser() as client:
        texts = set()
        for email in (EMAIL, "nobody@example.org"):
            answer = await client.post("/sign-in", data={"email": email, "password": "wrong one!"})
            assert answer.status_code == 403
            texts.add(answer.text.replace(email, ""))
        assert len(texts) == 1


async def test_api_asks_to_sign_in(web: Running) -> None:
    async with web.browser() as client:
        is_problem(await client.post("/api/spaces", json={"title": "x"}), 401, "sign-in")
