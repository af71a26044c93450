"""Passkeys in Chromium, with an authenticator of its own over the DevTools protocol."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, CDPSession, expect
from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import Response

from hustings import limits
from hustings.web.cookies import Cookies
from hustings.web.database import Database
from hustings.web.tables import SignInRow
from tests.web.people.authenticator import Authenticator
from tests.web.running import EMAIL, PASSWORD, Engines, Running, is_problem, studio
from tests.web.test_browser import shoot

pytestmark = pytest.mark.browser


@pytest.fixture
async def local(tmp_path: Path, servers: Engines) -> AsyncIterator[Running]:
    """A studio that is called localhost: a relying party has a name."""
    folder = tmp_path / "data"
    folder.mkdir()
    async with studio(folder, servers, at="localhost") as found:
        yield found


async def _authenticator(context: BrowserContext, *, verified: bool = True) -> tuple[Any, str]:
    session: CDPSession = await context.new_cdp_session(context.pages[0])
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verified,
        "automaticPresenceSimulation": True,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


async def _sign_in(web: Running, context: BrowserContext) -> None:
    page = context.pages[0]
    async with web.host():
        pass
    await page.goto(f"{web.url}/sign-in?next=/account")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(f"{web.url}/account")


async def _add(context: BrowserContext, name: str) -> None:
    page = context.pages[0]
    await page.get_by_label("Name of the new passkey").fill(name)
    await page.get_by_role("button", name="Add a passkey").click()


async def test_a_passkey_signs_in_without_an_address(
    local: Running, context: BrowserContext, tmp_path: Path
) -> None:
    page = context.pages[0]
    session, authenticator = await _authenticator(context)
    await _sign_in(local, context)
    await _add(context, "My telephone")
    await expect(page.get_by_text("My telephone", exact=True)).to_be_visible()
    await shoot(page, tmp_path / "shots", "account-passkeys")
    await page.get_by_role("button", name="Sign out", exact=True).last.click()
    await page.wait_for_url(f"{local.url}/sign-in")
    await shoot(page, tmp_path / "shots", "sign-in-passkey")
    await page.goto(f"{local.url}/sign-in?next=/account")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url(f"{local.url}/account")
    await expect(page.get_by_text("last used")).to_be_visible()
    # A copy of the authenticator counts from where it was made.
    found = await session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    copy = {**found["credentials"][0], "signCount": 0}
    await session.send(
        "WebAuthn.removeCredential",
        {"authenticatorId": authenticator, "credentialId": copy["credentialId"]},
    )
    await session.send(
        "WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": copy}
    )
    await page.goto(f"{local.url}/sign-in?again=true")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("does not belong to an account")).to_be_visible()


async def test_passkeys_are_named_and_removed(local: Running, context: BrowserContext) -> None:
    page = context.pages[0]
    await _authenticator(context)
    await _sign_in(local, context)
    await _add(context, "Old name")
    await page.get_by_text("Rename").click()
    await page.get_by_label("Name of the passkey", exact=True).fill("New name")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("New name", exact=True)).to_be_visible()
    # The same authenticator is not asked to make a second one.
    await _add(context, "Again")
    await expect(page.get_by_text("has a passkey for your account already")).to_be_visible()
    await page.get_by_role("button", name=re.compile("Remove.*New name")).click()
    await expect(page.get_by_text("New name", exact=True)).to_have_count(0)


async def test_who_is_not_verified_is_not_let_in(local: Running, context: BrowserContext) -> None:
    page = context.pages[0]
    session, authenticator = await _authenticator(context)
    await _sign_in(local, context)
    await _add(context, "My key")
    await expect(page.get_by_text("My key", exact=True)).to_be_visible()
    await session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    await page.goto(f"{local.url}/sign-in?again=true")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("Nothing was done")).to_be_visible()


async def test_nonsense_is_refused(local: Running) -> None:
    async with local.host() as owner:
        answer = await owner.post("/account/passkeys/options", json={})
        assert answer.json()["authenticatorSelection"]["residentKey"] == "required"
        for credential in ({}, {"id": "x"}, {"id": "eA", "rawId": "eA", "response": {}}):
            body = {"credential": credential, "name": "x"}
            is_problem(await owner.post("/account/passkeys", json=body), 422, "passkey")
            await owner.post("/sign-in/passkey/options", json={})
            body = {"credential": credential}
            is_problem(await owner.post("/sign-in/passkey", json=body), 403, "passkey")


async def test_a_passkey_is_added_only_a_while_after_signing_in(local: Running) -> None:
    async with local.host() as owner:
        assert "Add a passkey" in (await owner.get("/account")).text
        database = Database(local.database_url)
        async with database.write() as rows:
            await rows.execute(update(SignInRow).values(created_at_ms=limits.SIGN_IN_FRESH_S))
        await database.close()
        is_problem(await owner.post("/account/passkeys/options", json={}), 403, "stale")
        page = (await owner.get("/account")).text
        assert "Sign in again to add a passkey" in page
        assert (await owner.get("/sign-in?again=true&next=/account")).status_code == 200


async def test_no_passkeys_where_browsers_take_none(web: Running) -> None:
    async with web.browser() as client:
        assert "passkey" not in (await client.get("/sign-in")).text


def test_what_a_browser_carries_cannot_be_changed() -> None:
    cookies, other = Cookies(key=b"a" * 32, secure=True), Cookies(key=b"b" * 32, secure=True)
    answer = Response()
    cookies.keep(answer, "oidc", {"state": "ü"}, age_s=10, now_ms=1000)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-hustings-oidc"
    sealed = rest.partition(";")[0]

    def request(name: str, value: str) -> Request:
        header = (b"cookie", f"__Host-hustings-{name}={value}".encode())
        return Request({"type": "http", "headers": [header]})

    assert cookies.kept(request("oidc", sealed), "oidc", now_ms=1000) == {"state": "ü"}
    assert cookies.kept(request("oidc", sealed), "oidc", now_ms=11_000) is None
    assert cookies.kept(request("device", sealed), "device", now_ms=1000) is None
    assert other.kept(request("oidc", sealed), "oidc", now_ms=1000) is None
    assert cookies.kept(request("oidc", "x/y/z.w"), "oidc", now_ms=1000) is None


async def test_an_answer_is_taken_once(local: Running) -> None:
    device = Authenticator(origin=local.url, host="localhost")
    async with local.host() as owner, local.browser() as client, local.browser() as thief:
        asked = (await owner.post("/account/passkeys/options", json={})).json()
        body = {"credential": device.make(asked), "name": "No counter"}
        assert (await owner.post("/account/passkeys", json=body)).status_code == 201
        asked = (await client.post("/sign-in/passkey/options", json={})).json()
        thief.cookies.set("hustings-passkey", client.cookies["hustings-passkey"])
        body = {"credential": device.sign(asked)}
        assert (await client.post("/sign-in/passkey", json=body)).json() == {"to": "/"}
        assert (await client.get("/api/me")).status_code == 200
        is_problem(await thief.post("/sign-in/passkey", json=body), 403, "passkey")
