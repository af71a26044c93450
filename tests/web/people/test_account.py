"""The account's page: profile, password, browsers, and deleting it all."""

from __future__ import annotations

import io
import re

import httpx
from PIL import Image
from sqlalchemy import func, select

from hustings.web.accounts import Accounts
from hustings.web.database import Database
from hustings.web.passwords import Passwords
from hustings.web.tables import HookRow, TokenRow
from tests.web.people.joined import member
from tests.web.running import EMAIL, PASSWORD, Running, is_problem, make_space

NEW = "another long password"


async def test_profile(web: Running, owner: httpx.AsyncClient) -> None:
    form = {"name": "Hanna H.", "handle": "@Hanna_1", "biography": "I run\n<b>things</b>."}
    assert (await owner.post("/account/profile", data=form)).status_code == 303
    me = (await owner.get("/api/me")).json()
    assert (me["name"], me["handle"]) == ("Hanna H.", "hanna_1")
    async with web.browser() as client:
        page = (await client.get("/@hanna_1")).text
        assert "Hanna H." in page
        assert "&lt;b&gt;things&lt;/b&gt;" in page
        assert EMAIL not in page
        assert (await client.get("/@nobody")).status_code == 404


async def test_handles_are_unique_and_of_plain_letters(
    web: Running, owner: httpx.AsyncClient
) -> None:
    assert (await owner.patch("/api/me", json={"handle": "hanna"})).status_code == 200
    async with member(web, owner, "Ann") as ann:
        answer = await ann.post("/account/profile", data={"name": "Ann", "handle": "hanna"})
        assert answer.status_code == 422
        assert re.findall(r'id="(\w+)-error"', answer.text) == ["handle"]
        problem = is_problem(await ann.patch("/api/me", json={"handle": "hanna"}), 409, "taken")
        assert problem["errors"][0]["field"] == "handle"
        for bad in ("ab", "x" * 31, "a-b", "ünn", "a b"):
            is_problem(await ann.patch("/api/me", json={"handle": bad}), 422, "value")
        assert (await owner.patch("/api/me", json={"handle": ""})).json()["profile_url"] == ""
        assert (await ann.patch("/api/me", json={"handle": "hanna"})).status_code == 200


async def test_picture(owner: httpx.AsyncClient) -> None:
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, "PNG")
    files = {"picture": ("me.png", data.getvalue(), "image/png")}
    assert (await owner.post("/account/picture", files=files)).status_code == 303
    picture = (await owner.get("/api/me")).json()["picture"]
    assert f"/pictures/{picture}/square.webp" in (await owner.get("/account")).text
    bad = {"picture": ("me.png", b"no picture", "image/png")}
    answer = await owner.post("/account/picture", files=bad)
    assert answer.status_code == 422
    assert "picture-error" in answer.text
    assert (await owner.post("/account/picture/remove")).status_code == 303
    assert (await owner.get("/api/me")).json()["picture"] == ""


async def test_a_new_password_asks_for_the_old_one_and_ends_other_sign_ins(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with web.host() as other:
        wrong = {"old_password": "not the password", "new_password": NEW}
        answer = await owner.post("/account/password", data=wrong)
        assert answer.status_code == 422
        assert 'id="old_password-error"' in answer.text
        right = {"old_password": PASSWORD, "new_password": NEW}
        assert (await owner.post("/account/password", data=right)).status_code == 303
        assert (await owner.get("/api/me")).status_code == 200
        is_problem(await other.get("/api/me"), 401, "sign-in")
        form = {"email": EMAIL, "password": NEW}
        assert (await other.post("/sign-in", data=form)).status_code == 303


async def test_sign_ins_over_the_api(web: Running, owner: httpx.AsyncClient) -> None:
    async with web.host() as second, web.host() as third:
        listed = (await owner.get("/api/me/sign-ins")).json()
        assert [one["current"] for one in listed].count(True) == 1
        reference = (await second.get("/api/me/sign-ins")).json()
        own = next(one["reference"] for one in reference if one["current"])
        assert (await owner.delete(f"/api/me/sign-ins/{own}")).status_code == 204
        is_problem(await second.get("/api/me"), 401, "sign-in")
        is_problem(await owner.delete(f"/api/me/sign-ins/{own}"), 404, "sign-in")
        assert (await owner.delete("/api/me/sign-ins")).status_code == 204
        is_problem(await third.get("/api/me"), 401, "sign-in")
        assert (await owner.get("/api/me")).status_code == 200


async def test_deleting_an_account_leaves_its_spaces(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with member(web, owner, "Hal", role="host") as hal:
        await hal.patch("/api/me", json={"handle": "hal"})
        me = (await hal.get("/api/me")).json()
        coming = await make_space(hal)
        on = await make_space(hal)
        assert (await hal.post(f"/api/spaces/{on['id']}/doors")).status_code == 200
        assert "Your password" in (await hal.get("/account/delete")).text
        answer = await hal.post("/account/delete", data={"password": "not the password"})
        assert answer.status_code == 422
        answer = await hal.post("/account/delete", data={"password": PASSWORD})
        assert "End it first" in answer.text
        assert (await hal.post(f"/api/spaces/{on['id']}/cancel")).status_code == 200
        answer = await hal.post("/account/delete", data={"password": PASSWORD})
        assert answer.status_code == 303, answer.text
        is_problem(await hal.get("/api/me"), 401, "sign-in")
        form = {"email": "hal@example.org", "password": PASSWORD}
        assert (await hal.post("/sign-in", data=form)).status_code == 403
        assert (await hal.get("/@hal")).status_code == 404
    assert (await web.space(coming["id"])).status == "cancelled"
    assert (await web.space(on["id"])).host == "Hal"
    people = (await owner.get("/api/people")).json()["people"]
    assert me["id"] not in [one["id"] for one in people]


async def test_the_only_owner_stays(owner: httpx.AsyncClient) -> None:
    answer = await owner.post("/account/delete", data={"password": PASSWORD})
    assert answer.status_code == 422
    assert "only owner" in answer.text


async def test_who_came_with_the_old_password_stays_out(
    web: Running, owner: httpx.AsyncClient
) -> None:
    database = Database(web.database_url)
    accounts = Accounts(database, Passwords())
    found = await accounts.by_email(EMAIL)
    assert found is not None
    assert await accounts.begin(found, agent="", now_ms=1)
    form = {"old_password": PASSWORD, "new_password": NEW}
    assert (await owner.post("/account/password", data=form)).status_code == 303
    # The old one was looked up before, and the sign-in is to begin behind it.
    assert await accounts.begin(found, agent="", now_ms=1) is None
    await database.close()


async def test_nothing_that_speaks_for_a_deleted_account_is_left(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with member(web, owner, "Hal", role="host") as hal:
        hook = {"url": "https://example.org/hook", "events": ["space.live"]}
        assert (await hal.post("/api/hooks", json=hook)).status_code == 201
        token = {"name": "P", "scopes": ["spaces:read"]}
        assert (await hal.post("/api/tokens", json=token)).status_code == 201
        answer = await hal.post("/account/delete", data={"password": PASSWORD})
        assert answer.status_code == 303, answer.text
    database = Database(web.database_url)
    async with database.read() as rows:
        assert await rows.scalar(select(func.count()).select_from(HookRow)) == 0
        assert await rows.scalar(select(func.count()).select_from(TokenRow)) == 0
    await database.close()
